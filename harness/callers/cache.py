"""Where sign-ins are kept between runs: encrypted by the system, handed in by CI, or nowhere.

The encrypted store is msal-extensions' (DPAPI, Keychain, libsecret) in the user's own data folder,
locked against other runs. A plain file exists only after somebody asked for it. What CI hands in by
`CONNECTOR_HARNESS_TOKEN_CACHE` stays in memory.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msal

from harness.bounds.files import is_file, reason_of
from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.callers.cache_files import KeptTokenCache, PlainFile
from harness.callers.http import quiet_loggers
from harness.errors import SettingsError

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "CacheChoice",
    "OpenCache",
    "data_folder",
    "export_cache",
    "forget_all",
    "open_cache",
]

ENVIRONMENT_VARIABLE = "CONNECTOR_HARNESS_TOKEN_CACHE"
STEM = "tokens"
ENCRYPTED, PLAIN, LOCK = ".bin", ".json", ".lockfile"
REFRESH_TOKEN_DAYS = 90
"""How long a refresh token lives unused (Microsoft identity platform, "Refresh tokens")."""
WARN_DAYS = 14

Kind = Literal["none", "default", "plain", "environment", "encrypted", "memory"]


@dataclass(frozen=True, slots=True)
class CacheChoice:
    """Which cache is wanted; `folder` overrides the user's data folder, `text` is CI's cache."""

    kind: Kind
    folder: Path | None = None
    text: str | None = field(default=None, repr=False)

    @classmethod
    def none(cls) -> CacheChoice:
        """Keep nothing beyond this process."""
        return cls("none")

    @classmethod
    def default(
        cls, environ: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> CacheChoice:
        """What the environment hands in, else a plain file once asked for, else the encrypted."""
        text = (os.environ if environ is None else environ).get(ENVIRONMENT_VARIABLE)
        if text and text.strip():
            return cls("environment", folder, text)
        return cls("default", folder)

    @classmethod
    def plain(cls, folder: Path | None = None) -> CacheChoice:
        """A plain file of mode 0600; from then on `default` uses it too, until `forget_all`."""
        return cls("plain", folder)


@dataclass(slots=True)
class OpenCache:
    """An opened cache. `kind` says what it became, `notes` what the user should know of it."""

    cache: msal.SerializableTokenCache
    kind: Kind
    notes: list[str] = field(default_factory=list)
    ageing: list[str] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        """Whether another run can use it."""
        return self.kind in ("encrypted", "plain")

    @property
    def trouble(self) -> str | None:
        """Why the last sign-in is not kept although it should be, or None."""
        return getattr(self.cache, "trouble", None)


def data_folder(platform: str | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The user's own data folder for the harness; not created here."""
    platform = platform or sys.platform
    variables = os.environ if environ is None else environ
    home = Path(variables.get("HOME") or Path.home())
    if platform.startswith("win"):
        base = Path(variables.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        given = variables.get("XDG_DATA_HOME") or ""
        base = Path(given) if given.startswith("/") else home / ".local" / "share"
    return base / "connector-harness"


def open_cache(
    choice: CacheChoice,
    *,
    authority: str = "",
    clock: Callable[[], float] = time.time,
    encrypted: Callable[[str], Any] | None = None,
) -> OpenCache:
    """Open what was chosen; without a keyring it is memory alone, and a note says the choices.

    An `authority` on a port of its own (an emulator) gets a cache of its own, because MSAL knows
    authorities by host name alone and would hand out another one's tokens. `encrypted` builds the
    encrypted persistence for a path (default: msal-extensions').

    Raises:
        SettingsError: what the environment hands in is no serialized cache.
    """
    if choice.kind == "none":
        return OpenCache(msal.SerializableTokenCache(), "none")
    if choice.kind == "environment":
        return _handed_in(choice.text or "", clock())
    folder = choice.folder or data_folder()
    stem = _stem(authority)
    plain = folder / f"{stem}{PLAIN}"
    quiet_loggers()
    if choice.kind == "plain" or is_file(plain):
        try:
            return OpenCache(KeptTokenCache(PlainFile(plain)), "plain")
        except OSError as error:
            note = f"{plain} cannot be written ({reason_of(error)}): sign-ins are not kept"
            return OpenCache(msal.SerializableTokenCache(), "memory", [note])
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        persistence = _encrypted(encrypted, str(folder / f"{stem}{ENCRYPTED}"))
    except Exception as error:  # libsecret, DBus and gi each fail in ways of their own
        return OpenCache(msal.SerializableTokenCache(), "memory", [_no_keyring(error)])
    return OpenCache(KeptTokenCache(persistence), "encrypted")


def export_cache(
    opened: OpenCache, now: float, *, client_id: str | None, usernames: Collection[str]
) -> str:
    """The users' sign-ins as one line of JSON for CI's secret store.

    Refresh tokens alone, of that client and those accounts (all accounts where none is named):
    what else the cache holds is nobody's business there.

    Raises:
        SettingsError: no such refresh token is cached.
    """
    list(opened.cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN))
    whole = parse_json(opened.cache.serialize() or "{}")
    wanted = {name.lower() for name in usernames}
    accounts = {
        key: account
        for key, account in whole.get("Account", {}).items()
        if not wanted or str(account.get("username")).lower() in wanted
    }
    homes = {account.get("home_account_id") for account in accounts.values()}
    kept = {
        key: entry
        for key, entry in whole.get("RefreshToken", {}).items()
        if entry.get("home_account_id") in homes and client_id in (None, entry.get("client_id"))
    }
    if not kept:
        raise SettingsError(
            "there is nothing to export: no refresh token of these users is cached; "
            "run `connector-harness login` first"
        )
    document = {
        "Account": accounts,
        "RefreshToken": kept,
        "AppMetadata": whole.get("AppMetadata", {}),
        "ConnectorHarness": {"exported": int(now)},
    }
    return json.dumps(document, separators=(",", ":"))


