"""Whether a recorded request is still one that today's definition would make.

A changed answer is judged as drift; a changed input makes a recording say nothing about the
operation as it is now.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from harness.bounds.parsing import parse_json
from harness.connector.model import Operation
from harness.connector.schema.refs import inline
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange

__all__ = ["inputs_hash", "unfit_reason"]

WORDS = frozenset(
    {
        "description",
        "summary",
        "title",
        "example",
        "x-example",
        "x-ms-summary",
        "x-ms-visibility",
        "x-ms-test-value",
        "x-ms-dynamic-values",
        "x-ms-dynamic-list",
    }
)
"""Keys that change how an input looks, not what is sent."""


def inputs_hash(context: RunContext, operation: Operation) -> str:
    """A hash of what an operation takes: method, path, media types, parameters and schemas.

    Examples and dynamic values change which inputs are sent, not which are allowed, and are left
    out: a recording made with other examples still fits.
    """
    inputs = [
        [p.name, p.location, p.required, _plain(inline(context.connector, p.schema))]
        for p in operation.parameters
    ]
    whole = [operation.method, context.base_path + operation.path, operation.consumes, inputs]
    text = json.dumps(whole, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {str(k): _plain(v) for k, v in node.items() if k not in WORDS}
    return [_plain(v) for v in node] if isinstance(node, list) else node


def unfit_reason(context: RunContext, operation: Operation, exchange: Exchange) -> str | None:
    """Why a recorded request is none of today's, or None where it still is.

    To be asked where the inputs have changed since the recording.
    """
    probe = exchange.probe
    if probe.operation != operation.id or "neighbour" in probe.meta:
        return None
    mode = probe.meta.get("mode")
    if mode == "negative":
        return "what was falsified may be valid now"
    if mode is None:
        return None
    if probe.request.method != operation.method:
        return f"it is {operation.method} now, {probe.request.method} was recorded"
    path, _, query = probe.request.target.partition("?")
    wanted = context.base_path + operation.path
    if not _matches(wanted, unquote(path)):
        return f"its path is {wanted} now, {path} was recorded"
    return _missing_input(operation, exchange, {name for name, _ in parse_qsl(query)})


def _matches(template: str, path: str) -> bool:
    parts = re.split(r"\{[^{}]*\}", template.rstrip("/"))
    pattern = "[^/]*".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, path.rstrip("/"), re.IGNORECASE) is not None


def _missing_input(operation: Operation, exchange: Exchange, query: set[str]) -> str | None:
    request = exchange.probe.request
    for parameter in operation.parameters:
        if not parameter.required or parameter.has_default:
            continue
        if parameter.location == "query" and parameter.name not in query:
            return f"the required input {parameter.name} was not recorded"
        if parameter.location == "header" and request.header(parameter.name) is None:
            return f"the required input {parameter.name} was not recorded"
        if parameter.location == "body" and not request.body:
            return "the required body was not recorded"
    return _missing_field(operation, request.body)


def _missing_field(operation: Operation, body: bytes | None) -> str | None:
    parameter = operation.body
    if parameter is None or not body:
        return None
    try:
        document = parse_json(body)
    except (ValueError, RecursionError):
        return None
    required = parameter.schema.get("required")
    if not isinstance(document, dict) or not isinstance(required, list):
        return None
    missing = next((str(n) for n in required if str(n) not in document), None)
    return None if missing is None else f"the required field {missing} was not recorded"
