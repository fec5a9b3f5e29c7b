"""Connectors that sign in by a key or a password: the good one gets in, wrong ones do not.

What can be forged of a key without knowing more: leave it empty, cut it, lengthen it, change its
letters' case, make one up, send it in another place. Functions host keys: Microsoft, "Work with
access keys in Azure Functions" (`x-functions-key` or `code`, both are accepted).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from harness.connector.model import Operation
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import ANONYMOUS, Caller, Exchange, Probe, Request, user
from harness.exchanges.refusal import Verdict, judge_exchange
from harness.findings.examples import Fault
from harness.findings.model import Finding, Judgement, Rule
from harness.inputs.connection import (
    Credential,
    connection_values,
    credentials_of,
    missing_connection,
)
from harness.inputs.harmless import door_request, is_repeatable
from harness.inputs.learning import learn
from harness.inputs.platform import why_not_sent
from harness.inputs.requests import example_values
from harness.settings.secret import Secret

__all__ = ["judge_key_settings", "judge_keys", "key_plan"]

FUNCTION_KEYS = frozenset({"x-functions-key", "code"})
"""Where the Functions host takes its own keys: each place is as good as the other."""
TOKEN = "token"
"""Under this name the values hold the token of another provider."""
_ENTRY = re.compile(r"\{connection:([^{}]+)\}")
WITH_KEYS: Mapping[str, Any] = {
    "options": {"by_keys": True},
    "definition": {
        "/securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
        "/security": [{"key": []}],
    },
    "properties": {"/properties/connectionParameters": {"api_key": {"type": "securestring"}}},
    "settings": {
        "users.alice.connection": {"api_key": "AliceKey-of-the-sample"},
        "users.bob.connection": {"api_key": "BobKey-of-the-sample"},
        "delegated.identity": "none",
    },
}
"""What turns the sample into a connector that signs in by a key."""

KEY_ACCEPTED = Rule(
    id="token.key-accepted",
    severity="error",
    title="A wrong key is accepted",
    meaning="An operation answered a call with an empty, cut, lengthened or made-up key or"
    " password as it answers the good one.",
    why="Whoever knows the address reads and changes the data: the connection's key "
    "protects nothing.",
    remedy="Compare the whole key in constant time, and refuse calls without one before "
    "anything else; for a function set authLevel to function and let the host check"
    " the key.",
    reference="Microsoft: Work with access keys in Azure Functions; OWASP API Security Top"
    " 10, API2:2023",
    shown_by=(Fault("key-any", "WhoAmI", **WITH_KEYS),),
)
KEY_CASE = Rule(
    id="token.key-case",
    severity="warning",
    title="A key counts whatever the case of its letters",
    meaning="The good key with its letters' case changed was accepted.",
    why="Such a key is much easier to guess than its length promises.",
    remedy="Compare keys exactly, byte by byte.",
    reference="OWASP API Security Top 10, API2:2023 Broken Authentication",
    shown_by=(Fault("key-case", "WhoAmI", **WITH_KEYS),),
)
KEY_PLACE = Rule(
    id="token.key-place",
    severity="warning",
    title="A key counts in another place than the definition names",
    meaning="The good key was accepted in the query string where the definition promises a"
    " header, or the other way round.",
    why="Keys in addresses end up in logs, browser histories and referrers.",
    remedy="Read the key only where the definition says.",
    reference="RFC 6750 section 2.3; OWASP API Security Top 10, API2:2023",
    shown_by=(Fault("key-elsewhere", "WhoAmI", **WITH_KEYS),),
)


@dataclass(frozen=True, slots=True)
class WrongKey:
    """A way in which a key is wrong; `value` is what is sent in the good one's place."""

    kind: str
    says: str
    value: str


def wrong_keys(key: str) -> Iterator[WrongKey]:
    """What is sent in place of a key: never the key itself."""
    yield WrongKey("key-empty", "an empty key", "")
    yield WrongKey("key-blank", "a key of blanks", " ")
    if len(key) > 1:
        yield WrongKey("key-cut", "the key without its last character", key[:-1])
    yield WrongKey("key-longer", "the key with a character more", f"{key}x")
    yield WrongKey("key-made-up", "a made-up key", "".join("b" if c == "a" else "a" for c in key))
    if key.swapcase() != key:
        yield WrongKey("key-case", "the key in the other case", key.swapcase())


