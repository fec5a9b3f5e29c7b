"""Live progress on a terminal's last line: checks done, operation at work, requests, time left.

pytest's own lines scroll above it, and so do sign-in prompts: the last line is taken out of the
scroll region (DECSTBM) and given back at the end. On a terminal only; quiet in CI, in a pipe, and
where the terminal cannot do it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

__all__ = ["Progress", "wants_progress"]

LEAST_ROWS = 8
SAVE, RESTORE, ERASE_LINE = "\x1b7", "\x1b8", "\x1b[2K"


def wants_progress(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether somebody looks at a terminal that has a scroll region."""
    if stream is None or not stream.isatty():
        return False
    if any(environ.get(name) for name in ("CI", "TF_BUILD", "GITHUB_ACTIONS")):
        return False
    if environ.get("WT_SESSION"):
        return True  # Windows Terminal, which sets no TERM
    return environ.get("TERM", "") not in ("", "dumb", "linux")


class Progress:
    """Shows how far a run is; `clock` is in seconds, `size` gives columns and rows."""

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
        size: Callable[[], os.terminal_size] = shutil.get_terminal_size,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._size = size
        self._began = clock()
        self._done = 0
        self._requests = 0
        self._silent_s = 0.0
        self._rows = 0

    def start(self, check: str, total: int) -> None:
        """A check begins, one of so many."""
        now = self._clock() - self._began
        columns, rows = self._size()
        if rows < LEAST_ROWS:
            return
        line = self.text(check, total, now)[: columns - 1]
        self._stream.write(
            self._reserved(rows) + f"{SAVE}\x1b[{rows};1H{ERASE_LINE}{line}{RESTORE}"
        )
        self._stream.flush()

    def finish(self, payload: Mapping[str, Any] | None, *, ended: bool) -> None:
        """One of pytest's reports came in: with a check's payload, or as the end of its item."""
        self._done += ended
        self._requests += (payload or {}).get("seen", 0)
        self._silent_s = max(self._silent_s, (payload or {}).get("silent_s", 0.0))

    def text(self, check: str, total: int, elapsed: float) -> str:
        """`12/74 contract GetDocument · 412 requests · about 12 s left`."""
        file, _, test = check.partition("::")
        name = test.partition("[")[2].rstrip("]") or test
        suite = file.rpartition("/")[2].removeprefix("test_").removesuffix(".py")
        parts = [f"{self._done}/{total} {suite} {name}", f"{self._requests} requests"]
        if self._silent_s:
            parts.append(f"{self._silent_s:.0f} s of silence")
        if self._done >= 5 and total > self._done:
            left = elapsed / self._done * (total - self._done)
            parts.append(f"about {left:.0f} s left")
        return " · ".join("".join(c for c in part if c.isprintable()) for part in parts)

    def close(self) -> None:
        """Give the last line back."""
        if self._rows:
            rows, self._rows = self._rows, 0
            self._stream.write(f"{SAVE}\x1b[1;{rows}r\x1b[{rows};1H{ERASE_LINE}{RESTORE}")
            self._stream.flush()
            atexit.unregister(self.close)

    def _reserved(self, rows: int) -> str:
        """What takes the last line out of the scroll region, where that is still to be done.

        An index (IND) before, and a step up after, keep the cursor off the last line.
        """
        if rows == self._rows:
            return ""
        if not self._rows:
            atexit.register(self.close)
        self._rows = rows
        return f"\x1bD{SAVE}\x1b[1;{rows - 1}r{RESTORE}\x1b[1A"
