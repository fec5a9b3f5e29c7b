"""What to ask to see whether calls run as the signed-in user.

Few calls per operation: with two users one plain call each, two that try to pass as somebody else,
up to three ids of one user asked for by the other, and (bleed) eight rounds of interleaved calls.
Nothing that this run did not create is changed or deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from harness.connector.model import Operation
from harness.errors import SettingsError
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import ANONYMOUS, Caller, Exchange, Probe, Request, user
from harness.exchanges.records import json_body
from harness.exchanges.refusal import judge_exchange
from harness.inputs.auth_paths import auth_path
from harness.inputs.connection import signs_in_by_entra
from harness.inputs.permission import BASIS, why_not
from harness.inputs.requests import NO_BODY, build_request
from harness.inputs.values import example_values
from harness.settings.values import AccessRow
from harness.suites.delegated.bleed import says_the_same
from harness.suites.delegated.requests import is_readable, needs_ids, request_of
from harness.suites.delegated.self_descriptions import describes_caller
from harness.suites.delegated.separation_plan import separation_plan

__all__ = [
    "access_plan",
    "access_probes",
    "bleed_plan",
    "identity_candidates",
    "identity_plan",
    "separation_plan",
]

ROUNDS = 8
MOST_CANDIDATES = 6


def identity_candidates(context: RunContext) -> list[Operation]:
    """Operations that may tell whom they ran as, where the settings name none."""
    chosen = []
    for operation in context.connector.operations:
        if operation.id in context.settings.anonymous.public:
            continue
        values = example_values(context, operation)
        if is_readable(context, operation) and not needs_ids(values, operation):
            chosen.append(operation)
    chosen.sort(key=lambda o: (not describes_caller(o), not _hints_at_users(o)))
    return chosen[:MOST_CANDIDATES]


def _hints_at_users(operation: Operation) -> bool:
    text = f"{operation.id} {operation.path}".lower()
    return any(hint in text for hint in ("whoami", "/me", "profile", "user", "account"))


def identity_plan(context: RunContext) -> Plan:
    """Each user asks the configured (or likely) operations, and the platform, who they are."""
    settings = context.settings
    if settings.delegated.identity is None:
        return
    pointed = {p.operation for p in settings.delegated.identity}
    operations = [o for o in context.connector.operations if o.id in pointed]
    operations = operations or identity_candidates(context)
    probes = [
        Probe(
            f"identity/{name}/{operation.id}",
            operation.id,
            user(name),
            request_of(context, operation),
            "delegated/identity",
        )
        for operation in operations
        for name in settings.users
    ]
    with_tokens = signs_in_by_entra(context)
    exchanges = yield [*probes, *([_platform_probe(context)] if with_tokens else [])]
    if with_tokens and _is_platform(context, exchanges[-1]):
        exchanges = yield [_session_probe(context, name) for name in settings.users]
    asked = [probe for e in exchanges if (probe := _me_probe(context, e)) is not None]
    if asked:
        yield asked


def _platform_probe(context: RunContext) -> Probe:
    """Whether the platform answers at its sign-in address; where it does, the app never sees it."""
    request = Request("GET", auth_path(context, "login/aad"))
    return Probe("platform-login", None, ANONYMOUS, request, "delegated/login")


def _is_platform(context: RunContext, exchange: Exchange) -> bool:
    """Whether a visit of the sign-in address is sent off to sign in, as App Service does."""
    verdict = judge_exchange(context, exchange)
    return verdict.refused and verdict.manner in ("redirect", "page")


def _session_probe(context: RunContext, name: str) -> Probe:
    """Client-directed sign-in: the token for a session (App Service: "client-directed flow")."""
    body = json.dumps({"access_token": "{token}"}).encode("utf-8")
    content_type = ("Content-Type", "application/json")
    request = Request("POST", auth_path(context, "login/aad"), (content_type,), body)
    return Probe(f"session/{name}", None, user(name), request, "delegated/session")


def _me_probe(context: RunContext, exchange: Exchange) -> Probe | None:
    """`/.auth/me` with the session that client-directed sign-in gave."""
    if exchange.probe.purpose != "delegated/session" or exchange.status != 200:
        return None
    document = json_body(exchange.response)
    session = document.get("authenticationToken") if isinstance(document, Mapping) else None
    if not isinstance(session, str):
        return None
    name = exchange.probe.caller.name
    request = Request("GET", auth_path(context, "me"), (("X-ZUMO-AUTH", session),))
    caller = Caller(name, "anonymous")
    return Probe(f"platform/{name}", None, caller, request, "delegated/platform")


def access_plan(context: RunContext) -> Plan:
    """Every row of the access table, as every caller that it names."""
    probes = access_probes(context)
    if probes:
        yield probes


def access_probes(context: RunContext) -> list[Probe]:
    """The calls that the access table asks for, as far as they may be sent.

    Raises:
        SettingsError: a row gives a value that its operation has no place for.
    """
    probes: list[Probe] = []
    for index, row in enumerate(context.settings.delegated.access):
        operation = context.connector.operation(row.operation)
        if why_not(context, operation, "given") is not None:
            continue
        request = _row_request(context, operation, row)
        probes += [
            Probe(
                f"access/{index}/{name}",
                operation.id,
                ANONYMOUS if name == "anonymous" else user(name),
                request,
                "delegated/access",
                {
                    "row": index,
                    "expect": list(statuses),
                    "inputs": inputs_of(row),
                    BASIS: "given",
                },
                repeatable=not operation.changes_state,
            )
            for name, statuses in row.expect.items()
        ]
    return probes


def inputs_of(row: AccessRow) -> str:
    """A short hash of a row's own inputs: a recorded answer fits the row that asked for it."""
    plain = json.dumps([row.parameters, row.has_body, row.body], sort_keys=True, default=str)
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()[:12]


