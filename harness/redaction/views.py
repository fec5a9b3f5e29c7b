"""How a text reads once its escapes are decoded, and where in the text each letter came from.

Apps echo values in many spellings: JSON and Python escapes (RFC 8259 7), percent-encoding (RFC 3986
2.1), HTML character references, UTF-16 read as bytes, base64 broken over lines (RFC 2045 6.8). A
value is searched in the decoded reading and replaced in the text itself.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MOST_LAYERS", "View", "decoded", "layers"]

MOST_LAYERS = 4
"""How often a text may have been escaped: a JSON text in a JSON text in a URL, and one more."""

_PATTERN = r"""
    (?P<pair>\\{many}u([dD][89abAB][0-9a-fA-F]{{2}})\\{many}u([dD][c-fC-F][0-9a-fA-F]{{2}}))
  | (?P<hex>(?:\\{many}u|%u)([0-9a-fA-F]{{4}})
      | \\{many}u\{{([0-9a-fA-F]{{1,6}})\}} | \\{many}U([0-9a-fA-F]{{8}}))
  | (?P<bytes>(?:\\{many}x[0-9a-fA-F]{{2}})+ | (?:%[0-9a-fA-F]{{2}})+)
  | (?P<short>\\[nrtbf"'/\\])
  | (?P<entity>&(?:\#[0-9]{{1,7}} | \#[xX][0-9a-fA-F]{{1,6}} | [A-Za-z][A-Za-z0-9]{{1,30}});)
  | (?P<dropped>\x00 | (?<=[A-Za-z0-9+/_-]{{32}})\r?\n(?=[A-Za-z0-9+/=_-]))
"""
_ESCAPES = re.compile(_PATTERN.format(many=""), re.VERBOSE)
_LENIENT = re.compile(_PATTERN.format(many="+"), re.VERBOSE)
"""As above, but any number of backslashes make one escape: what comes before may end in one."""
_BROKEN_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{32}\r?\n[A-Za-z0-9+/=_-]")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_BYTE = re.compile(r"(?:\\+x|%)([0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class View:
    """A reading of a text. `pieces` are (start in the view, start and end in the text, plain)."""

    text: str
    pieces: tuple[tuple[int, int, int, bool], ...]
    below: View | None = None

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original text that reads as `text[start:end]`; `end` > `start`."""
        first, last = self._piece(start), self._piece(end - 1)
        begin = first[1] + (start - first[0] if first[3] else 0)
        stop = last[1] + (end - last[0]) if last[3] else last[2]
        return (begin, stop) if self.below is None else self.below.source(begin, stop)

    def _piece(self, at: int) -> tuple[int, int, int, bool]:
        return self.pieces[bisect_right(self.pieces, at, key=lambda piece: piece[0]) - 1]


def layers(text: str) -> Iterator[View]:
    """The readings of a text, each decoded once more, as long as that changes anything."""
    view: View | None = None
    if "\\\\" in text:
        lenient = decoded(text, escapes=_LENIENT)
        if lenient is not None:
            yield lenient
    for _ in range(MOST_LAYERS):
        view = decoded(text if view is None else view.text, view)
        if view is None:
            return
        yield view


def decoded(
    text: str, below: View | None = None, escapes: re.Pattern[str] = _ESCAPES
) -> View | None:
    """The text with its escapes decoded once, or None where it has none."""
    if not _may_hold_escapes(text):
        return None
    letters: list[str] = []
    pieces: list[tuple[int, int, int, bool]] = []
    at = length = 0
    for match in escapes.finditer(text):
        start, end = match.span()
        if start > at:
            pieces.append((length, at, start, True))
            letters.append(text[at:start])
            length += start - at
        for shown, begin, stop in _read(match):
            if shown:
                pieces.append((length, begin, stop, False))
                letters.append(shown)
                length += len(shown)
        at = end
    if at == 0:
        return None
    if at < len(text):
        pieces.append((length, at, len(text), True))
        letters.append(text[at:])
    reading = "".join(letters)
    return View(reading, tuple(pieces), below) if reading and reading != text else None


def _may_hold_escapes(text: str) -> bool:
    if "\\" in text or "%" in text or "&" in text or "\0" in text:
        return True
    return "\n" in text and _BROKEN_BASE64.search(text) is not None


def _read(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """What one escape (or a run of escaped bytes) reads as, letter by letter, with its place."""
    start, end = match.span()
    written = match.group()
    kind = next(name for name, found in match.groupdict().items() if found is not None)
    codes = [int(code, 16) for code in match.group(2, 3, 5, 6, 7) if code]
    if kind == "bytes":
        yield from _bytes(written, start)
    elif kind == "pair":
        yield chr(0x10000 + ((codes[0] - 0xD800) << 10) + (codes[1] - 0xDC00)), start, end
    elif kind == "hex":
        yield "" if codes[0] == 0 or codes[0] > 0x10FFFF else chr(codes[0]), start, end
    elif kind == "short":
        yield _SHORT.get(written[1], written[1]), start, end
    elif kind == "entity":
        yield html.unescape(written), start, end
    else:
        yield "", start, end


def _bytes(written: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Bytes as UTF-8 where they are that, else as Latin-1; a NUL reads as nothing."""
    places = [(m.start() + start, m.end() + start) for m in _BYTE.finditer(written)]
    raw = bytes(int(m.group(1), 16) for m in _BYTE.finditer(written))
    at = 0
    for letter in raw.decode("utf-8", errors="surrogateescape"):
        alone = "\udc80" <= letter <= "\udcff"
        size = 1 if alone else len(letter.encode("utf-8"))
        shown = chr(ord(letter) - 0xDC00) if alone else letter
        yield "" if shown == "\0" else shown, places[at][0], places[at + size - 1][1]
        at += size
