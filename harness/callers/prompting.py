"""Asking a person to sign in: what is shown, where, and how it counts down."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Protocol, TextIO

__all__ = ["NoPrompt", "Prompt", "SignInPage", "TerminalPrompt"]

LINE_EVERY_S = 60
"""Where the line cannot be rewritten (a log), the time left is told this often, in seconds."""


@dataclass(frozen=True, slots=True)
class SignInPage:
    """What a person needs to sign in: the page, the code to type there, and as whom.

    `code` is "" where the browser opens the page by itself; `seconds` is how long it is valid.
    """

    user: str
    username: str | None
    url: str
    code: str
    seconds: int


class Stream(Protocol):
    """The little of a text stream that a prompt needs."""

    def write(self, text: str, /) -> object:
        """Write a text."""

    def flush(self) -> None:
        """Make it visible."""

    def isatty(self) -> bool:
        """Whether a person can read it, and a line can be rewritten."""


class Prompt(Protocol):
    """Where sign-ins are shown. Calls come one sign-in at a time, from any thread."""

    def show(self, page: SignInPage) -> None:
        """Show where to sign in."""

    def count_down(self, seconds_left: float) -> None:
        """Tell how long it is still valid; called about once a second."""

    def end(self, text: str) -> None:
        """Say how it ended."""

    def note(self, text: str) -> None:
        """Say something worth knowing about the sign-ins of this run."""


class NoPrompt:
    """The prompt of a run where nobody is there: says nothing."""

    def show(self, page: SignInPage) -> None:
        """Nobody reads it."""

    def count_down(self, seconds_left: float) -> None:
        """Nobody reads it."""

    def end(self, text: str) -> None:
        """Nobody reads it."""

    def note(self, text: str) -> None:
        """Nobody reads it."""


class TerminalPrompt:
    """Shows sign-ins on the real terminal, also while pytest captures output.

    `stream` defaults to the interpreter's own standard error.
    """

    def __init__(self, stream: Stream | TextIO | None = None) -> None:
        self._stream = stream or sys.__stderr__ or sys.stderr
        self._rewrites = self._stream.isatty()
        self._open_line = False
        self._told: int | None = None

    def show(self, page: SignInPage) -> None:
        """Show where to sign in, with which code, as whom, and for how long."""
        whom = page.username or f"the account for {page.user!r}"
        minutes = max(1, round(page.seconds / 60))
        enter = f"\n  enter  {page.code}" if page.code else ""
        opened = "" if page.code else " (a browser should open by itself)"
        self._told = None
        self._write(
            f"\n\nSign in for user {page.user!r}{opened}\n"
            f"  open   {page.url}{enter}\n"
            f"  as     {whom}\n"
            f"  within {minutes} min; Ctrl-C stops\n"
        )

    def count_down(self, seconds_left: float) -> None:
        """Rewrite the line with the time left; in a log, one line a minute."""
        left = max(0, math.ceil(seconds_left))
        if self._rewrites:
            self._open_line = True
            self._write(f"\r  waiting … {left // 60}:{left % 60:02d} left ")
        elif self._told is None or self._told - left >= LINE_EVERY_S:
            self._told = left
            self._write(f"  waiting … {left // 60}:{left % 60:02d} left\n")

    def end(self, text: str) -> None:
        """Say how it ended, on a line of its own."""
        self._write(f"{self._fresh_line()}  {text}\n")

    def note(self, text: str) -> None:
        """Say something worth knowing, on a line of its own."""
        self._write(f"{self._fresh_line()}{text}\n")

    def _fresh_line(self) -> str:
        fresh, self._open_line = ("\n" if self._open_line else ""), False
        return fresh

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            self._stream.write(text.encode("ascii", "replace").decode("ascii"))
        self._stream.flush()
