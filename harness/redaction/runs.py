"""Base64 and hex in a text, decoded, so that what is inside is cleaned like any other text.

Easy Auth's `X-MS-CLIENT-PRINCIPAL` is base64 of JSON, in which .NET escapes every letter beyond
ASCII; what is put back is encoded again, so that a reader of the report can still decode it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

__all__ = ["Span", "clean_runs"]

Span = tuple[int, int, str]
"""Start, end, and what takes the place."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(
    r"[0-9a-fA-F]{16,}|[0-9a-fA-F]{2}(?:([-: ])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){6,}"
)
_READABLE = re.compile(
    rb"(?:[\t\r\n\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3}){6,}"
)
"""A stretch of UTF-8 that chance does not make."""
_WIDE = re.compile(rb"(?:[\x20-\xff]\x00){4,}")
"""A stretch of UTF-16, whose NULs a reading drops."""


def clean_runs(text: str, clean: Callable[[str], str]) -> Iterator[Span]:
    """The base64 and hex in a text whose decoded text is not clean, and the same, cleaned."""
    for match in _BASE64.finditer(text):
        run = match.group()
        for offset in range(4):
            again = _base64_again(run[offset:], clean)
            if again is not None:
                yield match.start() + offset, match.end(), again
                break
    for match in _HEX.finditer(text):
        for odd in (0,) if match.group(1) else (0, 1):
            again = _hex_again(match.group()[odd:], match.group(1) or "", clean)
            if again is not None:
                yield match.start() + odd, match.end(), again
                break


def _base64_again(run: str, clean: Callable[[str], str]) -> str | None:
    letters = run.rstrip("=")
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    if not letters:
        return None
    url_safe = "-" in letters or "_" in letters
    standard = letters.replace("-", "+").replace("_", "/") + "=" * (-len(letters) % 4)
    try:
        raw = base64.b64decode(standard)
    except (binascii.Error, ValueError):
        return None
    changed = _clean_bytes(raw, clean)
    if changed is None:
        return None
    encoded = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(changed).decode("ascii")
    padded = run.endswith("=") or len(letters) % 4 == 0
    return encoded if padded else encoded.rstrip("=")


def _hex_again(run: str, separator: str, clean: Callable[[str], str]) -> str | None:
    digits = run.replace(separator, "") if separator else run
    changed = _clean_bytes(bytes.fromhex(digits[: len(digits) // 2 * 2]), clean)
    if changed is None:
        return None
    return changed.hex(separator) if separator else changed.hex()


def _clean_bytes(raw: bytes, clean: Callable[[str], str]) -> bytes | None:
    """The bytes without what has to be hidden; None where there is nothing, or no text."""
    codec, errors, rest = "utf-8", "surrogateescape", b""
    wide = _WIDE.search(raw)
    if wide is not None:
        codec, errors = "utf-16-be" if wide.start() % 2 else "utf-16-le", "surrogatepass"
        raw, rest = raw[: len(raw) // 2 * 2], raw[len(raw) // 2 * 2 :]
    elif _READABLE.search(raw) is None:
        return None
    try:
        text = raw.decode(codec, errors)
    except UnicodeDecodeError:
        return None
    changed = clean(text)
    return None if changed == text else changed.encode(codec, errors) + rest
