"""Tokens from elsewhere: given in the settings, or printed by a command such as `az`.

The command is run without a shell on every system, so nothing in the settings is interpreted; its
output may be the bare JWT or JSON with `accessToken` (Azure CLI), `access_token` or `token`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

from harness.bounds.parsing import parse_json
from harness.callers.claims import claims_of, is_jwt
from harness.callers.diagnosis import Attempt
from harness.callers.token import Token
from harness.errors import SettingsError, SignInError
from harness.settings.secret import Secret
from harness.settings.values import UserSettings

__all__ = ["split_command", "token_from_command", "token_from_settings"]

RULE = "sign-in.token-handed-in"
COMMAND_S = 120.0
JSON_KEYS = ("accessToken", "access_token", "token")
GRACE_S = 300.0
"""The app's own tolerance past `exp`."""
_LONG = re.compile(r"[A-Za-z0-9_\-+/=~.]{40,}")


def token_from_settings(user: UserSettings, now: float) -> Token:
    """The token that `[users.NAME] token` holds.

    Raises:
        SettingsError: its environment variable is not set.
        SignInError: it is no JWT, or has expired.
    """
    assert user.token is not None
    value = Secret(user.token.resolve().strip().removeprefix("Bearer ").strip())
    return _checked(user.name, value, now, "token", f"[users.{user.name}] token")


def token_from_command(user: UserSettings, now: float) -> Token:
    """The token that `[users.NAME] token-command` prints.

    Raises:
        SettingsError: the command cannot be split into words, or is not found.
        SignInError: it failed, took too long, or printed no token.
    """
    assert user.token_command is not None
    where = f"[users.{user.name}] token-command"
    output = _run(user.name, split_command(user.token_command, where), where)
    value = _picked(output)
    if value is None:
        raise _error(
            user.name,
            f"{where} printed no token",
            "let it print the bare JWT, or JSON with accessToken, access_token or token",
        )
    return _checked(user.name, value, now, "token-command", where)


def split_command(text: str, where: str, *, windows: bool | None = None) -> list[str]:
    """The words of a command; on Windows backslashes stand for themselves.

    Raises:
        SettingsError: a quote is left open, nothing is there, or the program is not found.
    """
    windows = sys.platform == "win32" if windows is None else windows
    try:
        words = shlex.split(text, posix=not windows)
    except ValueError as error:
        raise SettingsError(f"{where}: cannot be split into words: {error}") from None
    if windows:
        words = [w[1:-1] if len(w) > 1 and w[0] == w[-1] and w[0] in "\"'" else w for w in words]
    if not words:
        raise SettingsError(f"{where}: is empty")
    # On Windows `az` is `az.cmd`, which only a full path starts without a shell.
    program = shutil.which(words[0])
    if program is None:
        raise SettingsError(f"{where}: there is no program {words[0]!r} on the PATH")
    return [program, *words[1:]]


def _run(user: str, words: Sequence[str], where: str) -> Secret:
    failure = ""
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_S,
            check=False,
            env={**os.environ, "AZURE_CORE_NO_COLOR": "true"},
        )
        if done.returncode == 0:
            return Secret(done.stdout.decode("utf-8", "replace"))
        failure = f"ended with {done.returncode}: {_last_line(done.stderr)}"
    except subprocess.TimeoutExpired:
        failure = f"did not end within {COMMAND_S:.0f} s"
    except OSError as error:
        failure = f"could not be started: {error.strerror}"
    raise _error(user, f"{where} {failure}", "run it by hand; it may need a sign-in of its own")


def any_token(user: UserSettings) -> str:
    """The token that settings or a command hand in, whatever its form: another provider's.

    Raises:
        SettingsError: its environment variable is not set, or neither is configured.
        SignInError: the command failed or printed no token.
    """
    if user.token is not None:
        return user.token.resolve().strip().removeprefix("Bearer ").strip()
    if user.token_command is None:
        raise SettingsError(f"[users.{user.name}]: set token or token-command")
    where = f"[users.{user.name}] token-command"
    picked = _picked(_run(user.name, split_command(user.token_command, where), where))
    if picked is None:
        raise _error(user.name, f"{where} printed no token", "let it print the token alone")
    return picked.reveal()


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return _LONG.sub("…", lines[-1])[:200] if lines else "it said nothing"


def _picked(output: Secret) -> Secret | None:
    """The token in a command's output, or None."""
    text = output.reveal().strip().lstrip("\ufeff")
    try:
        document = parse_json(text)
    except ValueError:
        document = None
    if isinstance(document, str):
        return Secret(document)
    if isinstance(document, dict):
        found = next((document[key] for key in JSON_KEYS if document.get(key)), None)
        return Secret(found) if isinstance(found, str) else None
    last = text.splitlines()[-1].strip() if text else ""
    return Secret(last) if last and " " not in last else None


def _checked(user: str, value: Secret, now: float, source: str, where: str) -> Token:
    if not is_jwt(value.reveal()):
        raise _error(
            user, f"{where} is no JWT", "hand in the access token itself, three parts with dots"
        )
    expires = claims_of(value.reveal()).get("exp")
    if isinstance(expires, int | float) and expires + GRACE_S < now:
        minutes = (now - expires) / 60
        raise _error(user, f"{where} expired {minutes:.0f} minutes ago", "hand in a fresh token")
    return Token.made(user, value.reveal(), now=now, source=source)


def _error(user: str, says: str, remedy: str) -> SignInError:
    attempt = Attempt(user)
    return SignInError(f"{attempt.user}: {says}\n{remedy}", user=user, rule=RULE, remedy=remedy)
