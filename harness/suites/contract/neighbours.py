"""Where an operation may have gone: other methods, paths and base paths, asked when it is gone.

A neighbour is no operation that the definition names. So what may change state goes to one only
with `--writes all`, and only input that a person gave, or another method on an object that this
run made (`harness.inputs.permission`); DELETE never.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from harness.connector.model import READING_METHODS, Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Caller, Probe, Request
from harness.inputs.permission import BASIS

__all__ = ["neighbour_probes"]

NOWHERE = "connector-harness-no-such-route"
_BASES = ("", "/api", "/v1", "/v2", "/api/v1", "/api/v2")
_WRITING = ("POST", "PUT", "PATCH")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def neighbour_probes(
    context: RunContext,
    operation: Operation,
    example: Probe,
    caller: Caller,
    routes: Iterable[tuple[str, str]] = (),
) -> list[Probe]:
    """Probes of the neighbours of an operation that answers 404 or 405.

    `example` is a sensible call that was answered so; `routes` are methods and paths that the app
    itself is known to have. One probe asks for a route that exists nowhere, as a control.
    """
    request = example.request
    base = context.base_path
    query = request.target.partition("?")[2]
    path = request.target.partition("?")[0]
    tail = path[len(base) :] if path.startswith(base) else path
    found: list[tuple[str, str, str, str]] = [("control", "", request.method, f"{base}/{NOWHERE}")]
    if request.method in READING_METHODS or _is_given(context, operation, example):
        for other in dict.fromkeys((*_BASES, f"{base}/api", f"{base}/v1", f"{base}/v2")):
            if other != base:
                found.append(("base-path", other or "/", request.method, other + tail))
        for variant in _paths(operation, tail, routes):
            found.append(("path", variant, request.method, base + variant))
    for method in _methods(context, operation, example):
        found.append(("method", method, method, path))
    found.append(("allow", "", "OPTIONS", path))
    return [
        _probe(example, caller, number, kind, value, method, target, query)
        for number, (kind, value, method, target) in enumerate(found, 1)
    ]


def _probe(
    example: Probe,
    caller: Caller,
    number: int,
    kind: str,
    value: str,
    method: str,
    target: str,
    query: str,
) -> Probe:
    asks = kind not in ("control", "allow")
    body = example.request.body if asks and method not in ("GET", "HEAD", "OPTIONS") else None
    if query and asks:
        target += "?" + query
    headers = example.request.headers if body is not None else ()
    request = Request(method, target, headers, body)
    meta = {"neighbour": kind, "value": value, "ids": example.meta.get("ids", "none")}
    if BASIS in example.meta:
        meta[BASIS] = example.meta[BASIS]
    purpose = "contract/neighbour"
    return Probe(f"neighbour-{number}", example.operation, caller, request, purpose, meta)


def _is_given(context: RunContext, operation: Operation, example: Probe) -> bool:
    """Whether the call that met nothing may be tried elsewhere, though it may change state."""
    if context.settings.writes != "all" or operation.method == "DELETE":
        return False
    return context.is_freed(operation) or example.meta.get(BASIS) == "given"


def _methods(context: RunContext, operation: Operation, example: Probe) -> list[str]:
    """Methods that the definition does not give to another operation of the same path."""
    shape = _PLACEHOLDER.sub("{}", operation.path)
    taken = {
        other.method
        for other in context.connector.operations
        if _PLACEHOLDER.sub("{}", other.path) == shape
    }
    methods = ["GET"]
    if example.meta.get(BASIS) == "own" and operation.method != "DELETE":
        methods += _WRITING
    return [method for method in methods if method not in taken]


def _paths(operation: Operation, tail: str, routes: Iterable[tuple[str, str]]) -> list[str]:
    """Paths that a person would try: number, case, slash, version, the function's own name."""
    found: list[str] = []
    segments = tail.split("/")
    static = [
        index
        for index, part in enumerate(operation.path.split("/"))
        if part and "{" not in part and index < len(segments)
    ]
    for index in reversed(static[-2:]):
        for other in _spellings(segments[index]):
            found.append("/".join([*segments[:index], other, *segments[index + 1 :]]))
    found.append(tail.rstrip("/") if tail.endswith("/") else tail + "/")
    found += [f"/{version}{tail}" for version in ("v1", "v2")]
    values = [
        segments[i]
        for i, part in enumerate(operation.path.split("/"))
        if "{" in part and i < len(segments)
    ]
    # A function without a route answers under its own name.
    found.append("/".join(["", quote(operation.id, safe=""), *values]))
    for method, route in routes:
        if method == operation.method and len(_PLACEHOLDER.findall(route)) == len(values):
            found.append("/" + _filled(route, values).strip("/"))
    return [path for path in dict.fromkeys(found) if path != tail and path.strip("/")]


def _filled(route: str, values: list[str]) -> str:
    left = iter(values)
    return _PLACEHOLDER.sub(lambda _: next(left), route)


def _spellings(segment: str) -> list[str]:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", segment)
    number = segment[:-1] if segment.endswith("s") else segment + "s"
    joined = ["-".join(words).lower(), "_".join(words).lower(), "".join(words).lower()]
    versions = [f"{segment}-v2", f"{segment}2", f"{segment}V2"]
    return [text for text in dict.fromkeys([number, *joined, *versions]) if text != segment]
