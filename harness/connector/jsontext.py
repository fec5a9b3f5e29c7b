"""Strict JSON with places: where a file is broken, where a pointer stands, which keys repeat."""

from __future__ import annotations

import bisect
import json
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from harness.bounds.limits import DEEPEST, MOST_DIGITS
from harness.bounds.parsing import check_document, has_surrogate
from harness.connector.pointers import escape
from harness.errors import DefinitionError

__all__ = ["DuplicateKey", "index_json", "line_and_column", "parse_json"]

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(rf'{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:"]+', re.DOTALL)
_NOT_JSON_NUMBER = re.compile(rf"{_STRING}|(-?Infinity|NaN)\b", re.DOTALL)
SURROGATE = (
    "this text holds half of a surrogate pair (\\ud800 to \\udfff alone), which no program can "
    "write; delete it"
)


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    """A key that appears twice in one object: its pointer and the 1-based lines of both."""

    pointer: str
    first_line: int
    line: int


class _NotANumber(ValueError):
    """The text holds NaN or Infinity, which RFC 8259 does not know."""


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The 1-based line and column of a character offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def parse_json(text: str, file: Path | str) -> tuple[Any, bool]:
    """Parse strict JSON (RFC 8259); also says whether any object holds a key twice (the last wins).

    Raises:
        DefinitionError: not JSON; one line with file, line, column and what to do.
    """
    duplicates = False

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal duplicates
        collected = dict(pairs)
        duplicates = duplicates or len(collected) != len(pairs)
        return collected

    try:
        data = json.loads(text, object_pairs_hook=collect, parse_constant=_refuse_constant)
        check_document(data)
    except json.JSONDecodeError as error:
        _explain(error, text, file)
    except _NotANumber as error:
        line, column = line_and_column(text, _offset_of_constant(text))
        raise DefinitionError(
            f"{error} is not JSON; write a number or null", file=file, line=line, column=column
        ) from None
    except (RecursionError, ValueError):
        offset, message = _beyond_bounds(text)
        line, column = line_and_column(text, offset)
        raise DefinitionError(message, file=file, line=line, column=column) from None
    return data, duplicates


def _beyond_bounds(text: str) -> tuple[int, str]:
    """Where a JSON text goes beyond what is read, and what to do about it."""
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            depth += 1
        elif token in "}]":
            depth -= 1
        if depth > DEEPEST:
            return match.start(), f"nested too deep: more than {DEEPEST} levels; flatten it"
        if token[0] == '"' and has_surrogate(_key(token)):
            return match.start(), SURROGATE
        if token[0] in "-0123456789" and not _is_in_range(token):
            return match.start(), "this number is out of range: no double holds it; correct it"
    return 0, f"nested too deep: more than {DEEPEST} levels; flatten it"


def _is_in_range(number: str) -> bool:
    return len(number) <= MOST_DIGITS and math.isfinite(float(number))


def _refuse_constant(name: str) -> NoReturn:
    raise _NotANumber(name)


def _offset_of_constant(text: str) -> int:
    matches = (match for match in _NOT_JSON_NUMBER.finditer(text) if match.group(1))
    return next((match.start() for match in matches), 0)


def _explain(error: json.JSONDecodeError, text: str, file: Path | str) -> NoReturn:
    offset, message = _diagnosis(error, text)
    line, column = line_and_column(text, offset)
    raise DefinitionError(message, file=file, line=line, column=column) from None


def _diagnosis(error: json.JSONDecodeError, text: str) -> tuple[int, str]:
    """Where a JSON text breaks, and what to do about it."""
    offset = error.pos
    here = text[offset : offset + 1]
    before = text[:offset].rstrip()
    if not text.strip():
        return 0, "the file is empty; it should hold a JSON object"
    mismatch = _bracket_mismatch(text, offset)
    if mismatch is not None:
        return mismatch
    strange = _strange_character(here)
    if strange is not None:
        return offset, strange
    comma = _trailing_comma(text, offset)
    if comma is not None:
        return comma, "trailing comma: JSON allows none before } or ]; delete it"
    if error.msg.startswith("Invalid control character"):
        name = {"\n": "line break", "\r": "line break", "\t": "tab"}.get(here, f"{here!r}")
        return offset, f"a raw control character ({name}) is inside a string; escape it"
    if error.msg.startswith("Extra data"):
        return offset, f"the JSON ends before this {_shown(here)}; delete what follows, or join it"
    if text.startswith(("//", "/*"), offset) or here == "#":
        return offset, "comments are not JSON; delete this one"
    if not text[offset:].strip():
        return len(before), "the file ends too early; a closing } or ] (or more) is missing"
    if error.msg.startswith("Expecting ',' delimiter"):
        return offset, f"a comma is missing before this {_shown(here)}; insert it"
    if error.msg.startswith("Expecting ':' delimiter"):
        return offset, f"a colon is missing before this {_shown(here)}; insert it"
    if error.msg.startswith("Expecting property name"):
        return offset, f"a key in double quotes is expected here, not {_shown(here)}; correct it"
    if error.msg.startswith("Unterminated string"):
        return offset, "this string has no closing double quote; add it"
    if error.msg.startswith("Invalid \\"):
        return offset, "this backslash escape is not JSON; double the backslash"
    return offset, f"a value is expected here, not {_shown(here)}; correct or delete it"


