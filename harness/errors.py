"""Every error that says *the harness could not judge*.

A finding says that the connector is wrong and is plain data (`harness.findings.model`); an error
says that no judgement was possible, and is an exception::

    HarnessError
      DefinitionError    a connector's file cannot be read: file, line and column, remedy
      SettingsError      an option, a setting or an environment variable is wrong (exit status 4)
      SignInError        a user got no token: AADSTS code, what to do (never the token)
      TargetError        the function app cannot be reached or dies midway
      CassetteError      a recording is missing, broken, or would hold a secret
      OfflineError       something tried to open a connection during a replay
"""

from __future__ import annotations

import traceback
import unicodedata
from pathlib import Path

__all__ = [
    "CassetteError",
    "DefinitionError",
    "HarnessError",
    "OfflineError",
    "SettingsError",
    "SignInError",
    "TargetError",
    "internal_error",
    "one_clear_line",
]


LONGEST_LINE = 2_000
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories that a terminal obeys, or cannot show."""


def one_clear_line(problem: object) -> str:
    """A message on one line that a terminal only shows, whatever a file put into it."""
    text = " ".join(str(problem).split())
    shown = "".join(c if unicodedata.category(c) not in _INVISIBLE else _escape(c) for c in text)
    return shown if len(shown) <= LONGEST_LINE else f"{shown[:LONGEST_LINE]}…"


def internal_error(error: BaseException) -> str:
    """One line about an error that should not be: what it was, and where it came from."""
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "harness" in Path(frame.filename).parts
    ]
    where = f" in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    text = one_clear_line(error)[:300]
    return f"a fault of the harness itself: {type(error).__name__}: {text}{where}; please report it"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class HarnessError(Exception):
    """The harness could not judge; the message says what was tried, what came back, what to do."""


class DefinitionError(HarnessError):
    """A file of the connector cannot be read; the message is one line that names file and place."""

    def __init__(
        self,
        message: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.file = None if file is None else str(file)
        self.line = line
        self.column = column
        place = ":".join(str(part) for part in (self.file, line, column) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)


class SettingsError(HarnessError):
    """A setting is missing, unknown or contradicts another; the message names it and the remedy."""


class SignInError(HarnessError):
    """A user could not be signed in; carries the AADSTS code and correlation id where known."""

    def __init__(
        self,
        message: str,
        *,
        user: str = "",
        rule: str = "sign-in.failed",
        code: int | None = None,
        correlation_id: str | None = None,
        remedy: str = "",
    ) -> None:
        self.user = user
        self.rule = rule
        self.code = code
        self.correlation_id = correlation_id
        self.remedy = remedy
        super().__init__(message)


class TargetError(HarnessError):
    """The function app cannot be reached; nothing can be said about it."""


class CassetteError(HarnessError):
    """A recording is missing, unreadable, too old, or was not written because it held a secret."""


class OfflineError(HarnessError):
    """Something tried to open a connection while a replay forbids it; names who tried."""
