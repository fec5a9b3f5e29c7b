"""Telling made-up texts apart, so that objects which a run creates at once differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.connector.model import Connector, Operation
from harness.inputs.values import MADE_UP, Values, offered

__all__ = ["distinct"]


def distinct(connector: Connector, operation: Operation, values: Values, label: str) -> Values:
    """The values with made-up free texts of the body told apart by a label.

    Objects that a run creates at once would else have the same title, which an app may refuse.
    """
    if operation.body is None or values.sources.get("body") != MADE_UP:
        return values
    body = _labelled(connector, operation.body.schema, values.body, label, 0)
    return replace(values, body=body)


def _labelled(connector: Connector, schema: Any, value: Any, label: str, depth: int) -> Any:
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping) or depth > 1:
        return value
    if isinstance(value, str):
        longest = schema.get("maxLength", 60)
        text = f"{value} {label}"
        free = not any(key in schema for key in ("enum", "format", "pattern"))
        listed = any(key.startswith("x-ms-dynamic") for key in schema)
        made_up = free and not listed and offered(schema) is None
        return text if made_up and isinstance(longest, int) and len(text) <= longest else value
    properties = schema.get("properties")
    if not isinstance(value, dict) or not isinstance(properties, Mapping):
        return value
    return {
        name: _labelled(connector, properties.get(name), inner, label, depth + 1)
        for name, inner in value.items()
    }