def forget_all(
    folder: Path | None = None, *, encrypted: Callable[[str], Any] | None = None
) -> list[str]:
    """Remove every kept sign-in, of every authority; tells which files are gone.

    Where the system's store holds the content and the file only marks it, the content goes too.
    """
    folder = folder or data_folder()
    removed = []
    for path in sorted(folder.glob(f"{STEM}*")):
        if path.suffix == ENCRYPTED:
            with contextlib.suppress(Exception):  # a keyring that is gone cannot be emptied
                _encrypted(encrypted, str(path)).save("{}")
        path.unlink(missing_ok=True)
        if path.suffix != LOCK:
            removed.append(path.name)
    return removed


def _stem(authority: str) -> str:
    parts = split_url(authority)
    return f"{STEM}-{parts.hostname}-{parts.port}" if parts.port else STEM


def _encrypted(build: Callable[[str], Any] | None, location: str) -> Any:
    if build is None:
        from msal_extensions import build_encrypted_persistence

        build = build_encrypted_persistence
    with warnings.catch_warnings():
        # gi warns about versions that nobody asked for.
        warnings.simplefilter("ignore")
        return build(location)


def _no_keyring(error: Exception) -> str:
    reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else "no reason given"
    return (
        f"sign-ins are kept for this run only: no keyring is available ({type(error).__name__}: "
        f"{reason}). Choices: unlock or install one (libsecret with gnome-keyring), ask for a "
        "plain file with `connector-harness login --plain-cache`, or hand a cache in by "
        f"{ENVIRONMENT_VARIABLE}"
    )


def _handed_in(text: str, now: float) -> OpenCache:
    """The cache that a secret store handed in: JSON, or JSON in base64."""
    document = _parsed(text.strip())
    cache = msal.SerializableTokenCache()
    cache.deserialize(json.dumps({k: v for k, v in document.items() if k != "ConnectorHarness"}))
    return OpenCache(cache, "environment", ageing=_ageing(document, now))


def _parsed(text: str) -> dict[str, Any]:
    candidates = [text]
    with contextlib.suppress(ValueError):
        candidates.append(base64.b64decode(text, validate=True).decode("utf-8"))
    for candidate in candidates:
        try:
            document = parse_json(candidate)
        except ValueError:
            continue
        if isinstance(document, dict) and isinstance(document.get("RefreshToken"), dict):
            return document
    raise SettingsError(
        f"{ENVIRONMENT_VARIABLE} holds no serialized token cache; make one with "
        "`connector-harness login --export FILE` and store the file's content as the secret"
    )


def _ageing(document: Mapping[str, Any], now: float) -> list[str]:
    """Warnings about refresh tokens that will soon be too old to be used."""
    exported = document.get("ConnectorHarness", {}).get("exported")
    accounts = {
        account.get("home_account_id"): account.get("username")
        for account in document.get("Account", {}).values()
    }
    told = []
    for entry in document["RefreshToken"].values():
        born = float(entry.get("last_modification_time") or exported or now)
        left = REFRESH_TOKEN_DAYS - (now - born) / 86400
        if left >= WARN_DAYS:
            continue
        name = accounts.get(entry.get("home_account_id")) or "an account"
        when = "has aged out" if left <= 0 else f"ages out in {left:.0f} days"
        told.append(
            f"{ENVIRONMENT_VARIABLE}: the refresh token of {name} {when}; export a new one with "
            "`connector-harness login --export FILE`"
        )
    return told
