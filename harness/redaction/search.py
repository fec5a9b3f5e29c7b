"""Finding known values in one reading of a text: whole, or the piece that a message left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.redaction.forms import PIECE, SHORTEST, Form, coded, readings
from harness.redaction.runs import Span

__all__ = ["Needles", "find_person", "lowered", "replaced"]

WINDOW = 16
"""How long a piece out of the middle of a secret must be to be told from other text."""
_CUTS = ("...", "…")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[-: ]?){4,}")


@dataclass(frozen=True, slots=True)
class Needles:
    """Every spelling of the known secrets, each with its placeholder."""

    letters: tuple[tuple[Form, str], ...] = ()
    codes: tuple[tuple[Form, str], ...] = ()
    shortest_code: int = 0
    base64_run: re.Pattern[str] = field(default=_HEX)

    @classmethod
    def of(cls, secrets: Iterable[tuple[str, str]]) -> Needles:
        """The needles of secrets and their placeholders."""
        ordered = sorted(secrets, key=lambda pair: -len(pair[0]))
        letters = tuple((form, mark) for secret, mark in ordered for form in readings(secret))
        codes = tuple((form, mark) for secret, mark in ordered for form in coded(secret))
        shortest = min((len(form.text) for form, _ in codes), default=SHORTEST)
        run = re.compile(rf"[A-Za-z0-9+/_-]{{{min(shortest, PIECE)},}}")
        return cls(letters, codes, shortest, run)

    def find(self, text: str) -> Iterator[Span]:
        """Where the secrets, or their beginnings and ends, stand in a text."""
        if len(text) < SHORTEST or not self.letters:
            return
        low = lowered(text) if any(form.any_case for form, _ in self.letters) else text
        spaced = text.replace("+", " ") if "+" in text else None
        cut = any(mark in text for mark in _CUTS)
        for form, mark in self.letters:
            haystack = low if form.any_case else text
            yield from _whole_or_piece(haystack, form, mark)
            if spaced is not None and " " in form.text:
                yield from _whole_or_piece(spaced, _spaced(form), mark)
            if cut:
                yield from _before_a_cut(haystack, form, mark)
        yield from self._find_codes(text)

    def _find_codes(self, text: str) -> Iterator[Span]:
        runs = "\n".join(self.base64_run.findall(text))
        has_hex = _HEX.search(text) is not None
        if not runs and not has_hex:
            return
        low = lowered(text) if has_hex else ""
        for form, mark in self.codes:
            if form.any_case:
                if has_hex:
                    yield from _whole_or_piece(low, form, mark)
            elif form.text in runs or (len(form.text) > PIECE and _pieces_in(runs, form)):
                yield from _whole_or_piece(text, form, mark)

    def windows(self) -> frozenset[str]:
        """Every piece of `WINDOW` letters out of the secrets, for texts that start anywhere."""
        return frozenset(
            form.text[at : at + WINDOW]
            for form, _ in self.letters
            for at in range(len(form.text) - WINDOW + 1)
        )


def find_windows(text: str, windows: frozenset[str], mark: str) -> Iterator[Span]:
    """Where pieces out of the middle of secrets are: a diff skips what is alike."""
    at, last = 0, len(text) - WINDOW
    while windows and at <= last:
        if text[at : at + WINDOW] not in windows:
            at += 1
            continue
        end = at + 1
        while end <= last and text[end : end + WINDOW] in windows:
            end += 1
        yield at, end + WINDOW - 1, mark
        at = end + WINDOW


def find_person(text: str, low: str, identity: str, shown: str) -> Iterator[Span]:
    """Where an identity stands: anywhere, but a mere word (a name such as Test) as it is spelt."""
    spaced = low.replace("+", " ") if " " in identity and "+" in low else None
    for form in readings(identity):
        yield from _find_spelt(text, low, form.text, shown)
        if spaced is not None:
            yield from _find_spelt(text, spaced, form.text, shown)


def _find_spelt(text: str, low: str, identity: str, shown: str) -> Iterator[Span]:
    wanted = lowered(identity)
    if wanted not in low:
        return
    is_word = identity.isalnum() and not any(char.isdigit() for char in identity)
    haystack, needle = (text, identity) if is_word else (low, wanted)
    at = haystack.find(needle)
    while at >= 0:
        end = at + len(needle)
        if not is_word or not (_is_letter(text, at - 1) or _is_letter(text, end)):
            yield at, end, shown
        at = haystack.find(needle, end)


def replaced(text: str, spans: Sequence[Span]) -> str:
    """The text with each span replaced; where spans meet, the first and longest says by what."""
    merged: list[Span] = []
    for start, end, shown in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            first = merged[-1]
            merged[-1] = (first[0], max(first[1], end), first[2])
        else:
            merged.append((start, end, shown))
    for start, end, shown in reversed(merged):
        text = text[:start] + shown + text[end:]
    return text


def lowered(text: str) -> str:
    """The text in lower case, each letter where it was (`İ` would become two)."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _spaced(form: Form) -> Form:
    """A form as a form-encoded text reads whose `+` are blanks (HTML, URL-encoded form data)."""
    return Form(form.text.replace("+", " "), form.any_case, form.piece)


def _is_letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_")


def _pieces_in(text: str, form: Form) -> bool:
    return form.text[: form.piece] in text or form.text[-form.piece :] in text


def _whole_or_piece(text: str, form: Form, mark: str) -> Iterator[Span]:
    needle = lowered(form.text) if form.any_case else form.text
    if len(needle) <= form.piece:
        yield from _every(text, needle, mark)
        return
    head, tail = needle[: form.piece], needle[-form.piece :]
    if head in text:
        yield from _heads(text, needle, form.piece, mark)
    if tail in text:
        yield from _tails(text, needle, form.piece, mark)


def _every(text: str, needle: str, mark: str) -> Iterator[Span]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle), mark
        at = text.find(needle, at + len(needle))


def _heads(text: str, needle: str, piece: int, mark: str) -> Iterator[Span]:
    at = text.find(needle[:piece])
    while at >= 0:
        length = _alike(text, at, needle)
        yield at, at + length, mark
        at = text.find(needle[:piece], at + length)


def _tails(text: str, needle: str, piece: int, mark: str) -> Iterator[Span]:
    at = text.find(needle[-piece:])
    while at >= 0:
        end = at + piece
        back = len(needle) - piece
        while at > 0 and back > 0 and text[at - 1] == needle[back - 1]:
            at, back = at - 1, back - 1
        yield at, end, mark
        at = text.find(needle[-piece:], end)


def _before_a_cut(text: str, form: Form, mark: str) -> Iterator[Span]:
    needle = lowered(form.text) if form.any_case else form.text
    at = text.find(needle[:SHORTEST])
    while at >= 0:
        end = at + _alike(text, at, needle)
        if text.startswith(_CUTS, end):
            yield at, end, mark
        at = text.find(needle[:SHORTEST], end)


def _alike(text: str, at: int, needle: str) -> int:
    """How many letters from `at` on are those of the needle."""
    length, most = 0, min(len(needle), len(text) - at)
    if text.startswith(needle, at):
        return len(needle)
    while length < most and text[at + length] == needle[length]:
        length += 1
    return length