CLOSING = {"{": "}", "[": "]"}
KINDS = {"{": "object", "[": "list"}


def _bracket_mismatch(text: str, offset: int) -> tuple[int, str] | None:
    """The bracket at an offset where it closes something other than what is open, or None."""
    here = text[offset : offset + 1]
    if here not in ("}", "]"):
        return None
    open_brackets: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(text, 0, offset):
        token = match.group()
        if token in CLOSING:
            open_brackets.append((token, match.start()))
        elif token in ("}", "]") and open_brackets:
            open_brackets.pop()
    if not open_brackets or CLOSING[open_brackets[-1][0]] == here:
        return None
    bracket, start = open_brackets[-1]
    line = line_and_column(text, start)[0]
    return (
        offset,
        f"the {KINDS[bracket]} that opens on line {line} is closed by {here}; "
        f"{CLOSING[bracket]} is needed",
    )


def _strange_character(character: str) -> str | None:
    """What to do about a space or quote that looks right and is not JSON, or None."""
    if character and character in "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb'`":
        return f'{character} is not the double quote of JSON; write " instead'
    if not character or character in " \t\r\n" or character.isprintable():
        return None
    name = unicodedata.name(character, "a control character").lower()
    if character.isspace() or unicodedata.category(character) in ("Cf", "Zs"):
        return (
            f"a {name} (U+{ord(character):04X}) is between the values; JSON knows plain "
            "spaces, tabs and line ends alone: replace it"
        )
    return None


def _shown(character: str) -> str:
    return character if character.isprintable() and character.strip() else repr(character)


def _trailing_comma(text: str, offset: int) -> int | None:
    """The offset of a comma with nothing but space between it and a closing bracket, or None.

    Python 3.13 points at the comma, earlier versions at what follows it.
    """
    before = text[:offset].rstrip()
    comma = offset if text.startswith(",", offset) else len(before) - 1
    if comma < 0 or text[comma] != ",":
        return None
    return comma if text[comma + 1 :].lstrip()[:1] in ("}", "]") else None


def index_json(text: str) -> tuple[dict[str, int], list[DuplicateKey]]:
    """JSON pointer → 1-based line for every element of a valid JSON text, and the repeated keys.

    A member stands where its key does, an array item where its value begins.
    """
    newlines = [match.start() for match in re.finditer("\n", text)]
    lines: dict[str, int] = {"": 1}
    holding: set[str] = set()
    duplicates: list[DuplicateKey] = []
    for pointer, offset in _elements(text):
        line = bisect.bisect_left(newlines, offset) + 1
        if pointer in lines and pointer:
            duplicates.append(DuplicateKey(pointer, lines[pointer], line))
            if pointer in holding:
                _forget(lines, pointer)
        lines[pointer] = line
        holding.add(pointer.rpartition("/")[0])
    return lines, duplicates


def _forget(lines: dict[str, int], pointer: str) -> None:
    """Drop what stood under the earlier of two equal keys: the last one wins."""
    below = f"{pointer}/"
    for stale in [known for known in lines if known.startswith(below)]:
        del lines[stale]


def _elements(text: str) -> Iterator[tuple[str, int]]:
    """Every member and item of a valid JSON text as (pointer, character offset)."""
    stack: list[_Level] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == ",":
            stack[-1].member = None
        elif token in ("}", "]"):
            stack.pop()
        elif token != ":":
            top = stack[-1] if stack else None
            if top is not None and top.is_object and top.member is None:
                top.member = f"{top.pointer}/{escape(_key(token))}"
                yield top.member, match.start()
                continue
            pointer = "" if top is None else top.next_pointer()
            if top is not None and not top.is_object:
                yield pointer, match.start()
            if token in ("{", "["):
                stack.append(_Level(pointer, is_object=token == "{"))


@dataclass(slots=True)
class _Level:
    """An open object or array while scanning: its pointer and what is being read in it."""

    pointer: str
    is_object: bool
    member: str | None = None
    count: int = 0

    def next_pointer(self) -> str:
        if self.is_object:
            return self.member or self.pointer
        self.count += 1
        return f"{self.pointer}/{self.count - 1}"


def _key(token: str) -> str:
    return str(json.loads(token)) if "\\" in token else token[1:-1]
