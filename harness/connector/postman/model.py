"""A Postman collection, whatever its format: requests with their saved answers, and variables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.bounds.parsing import parse_json

__all__ = [
    "Body",
    "Collection",
    "Entry",
    "Note",
    "Request",
    "SavedResponse",
    "entries",
    "graphql_body",
    "is_sent",
    "losses",
    "media_type",
    "raw_language",
    "substitute",
    "text_of",
    "unresolved",
    "with_variables",
]

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_DYNAMIC = {
    "$guid": "6b0c1c9e-3f0a-4d7e-9b57-0f2f6f1f4c11",
    "$randomUUID": "6b0c1c9e-3f0a-4d7e-9b57-0f2f6f1f4c11",
    "$randomInt": "417",
    "$timestamp": "1735689600",
    "$isoTimestamp": "2025-01-01T00:00:00.000Z",
}


Note = tuple[str, str, str]
"""What was lost or decided: its kind, one sentence, and a pointer into the collection."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A name and value of a query, a header list or a form; `is_file` for a file to upload."""

    name: str
    value: str
    description: str = ""
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What a request sends: `kind` is raw, urlencoded, formdata or file."""

    kind: str
    text: str = ""
    fields: tuple[Entry, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class SavedResponse:
    """An answer somebody saved, with the request that drew it where that was kept."""

    name: str
    status: int | None
    headers: tuple[Entry, ...]
    text: str
    request: Request | None = None

    @property
    def media_type(self) -> str:
        """The answer's media type in lower case, or ""."""
        return media_type(self.headers)


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a collection; `pointer` says where it stands in the file."""

    name: str
    method: str
    url: str
    pointer: str
    description: str = ""
    headers: tuple[Entry, ...] = ()
    query: tuple[Entry, ...] | None = None
    path_values: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    responses: tuple[SavedResponse, ...] = ()
    auth: str = ""
    losses: tuple[str, ...] = ()
    """What of the request is left out, each as a clause."""

    @property
    def media_type(self) -> str:
        """The media type that the request's own Content-Type header names, or ""."""
        return media_type(self.headers)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: `format` is v1, v2.0 or v2.1; `variables` are those it defines itself."""

    format: str
    title: str
    description: str
    requests: tuple[Request, ...]
    variables: Mapping[str, str]
    auth: str = ""
    notes: tuple[Note, ...] = ()


def media_type(headers: tuple[Entry, ...]) -> str:
    """The media type of a Content-Type header, without its parameters, in lower case."""
    found = (h.value for h in headers if h.name.lower() == "content-type")
    return next(found, "").partition(";")[0].strip().lower()


def text_of(value: Any) -> str:
    """Text from what exports hold where text is meant: null, a number, or `{"content": ...}`."""
    if isinstance(value, Mapping):
        return text_of(value.get("content"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def entries(raw: Any) -> tuple[Entry, ...]:
    """Pairs as exports write them, objects with `key` and `value`; without the disabled ones."""
    pairs = raw if isinstance(raw, list) else []
    return tuple(
        Entry(
            name=text_of(pair.get("key", pair.get("name"))).strip(),
            value=text_of(pair.get("value")),
            description=text_of(pair.get("description")).strip(),
            is_file=pair.get("type") == "file",
        )
        for pair in pairs
        if isinstance(pair, Mapping)
        and pair.get("disabled") is not True
        and pair.get("enabled") is not False
        and text_of(pair.get("key", pair.get("name"))).strip()
    )


def raw_language(options: Any) -> str:
    """The language that options name for a raw body (`{"raw": {"language": "json"}}`)."""
    raw = options.get("raw") if isinstance(options, Mapping) else None
    return text_of(raw.get("language")).lower() if isinstance(raw, Mapping) else ""


def graphql_body(raw: Any) -> Body:
    """A GraphQL body as it goes over the wire: a JSON object of query and variables."""
    given = raw if isinstance(raw, Mapping) else {}
    try:
        variables = parse_json(text_of(given.get("variables")) or "{}")
    except ValueError:
        variables = {}
    sent = {"query": text_of(given.get("query")), "variables": variables}
    return Body("raw", json.dumps(sent), language="json")


def losses(method: str, raw: Mapping[str, Any], *lists: Any, has_body: bool) -> tuple[str, ...]:
    """What of a request as written is not taken over: disabled entries, a body, scripts.

    `lists` are its entries (query, headers, form); `raw` is the item or, in v1, the request.
    """
    off = [
        text_of(pair.get("key", pair.get("name"))).strip()
        for pairs in lists
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, Mapping)
        and (pair.get("disabled") is True or pair.get("enabled") is False)
    ]
    found = [f"disabled entries are left out: {', '.join(filter(None, off))}"] if any(off) else []
    if has_body and not is_sent(method, raw):
        found.append(f"the body is left out: Postman sends none with {method}")
    scripts = [raw.get(key) for key in ("preRequestScript", "tests")]
    if any(isinstance(s, str) and s.strip() for s in scripts) or raw.get("event"):
        found.append("its scripts are left out: no connector runs them")
    return tuple(found)


def is_sent(method: str, raw: Mapping[str, Any]) -> bool:
    """Whether Postman sends a body: not with GET and HEAD, unless `disableBodyPruning` is set."""
    behaviour = raw.get("protocolProfileBehavior")
    keeps = isinstance(behaviour, Mapping) and behaviour.get("disableBodyPruning") is True
    return keeps or method not in ("GET", "HEAD")


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """Put in the variables that are known (also inside each other); leave `{{others}}` as they are.

    Postman's dynamic variables (`{{$guid}}`) get a fixed value, so that equal runs send the same.
    """
    known = {**_DYNAMIC, **variables}
    for _ in range(5):
        replaced = _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), text)
        if replaced == text:
            break
        text = replaced
    return text


def unresolved(text: str) -> list[str]:
    """The variables that a text still waits for."""
    return _PLACEHOLDER.findall(text)


def with_variables(body: Body, variables: Mapping[str, str]) -> Body:
    """The body with its variables put in."""
    fields = tuple(
        replace(
            entry,
            name=substitute(entry.name, variables),
            value=substitute(entry.value, variables),
        )
        for entry in body.fields
    )
    return replace(body, text=substitute(body.text, variables), fields=fields)
