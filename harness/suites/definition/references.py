"""Judging references: where they stand, loops that never end, objects that are too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import GET_DOCUMENT, NEW_DOCUMENT

__all__ = ["judge_references"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"

REFERENCE_PLACE = Rule(
    id="definition.reference-place",
    severity="warning",
    title="A $ref is, or points, where the platform does not follow it",
    meaning="A path is a $ref; a parameter, response or schema refers outside of its own section;"
    " or a shared parameter or response is itself a $ref.",
    why="The platform refuses the file or ignores the part.",
    remedy="Refer to #/parameters/, #/responses/ or #/definitions/; write paths out.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {"/paths/~1people": {"$ref": "#/paths/~1Hello"}},
            along=("definition.operation-id-duplicate",),
        ),
        Edit({f"{GET_DOCUMENT}/responses/200/schema/$ref": "#/paths/~1me/get/responses/200"}),
    ),
    microsoft=(
        "PathItemRefNotSuppored",
        "ParameterRefLoopNotAllowed",
        "ParameterReferenceNotValid",
        "ResponseRefLoopNotAllowed",
        "ResponseReferenceNotValid",
        "SchemaReferenceNotValid",
    ),
)
REQUIRED_LOOP = Rule(
    id="definition.required-loop",
    severity="warning",
    title="A schema requires itself",
    meaning="Required properties lead back to the definition that contains them.",
    why="No finite value has all that is required, and the platform refuses such loops.",
    remedy="Make one property of the loop optional.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {
                f"{NEW_DOCUMENT}/required": ["title", "link"],
                f"{NEW_DOCUMENT}/properties/link": {"$ref": "#/definitions/NewDocument"},
            }
        ),
    ),
    microsoft=("RequiredLoopInSchemaNotAllowed", "SchemaRefLoopNotAllowed"),
)
SCHEMA_COUNT = Rule(
    id="definition.schema-count",
    severity="error",
    title="An object has too many schemas",
    meaning="One body, answer or definition contains more than 512 schemas.",
    why="The platform refuses to save the connector and names this limit.",
    remedy="Leave fields out, or answer them by x-ms-dynamic-properties.",
    reference="Microsoft, PowerPlatformConnectors issue 1088",
    shown_by=(Edit({f"{NEW_DOCUMENT}/properties/p{n}": {"type": "string"} for n in range(520)}),),
    microsoft=("BodySchemaCountExceedsMaxAllowed",),
)

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
        yield REFERENCE_PLACE.at(connector, message, place)
        return
    home = HOMES.get(shape.kind)
    if home is None or not ref.startswith("#"):
        return
    if not ref.startswith(home):
        message = f"a {shape.kind} refers to {ref}, outside of {home}"
        yield REFERENCE_PLACE.at(connector, message, place, expected=home, observed=ref)
    elif shape.pointer.count("/") == 2 and shape.kind in ("parameter", "response"):
        message = f"a shared {shape.kind} is itself a $ref"
        yield REFERENCE_PLACE.at(connector, message, place, observed=ref, severity="error")


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
            yield REQUIRED_LOOP.at(connector, message, f"/definitions/{escape(name)}")


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
            yield SCHEMA_COUNT.at(connector, message, pointer, expected=expected)


def _is_top(pointer: str) -> bool:
    steps = pointer.split("/")
    return (len(steps) == 3 and steps[1] == "definitions") or (
        steps[-1] == "schema" and not {"properties", "items", "allOf"} & set(steps)
    )
