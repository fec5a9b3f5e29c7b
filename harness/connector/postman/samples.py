"""Saved Postman requests as samples: what can be sent again, with the answer it drew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.connector.model import Sample
from harness.connector.postman.body import Payload, payload_of
from harness.connector.postman.model import (
    Entry,
    Request,
    SavedResponse,
    substitute,
    unresolved,
)
from harness.connector.postman.url import Address, parse_address

__all__ = ["PATH_PARAMETER", "Call", "plain_entries", "samples_of"]

PATH_PARAMETER = re.compile(r"\{[^{}]+\}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_PARAMETERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "postman-token",
        "user-agent",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its address and body worked out."""

    request: Request
    address: Address
    payload: Payload | None


def plain_entries(call: Call, variables: Mapping[str, str]) -> list[tuple[str, Entry]]:
    """The query and header parameters of a call as (location, entry).

    Headers that the client or the platform sets itself are no parameters.
    """
    query = [("query", entry) for entry in call.address.query]
    headers = [
        ("header", entry)
        for entry in call.request.headers
        if entry.name.lower() not in _NOT_PARAMETERS
    ]
    named = (
        (location, Entry(substitute(e.name, variables), e.value, e.description))
        for location, e in [*query, *headers]
    )
    return [
        (location, entry)
        for location, entry in named
        if not unresolved(entry.name)
        and (location == "query" or _HEADER_NAME.fullmatch(entry.name))
    ]


def samples_of(
    path: str,
    calls: Iterable[Call],
    kind: str | None,
    operation: Mapping[str, Any],
    variables: Mapping[str, str],
) -> tuple[Sample, ...]:
    """The samples of one operation whose body is of one kind; equal ones once, successes first.

    Form fields stand among the parameters. Left out is what cannot be sent as saved, because a
    path value, a variable or a file is missing, and what the operation does not describe.
    """
    known = {parameter["name"] for parameter in operation["parameters"]}
    spelling = {name.lower(): name for name in known}
    samples: list[Sample] = []
    for call in calls:
        for origin, response in _sent(call, variables):
            sample = _sample(path, call.request.name, origin, response, variables)
            if sample is None or (origin.payload is not None and origin.payload.kind != kind):
                continue
            values = {
                name if name in known else spelling.get(name.lower(), name): value
                for name, value in sample.parameters.items()
            }
            sample = replace(sample, parameters=values)
            if values.keys() <= known and not any(_same_input(sample, other) for other in samples):
                samples.append(sample)
    return tuple(samples)


def _sent(call: Call, variables: Mapping[str, str]) -> Iterator[tuple[Call, SavedResponse | None]]:
    """Each saved answer with the request that drew it, and the request by itself.

    Answers that report success come first, other answers last.
    """
    answers = call.request.responses
    yield from _drawn(call, [r for r in answers if r.status in range(200, 300)], variables)
    yield call, None
    yield from _drawn(call, [r for r in answers if r.status not in range(200, 300)], variables)


def _drawn(
    call: Call, answers: Iterable[SavedResponse], variables: Mapping[str, str]
) -> Iterator[tuple[Call, SavedResponse]]:
    for response in answers:
        drew = response.request
        if drew is None:
            yield call, response
        elif drew.method == call.request.method and drew.url:
            yield Call(drew, parse_address(drew, variables), payload_of(drew, variables)), response


def _same_input(left: Sample, right: Sample) -> bool:
    return (left.parameters, left.has_body, left.body) == (
        right.parameters,
        right.has_body,
        right.body,
    )


def _sample(
    path: str,
    name: str,
    call: Call,
    response: SavedResponse | None,
    variables: Mapping[str, str],
) -> Sample | None:
    """The sample of one call, or None where it cannot be sent as it was saved."""
    payload = call.payload
    parameters = _path_values(path, call.address)
    if parameters is None or (payload is not None and not payload.complete):
        return None
    for _, entry in plain_entries(call, variables):
        value = substitute(entry.value, variables)
        if not unresolved(value):
            parameters.setdefault(entry.name, value)
    has_body = payload is not None and payload.kind in ("json", "text")
    if payload is not None:
        parameters.update({entry.name: entry.value for entry in payload.fields})
    return Sample(
        name=name,
        parameters=parameters,
        body=payload.value if payload is not None and has_body else None,
        has_body=has_body,
        status=None if response is None else response.status,
        response_text=None if response is None else response.text,
    )


def _path_values(path: str, address: Address) -> dict[str, str] | None:
    """Values for the parameters of a path, or None where one is missing or the path is another.

    A saved answer often keeps the address as it was sent, with the values in place.
    """
    names = [found[1:-1] for found in PATH_PARAMETER.findall(path)]
    if PATH_PARAMETER.sub("{}", path) == PATH_PARAMETER.sub("{}", address.path):
        values = [address.values.get(name) for name in address.names]
        paired = dict(zip(names, values, strict=False))
        found = {name: value for name, value in paired.items() if value is not None}
        return found if len(found) == len(names) else None
    literal = [re.escape(part) for part in PATH_PARAMETER.split(path)]
    match = re.fullmatch("([^/{}]+)".join(literal), address.path)
    return dict(zip(names, match.groups(), strict=True)) if match else None
