"""The parts of schema judging that look at one value alone: types, enums, formats, bounds.

Objects, arrays of objects and references are left to `harness.connector.schema.validation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from harness.connector.schema.formats import NUMBER_FORMATS, TEXT_FORMATS

__all__ = [
    "Check",
    "Path",
    "Problem",
    "is_dynamic",
    "is_list",
    "is_nullable",
    "scalar_checks",
    "schema_kind",
    "shown",
    "typed",
]

Path = tuple[str | int, ...]
Check = Callable[[Any, Path, list["Problem"]], None]
DYNAMIC = ("x-ms-dynamic-schema", "x-ms-dynamic-properties")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


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


def is_nullable(schema: Any) -> bool:
    """Whether null is allowed: `x-nullable`, a null in `type` or in `enum`."""
    if not isinstance(schema, Mapping):
        return False
    if str(schema.get("x-nullable", "")).lower() == "true":
        return True
    kind, enum = schema.get("type"), schema.get("enum")
    return kind == "null" or (is_list(kind) and "null" in kind) or (is_list(enum) and None in enum)


def is_dynamic(schema: Mapping[str, Any]) -> bool:
    """Whether only another operation can give the schema."""
    return any(key in schema for key in DYNAMIC)


def shown(value: Any) -> str:
    """A value for a message: its JSON type, and the value itself where it is short."""
    name = _type_name(value)
    if isinstance(value, (dict, list)) or value is None:
        return name
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return f"{name} {text if len(text) <= 60 else text[:57] + '...'}"


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer" if isinstance(value, int) else "number"
    return {"str": "string", "list": "array", "dict": "object"}.get(type(value).__name__, "value")


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def _pointer(parts: Iterable[str]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def schema_kind(schema: Mapping[str, Any]) -> str | None:
    """The one type that a schema demands, or None; a type that Swagger lacks demands nothing."""
    kind = schema.get("type")
    if is_list(kind):
        kinds = [k for k in kind if k != "null"]
        kind = kinds[0] if len(kinds) == 1 else None
    if kind is None and isinstance(schema.get("properties"), Mapping):
        return "object"
    return kind if isinstance(kind, str) and (kind in _TYPES or kind == "file") else None


def typed(kind: str | None, nullable: bool, checks: tuple[Check, ...]) -> Check:
    """A check of null and type first, and of the rest only where the type fits."""
    types = _TYPES.get(kind or "")
    wanted = kind or "a value"

    def judge(value: Any, path: Path, out: list[Problem]) -> None:
        if value is None:
            if not nullable:
                out.append(Problem("null", path, wanted, "null"))
            return
        if types is not None and not _fits(value, kind, types):
            out.append(Problem("type", path, wanted, shown(value)))
            return
        for check in checks:
            check(value, path, out)

    return judge


def _fits(value: Any, kind: str | None, types: tuple[type, ...]) -> bool:
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "boolean"):
        return False
    # 1.0 is an integer to JSON Schema since draft 6 and to every JSON reader that matters here.
    return kind != "integer" or not isinstance(value, float) or value.is_integer()


def scalar_checks(schema: Mapping[str, Any], kind: str | None) -> list[Check]:
    """The checks of enum, format, pattern and bounds that a schema asks for."""
    checks: list[Check] = []
    enum = schema.get("enum")
    if is_list(enum) and enum:
        fitting = [v for v in enum if kind is None or _fits(v, kind, _TYPES[kind])]
        if fitting:  # an enum that its own type rules out is the definition's defect, not a drift
            checks.append(_enum_check(fitting))
    if kind == "string":
        checks += _text_checks(schema)
    elif kind in ("integer", "number"):
        checks += _number_checks(schema)
    elif kind == "array":
        checks += [c for c in (_size_check(schema, "Items", "items"), _unique_check(schema)) if c]
    return checks


def _enum_check(enum: list[Any]) -> Check:
    known = {(type(v) is bool, v) for v in enum if not isinstance(v, (dict, list))}
    expected = (
        "one of " + ", ".join(str(v) for v in enum[:12]) + (", ..." if len(enum) > 12 else "")
    )

    def judge(value: Any, path: Path, out: list[Problem]) -> None:
        plain = not isinstance(value, (dict, list))
        if (plain and (type(value) is bool, value) not in known) or (
            not plain and value not in enum
        ):
            out.append(Problem("enum", path, expected, shown(value)))

    return judge


def _text_checks(schema: Mapping[str, Any]) -> list[Check]:
    checks = [c for c in (_size_check(schema, "Length", "characters"),) if c]
    name = str(schema.get("format", "")).lower()
    test = TEXT_FORMATS.get(name)
    if test is not None:
        checks.append(_test("format", f"format {name}", test))
    pattern = _pattern(schema.get("pattern"))
    if pattern is not None:
        checks.append(
            _test("pattern", f"pattern {pattern.pattern}", lambda v: bool(pattern.search(v)))
        )
    return checks


def _pattern(text: Any) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if isinstance(text, str) and text else None
    except re.error:
        return None  # ECMA syntax that Python lacks, or no expression at all


def _number_checks(schema: Mapping[str, Any]) -> list[Check]:
    checks: list[Check] = []
    low, high, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if _is_number(low):
        if schema.get("exclusiveMinimum") is True:
            checks.append(_test("bounds", f"more than {low}", lambda v: v > low))
        else:
            checks.append(_test("bounds", f"at least {low}", lambda v: v >= low))
    if _is_number(high):
        if schema.get("exclusiveMaximum") is True:
            checks.append(_test("bounds", f"less than {high}", lambda v: v < high))
        else:
            checks.append(_test("bounds", f"at most {high}", lambda v: v <= high))
    if isinstance(step, int) and not isinstance(step, bool) and step > 0:
        checks.append(_test("bounds", f"a multiple of {step}", lambda v: v % step == 0))
    name = str(schema.get("format", "")).lower()
    if name in NUMBER_FORMATS and schema.get("type") == "integer":
        checks.append(_test("format", f"format {name}", NUMBER_FORMATS[name]))
    return checks


def _size_check(schema: Mapping[str, Any], suffix: str, unit: str) -> Check | None:
    low, high = schema.get("min" + suffix), schema.get("max" + suffix)
    least = low if _is_number(low) and low > 0 else 0
    most = high if _is_number(high) else float("inf")
    if not least and most == float("inf"):
        return None
    expected = f"at least {least} {unit}"
    if most != float("inf"):
        expected = f"{least} to {most} {unit}"
    return _test("bounds", expected, lambda v: least <= len(v) <= most)


def _unique_check(schema: Mapping[str, Any]) -> Check | None:
    if schema.get("uniqueItems") is not True:
        return None
    return _test("unique", "no item twice", lambda v: len({repr(i) for i in v}) == len(v))


def _test(kind: str, expected: str, test: Callable[[Any], bool]) -> Check:
    def judge(value: Any, path: Path, out: list[Problem]) -> None:
        if not test(value):
            out.append(Problem(kind, path, expected, shown(value)))

    return judge


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
