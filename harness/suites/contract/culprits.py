"""Finding the one input that refusals have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.connector.model import Connector, Operation
from harness.exchanges.model import Exchange
from harness.inputs.values import DYNAMIC

__all__ = ["never_accepted"]

_PROSE = re.compile(
    r"notes?|comments?|descriptions?|texts?|titles?|subjects?|messages?|summary|remarks?|details?|"
    r"content|reasons?|labels?|captions?|headlines?|body",
    re.I,
)
_LEAST = 2
"""So many refused calls, with different values, before an input is blamed."""


def never_accepted(
    connector: Connector,
    operation: Operation,
    accepted: Sequence[Exchange],
    refused: Sequence[Exchange],
) -> str | None:
    """The optional input that no accepted call carries and that alone explains refusals, or None.

    Of two calls that differ in this input only, the one with it was refused; and every call with
    it was, whatever its value. An input whose values must exist somewhere (an id, somebody's
    address) is never blamed: there a made-up value is refused rightly.
    """
    good = [_inputs(exchange) for exchange in accepted]
    bad = [_inputs(exchange) for exchange in refused]
    for name in sorted(set().union(*bad) - set().union(*good)):
        carrying = [exchange for exchange in refused if name in _inputs(exchange)]
        alone = any(inputs - {name} in good for inputs in bad if name in inputs)
        different = {(e.probe.request.target, e.probe.request.body) for e in carrying}
        if alone and len(different) >= _LEAST and _is_any_value_fine(connector, operation, name):
            return name
    return None


def _inputs(exchange: Exchange) -> frozenset[str]:
    names = exchange.probe.meta.get("inputs")
    return frozenset(names) if isinstance(names, (list, tuple)) else frozenset()


def _is_any_value_fine(connector: Connector, operation: Operation, name: str) -> bool:
    """Whether the definition lists or limits the values of an optional input, or it is prose."""
    schema, required = _declared(connector, operation, name)
    if required or any(key in schema for key in DYNAMIC):
        return False
    if schema.get("type") == "boolean" or "enum" in schema:
        return True
    if schema.get("type") in ("integer", "number"):
        return "minimum" in schema or "maximum" in schema
    if schema.get("type", "string") != "string" or "format" in schema or "pattern" in schema:
        return False
    return _PROSE.fullmatch(re.sub(r"[^A-Za-z]", "", name)) is not None


def _declared(
    connector: Connector, operation: Operation, name: str
) -> tuple[Mapping[str, Any], bool]:
    for parameter in operation.parameters:
        if parameter.name == name and parameter.location != "body":
            return {**parameter.raw, **parameter.schema}, parameter.required
    body = operation.body
    schema = connector.resolve(body.schema) if body is not None else None
    if isinstance(schema, Mapping) and isinstance(schema.get("properties"), Mapping):
        inner = connector.resolve(schema["properties"].get(name))
        needed = schema.get("required")
        required = isinstance(needed, list) and name in needed
        if isinstance(inner, Mapping):
            return inner, required
    return {}, True
