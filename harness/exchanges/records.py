"""Finding records and their ids in answers, and the operation that lists what another one names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness.bounds.parsing import parse_json
from harness.exchanges.model import Response

__all__ = [
    "common_records",
    "id_of",
    "id_value",
    "identified_records",
    "is_id_value",
    "items_in",
    "json_body",
    "record_ids",
    "records",
    "text_rows",
    "values_in",
]

LIST_KEYS = ("value", "items", "results", "data", "records", "entries")
"""Names under which answers keep their list, in lower case, the most usual first."""
_ID_NAMES = frozenset({"id", "key", "guid", "uuid", "oid", "number", "no", "reference", "rowkey"})
_WORDS_IN_ID = ("paid", "valid", "void", "grid", "bid", "fluid", "hybrid", "rapid", "solid")
_NO_ID = 9
_UNIQUE = re.compile(r"(?=.*\d)[A-Za-z0-9_.:-]{16,}")


def json_body(response: Response | None) -> Any:
    """A response's body as parsed JSON, or None where it is not JSON."""
    if response is None or not response.body:
        return None
    try:
        return parse_json(response.body)
    except ValueError:
        return None


def records(document: Any) -> list[Mapping[str, Any]]:
    """The records of an answer: a top array's objects, those of its list property, or itself."""
    if isinstance(document, list):
        return [row for row in document if isinstance(row, Mapping)]
    if not isinstance(document, Mapping):
        return []
    known = _list_keys(document)
    for key in known or list(document):
        value = document[key]
        if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
            return list(value)
    if any(isinstance(document[key], list) for key in known):
        return []
    return [document]


def items_in(document: Any) -> list[Any]:
    """The items of a list answer, of any kind: the document itself, or the first array within."""
    if isinstance(document, list):
        return document
    if not isinstance(document, Mapping):
        return []
    keys = [*_list_keys(document), *document]
    return next((document[key] for key in keys if isinstance(document[key], list)), [])


def _list_keys(document: Mapping[str, Any]) -> list[str]:
    named = {str(key).lower(): key for key in document}
    return [named[key] for key in LIST_KEYS if key in named]


def id_of(record: Mapping[str, Any], parameter: str = "id") -> str | None:
    """The record's id for a parameter: by the same name, by `id`, or by a name that ends so."""
    value = id_value(record, parameter, is_id_value)
    return None if value is None else str(value)


def id_value(
    record: Mapping[str, Any],
    parameter: str,
    fits: Callable[[Any], bool],
    *,
    codes: bool = False,
) -> Any:
    """The value of the field that a parameter of that name would take, or None.

    Only values that `fits` takes count; with `codes`, a field named `code` may be the id.
    """
    wanted = _plain(parameter)
    ranked = sorted(record, key=lambda key: _rank(str(key), wanted, codes))
    known = (key for key in ranked if _rank(str(key), wanted, codes) < _NO_ID)
    return next((record[key] for key in known if fits(record[key])), None)


def _rank(key: str, wanted: str, codes: bool) -> int:
    """How well a field's name fits a parameter's; the least number is best."""
    name = _plain(key)
    if name in (wanted, "id"):
        return 0 if name == wanted else 1
    if wanted.endswith(name) and len(name) > 1:
        return 2  # `documentId` of the path is `id` or `Id` of `document`
    if name == wanted.removesuffix("id") or (name.endswith(wanted) and len(wanted) > 2):
        return 3
    if _is_id_name(key):
        return 4
    return {"code": 5 if codes else _NO_ID, "name": 6}.get(name, _NO_ID)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def record_ids(response: Response | None, parameter: str = "id") -> list[str]:
    """The ids of all records in an answer, in order, each once."""
    found = (id_of(record, parameter) for record in records(json_body(response)))
    return list(dict.fromkeys(value for value in found if value is not None))


def identified_records(response: Response | None) -> dict[str, Mapping[str, Any]]:
    """The records of an answer that carry an id of their own, by it: a mere name is none."""
    found: dict[str, Mapping[str, Any]] = {}
    for record in records(json_body(response)):
        keys = [key for key in record if _is_id_name(str(key)) and is_id_value(record[key])]
        if keys:
            own = min(keys, key=lambda key: (str(key).lower() != "id", list(record).index(key)))
            found.setdefault(str(record[own]), record)
    return found


def common_records(left: Response | None, right: Response | None) -> list[str]:
    """The ids of records that two answers share.

    Long ids tell by themselves. Short ones (1, 2, `hr`) may count anew for each user: there the
    records must be alike as well.
    """
    mine, theirs = identified_records(left), identified_records(right)
    return [
        own
        for own, record in mine.items()
        if own in theirs and (_UNIQUE.fullmatch(own) or _alike(record, theirs[own]))
    ]


def text_rows(response: Response | None) -> list[str]:
    """The rows below the header of a table that came as text (CSV), blank ones left out."""
    if response is None or json_body(response) is not None:
        return []
    if not response.media_type.startswith("text/") or "html" in response.media_type:
        return []
    lines = [line.strip() for line in response.text.splitlines() if line.strip()]
    return [line for line in lines[1:] if any(char.isalnum() for char in line)]


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


def _is_id_name(key: str) -> bool:
    """Whether a key names an id: `id`, `ticketId`, `ticket_id`, `number` - not `paid`."""
    plain = key.lower().replace("_", "").replace("-", "")
    if plain in _ID_NAMES:
        return True
    if key.endswith(("Id", "ID", "_id", "-id", "Guid", "Uuid", "Key", "Number", "No", "Nr")):
        return True
    return plain.endswith("id") and not plain.endswith(_WORDS_IN_ID)


def is_id_value(value: Any) -> bool:
    """Whether a value may name an object: a text or a whole number."""
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""


def _alike(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether two records of one id say the same; what a caller may do with it can differ."""
    if set(left) != set(right):
        return False
    told = [key for key in left if not isinstance(left[key], bool)]
    same = sum(1 for key in told if left[key] == right[key])
    return same * 2 > len(told)
