"""The one place that decides: may this request go out, for whom, with which input, why not.

Every suite, and every client that a user's test is given, asks here; `docs/safety.md` is this
module in words. Plans ask `why_not` about an operation before they make a probe. What they made
goes through `refusal` right before it is sent, which trusts no plan: it looks at the request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote

from harness.connector.model import READING_METHODS, Connector, Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Probe, Request
from harness.inputs.auth_paths import auth_path
from harness.inputs.harmless import is_falsifiable, names_nothing
from harness.inputs.own_ids import chosen_from_a_list
from harness.inputs.related_operations import (
    creator_of,
    deleter_of,
    names_objects,
    path_parameters,
)
from harness.inputs.values import example_values

__all__ = [
    "BASIS",
    "Basis",
    "creation_basis",
    "is_quiet",
    "is_webhook",
    "refusal",
    "usable_creator",
    "why_not",
]

Basis = Literal["given", "create", "own", "falsified"]
"""Whose input a state-changing request carries.

given: a person wrote it (settings, saved sample, access table, a user's own test) · create: made
up, for a new object that can be removed again · own: made up, for an object that this run made ·
falsified: names nothing and can store nothing, for callers who must be refused.
"""
BASIS = "basis"
"""The key of `Probe.meta` that holds it."""
OVERRIDES = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})
SESSION_PURPOSE = "delegated/session"


def is_quiet(request: Request) -> bool:
    """Whether no method changes state: neither the request's own nor one that a header names."""
    named = [value.strip().upper() for n, value in request.headers if n.lower() in OVERRIDES]
    return all(method in READING_METHODS for method in (request.method.upper(), *named))


def is_webhook(connector: Connector, operation: Operation) -> bool:
    """Whether a call would subscribe a callback."""
    return notification_parameter(connector, operation) is not None or (
        operation.is_trigger and operation.changes_state
    )


def why_not(
    context: RunContext, operation: Operation, basis: Basis, *, method: str | None = None
) -> str | None:
    """Why a request that changes state may not go to an operation, or None where it may.

    `method` is the one to send where it is another than the operation's own.
    """
    own = method in (None, operation.method)
    if own and (not operation.changes_state or context.is_freed(operation)):
        return None
    method = method or operation.method
    if context.settings.writes == "none":
        return f"{method} may change state and --writes is none"
    if is_webhook(context.connector, operation):
        return "it would register a webhook: callbacks are never subscribed by a test"
    if basis == "falsified":
        return _why_not_falsified(context, operation, method, own=own)
    if basis == "given":
        return DELETE_NOT_GIVEN if method == "DELETE" else None
    if context.settings.writes == "examples":
        return _missing_example(operation)
    if operation.no_generic_test:
        return (
            f"x-ms-no-generic-test keeps invented input away; give [operations.{operation.id}] "
            "real input, or declare it safe = true"
        )
    if calls_back(context.connector, operation):
        return (
            f"it takes an address to call back; give [operations.{operation.id}] input, or declare "
            "it safe = true"
        )
    return (_why_not_created if basis == "create" else _why_not_own)(context, operation)


DELETE_NOT_GIVEN = (
    "DELETE goes out with --writes all only, on objects that this run made, or where it is "
    "declared safe"
)


def _why_not_falsified(
    context: RunContext, operation: Operation, method: str, *, own: bool
) -> str | None:
    if operation.no_generic_test:
        return "x-ms-no-generic-test keeps invented input away"
    if calls_back(context.connector, operation):
        return "it takes an address to call back"
    if not own and context.settings.writes != "all":
        return f"{method} is declared by no operation of this path: tried with --writes all only"
    if names_objects(operation):
        return None
    if method != "POST":
        return f"{method} {operation.path} names no object, so that nothing in it can be falsified"
    if own and not is_falsifiable(operation):
        return "it has neither path parameter nor body that could be falsified"
    return None


def _why_not_created(context: RunContext, operation: Operation) -> str | None:
    """Only what can be removed again is created, and nothing below an object of somebody else's."""
    hint = f"give [operations.{operation.id}] input, or declare it safe = true"
    if operation.method != "POST" or names_objects(operation):
        return f"it changes something that this run did not make; {hint}"
    remover = deleter_of(context.connector, operation)
    if remover is None:
        return f"no operation is known that would remove again what it creates; {hint}"
    if remover.no_generic_test:
        return (
            f"{remover.id}, which would remove again what it creates, is marked "
            f"x-ms-no-generic-test; {hint}"
        )
    if chosen_from_a_list(context.connector, operation):
        return f"the id of what it creates is chosen from a list of known ones; {hint}"
    return None


def _why_not_own(context: RunContext, operation: Operation) -> str | None:
    hint = f"give real input under [operations.{operation.id}], or declare it safe = true"
    if operation.method == "DELETE":
        hint = "or declare it safe = true"
    if not names_objects(operation):
        return f"it changes something that this run did not make; {hint}"
    creator = creator_of(context.connector, operation)
    if creator is None:
        return (
            "it changes an object, and no operation is known by which this run could create one; "
            f"{hint}"
        )
    if usable_creator(context, operation) is None:
        return (
            f"it changes an object, and {creator.id}, which would create one, is not called: "
            f"{_why_no_creator(context, creator)}"
        )
    return None


def usable_creator(context: RunContext, operation: Operation) -> Operation | None:
    """The operation by which this run may create what another one names, or None."""
    creator = creator_of(context.connector, operation)
    if creator is None or _why_no_creator(context, creator) is not None:
        return None
    return creator


def creation_basis(context: RunContext, creator: Operation) -> Basis:
    """Whose input makes an object to work on: a person's where there is any."""
    return "given" if example_values(context, creator).given else "create"


def _why_no_creator(context: RunContext, creator: Operation) -> str | None:
    basis = creation_basis(context, creator)
    reason = why_not(context, creator, basis)
    if reason is None and deleter_of(context.connector, creator) is None:
        return "no operation is known that would remove again what it creates"
    return reason


def _missing_example(operation: Operation) -> str:
    if operation.method == "DELETE":
        return DELETE_NOT_GIVEN
    return (
        f"{operation.method} may change state and has no example; give [operations.{operation.id}]"
    )


# ------------------------------------------------------------------ what is about to be sent


def refusal(context: RunContext, probe: Probe) -> str | None:
    """Why a probe must not be sent, or None where it may: asked of everything, right before."""
    request = probe.request
    if is_quiet(request):
        return None
    if probe.purpose == SESSION_PURPOSE and request.target == auth_path(context, "login/aad"):
        return None  # answered by the platform, which was seen to be there; the app never sees it
    if probe.purpose.startswith("tests/"):
        return _refusal_of_own_test(context, request)
    called = probe.meta.get("of", probe.operation)  # a plan may call another than it is about
    operation = next((o for o in context.connector.operations if o.id == called), None)
    if operation is None:
        return f"{request.method} is sent to known operations only"
    if context.is_freed(operation) and _is_own_route(context, operation, request):
        return None
    basis = probe.meta.get(BASIS)
    if "neighbour" in probe.meta:
        return _refusal_of_neighbour(context, operation, request, basis)
    if basis == "falsified":
        if probe.caller.kind in ("user", "app") or probe.meta.get("part") == "carriage":
            return "with a good token nothing is sent that may change state"
        writing = sorted(_methods(request) - READING_METHODS)
        if not names_nothing(request, writing):
            return "it could name or create something real"
        reasons = (why_not(context, operation, "falsified", method=m) for m in writing)
        return next((reason for reason in reasons if reason is not None), None)
    if not operation.changes_state and request.flow is not None:
        return (
            f"a policy makes {request.method} of it, which may change state; declare "
            f"[operations.{operation.id}] safe = true where it does not"
        )
    if basis not in ("given", "create", "own"):
        return "it is not known whose input it carries"
    if not _is_own_route(context, operation, request):
        return f"{request.method} {request.target} is none of the connector's operations"
    reason = why_not(context, operation, basis)
    if reason is None and basis == "own" and not _names_own(context, operation, request):
        return "it names an object that this run did not make"
    return reason


def _refusal_of_own_test(context: RunContext, request: Request) -> str | None:
    """A user's own test gives its input itself, so `examples` holds back its DELETE alone."""
    operation = next(
        (o for o in context.connector.operations if _is_own_route(context, o, request)), None
    )
    if operation is not None and context.is_freed(operation):
        return None
    mode, method = context.settings.writes, request.method
    if mode == "none":
        return f"{method} may change state and --writes is none; run with --writes examples or all"
    if mode == "examples" and "DELETE" in _methods(request):
        return f"{method} deletes, and --writes is examples; run with --writes all"
    return None


def _refusal_of_neighbour(
    context: RunContext, operation: Operation, request: Request, basis: Any
) -> str | None:
    """A place where an operation may have gone: unknown, unless another operation is there."""
    if context.settings.writes != "all" or request.method == "DELETE":
        return "what may change state goes to other places with --writes all only"
    if basis == "own" and _names_own(context, operation, request):
        return None
    path = request.target.partition("?")[0]
    if any(_match(context, each, path) for each in context.connector.operations):
        return "another operation is there"
    if basis == "given" or context.is_freed(operation):
        return None
    return "it is not known what is there"


def _methods(request: Request) -> set[str]:
    named = {value.strip().upper() for n, value in request.headers if n.lower() in OVERRIDES}
    return {request.method.upper(), *named}


def _is_own_route(context: RunContext, operation: Operation, request: Request) -> bool:
    """Whether a flow's call of the operation looks so; a policy may send it elsewhere."""
    method, target = request.flow or (request.method, request.target)
    own = {method, *(_methods(request) - {request.method})} == {operation.method}
    return own and _match(context, operation, target.partition("?")[0]) is not None


def _names_own(context: RunContext, operation: Operation, request: Request) -> bool:
    creator = creator_of(context.connector, operation)
    target = request.flow[1] if request.flow else request.target
    found = _match(context, operation, target.partition("?")[0])
    if creator is None or found is None:
        return False
    names = [p.name for p in path_parameters(operation)]
    order = _PLACEHOLDER.findall(operation.path)
    value = found.group(order.index("{" + names[-1] + "}") + 1)
    return context.ledger.owns(creator.id, unquote(value))


_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def _match(context: RunContext, operation: Operation, path: str) -> re.Match[str] | None:
    """The path as one of the operation's, each placeholder a group."""
    template = f"{context.base_path}/{operation.path.partition('?')[0].removeprefix('/')}"
    parts = [re.escape(part) for part in _PLACEHOLDER.split(template)]
    plain = [re.escape(unquote(part)) for part in _PLACEHOLDER.split(template)]
    return re.fullmatch("([^/]*)".join(parts), path) or re.fullmatch("([^/]*)".join(plain), path)


# ------------------------------------------------------------------ what the definition says


def notification_parameter(connector: Connector, operation: Operation) -> str | None:
    """The input that carries a callback URL (`x-ms-notification-url`), or None."""
    for parameter in operation.parameters:
        if parameter.raw.get("x-ms-notification-url"):
            return parameter.name
        if parameter.location == "body" and _has_callback(connector, parameter.schema, 0):
            return parameter.name
    return None


_CALLBACKS = frozenset(
    f"{word}{what}"
    for word in ("callback", "notification", "notify", "webhook", "hook")
    for what in ("url", "uri", "address", "endpoint")
)


def calls_back(connector: Connector, operation: Operation) -> bool:
    """Whether an input is named like a callback, though the definition does not mark it as one."""
    names = [p.name for p in operation.parameters]
    if operation.body is not None:
        schema = connector.resolve(operation.body.schema)
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        names += [str(name) for name in properties] if isinstance(properties, Mapping) else []
    return any(re.sub(r"[^a-z]", "", name.lower()) in _CALLBACKS for name in names)


def _has_callback(connector: Connector, schema: Any, depth: int) -> bool:
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping) or depth > 5:
        return False
    if schema.get("x-ms-notification-url"):
        return True
    properties = schema.get("properties")
    inner = list(properties.values()) if isinstance(properties, Mapping) else []
    parts = schema.get("allOf")
    inner += parts if isinstance(parts, list) else []
    return any(_has_callback(connector, part, depth + 1) for part in inner)
