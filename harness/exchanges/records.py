"""Finding records and their ids in answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.exchanges.model import Response

__all__ = ["id_of", "json_body", "record_ids", "records", "values_in"]

LIST_KEYS = ("value", "items", "results", "data", "records")


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
    ending = next((key for key in lowered if key.endswith("id")), "id")
    for candidate in (name, "id", name.removesuffix("id"), ending, "key", "name"):
        key = lowered.get(candidate)
        if key is not None and isinstance(record[key], str | int) and record[key] != "":
            return str(record[key])
    return None


def record_ids(response: Response | None, parameter: str = "id") -> list[str]:
    """The ids of all records in an answer, in order, each once."""
    found = (id_of(record, parameter) for record in records(json_body(response)))
    return list(dict.fromkeys(value for value in found if value is not None))


def values_in(document: Any) -> Iterator[Any]:
    """Every text, number and truth value in a JSON document, keys left out."""
    if isinstance(document, Mapping):
        for value in document.values():
            yield from values_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from values_in(value)
    elif document is not None:
        yield document
