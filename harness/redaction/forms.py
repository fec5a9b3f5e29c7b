"""The spellings of a value that decoding letter by letter does not find: base64 and hex.

Base64 (RFC 4648 4 and 5) packs three bytes into four letters, so that a value inside a longer text
looks different at each of three offsets; its first and last letter there also carry bits of what
stands next to it. The core in between is always the same.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["PIECE", "Form", "coded", "readings"]

PIECE = 12
"""How much of a secret's beginning or end betrays it, in characters."""
SHORTEST = 4
"""Values below this are too short to be told from any other text, in characters."""
_ANY_CASE = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[^@\s]+@[^@\s]+\.[^@\s]+", re.IGNORECASE
)
_LATIN = re.compile("[\x80-\xff]+")
_LONE = re.compile("[\udc80-\udcff]")
_CHARSETS = ("utf-8", "utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling to search: in any case or not, and from what length on a piece of it counts."""

    text: str
    any_case: bool = False
    piece: int = PIECE


def is_caseless(value: str) -> bool:
    """Whether the case of a value's letters means nothing: GUIDs and mail addresses."""
    return _ANY_CASE.fullmatch(value) is not None


@lru_cache(maxsize=512)
def readings(value: str) -> tuple[Form, ...]:
    """The value as letters: as it is, composed and decomposed, as UTF-8 and Latin-1 mix it up."""
    texts = [value]
    if not value.isascii():
        texts += [unicodedata.normalize(form, value) for form in ("NFC", "NFD")]
        texts += [value.encode("utf-8", "surrogatepass").decode("latin-1")]
        texts += [_LATIN.sub(lambda run: read_bytes(run.group().encode("latin-1")), value)]
    any_case = is_caseless(value)
    return tuple(Form(text, any_case) for text in dict.fromkeys(texts))


def coded(value: str) -> tuple[Form, ...]:
    """The value in base64 at each offset, both alphabets, and in hex with the usual separators."""
    found: dict[str, Form] = {}
    for charset in _CHARSETS:
        raw = value.encode(charset, "surrogatepass")
        for core in _cores(raw):
            for text in (core, core.replace("+", "-").replace("/", "_")):
                found.setdefault(text, Form(text))
        for separator in ("", "-", ":", " "):
            text = raw.hex(separator) if separator else raw.hex()
            found.setdefault(text, Form(text, any_case=True, piece=3 * PIECE))
    return tuple(form for form in found.values() if len(form.text) >= SHORTEST)


def _cores(raw: bytes) -> list[str]:
    """The base64 letters that carry bits of these bytes alone, at each offset."""
    cores = []
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode("ascii")
        first, bits = (0, 2, 3)[offset], 8 * (offset + len(raw))
        cores.append(encoded[first : bits // 6])
    return cores


def read_bytes(raw: bytes) -> str:
    """Bytes as UTF-8 where they are that, each of the others as one letter (Latin-1)."""
    text = raw.decode("utf-8", errors="surrogateescape")
    return _LONE.sub(lambda byte: chr(ord(byte.group()) - 0xDC00), text)
