"""One way in which a value breaks its schema, in words that do not depend on a language."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.connector.pointers import escape

__all__ = ["Path", "Problem", "shown", "type_name"]

Path = tuple[str | int, ...]
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a value breaks its schema.

    `kind` is one of null, type, required, extra, enum, format, bounds, pattern, unique,
    discriminator. `path` holds property names and array indexes.
    """

    kind: str
    path: Path
    expected: str
    observed: str

    @property
    def pointer(self) -> str:
        """The RFC 6901 pointer to the value."""
        return _pointer(str(part) for part in self.path)

    @property
    def cause(self) -> str:
        """The pointer with `*` for array indexes: equal causes have equal text."""
        return _pointer("*" if isinstance(part, int) else part for part in self.path)


def type_name(value: Any) -> str:
    """The JSON type of a value: null, boolean, integer, number, string, array, object."""
    if value is None:
        return "null"
    for kind, types in _TYPE_NAMES:
        if isinstance(value, types):
            return kind
    return "value"


_TYPE_NAMES: tuple[tuple[str, type], ...] = (
    ("boolean", bool),  # before integer: Python's bool is an int
    ("integer", int),
    ("number", float),
    ("string", str),
    ("array", list),
    ("object", dict),
)


def shown(value: Any) -> str:
    """A value for a message: its JSON type, and the value itself where it is short."""
    name = type_name(value)
    if isinstance(value, (dict, list)) or value is None:
        return name
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{name} {text if len(text) <= _LONGEST else text[: _LONGEST - 3] + '...'}"


def _pointer(parts: Iterable[str]) -> str:
    return "".join("/" + escape(part) for part in parts)
