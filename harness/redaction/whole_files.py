"""Putting a file in place in one step, so that a reader sees the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import time
from pathlib import Path

__all__ = ["write_whole"]

ABANDONED_S = 3600.0
"""After how long a half-written file belongs to a process that was killed."""


def write_whole(path: Path, text: str, *, durable: bool = True) -> None:
    """Write UTF-8 text; a kill or a full disk on the way leaves what was there before.

    Not `durable` is for caches: quick, and made again where a machine lost power.

    Raises:
        OSError: the file cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if durable:
        _clear_abandoned(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _clear_abandoned(path: Path) -> None:
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_S:
                left.unlink()