def key_plan(context: RunContext, operation: Operation, values: Mapping[str, str]) -> Plan:
    """Probes with the good key, with none, and with wrong ones.

    `values` are the default user's connection values; a replay has none and needs none.
    """
    name = context.settings.default_user
    if name is None or operation.id in context.settings.anonymous.public:
        return
    if missing_connection(context, operation) or why_not_sent(context, operation):
        return
    best = yield from learn(
        context, operation, example_values(context, operation), user(name), suite="tokens"
    )
    request = door_request(context, operation, best)
    if request is None:
        return
    controls = yield [
        _probe(operation, request, user(name), "control", "good"),
        _probe(operation, request, ANONYMOUS, "none", "none"),
    ]
    good, none = (judge_exchange(context, exchange) for exchange in controls)
    if not good.rank or none.outcome != "refused":
        return
    probes = list(_wrong(context, operation, request, values))
    if not operation.changes_state or context.is_freed(operation):
        yield probes
        return
    for probe in probes:
        exchanges = yield [probe]
        if any(judge_exchange(context, e).outcome == "open" for e in exchanges):
            return


def _wrong(
    context: RunContext, operation: Operation, request: Request, values: Mapping[str, str]
) -> Iterator[Probe]:
    for credential in _carried(context, operation, request):
        secret = values.get(credential.entries[-1] if credential.entries else TOKEN, "")
        for wrong in wrong_keys(secret or "0000000000000000"):
            caller = Caller(
                f"forged:{wrong.kind}", "forgery", Secret(_sent(credential, wrong, values))
            )
            changed = _with_placeholder(request, credential)
            yield _probe(operation, changed, caller, "hostile", wrong.kind, says=wrong.says)
        if credential.kind == "key" and credential.name.lower() not in FUNCTION_KEYS:
            caller = Caller("forged:key-elsewhere", "forgery", Secret(secret))
            moved = _moved(request, credential)
            yield _probe(
                operation,
                moved,
                caller,
                "place",
                "key-elsewhere",
                name=credential.name,
                location=credential.location,
            )


def _carried(context: RunContext, operation: Operation, request: Request) -> Iterator[Credential]:
    """What a request carries of a connection: the definition's credentials, and policies' headers.

    A policy may put a key into a header that the definition does not know of.
    """
    declared = credentials_of(context, operation)
    yield from (c for c in declared if c.kind == "bearer" or c.template in _values(request))
    known = {credential.template for credential in declared}
    secret = {n for n, v in connection_values(context).items() if v == f"{{connection:{n}}}"}
    for name, value in request.headers:
        entry = _ENTRY.search(value)
        if entry is not None and value not in known and entry[1] in secret:
            yield Credential("key", name, "header", name, (entry[1],))


def _values(request: Request) -> str:
    return "\n".join([request.target, *(value for _, value in request.headers)])


def _sent(credential: Credential, wrong: WrongKey, values: Mapping[str, str]) -> str:
    value = wrong.value
    if credential.kind == "basic":
        name = values.get(credential.entries[0], "")
        return base64.b64encode(f"{name}:{value}".encode()).decode("ascii")
    return quote(value, safe="~") if credential.location == "query" else value


def _with_placeholder(request: Request, credential: Credential) -> Request:
    """The request with `{token}`, which the forgery fills, in the place of the credential."""
    own = credential.template
    if credential.kind == "bearer":
        return request
    mark = "Basic {token}" if credential.kind == "basic" else "{token}"
    headers = tuple((n, v.replace(own, mark)) for n, v in request.headers)
    return replace(request, headers=headers, target=request.target.replace(own, "{token}"))


def _moved(request: Request, credential: Credential) -> Request:
    """The request with the good key in the other place alone."""
    own = credential.template
    if credential.location == "query":
        target = request.target.replace(f"{credential.name}={own}", "").replace("?&", "?")
        target = target.replace("&&", "&").rstrip("?&")
        return replace(
            request, target=target, headers=(*request.headers, (credential.name, "{token}"))
        )
    headers = tuple(pair for pair in request.headers if own not in pair[1])
    mark = "&" if "?" in request.target else "?"
    target = f"{request.target}{mark}{quote(credential.name, safe='~')}={{token}}"
    return replace(request, headers=headers, target=target)


