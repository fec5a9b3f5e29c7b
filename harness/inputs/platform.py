"""What the platform makes of a flow's call before the app gets it, and of the app's answer.

The connection's credentials go in where the definition says, then the connector's policies are
applied (`harness.connector.policies`). All requests of all suites pass here, so that none is
blamed on the app that the platform would never have sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.bounds.parsing import parse_json
from harness.connector.model import Operation
from harness.connector.policies.applying import FlowCall, apply_to_answer, apply_to_call, has_effect
from harness.connector.policies.expressions import CannotEvaluate
from harness.connector.policies.model import policies_for
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Request, Response
from harness.inputs.connection import (
    connection_values,
    credentials_of,
    missing_connection,
    uses_tokens,
)

__all__ = ["as_flow_gets", "as_platform_sends", "reshapes_answers", "why_not_sent"]

PathMaker = Callable[[Operation, str | None], str]
"""Makes the percent-encoded path of an operation below a base path (None: the definition's)."""


def as_platform_sends(
    context: RunContext, operation: Operation, request: Request, path_of: PathMaker
) -> Request:
    """The request that the app gets for a flow's call.

    Where a policy cannot be applied the call stays as the flow makes it; `why_not_sent` says so
    and keeps it from being judged.
    """
    request = _with_credentials(context, operation, request)
    policies = policies_for(context.connector, operation)
    if not any(policy.section == "request" and has_effect(policy) for policy in policies):
        return request
    path, _, query = request.target.partition("?")
    call = FlowCall(
        request.method,
        operation.path,
        query=tuple(part for part in query.split("&") if part),
        headers=request.headers,
        body=request.body,
    )
    try:
        sent = apply_to_call(policies, call, connection_values(context))
    except CannotEvaluate:
        return request
    if (sent.method, sent.path, sent.base_path) != (call.method, call.path, call.base_path):
        base = None if context.target_has_path else sent.base_path
        path = path_of(replace(operation, path=sent.path), base)
    target = path
    if sent.query:
        target += ("&" if "?" in path else "?") + "&".join(sent.query)
    changed = (request.method, request.target) != (sent.method, target)
    flow = (request.method, request.target) if changed else None
    return replace(
        request,
        method=sent.method,
        target=target,
        headers=sent.headers,
        body=sent.body,
        flow=flow,
    )


def why_not_sent(context: RunContext, operation: Operation) -> str | None:
    """Why an operation cannot be called as the platform calls it, or None where it can.

    Headers and query parameters of the call are not known here; an expression that needs one has
    a value as soon as the call carries it.
    """
    policies = policies_for(context.connector, operation)
    call = FlowCall(operation.method, operation.path, headers=_headers_of(operation))
    call = replace(call, query=tuple(f"{p.name}=x" for p in operation.parameters_in("query")))
    for policy in policies:
        if policy.section != "request" or not has_effect(policy):
            continue
        try:
            apply_to_call([policy], call, connection_values(context))
        except CannotEvaluate as error:
            return _reason(policy.title, error)
    return None


def reshapes_answers(context: RunContext, operation: Operation) -> bool:
    """Whether a policy changes what an answer looks like to a flow."""
    policies = policies_for(context.connector, operation)
    return any(policy.section != "request" and has_effect(policy) for policy in policies)


def as_flow_gets(context: RunContext, operation: Operation, exchange: Exchange) -> Exchange | None:
    """The exchange with the answer as a flow gets it; None where a policy cannot be applied."""
    response = exchange.response
    if response is None or not reshapes_answers(context, operation):
        return exchange
    policies = policies_for(context.connector, operation)
    body = _parsed(response)
    try:
        headers, changed = apply_to_answer(
            policies, response.status, response.headers, body, connection_values(context)
        )
    except CannotEvaluate:
        return None
    content = response.body
    if body is not None and changed != body:
        content = json.dumps(changed, ensure_ascii=False).encode("utf-8", "replace")
    return replace(exchange, response=replace(response, headers=headers, body=content))


def _with_credentials(context: RunContext, operation: Operation, request: Request) -> Request:
    headers, target = request.headers, request.target
    lacking = missing_connection(context, operation) is not None
    for credential in () if lacking else credentials_of(context, operation):
        value = credential.template
        if credential.kind == "bearer":
            continue  # the sender adds it
        if credential.location == "query":
            pair = f"{credential.name}={value}"
            target += ("&" if "?" in target else "?") + pair
        elif request.header(credential.name) is None:
            headers = (*headers, (credential.name, value))
    bearer = uses_tokens(context, operation)
    return replace(request, headers=headers, target=target, bearer=bearer)


def _headers_of(operation: Operation) -> tuple[tuple[str, str], ...]:
    return tuple((p.name, "x") for p in operation.parameters_in("header"))


def _reason(title: str, error: CannotEvaluate) -> str:
    if error.needs is not None:
        return (
            f"the policy {title!r} needs {error.expression}; "
            f'set [connection] {error.needs} = "…" (or the users\' connection)'
        )
    return f"the policy {title!r} cannot be applied here: {error.expression}"


def _parsed(response: Response) -> Any:
    if not response.media_type.endswith(("/json", "+json")):
        return None
    try:
        return parse_json(response.body)
    except (ValueError, RecursionError):
        return None
