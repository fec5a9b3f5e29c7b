"""Printed text that a terminal only shows, whatever a file or an app put into it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from harness.redaction.visible import escaped

__all__ = ["showing_only"]


class _Showing:
    """A stream that writes control and bidi characters as escapes that JSON and TOML know too."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, escaped; the number of characters of the text."""
        self._stream.write(escaped(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def showing_only() -> Iterator[None]:
    """Let everything that a command prints only be shown by the terminal, never obeyed."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Showing(out), _Showing(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
