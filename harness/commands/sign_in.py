"""`login`, `logout` and `token`: sign-in ahead of a run, and a look at what it gave."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.callers.cache import CacheChoice, OpenCache, forget_all
from harness.callers.claims import ClaimRow, claims_of, names_of, table_of
from harness.callers.expired_tokens import forget_expired
from harness.callers.prompting import TerminalPrompt
from harness.callers.signing_in import SignIns
from harness.callers.token import Token
from harness.connector.loading import find_connector, load_connector
from harness.connector.properties import expected_scope
from harness.errors import DefinitionError, SettingsError, SignInError
from harness.settings.building import Options, build_settings
from harness.settings.values import SIGN_IN_FLOWS, Settings

__all__ = ["login", "logout", "token"]

NO_TARGET = "https://no.target.invalid"
"""Signing in calls no function app, but settings want a target."""
FAILED = 1


def login(options: argparse.Namespace) -> int:
    """Sign users in and keep it; 1 if one of them could not."""
    settings = _settings(options)
    names = [options.user] if options.user else list(settings.users)
    choice = CacheChoice.plain() if options.plain_cache else CacheChoice.default({})
    sign_ins = _sign_ins(settings, choice, interactive=True, names=names)
    try:
        opened = sign_ins.cache
        if not opened.is_kept and options.export is None:
            raise SettingsError("; ".join(opened.notes) or "sign-ins cannot be kept here")
        failed = [name for name in names if not _login_one(sign_ins, name, opened)]
        if options.export is not None and not failed:
            _write_secret(Path(options.export), sign_ins.export())
            print(
                f"{options.export}: hand its content to CI's secret store as "
                "CONNECTOR_HARNESS_TOKEN_CACHE, then delete the file"
            )
    finally:
        sign_ins.close()
    return FAILED if failed else 0


def logout(_options: argparse.Namespace) -> int:
    """Forget every kept sign-in."""
    removed = [*forget_all(), *forget_expired()]
    print(f"forgotten: {', '.join(removed)}" if removed else "nothing was kept")
    return 0


def token(options: argparse.Namespace) -> int:
    """Show a user's claims with their meaning, or with `--reveal` the raw token."""
    settings = _settings(options)
    interactive = bool(sys.__stderr__ is not None and sys.__stderr__.isatty())
    sign_ins = _sign_ins(
        settings, CacheChoice.default(), interactive=interactive, names=[options.user]
    )
    try:
        got = sign_ins.token(options.user)
    finally:
        sign_ins.close()
    if options.reveal:
        print(got.value.reveal())
        return 0
    print(f"user {options.user}: {_whom(got)}, by {got.source}, until {_until(got)}")
    if not got.claims:
        print("the token is opaque: only the API that it is for can read it")
    for line in claim_lines(table_of(got.claims), shutil.get_terminal_size((100, 24)).columns):
        print(line)
    return 0


def claim_lines(rows: Sequence[ClaimRow], width: int) -> list[str]:
    """Claims as aligned lines; a meaning that does not fit beside its value stands below it."""
    if not rows:
        return []
    names = max(len(row.name) for row in rows)
    values = max((len(row.value) for row in rows if len(row.value) <= width // 3), default=0)
    lines = []
    for row in rows:
        beside = f"{row.name:<{names}}  {row.value:<{values}}"
        if len(beside) + 2 + len(row.meaning) <= width:
            lines.append(f"{beside}  {row.meaning}".rstrip())
        else:
            lines.append(beside.rstrip())
            lines += [f"{'':<{names}}  ({row.meaning})"] if row.meaning else []
    return lines


def _login_one(sign_ins: SignIns, name: str, opened: OpenCache) -> bool:
    try:
        got = sign_ins.token(name)
    except SignInError as error:
        print(f"connector-harness: {error}", file=sys.stderr)
        return False
    if opened.trouble is not None:
        print(
            f"connector-harness: {name}: signed in as {_whom(got)}, but not kept: "
            f"{opened.trouble}; free the disk or unlock the keyring and log in again",
            file=sys.stderr,
        )
        return False
    state = "was kept already" if got.source == "cache" else "kept from now on"
    shown = state if opened.is_kept else "kept in the export alone"
    print(f"{name}: signed in as {_whom(got)} ({shown})")
    return True


def _settings(options: argparse.Namespace) -> Settings:
    flow = getattr(options, "sign_in", None)
    if flow is not None and flow not in SIGN_IN_FLOWS:
        raise SettingsError(f"--sign-in {flow!r}: must be one of {', '.join(SIGN_IN_FLOWS)}")
    given = Options(function_app=NO_TARGET, config=options.config, sign_in=flow)
    settings = build_settings(given, Path.cwd())
    if not settings.users:
        raise SettingsError("no user is configured: add [users.NAME] to connector-harness.toml")
    return settings


def _sign_ins(
    settings: Settings, choice: CacheChoice, *, interactive: bool, names: Sequence[str]
) -> SignIns:
    """The sign-ins of some users, so that another one's settings are not in the way."""
    users: Mapping[str, Any] = settings.users
    unknown = [name for name in names if name not in users]
    if unknown:
        known = ", ".join(users)
        raise SettingsError(f"there is no user {unknown[0]!r} in the settings; known: {known}")
    return SignIns(
        settings.entra,
        {name: users[name] for name in names},
        scope=_scope(settings),
        flow=settings.sign_in,
        interactive=interactive,
        prompt=TerminalPrompt(),
        cache=choice,
    )


def _scope(settings: Settings) -> str:
    """The scope of the settings, else what the connector's properties imply."""
    scope = settings.entra.scope
    if scope is None:
        try:
            path = settings.connector or find_connector(settings.root)
            properties = load_connector(path, settings.properties).properties
        except (DefinitionError, SettingsError):
            properties = None
        scope = None if properties is None else expected_scope(properties)
    if scope is None:
        raise SettingsError(
            "[entra] scope: is missing, and no apiProperties.json with a resourceUri was found; "
            'set scope = "api://<api client id>/user_impersonation"'
        )
    return scope


def _whom(got: Token) -> str:
    own = names_of(got.claims)
    more = () if got.id_token is None else names_of(claims_of(got.id_token.reveal()))
    return next(iter((*own, *more)), "an account without a name")


def _until(got: Token) -> str:
    return got.expires_at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    try:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SettingsError(f"--export {path}: cannot be written: {error.strerror}") from None
