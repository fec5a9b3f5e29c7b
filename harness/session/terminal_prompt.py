"""Showing a sign-in prompt on the real terminal while pytest captures output."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["UncapturedStream", "make_prompt"]


class UncapturedStream:
    """A text stream that suspends pytest's capture for each write."""

    def __init__(self, capture: Any) -> None:
        self._capture = capture

    def write(self, text: str) -> int:
        """Write to the real terminal."""
        if self._capture is None:
            return self._emit(text)
        with self._capture.global_and_fixture_disabled():
            return self._emit(text)

    def flush(self) -> None:
        """Everything is flushed as it is written."""

    def isatty(self) -> bool:
        """Whether a person can read it."""
        return bool(sys.__stderr__ is not None and sys.__stderr__.isatty())

    def _emit(self, text: str) -> int:
        stream = sys.__stderr__ or sys.stderr
        written = stream.write(text)
        stream.flush()
        return written


def make_prompt(capture: Any) -> Any:
    """The terminal prompt of the sign-in flows."""
    from harness.callers.prompting import TerminalPrompt

    return TerminalPrompt(UncapturedStream(capture))
