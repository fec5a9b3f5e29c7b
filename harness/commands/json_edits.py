"""Editing the text of a JSON file in place: order, indentation and line ends stay as they are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from harness.bounds.parsing import parse_json
from harness.connector.pointers import escape

__all__ = ["JsonEdits"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass(slots=True)
class Span:
    """Where a member or item is: `start` of its key (or value), and of its value, and its end."""

    start: int
    value: int
    end: int = -1


@dataclass(slots=True)
class _Open:
    """An object or list that is being read."""

    pointer: str
    is_object: bool
    key: tuple[str, int] | None = None
    count: int = 0


class JsonEdits:
    """Edits of a JSON text, gathered and then applied at once.

    Edits speak of places in the text as it was. One that lies inside of another is left out, so
    that a further round finds it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans, self.members = _index(text)
        self.edits: list[tuple[int, int, str]] = []

    def replace(self, pointer: str, value: Any) -> None:
        """Write another value."""
        span = self.spans[pointer]
        self._edit(span.value, span.end, json.dumps(value, ensure_ascii=False))

    def rename(self, pointer: str, key: str) -> None:
        """Write another key for the same value."""
        span = self.spans[pointer]
        old = _TOKEN.match(self.text, span.start)
        assert old is not None
        self._edit(span.start, old.end(), json.dumps(key, ensure_ascii=False))

    def remove(self, pointer: str) -> None:
        """Take a member or item out, with its comma."""
        parent = pointer.rpartition("/")[0]
        names = self.members[parent]
        index = names.index(pointer)
        span = self.spans[pointer]
        if index + 1 < len(names):
            self._edit(span.start, self.spans[names[index + 1]].start, "")
        elif index > 0:
            self._edit(self.spans[names[index - 1]].end, span.end, "")
        else:
            whole = self.spans[parent]
            self._edit(whole.value + 1, whole.end - 1, "")

    def insert(self, parent: str, key: str, value: Any) -> None:
        """Add a member at the end of an object, written as its neighbours are."""
        text = json.dumps(value, ensure_ascii=False)
        whole, names = self.spans[parent], self.members[parent]
        quoted = json.dumps(key, ensure_ascii=False)
        if not names:
            self._edit(whole.value, whole.end, f"{{{quoted}: {text}}}")
            return
        last = self.spans[names[-1]]
        before = self.text[: last.start]
        space = before[len(before.rstrip()) :]
        name = _TOKEN.match(self.text, last.start)
        assert name is not None
        colon = self.text[name.end() : last.value]
        self._edit(last.end, last.end, f",{space}{quoted}{colon}{text}")

    def applied(self) -> str:
        """The text after the edits."""
        text, limit = self.text, len(self.text) + 1
        for start, end, new in sorted(self.edits, key=lambda e: (e[0], e[1]), reverse=True):
            if end > limit:
                continue
            text = text[:start] + new + text[end:]
            limit = start
        return text

    def _edit(self, start: int, end: int, new: str) -> None:
        if (start, end, new) not in self.edits:
            self.edits.append((start, end, new))


def _index(text: str) -> tuple[dict[str, Span], dict[str, list[str]]]:
    """Pointer → where it is, and pointer of an object or list → pointers of what it holds."""
    spans: dict[str, Span] = {}
    members: dict[str, list[str]] = {}
    stack: list[_Open] = []
    for match in _TOKEN.finditer(text, 1 if text.startswith("\ufeff") else 0):
        token = match.group()
        if token in ("}", "]"):
            spans[stack.pop().pointer].end = match.end()
            continue
        top = stack[-1] if stack else None
        if token == ":":
            continue
        if token == ",":
            assert top is not None
            top.key = None
            continue
        if top is not None and top.is_object and top.key is None:
            top.key = (parse_json(token), match.start())
            continue
        pointer, start = _place(top, match.start())
        if top is not None:
            members[top.pointer].append(pointer)
        spans[pointer] = Span(start, match.start(), match.end())
        if token in ("{", "["):
            stack.append(_Open(pointer, token == "{"))
            members[pointer] = []
    return spans, members


def _place(top: _Open | None, offset: int) -> tuple[str, int]:
    if top is None:
        return "", offset
    if top.is_object:
        assert top.key is not None
        return f"{top.pointer}/{escape(top.key[0])}", top.key[1]
    top.count += 1
    return f"{top.pointer}/{top.count - 1}", offset
