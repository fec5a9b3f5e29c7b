"""Properties of a body whose values another operation lists, found as inputs of their own.

In the Power Platform these are the fields that a maker chooses from a list: "choose a project".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.inputs.values import DYNAMIC, GIVEN, Values

__all__ = ["BODY_PROPERTY", "listed_properties"]

BODY_PROPERTY = "body property"
"""The location of a body's property where it is treated as an input of its own."""
_DEEPEST = 3


def listed_properties(
    connector: Connector, operation: Operation, values: Values
) -> Iterator[tuple[tuple[str, ...], Parameter]]:
    """Path and description of each body property with dynamic values, outermost first.

    Nothing where a person gave the body.
    """
    body = operation.body
    if body is None or values.sources.get("body") in GIVEN:
        return
    pending: list[tuple[tuple[str, ...], Any, int]] = [((), body.schema, 0)]
    while pending:
        path, schema, depth = pending.pop(0)
        schema = connector.resolve(schema)
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            continue
        if path and any(key in schema for key in DYNAMIC):
            plain = {**schema, "type": schema.get("type", "string")}
            yield path, Parameter(path[-1], BODY_PROPERTY, True, plain, schema, operation.pointer)
            continue
        properties = schema.get("properties")
        for name, inner in properties.items() if isinstance(properties, Mapping) else ():
            pending.append(((*path, str(name)), inner, depth + 1))
        for part in (schema.get("items"), *_parts(schema)):
            pending.append((path, part, depth + 1))


def _parts(schema: Mapping[str, Any]) -> list[Any]:
    parts = schema.get("allOf")
    return parts if isinstance(parts, list) else []
