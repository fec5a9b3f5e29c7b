"""What a command prints, for every kind of console."""

from __future__ import annotations

import codecs
import json
import sys
from typing import Any

__all__ = ["json_text"]


def json_text(value: Any, *, indent: int | None = 1) -> str:
    """JSON for standard output: in ASCII where the console's encoding cannot write everything.

    Without an `indent` it has no white space at all.
    """
    separators = (",", ":") if indent is None else None
    ascii_only = not _writes_everything()
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)


def _writes_everything() -> bool:
    try:
        return codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name == "utf-8"
    except LookupError:
        return False
