"""Live progress in the terminal's title: checks done, operation at work, requests, time left.

pytest's own lines stay as they are. On a terminal only; quiet in CI, in a pipe, and where the
terminal cannot do it. The title that was there before is put back (xterm control sequences 22 and
23 of "Window manipulation").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

__all__ = ["Progress", "wants_progress"]

SAVE, RESTORE = "\x1b[22;0t", "\x1b[23;0t"
EVERY_S = 0.2


def wants_progress(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether somebody looks at a terminal that has a title."""
    if stream is None or not stream.isatty():
        return False
    quiet = any(environ.get(name) for name in ("CI", "TF_BUILD", "GITHUB_ACTIONS"))
    return not quiet and environ.get("TERM", "") not in ("", "dumb", "linux")


class Progress:
    """Shows how far a run is; `clock` is in seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._shown = 0.0
        self._done = 0
        self._requests = 0
        self._open = False

    def start(self, check: str, total: int) -> None:
        """A check begins, one of so many."""
        now = self._clock()
        if self._open and now - self._shown < EVERY_S:
            return
        self._shown = now
        self._write(self.text(check, total, now - self._began))

    def finish(self, payload: Mapping[str, Any] | None, *, ended: bool) -> None:
        """One of pytest's reports came in: with a check's payload, or as the end of its item."""
        self._done += ended
        self._requests += (payload or {}).get("seen", 0)

    def text(self, check: str, total: int, elapsed: float) -> str:
        """`12/74 GetDocument · 412 requests · about 12 s left`."""
        name = check.partition("[")[2].rstrip("]") or check.rpartition("::")[2]
        parts = [f"{self._done}/{total} {name}", f"{self._requests} requests"]
        if self._done >= 5 and total > self._done:
            left = elapsed / self._done * (total - self._done)
            parts.append(f"about {left:.0f} s left")
        return " · ".join("".join(c for c in part if c.isprintable()) for part in parts)

    def close(self) -> None:
        """Put the old title back."""
        if self._open:
            self._stream.write(RESTORE)
            self._stream.flush()
            self._open = False

    def _write(self, text: str) -> None:
        if not self._open:
            self._stream.write(SAVE)
            self._open = True
        self._stream.write(f"\x1b]2;{text}\x07")
        self._stream.flush()
