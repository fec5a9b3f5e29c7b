"""Whether the answer of an operation has what a dynamic extension looks for in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Operation

__all__ = ["judge_outputs"]

Schema = Mapping[str, Any]
OPEN = ("allOf", "x-ms-dynamic-schema", "x-ms-dynamic-properties")
"""Words that say that a schema may hold more than it lists."""


def judge_outputs(
    connector: Connector, key: str, call: Mapping[str, Any], goal: Operation
) -> Iterator[str]:
    """What is missing in the documented answer, in words; nothing where it is not documented."""
    schema = next((r.schema for r in goal.success_responses() if r.schema is not None), None)
    if schema is None:
        return
    top = _mapping(connector.resolve(schema))
    if key in ("x-ms-dynamic-schema", "x-ms-dynamic-properties"):
        path = call.get("value-path", call.get("itemValuePath"))
        if isinstance(path, str) and path:
            yield from _missing(connector, top, path, goal, "schema")
        return
    where = call.get("value-collection", call.get("itemsPath"))
    collection = _at(connector, top, where) if isinstance(where, str) and where else top
    if collection is None:
        yield from _missing(connector, top, str(where), goal, "list")
        return
    kind = collection.get("type")
    if kind in ("string", "integer", "number", "boolean"):
        yield f"the answer of {goal.id} has {kind}, not a list, at {where or 'the top'!r}"
    if kind != "array":
        return
    element = _mapping(connector.resolve(collection.get("items", {})))
    for name in ("value-path", "value-title", "itemValuePath", "itemTitlePath"):
        path = call.get(name)
        if isinstance(path, str) and path:
            yield from _missing(connector, element, path, goal, name)


def _missing(
    connector: Connector, schema: Schema, path: str, goal: Operation, what: str
) -> Iterator[str]:
    if _at(connector, schema, path) is None:
        yield f"the answer of {goal.id} has no {path!r} ({what})"


def _at(connector: Connector, schema: Schema, path: str) -> Schema | None:
    """The schema at a path; an empty one where the document does not say; None where it denies."""
    node: Schema = schema
    for step in path.strip("/").split("/"):
        if node.get("type") == "array":
            node = _mapping(connector.resolve(node.get("items", {})))
            if step.isdigit():
                continue
        properties = node.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            return {}
        if step not in properties:
            more = node.get("additionalProperties", False) is not False
            return {} if more or any(word in node for word in OPEN) else None
        node = _mapping(connector.resolve(properties[step]))
    return node


def _mapping(node: Any) -> Schema:
    return node if isinstance(node, Mapping) else {}
