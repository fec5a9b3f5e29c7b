"""Turning the errors of jsonschema-rs into our problems: kind, place, expected, observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs

from harness.connector.schema.problems import Path, Problem, shown
from harness.connector.schema.translation import DISCRIMINATOR

__all__ = ["problems_of"]

_MOST_NAMED = 12
_KINDS = {
    "type": "type",
    "enum": "enum",
    "format": "format",
    "pattern": "pattern",
    "uniqueItems": "unique",
}
_UNITS = {
    "Length": ("character", "characters"),
    "Items": ("item", "items"),
    "Properties": ("property", "properties"),
}
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
}
_GAVE_UP = (
    jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded,
    jsonschema_rs.ValidationErrorKind.RegexEngineFailure,
)


def problems_of(
    errors: Iterable[jsonschema_rs.ValidationError], document: Mapping[str, Any], wrapped: Any
) -> list[Problem]:
    """Every problem once; a value of the wrong type has no other problem.

    `document` is the schema that was validated with, `wrapped` an object whose only member is the
    value: paths begin within it.
    """
    found = dict.fromkeys(p for error in errors for p in _problems(error, document, wrapped))
    mistyped: dict[Path, Problem] = {}
    for problem in found:
        if problem.kind in ("null", "type"):
            mistyped.setdefault(problem.path, problem)
    return [problem for problem in found if mistyped.get(problem.path, problem) is problem]


def _problems(
    error: jsonschema_rs.ValidationError, document: Mapping[str, Any], wrapped: Any
) -> Iterator[Problem]:
    if isinstance(error.kind, _GAVE_UP):
        return  # too costly to tell is no drift
    keyword, path = error.kind.name, tuple(_steps(wrapped, error.instance_path))[1:]
    node, here = _at(document, error.schema_path[:-1]), _at(wrapped, error.instance_path)
    if keyword == "minItems" and len(here) >= node[keyword]:
        return  # only the shortened copy has too few
    if keyword == "required":
        yield Problem("required", (*path, str(error.kind.value)), "present", "missing")
    elif keyword == "additionalProperties":
        for name in error.kind.value:
            yield Problem("extra", (*path, name), "no such property", shown(here.get(name)))
    elif here is None:
        yield Problem("null", path, _expected(keyword, node), "null")
    elif node.get("$comment") == DISCRIMINATOR:
        yield Problem("discriminator", path, _expected(keyword, node), shown(here))
    elif str(node.get("$comment", "")).startswith("format "):
        yield Problem("format", path, node["$comment"], shown(here))
    else:
        kind = _KINDS.get(keyword, "bounds")
        yield Problem(kind, path, _expected(keyword, node), _observed(keyword, here))


def _expected(keyword: str, node: Mapping[str, Any]) -> str:
    wanted = node.get(keyword)
    if keyword == "type":
        return " or ".join(wanted) if isinstance(wanted, list) else str(wanted)
    if keyword == "enum" and isinstance(wanted, list):
        more = ", ..." if len(wanted) > _MOST_NAMED else ""
        return "one of " + ", ".join(str(v) for v in wanted[:_MOST_NAMED]) + more
    if keyword == "uniqueItems":
        return "no item twice"
    if keyword in _BOUNDS:
        return _BOUNDS[keyword].format(wanted)
    if keyword[3:] in _UNITS:
        return _size(keyword[3:], node)
    return f"{keyword} {wanted}"


def _size(suffix: str, node: Mapping[str, Any]) -> str:
    low, high = node.get("min" + suffix), node.get("max" + suffix)
    if high is None:
        return f"at least {_counted(low, suffix)}"
    if not low:
        return f"at most {_counted(high, suffix)}"
    return f"{low} to {_counted(high, suffix)}" if low != high else _counted(low, suffix)


def _observed(keyword: str, value: Any) -> str:
    suffix = keyword[3:]
    sized = suffix in ("Items", "Properties") and isinstance(value, (list, dict))
    return _counted(len(value), suffix) if sized else shown(value)


def _counted(number: Any, suffix: str) -> str:
    one, many = _UNITS[suffix]
    return f"{number} {one if number == 1 else many}"


def _steps(node: Any, path: Sequence[str | int]) -> Iterator[str | int]:
    """A path with names as texts: jsonschema-rs gives a property named "7" as the number 7."""
    for step in path:
        name = str(step) if isinstance(node, Mapping) else step
        yield name
        node = _at(node, (name,))


def _at(node: Any, path: Sequence[str | int]) -> Any:
    """What a path names; an empty mapping where it leads nowhere."""
    for step in path:
        try:
            node = node[str(step) if isinstance(node, Mapping) else step]
        except (KeyError, IndexError, TypeError):
            return {}
    return node