def _row_request(context: RunContext, operation: Operation, row: AccessRow) -> Request:
    values = example_values(context, operation)
    body = row.body if row.has_body else values.body if values.has_body else NO_BODY
    try:
        return build_request(context, operation, {**values.parameters, **row.parameters}, body)
    except SettingsError as error:
        raise SettingsError(f"[[delegated.access]] {row.operation}: {error}") from None


def bleed_plan(context: RunContext, operation: Operation) -> Plan:
    """One call per user as a yardstick, then many rounds of both users' calls interleaved.

    Where both get the same, each asks again past every cache, the second user first: then it is
    plain whether the answer is shared, or was kept for the wrong user.
    """
    settings = context.settings
    names = list(settings.users)[:2]
    if len(names) < 2 or operation.id in settings.anonymous.public:
        return
    if not is_readable(context, operation):
        return
    values = example_values(context, operation)
    if needs_ids(values, operation):
        return
    request = request_of(context, operation)
    alone: list[Exchange] = []
    for name in names:
        alone += yield [
            Probe(f"alone/{name}", operation.id, user(name), request, "delegated/alone")
        ]
    if all(e.status == 200 for e in alone) and says_the_same(*(e.response for e in alone)):
        for turn in (1, 2):
            for name in reversed(names):
                yield [_fresh(operation, request, name, turn)]
    yield [
        Probe(f"mixed/{turn}/{name}", operation.id, user(name), request, "delegated/mixed")
        for turn in range(ROUNDS)
        for name in names
    ]


def _fresh(operation: Operation, request: Request, name: str, turn: int) -> Probe:
    """The same call with a query that no cache has seen (RFC 9111 section 4: the cache key)."""
    joint = "&" if "?" in request.target else "?"
    target = f"{request.target}{joint}_={name}-{turn}"
    headers = (*request.headers, ("Cache-Control", "no-cache"))
    sent = replace(request, target=target, headers=headers)
    return Probe(f"fresh/{turn}/{name}", operation.id, user(name), sent, "delegated/fresh")
