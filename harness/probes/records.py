"""Finding records and their ids in answers, and the operation that lists what another one names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.traffic.exchange import Response

__all__ = ["creating_operation", "id_of", "json_body", "listing_operation", "record_ids", "records"]

LIST_KEYS = ("value", "items", "results", "data", "records")
_TEMPLATE_END = re.compile(r"/\{[^{}]+\}$")


def json_body(response: Response | None) -> Any:
    """A response's body as parsed JSON, or None where it is not JSON."""
    if response is None or not response.body:
        return None
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def records(document: Any) -> list[Mapping[str, Any]]:
    """The records of an answer: a top array's objects, those of its list property, or itself."""
    if isinstance(document, list):
        return [row for row in document if isinstance(row, Mapping)]
    if not isinstance(document, Mapping):
        return []
    keys = [key for key in LIST_KEYS if key in document] or list(document)
    for key in keys:
        value = document[key]
        if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
            return list(value)
    if any(isinstance(document.get(key), list) for key in LIST_KEYS):
        return []
    return [document]


def id_of(record: Mapping[str, Any], parameter: str = "id") -> str | None:
    """The record's id for a parameter: by the same name, by `id`, or by a name that ends so."""
    lowered = {key.lower().replace("_", ""): key for key in record}
    name = parameter.lower().replace("_", "").replace("-", "")
    for candidate in (name, "id", name.removesuffix("id"), "key", "name"):
        key = lowered.get(candidate)
        if key is not None and isinstance(record[key], str | int) and record[key] != "":
            return str(record[key])
    return None


def record_ids(response: Response | None, parameter: str = "id") -> list[str]:
    """The ids of all records in an answer, in order, each once."""
    found = (id_of(record, parameter) for record in records(json_body(response)))
    return list(dict.fromkeys(value for value in found if value is not None))


def listing_operation(
    connector: Connector, operation: Operation, parameter: Parameter
) -> Operation | None:
    """The GET operation that lists what a path parameter names: the path just before it."""
    before = operation.path.split("{" + parameter.name + "}")[0].rstrip("/")
    if before == operation.path.rstrip("/"):
        return None
    for candidate in connector.operations:
        if (
            candidate.method == "GET"
            and candidate.path.rstrip("/").lower() == before.lower()
            and not any(p.required and not p.has_default for p in candidate.parameters)
        ):
            return candidate
    return None


def creating_operation(connector: Connector, operation: Operation) -> Operation | None:
    """The POST operation that makes what `.../{id}` names: the path without its last segment."""
    before = _TEMPLATE_END.sub("", operation.path.rstrip("/"))
    if before == operation.path.rstrip("/"):
        return None
    return next(
        (
            candidate
            for candidate in connector.operations
            if candidate.method == "POST" and candidate.path.rstrip("/").lower() == before.lower()
        ),
        None,
    )


def texts(document: Any) -> Iterator[str]:
    """Every text in a JSON document, keys left out."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for value in document.values():
            yield from texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from texts(value)
