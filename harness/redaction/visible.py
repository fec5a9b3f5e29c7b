"""Text from elsewhere made harmless: whatever an app sends, a report shows it and never obeys it.

Nothing is dropped silently: what cannot be shown as it is appears as a visible escape (`\\x1b`,
`\\u202e`), and what is cut off is counted. Escaping for HTML, XML or Markdown itself is left to
the renderers.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = [
    "clip",
    "decode_base64",
    "describe_binary",
    "escaped",
    "harmless",
    "log_text",
    "looks_binary",
    "one_line",
    "visible",
]

# Control characters (C0 but tab and newline, DEL, C1), marks that reorder or hide text (Unicode
# UAX #9 and #50: bidi embeddings, isolates, zero-width space, BOM, word joiner), line and paragraph
# separators, interlinear marks, lone surrogates, noncharacters and the invisible tag block.
_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"\s+")
# Azure Pipelines runs `##vso[...]` and GitHub's runner `##[...]` anywhere in a line of output, and
# GitHub `::command::` at the start of one ("Workflow commands", "Logging commands").
_PIPELINE = re.compile(r"##(?=vso\[|\[)", re.IGNORECASE)
_WORKFLOW = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
_PREVIEW_BYTES = 24


def visible(text: object) -> str:
    """The text with unshowable characters as visible escapes; newlines unified, tabs kept."""
    unified = str(text).replace("\r\n", "\n")
    return _UNSHOWABLE.sub(_escape, unified)


def escaped(text: str) -> str:
    """The text with unshowable characters as `\\uXXXX`, which JSON and TOML know."""
    return _UNSHOWABLE.sub(_as_json, text)


def one_line(text: object, limit: int = 300) -> str:
    """The text on one line, at most `limit` characters long."""
    return clip(_SPACES.sub(" ", visible(text)).strip(), limit)


def clip(text: str, limit: int) -> str:
    """At most about `limit` characters, saying how many were left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def log_text(text: object) -> str:
    """The text for a build log: visible, and no line of it is a command to the build server."""
    shown = _PIPELINE.sub("# #", visible(text))
    return _WORKFLOW.sub(r"\1: ", shown)


def looks_binary(data: bytes) -> bool:
    """Whether bytes are no text that anybody would want to read: NULs, or much that is no UTF-8."""
    head = data[:4096]
    if b"\x00" in head:
        return True
    undecodable = head.decode("utf-8", errors="replace").count("\ufffd")
    return undecodable > max(4, len(head) // 10)


def describe_binary(data: bytes, media_type: str = "", size: int | None = None) -> str:
    """One line for bytes that are no text: how many, of what type, and how they begin.

    `size` is the number of bytes where `data` is only their start.
    """
    kind = f" ({one_line(media_type, 80)})" if media_type else ""
    start = data[:_PREVIEW_BYTES].hex(" ")
    more = " …" if len(data) > _PREVIEW_BYTES else ""
    return f"binary content, {size or len(data):,} bytes{kind}; begins {start}{more}"


def decode_base64(text: object) -> bytes:
    """The bytes of a `body_base64`, or none where it is not base64."""
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        return b""


def harmless(value: Any) -> Any:
    """JSON-plain data with every text in it (keys too) made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(key): harmless(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [harmless(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _as_json(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