def judge_keys(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> Judgement:
    """What an operation's exchanges with keys say."""
    if operation.id in context.settings.anonymous.public:
        return Judgement(skipped=f"[anonymous] public lists {operation.id}: it asks for no key")
    lacking = missing_connection(context, operation) or why_not_sent(context, operation)
    if lacking is not None:
        return Judgement(unverified=f"{operation.id}: no key to call it with; set {lacking}")
    by_part = {
        part: [
            (e, judge_exchange(context, e)) for e in exchanges if e.probe.meta.get("part") == part
        ]
        for part in ("control", "none", "hostile", "place")
    }
    if not by_part["control"] or not by_part["none"]:
        return Judgement(
            unverified=f"{operation.id} was not called: the good key was proved on reading "
            "operations only"
        )
    stop = _prerequisite(operation, by_part["control"][-1], by_part["none"][-1])
    if stop is not None:
        return stop
    unknown = [v for _, v in by_part["hostile"] if v.outcome == "unverified"]
    reason = f"{operation.id} with wrong keys: {unknown[0].observed}" if unknown else None
    if not by_part["hostile"]:
        reason = f"{operation.id}: no wrong key was tried"
    findings = [
        *_accepted(operation, by_part["hostile"]),
        *_elsewhere(operation, by_part["place"]),
    ]
    return Judgement(tuple(findings), unverified=reason)


def _prerequisite(
    operation: Operation, good: tuple[Exchange, Verdict], none: tuple[Exchange, Verdict]
) -> Judgement | None:
    if good[1].outcome in ("unverified", "elsewhere"):
        return Judgement(unverified=f"{operation.id} with the good key: {good[1].observed}")
    if not good[1].rank:
        return Judgement(
            unverified=f"{operation.id} refuses the key of {good[0].probe.caller.name} "
            f"({good[1].observed}): check the value of its connection in the settings"
        )
    if none[1].outcome != "refused":
        return Judgement(
            unverified=f"{operation.id} without a key: {none[1].observed}; see the anonymous suite"
        )
    return None


def _accepted(
    operation: Operation, hostile: Sequence[tuple[Exchange, Verdict]]
) -> Iterator[Finding]:
    let_in = [(e, v) for e, v in hostile if v.outcome == "open"]
    for rule, kinds in (
        (KEY_ACCEPTED, [e for e in let_in if e[0].probe.meta.get("kind") != "key-case"]),
        (KEY_CASE, [e for e in let_in if e[0].probe.meta.get("kind") == "key-case"]),
    ):
        if not kinds or (rule is KEY_CASE and len(let_in) > 1):
            continue
        says = ", ".join(dict.fromkeys(str(e.probe.meta.get("says")) for e, _ in kinds))
        yield rule.finding(
            f"{operation.id} accepts {says}",
            operation=operation.id,
            caller=kinds[0][0].probe.caller.name,
            expected="401 or 403",
            observed=kinds[0][1].observed,
            evidence=tuple(e.id for e, _ in kinds if e.id),
        )


def _elsewhere(
    operation: Operation, moved: Sequence[tuple[Exchange, Verdict]]
) -> Iterator[Finding]:
    for exchange, verdict in moved:
        if verdict.outcome != "open":
            continue
        meta = exchange.probe.meta
        other = "the query string" if meta.get("location") == "header" else "a header"
        yield KEY_PLACE.finding(
            f"{operation.id} takes the key {meta.get('name')} from {other} as well",
            operation=operation.id,
            caller=exchange.probe.caller.name,
            expected=f"the key counts in the {meta.get('location')} alone",
            observed=verdict.observed,
            evidence=(exchange.id,) if exchange.id else (),
        )


def judge_key_settings(context: RunContext) -> Judgement:
    """Whether every user has what the connector's connections hold."""
    if not context.settings.users:
        lacking = next(
            (m for o in context.connector.operations if (m := missing_connection(context, o))), None
        )
        if lacking is not None:
            return Judgement(unverified=f"no connection is configured: add {lacking}")
        return Judgement(skipped="the connector asks for no sign-in, key or password")
    for operation in context.connector.operations:
        lacking = missing_connection(context, operation)
        if lacking is not None:
            return Judgement(unverified=f"a connection lacks a value: add {lacking}")
    return Judgement(
        skipped="the connector signs in by a key or password: there is no token to read"
    )


def _probe(
    operation: Operation, request: Request, caller: Caller, part: str, kind: str, **meta: str
) -> Probe:
    return Probe(
        f"tokens/{part}/{kind}",
        operation.id,
        caller,
        request,
        f"tokens/{kind}",
        {"part": part, "kind": kind, **meta},
        is_repeatable(operation, request),
    )
