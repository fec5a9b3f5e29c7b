"""Judging references: where they stand, loops that never end, objects that are too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.model import Finding
from harness.suites.definition.context import found

__all__ = ["judge_references"]

HOMES = {"parameter": "#/parameters/", "response": "#/responses/", "schema": "#/definitions/"}
SCHEMA_LIMIT = 512
"""Schemas in one object, as the platform says when it refuses to save a connector."""


def judge_references(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Where `$ref` stands and leads; what is missing or external is judged elsewhere."""
    for shape in shapes:
        ref = shape.node.get("$ref")
        if isinstance(ref, str):
            yield from _place(connector, shape, ref)
    yield from _loops(connector)
    yield from _counts(connector, shapes)


def _place(connector: Connector, shape: Shape, ref: str) -> Iterator[Finding]:
    place = f"{shape.pointer}/$ref"
    if shape.kind == "path":
        message = "a path is a $ref, which the platform does not follow"
        yield found(connector, "reference-place", message, place)
        return
    home = HOMES.get(shape.kind)
    if home is None or not ref.startswith("#"):
        return
    if not ref.startswith(home):
        message = f"a {shape.kind} refers to {ref}, outside of {home}"
        yield found(connector, "reference-place", message, place, expected=home, observed=ref)
    elif shape.pointer.count("/") == 2 and shape.kind in ("parameter", "response"):
        message = f"a shared {shape.kind} is itself a $ref"
        yield found(connector, "reference-place", message, place, observed=ref)


# ---------------------------------------------------------------------- loops


def _loops(connector: Connector) -> Iterator[Finding]:
    """Definitions that need themselves: no finite value has all that they require."""
    definitions = connector.raw.get("definitions")
    named = definitions if isinstance(definitions, Mapping) else {}
    edges = {str(name): set(_needs(schema)) for name, schema in named.items()}
    reported: set[str] = set()
    for name in edges:
        if name in reported:
            continue
        loop = _loop_from(name, edges)
        if loop:
            reported |= set(loop)
            way = " → ".join([*loop, name])
            message = f"the definition {name} requires itself ({way})"
            yield found(connector, "required-loop", message, f"/definitions/{escape(name)}")


def _needs(schema: Any) -> Iterator[str]:
    """The definitions without which a value of the schema cannot be written."""
    if not isinstance(schema, Mapping):
        return
    ref = schema.get("$ref")
    if isinstance(ref, str):
        if ref.startswith("#/definitions/"):
            yield ref.removeprefix("#/definitions/").replace("~1", "/").replace("~0", "~")
        return
    if schema.get("x-nullable") is True:
        return
    parts = schema.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        yield from _needs(part)
    properties, required = schema.get("properties"), schema.get("required")
    if isinstance(properties, Mapping) and isinstance(required, list):
        for name in required:
            if isinstance(name, str):
                yield from _needs(properties.get(name))
    least = schema.get("minItems")
    if isinstance(least, int) and least > 0:
        yield from _needs(schema.get("items"))


def _loop_from(start: str, edges: Mapping[str, set[str]]) -> list[str]:
    """The way from a definition back to itself, or nothing."""
    before: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for name in sorted(edges.get(here, ())):
            if name == start:
                way = [here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if name not in before:
                before[name] = here
                waiting.append(name)
    return []


# ---------------------------------------------------------------------- sizes


def _counts(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Schemas written inside one body, answer or definition; references are not counted in."""
    counts: dict[str, int] = {}
    tops = [s.pointer for s in shapes if s.kind == "schema" and _is_top(s.pointer)]
    known = set(tops)
    top = ""
    for shape in shapes:
        if shape.kind != "schema":
            continue
        if shape.pointer in known:
            top = shape.pointer
        counts[top] = counts.get(top, 0) + 1
    for pointer, count in counts.items():
        if count > SCHEMA_LIMIT:
            message = f"{count} schemas stand in one object"
            expected = f"at most {SCHEMA_LIMIT}"
            yield found(connector, "schema-count", message, pointer, expected=expected)


def _is_top(pointer: str) -> bool:
    steps = pointer.split("/")
    return (len(steps) == 3 and steps[1] == "definitions") or (
        steps[-1] == "schema" and not {"properties", "items", "allOf"} & set(steps)
    )
