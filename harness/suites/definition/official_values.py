"""What the values of the official Swagger 2.0 schema look like: texts, flags, counts, lists, maps.

A `Form` judges one value and says in words what is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ANY",
    "COUNT",
    "FLAG",
    "ITEMS",
    "MAP",
    "MORE",
    "NUMBER",
    "OBJECT",
    "OBJECTS",
    "SOME_OBJECTS",
    "SOME_TEXTS",
    "SOME_VALUES",
    "STEP",
    "TEXT",
    "TEXTS",
    "TEXT_MAP",
    "Form",
    "Problem",
    "choice",
    "shown",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value does not fit: the rule that says so, a sentence, what was found, a remedy."""

    rule: str
    message: str
    observed: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What a value should be: `words` for readers, `judge` for its problem (None: it fits)."""

    words: str
    judge: Callable[[str, Any], Problem | None]

    def problem(self, key: str, value: Any) -> Problem | None:
        """What is wrong with the value of a key, or None."""
        return self.judge(key, value)


def shown(value: Any) -> str:
    """A value as messages show it: short, and never a whole object."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:37] + "..."


def _kind(words: str, fits: Callable[[Any], bool]) -> Form:
    def judge(key: str, value: Any) -> Problem | None:
        if fits(value):
            return None
        return Problem("value-type", f"{key} is {shown(value)}, not {words}", shown(value))

    return Form(words, judge)


def choice(*allowed: str) -> Form:
    """One of several words."""
    words = ", ".join(allowed)

    def judge(key: str, value: Any) -> Problem | None:
        if isinstance(value, str) and value in allowed:
            return None
        if isinstance(value, list) and key == "type":
            return Problem("value-unknown", "type is a list of types", "a list")
        return Problem("value-unknown", f"{key} is {shown(value)}", shown(value))

    return Form(words, judge)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(words: str, fits: Callable[[Any], bool], refused: str) -> Form:
    """A number that is of the right size too; the wrong size is a matter of bounds."""

    def judge(key: str, value: Any) -> Problem | None:
        if not _is_number(value) or (words == "a whole number" and not float(value).is_integer()):
            return Problem("value-type", f"{key} is {shown(value)}, not {words}", shown(value))
        if not fits(value):
            return Problem("bounds", f"{key} is {refused}", shown(value))
        return None

    return Form(words, judge)


def _listed(words: str, fits: Callable[[Any], bool], *, some: bool = False) -> Form:
    """A list whose items all fit, none of them twice; `some`: it has at least one."""

    def judge(key: str, value: Any) -> Problem | None:
        if not isinstance(value, list):
            return Problem("value-type", f"{key} is {shown(value)}, not a list", shown(value))
        if some and not value:
            rule = {"enum": "enum-empty", "required": "required-unknown"}.get(key, "value-type")
            remedy = f"Take the empty {key} out."
            return Problem(rule, f"{key} is empty", "an empty list", remedy)
        odd = next((item for item in value if not fits(item)), None)
        if odd is not None or (None in value and not fits(None)):
            return Problem("value-type", f"{key} holds {shown(odd)}, not {words}", shown(odd))
        twice = _repeated(value)
        if twice is not None:
            rule = "enum-empty" if key == "enum" else "repeated-value"
            return Problem(rule, f"{key} has {twice} twice", twice, "Remove the second one.")
        return None

    return Form(f"a list of {words}" if words else "a list", judge)


def _repeated(values: list[Any]) -> str | None:
    """The first item that is there twice, as JSON compares them (1 and true differ)."""
    seen: set[str] = set()
    for value in values:
        text = json.dumps(value, sort_keys=True, default=str)
        if text in seen:
            return shown(value)
        seen.add(text)
    return None


def _map(key: str, value: Any) -> Problem | None:
    if not isinstance(value, Mapping):
        return Problem("value-type", f"{key} is {shown(value)}, not an object", shown(value))
    odd = next(
        (n for n, v in value.items() if not isinstance(v, Mapping) and not _free(key, str(n))), None
    )
    if odd is None:
        return None
    what = shown(value[odd])
    return Problem("value-type", f"{odd!r} of {key} is {what}, not an object", what)


def _free(key: str, name: str) -> bool:
    """Whether a member of a map is an extension, which may hold anything."""
    return key in ("responses", "paths") and name.startswith("x-")


ANY = Form("anything", lambda _key, _value: None)
TEXT = _kind("text", lambda value: isinstance(value, str))
FLAG = _kind("true or false", lambda value: isinstance(value, bool))
NUMBER = _kind("a number", _is_number)
OBJECT = _kind("an object", lambda value: isinstance(value, Mapping))
COUNT = _number("a whole number", lambda value: value >= 0, "negative")
STEP = _number("a number", lambda value: value > 0, "not larger than zero")
TEXTS = _listed("texts", lambda value: isinstance(value, str))
SOME_TEXTS = _listed("texts", lambda value: isinstance(value, str), some=True)
OBJECTS = _listed("objects", lambda value: isinstance(value, Mapping))
SOME_OBJECTS = _listed("objects", lambda value: isinstance(value, Mapping), some=True)
SOME_VALUES = _listed("", lambda _value: True, some=True)
MAP = Form("an object of objects", _map)
MORE = _kind("true, false or a schema", lambda value: isinstance(value, bool | Mapping))
ITEMS = Form(
    "a schema",
    lambda key, value: None if isinstance(value, Mapping) else SOME_OBJECTS.judge(key, value),
)
TEXT_MAP = _kind(
    "an object of texts",
    lambda value: (
        isinstance(value, Mapping)
        and all(isinstance(v, str) or str(k).startswith("x-") for k, v in value.items())
    ),
)
