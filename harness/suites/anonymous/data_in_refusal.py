"""Whether a refusal's body holds the data that it refuses: records, the success shape, an echo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.connector.model import Connector, Operation
from harness.connector.schema.members import properties_of, required_names
from harness.exchanges.model import Request, Response

__all__ = ["leaked"]

ERROR_WORDS = frozenset(
    {
        "code",
        "detail",
        "details",
        "error",
        "error_codes",
        "error_description",
        "errors",
        "errorcode",
        "exception",
        "hint",
        "innererror",
        "instance",
        "message",
        "msg",
        "reason",
        "requestid",
        "status",
        "statuscode",
        "statusdescription",
        "success",
        "timestamp",
        "title",
        "traceid",
        "type",
        "correlationid",
        "activityid",
    }
)
"""Property names, in lower case, that error objects have: alone they tell nothing of data."""

SHORTEST_ECHO = 4


def leaked(
    connector: Connector, operation: Operation, request: Request, response: Response
) -> str | None:
    """What of the operation's data a refusal's body holds, in words, or None."""
    if not response.body.strip():
        return None
    try:
        value = parse_json(response.text)
    except ValueError:
        return _leaked_text(operation, request, response)
    schemas = [r.schema for r in operation.success_responses() if r.schema is not None]
    if any(_resembles(connector, schema, value) for schema in schemas):
        return "a body in the shape of the operation's success answer"
    return "records" if _holds_records(value) else None


def _leaked_text(operation: Operation, request: Request, response: Response) -> str | None:
    if response.media_type == "text/html":
        return None
    text = response.text
    if any(value in text for value in _sent_values(request)):
        return "a text that repeats what was asked"
    saved = [s.response_text for s in operation.samples if s.response_text]
    if any(text.strip() == sample.strip() for sample in saved):
        return "the operation's saved answer"
    return None


def _sent_values(request: Request) -> Iterator[str]:
    """Texts that the request carried in query and JSON body, long enough not to be chance."""
    texts = [value for _, value in parse_qsl(split_url(request.target).query)]
    try:
        texts.extend(_texts(parse_json(request.body or b"null")))
    except ValueError:
        texts = [unquote(text) for text in texts]
    return (text for text in texts if len(text) >= SHORTEST_ECHO)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _resembles(connector: Connector, schema: Any, value: Any, depth: int = 0) -> bool:
    """Whether a value has the shape of a schema beyond what any error object has, too.

    Looser than validation on purpose: a leak with one property missing is still a leak.
    """
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping) or depth > 4:
        return False
    if isinstance(value, list):
        items = schema.get("items")
        return bool(value) and any(_resembles(connector, items, v, depth + 1) for v in value)
    if not isinstance(value, Mapping):
        return False
    declared = properties_of(connector, schema).declared
    present = set(declared) & set(value)
    telling = {name for name in present if name.lower() not in ERROR_WORDS}
    if not telling or not set(required_names(schema)) <= set(value):
        return False
    return len(present) * 2 >= len(value)


def _holds_records(value: Any) -> bool:
    """Whether it is a list of objects, or an object that holds one under a name of its own."""
    if isinstance(value, list):
        return bool(value) and all(
            isinstance(item, Mapping) and {k.lower() for k in item} - ERROR_WORDS for item in value
        )
    if not isinstance(value, Mapping):
        return False
    return any(
        _holds_records(inner)
        for name, inner in value.items()
        if isinstance(inner, list) and name.lower() not in ERROR_WORDS
    )
