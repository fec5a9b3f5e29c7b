"""What the platform makes of a call and of its answer, by the connector's policies.

Request side: the flow's call becomes the app's request. Response side: the app's answer becomes
the flow's. Policies run in the order of the file. `dynamichosturl` replaces host and base path
(Microsoft Learn, "Set Host URL"; published templates repeat the base path); only its path counts
here, because calls go to the app under test and nowhere else. `routerequesttoendpoint` gives a new
path below that base path. Where an expression has no value or a template is unknown, the call
cannot be made as the platform makes it, and `CannotEvaluate` says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from harness.bounds.parsing import parse_json
from harness.connector.policies.bodies import BODY_TEMPLATES, reshape
from harness.connector.policies.expressions import CannotEvaluate, Scope, evaluate
from harness.connector.policies.model import Policy

__all__ = ["FlowCall", "apply_to_answer", "apply_to_call", "has_effect"]

Pairs = tuple[tuple[str, str], ...]
NO_EFFECT = frozenset({"pollingtrigger", "updatenextlink", "setconnectionstatustounauthenticated"})
"""Templates that change neither a single call nor what its answer's schema promises."""


@dataclass(frozen=True, slots=True)
class FlowCall:
    """A call on its way through the policies.

    `path` is the template of the operation's path; `query` holds raw `name=value` texts; `body` is
    the content, JSON where `is_json`. `base_path` None is the definition's.
    """

    method: str
    path: str
    base_path: str | None = None
    query: tuple[str, ...] = ()
    headers: Pairs = ()
    body: bytes | None = None

    @property
    def is_json(self) -> bool:
        """Whether the content is declared as JSON."""
        kind = next((v for k, v in self.headers if k.lower() == "content-type"), "")
        return kind.split(";")[0].strip().lower().endswith(("/json", "+json"))


def has_effect(policy: Policy) -> bool:
    """Whether a policy changes what is sent, or what an answer looks like to a flow."""
    return policy.template not in NO_EFFECT


def apply_to_call(
    policies: Sequence[Policy], call: FlowCall, connection: Mapping[str, str]
) -> FlowCall:
    """The request that the app gets. `connection` holds the values of the connection.

    Raises:
        CannotEvaluate: a policy cannot be applied.
    """
    original = call
    for policy in policies:
        if policy.section != "request" or not has_effect(policy):
            continue
        scope = _scope(call, original.method, connection)
        call = _applied(policy, call, scope)
    return call


def apply_to_answer(
    policies: Sequence[Policy],
    status: int,
    headers: Pairs,
    body: Any,
    connection: Mapping[str, str],
) -> tuple[Pairs, Any]:
    """Headers and JSON body of an answer as a flow gets them; `body` is parsed JSON.

    Raises:
        CannotEvaluate: a policy cannot be applied.
    """
    section = "response" if status < 400 else "failure"
    for policy in policies:
        if policy.section != section or not has_effect(policy):
            continue
        scope = Scope(headers=headers, connection=connection, body=body)
        if policy.template == "setheader":
            headers = _with_header(policy, headers, scope)
        elif policy.template in BODY_TEMPLATES:
            body = reshape(policy, body, scope)
        else:
            raise CannotEvaluate(f"the policy template {policy.template} on the response")
    return headers, body


def _scope(call: FlowCall, method: str, connection: Mapping[str, str]) -> Scope:
    query = parse_qsl("&".join(call.query), keep_blank_values=True)
    return Scope(method, call.headers, query, connection, body=_parsed(call))


def _parsed(call: FlowCall) -> Any:
    if call.body is None or not call.is_json:
        return None
    try:
        return parse_json(call.body)
    except (ValueError, RecursionError):
        return None


def _applied(policy: Policy, call: FlowCall, scope: Scope) -> FlowCall:
    template = policy.template
    if template == "dynamichosturl":
        return replace(call, base_path=_base_path(policy, scope))
    if template == "routerequesttoendpoint":
        return _routed(policy, call, scope)
    if template == "setheader":
        return replace(call, headers=_with_header(policy, call.headers, scope))
    if template == "setqueryparameter":
        return replace(call, query=_with_query(policy, call.query, scope))
    if template in BODY_TEMPLATES:
        return _with_body(policy, call, scope)
    raise CannotEvaluate(f"the policy template {template or 'without an id'}")


def _base_path(policy: Policy, scope: Scope) -> str:
    url = evaluate(policy.text("urlTemplate"), scope).strip()
    if not url:
        raise CannotEvaluate("urlTemplate")
    if "://" not in url:
        url = f"https://{url}"
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        raise CannotEvaluate(policy.text("urlTemplate")) from None


def _routed(policy: Policy, call: FlowCall, scope: Scope) -> FlowCall:
    path = evaluate(policy.text("newPath"), scope).strip()
    if not path:
        raise CannotEvaluate("newPath")
    method = evaluate(policy.text("httpMethod"), scope).strip().upper()
    path = path if path.startswith("/") else f"/{path}"
    return replace(call, path=path, method=method or call.method)


def _with_header(policy: Policy, headers: Pairs, scope: Scope) -> Pairs:
    name, value = evaluate(policy.text("name"), scope), evaluate(policy.text("value"), scope)
    own = [v for k, v in headers if k.lower() == name.lower()]
    action = policy.text("existsAction", "override").lower()
    if not name or (own and action == "skip"):
        return headers
    if own and action == "append":
        value = ",".join([*own, value])
    rest = tuple(pair for pair in headers if pair[0].lower() != name.lower())
    return (*rest, (name, value))


def _with_query(policy: Policy, query: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    name, value = evaluate(policy.text("name"), scope), evaluate(policy.text("value"), scope)
    # Placeholders of secrets keep their braces until the request is sent.
    pair = f"{quote(name, safe='$~')}={quote(value, safe='~{}')}"
    is_own = [bool(parse_qsl(p, True)) and parse_qsl(p, True)[0][0] == name for p in query]
    action = policy.text("existsAction", "override").lower()
    if not name or (any(is_own) and action == "skip"):
        return query
    kept = (
        query
        if action == "append"
        else tuple(own for own, mine in zip(query, is_own, strict=True) if not mine)
    )
    return (*kept, pair)


def _with_body(policy: Policy, call: FlowCall, scope: Scope) -> FlowCall:
    if scope.body is None:
        return call  # no body, or none that is JSON: nothing to reshape
    changed = reshape(policy, scope.body, scope)
    return replace(call, body=json.dumps(changed, ensure_ascii=False).encode("utf-8", "replace"))
