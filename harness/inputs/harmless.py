"""Requests for calls that ought to be refused: real values for reading, nothing real for writing.

A hostile call that is let in by mistake runs for real. So where an operation may change state its
path parameters name nothing that exists and its body is broken JSON, which no function can store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from harness.connector.model import Operation, Parameter
from harness.errors import HarnessError
from harness.exchanges.context import RunContext
from harness.exchanges.model import Request
from harness.inputs.requests import (
    NO_BODY,
    Values,
    build_request,
    example_request,
    example_values,
)
from harness.inputs.values import MADE_UP

__all__ = [
    "BROKEN_JSON",
    "door_request",
    "harmless_request",
    "harmless_values",
    "is_falsifiable",
    "is_fitting",
    "is_repeatable",
    "like_known",
    "names_nothing",
    "real_request",
    "visit_request",
]

NOTHING = "harness-probe-of-nothing"
NO_GUID = "00000000-0000-4000-8000-00000000dead"
NO_NUMBER = -987654321
BROKEN_JSON = b'{"harness-probe": '

_BY_FORMAT = {
    "uuid": NO_GUID,
    "guid": NO_GUID,
    "date": "1900-01-01",
    "date-time": "1900-01-01T00:00:00Z",
    "email": "nobody@harness-probe.invalid",
    "uri": "https://harness-probe.invalid/",
    "url": "https://harness-probe.invalid/",
}


_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def door_request(
    context: RunContext, operation: Operation, values: Values | None = None
) -> Request:
    """The request to try a door with: it changes nothing.

    Reading operations, and those declared free of side effects, carry their best known values:
    an open door then shows itself by its data. The path of all others is visited with GET.
    `values` are better ones than the files and settings have.
    """
    best = values or example_values(context, operation)
    if operation.changes_state and not context.is_freed(operation):
        return visit_request(context, operation, best)
    try:
        return build_request(
            context, operation, best.parameters, best.body if best.has_body else NO_BODY
        )
    except HarnessError:
        return build_request(context, operation, harmless_values(operation, best))


def is_fitting(operation: Operation, values: Values) -> bool:
    """Whether the path's values have a form that is known: from a person, a list, or the schema."""
    return all(
        values.sources.get(parameter.name) != MADE_UP
        or parameter.schema.get("type") in ("integer", "number", "boolean")
        or str(parameter.schema.get("format", "")).lower() in _BY_FORMAT
        for parameter in operation.path_inputs
        if not parameter.is_constant
    )


def real_request(context: RunContext, operation: Operation) -> Request | None:
    """A request that the app recognises, made of what a person gave; None where there is none.

    Whether it may be sent is for `harness.inputs.permission` to say.
    """
    values = example_values(context, operation)
    if operation.changes_state and not context.is_freed(operation) and not values.given:
        return None
    try:
        return example_request(context, operation)
    except HarnessError:
        return None


def harmless_request(context: RunContext, operation: Operation, known: Values) -> Request:
    """A request that cannot name or create anything real.

    `known` values give theirs the form that the app's routes may insist on.
    """
    request = build_request(context, operation, harmless_values(operation, known))
    takes_body = operation.body is not None or bool(operation.parameters_in("formData"))
    if not takes_body:
        return request
    headers = tuple((n, v) for n, v in request.headers if n.lower() != "content-type")
    return replace(
        request, headers=(*headers, ("Content-Type", "application/json")), body=BROKEN_JSON
    )


def visit_request(context: RunContext, operation: Operation, known: Values) -> Request:
    """A GET on an operation's path, with ids that name nothing: App Service decides by path.

    What a connection adds (a key, say) goes along, since a caller with a key must be let in.
    """
    as_sent = build_request(context, operation, harmless_values(operation, known))
    headers = tuple((n, v) for n, v in as_sent.headers if n.lower() != "content-type")
    return replace(as_sent, method="GET", headers=headers, body=None, flow=None)


def names_nothing(request: Request, methods: Iterable[str]) -> bool:
    """Whether a request can do nothing by these methods, were it let in.

    An id that nothing has serves for all of them, a body that cannot be parsed for POST alone.
    """
    path = request.target.partition("?")[0]
    if any(text in path for text in (NOTHING, NO_GUID, str(NO_NUMBER))):
        return True
    return set(methods) <= {"POST"} and request.body == BROKEN_JSON


def is_falsifiable(operation: Operation) -> bool:
    """Whether there is something to falsify: a path parameter, a body or a form."""
    return bool(
        operation.path_inputs or operation.parameters_in("formData") or operation.body is not None
    )


def is_repeatable(operation: Operation, request: Request) -> bool:
    """Whether sending a request of this module twice does no more harm than sending it once."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.body == BROKEN_JSON:
        return True
    return names_nothing(request, (request.method,)) or not operation.changes_state


def harmless_values(operation: Operation, known: Values) -> Mapping[str, Any]:
    """Values for path, query and headers that name nothing; optional inputs are left out."""
    like = known.parameters
    return {
        f"{parameter.location}:{parameter.name}": _nothing(parameter, like.get(parameter.name))
        for parameter in operation.parameters
        if parameter.location in ("path", "query", "header")
        and (parameter.required or parameter.location == "path")
        and not parameter.is_constant
    }


def like_known(context: RunContext, operation: Operation) -> Mapping[str, Any]:
    """Values that name nothing, in the form of the known ones."""
    return harmless_values(operation, example_values(context, operation))


def _nothing(parameter: Parameter, like: Any) -> Any:
    schema = parameter.schema
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return NO_NUMBER
    if kind == "boolean":
        return False
    if kind == "array":
        return [NOTHING]
    text = str(like)
    if _GUID.fullmatch(text):
        return NO_GUID
    if _WHOLE.fullmatch(text):
        return str(NO_NUMBER)
    return _BY_FORMAT.get(str(schema.get("format", "")).lower(), NOTHING)
