"""Proposing response schemas from recorded answers, for `lint --suggest-schemas`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.connector.model import Connector
from harness.connector.schema.formats import guessed_format
from harness.exchanges.bodies import parsed_json
from harness.exchanges.model import Exchange

__all__ = ["schema_of", "suggest"]

_ASIDE = ("contract/neighbour", "contract/clean-up")


def suggest(connector: Connector, exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """Operation id to status to the schema that all its recorded JSON success answers fit.

    A property is required when every object that could hold it did; null makes it `x-nullable`.
    Formats are proposed where every value of at least two has it. Nothing is taken from answers
    that were cut.
    """
    bodies: dict[str, dict[str, list[Any]]] = {}
    known = {operation.id for operation in connector.operations}
    for exchange in exchanges:
        response, probe = exchange.response, exchange.probe
        name = str(probe.meta.get("of") or probe.operation or "")
        if response is None or name not in known or probe.purpose in _ASIDE:
            continue
        if not 200 <= response.status < 300 or response.truncated or not response.body:
            continue
        try:
            body = parsed_json(response.body)
        except ValueError:
            continue
        bodies.setdefault(name, {}).setdefault(str(response.status), []).append(body)
    return {
        name: {status: schema_of(values) for status, values in sorted(by_status.items())}
        for name, by_status in sorted(bodies.items())
    }


def schema_of(values: list[Any]) -> dict[str, Any]:
    """The narrowest schema of the Swagger 2.0 subset that all values fit."""
    present = [value for value in values if value is not None]
    schema = _typed(present)
    if len(present) < len(values) and schema:
        schema["x-nullable"] = True
    return schema


def _typed(values: list[Any]) -> dict[str, Any]:
    kinds = {_kind(value) for value in values}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if len(kinds) != 1:
        return {}  # nothing was seen, or types that differ: no promise can be made
    kind = kinds.pop()
    if kind == "object":
        return _object(values)
    if kind == "array":
        return {"type": "array", "items": schema_of([item for value in values for item in value])}
    schema: dict[str, Any] = {"type": kind}
    if kind == "string" and len(values) > 1:
        name = guessed_format(values)
        if name is not None:
            schema["format"] = name
    return schema


def _object(values: list[Mapping[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for value in values for name in value))
    properties = {
        name: schema_of([value[name] for value in values if name in value]) for name in names
    }
    required = [name for name in names if all(name in value for value in values)]
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for kind, types in (("integer", int), ("number", float), ("string", str), ("array", list)):
        if isinstance(value, types):
            return kind
    return "object"
