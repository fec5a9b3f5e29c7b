"""What was asked and what came: how many, which ones, in which order.

Only where names and types make it plain, and once per operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.connector.model import Operation, Parameter
from harness.exchanges.bodies import parsed_json
from harness.exchanges.model import Exchange
from harness.exchanges.records import items_in
from harness.findings.examples import Fault
from harness.findings.model import Rule
from harness.suites.contract.causes import Observation

__all__ = ["asked_sightings"]

NOT_AS_ASKED = Rule(
    id="contract.not-as-asked",
    severity="warning",
    title="What came is not what was asked for",
    meaning="More items than `top`, `pageSize` or `limit` says, or items with another value than a "
    "filter names.",
    why="Flows work with what they did not ask for: too much of it, or the wrong ones.",
    remedy="Honour the input in the function, or take it out of the definition.",
    reference='OData 4.01, "System Query Option $top"; OpenAPI Specification 2.0, "Parameter '
    'Object"',
    shown_by=(Fault("filter-ignored:ListDocuments", "ListDocuments"),),
)

_TOPS = frozenset({"top", "pagesize", "limit", "maxresults", "perpage", "maxpagesize", "take"})


def asked_sightings(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[Observation]:
    """Lists that are longer than asked for, and items that a filter should have kept out."""
    if operation.method != "GET":
        return
    for exchange in exchanges:
        items = _items(exchange)
        if not items:
            continue
        sent = dict(parse_qsl(urlsplit(exchange.probe.request.target).query))
        for parameter in operation.parameters_in("query"):
            value = sent.get(parameter.name)
            if value is not None:
                yield from _too_many(parameter, value, items, exchange)
                yield from _others(parameter, value, items, exchange)


def _items(exchange: Exchange) -> list[Any]:
    response = exchange.response
    if response is None or not 200 <= response.status < 300:
        return []
    try:
        return items_in(parsed_json(response.body))
    except ValueError:
        return []


def _too_many(
    parameter: Parameter, value: str, items: list[Any], exchange: Exchange
) -> Iterator[Observation]:
    plain = re.sub(r"[^a-z]", "", parameter.name.lower())
    numeric = parameter.schema.get("type") == "integer" and value.isascii() and value.isdigit()
    if plain in _TOPS and numeric and 0 < int(value) < len(items):
        yield _seen(
            parameter,
            exchange,
            f"More items came than {parameter.name} says",
            f"up to {value} items",
            f"{len(items)} items",
        )


def _others(
    parameter: Parameter,
    value: str,
    items: list[Any],
    exchange: Exchange,
) -> Iterator[Observation]:
    """Items whose property of the filter's very name has another of its enum values."""
    enum = parameter.schema.get("enum")
    if not isinstance(enum, list) or value not in enum:
        return
    for item in items:
        own = _property(item, parameter.name)
        if isinstance(own, str) and own != value and own in enum:
            yield _seen(
                parameter,
                exchange,
                f"Items came that the filter {parameter.name} should have kept out",
                f"items with {parameter.name} {value!r}",
                f"an item with {own!r}",
            )
            return


def _property(item: Any, name: str) -> Any:
    if not isinstance(item, Mapping):
        return None
    return next((v for k, v in item.items() if str(k).lower() == name.lower()), None)


def _seen(
    parameter: Parameter, exchange: Exchange, message: str, expected: str, observed: str
) -> Observation:
    data = {"inputs": [parameter.name]}
    return Observation(
        NOT_AS_ASKED, parameter.name, message, expected, observed, exchange, data=data
    )
