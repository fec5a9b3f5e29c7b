"""Operations that tell the caller who the caller is, whatever words they use for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.identities import (
    SIGN_IN_NAMES,
    USUAL_NAMES,
    Claims,
    mentioned,
    told_names,
    whose_name,
)
from harness.exchanges.model import Exchange
from harness.exchanges.records import json_body
from harness.findings.examples import Fault
from harness.findings.model import Finding, Rule

__all__ = ["describes_caller", "judge_self_descriptions", "proof_of", "proposed_row"]

APP_IDENTITY = Rule(
    id="delegated.app-identity",
    severity="error",
    title="The function ran as the app, not as the user",
    meaning="An answer that tells whom the function ran as names neither the caller nor another "
    "configured user: most often the app's own (managed) identity.",
    why="Every user of the connector then reaches whatever the app can reach.",
    remedy="Use the user's identity from X-MS-CLIENT-PRINCIPAL, and the on-behalf-of flow for "
    "calls to other services. If the identity is meant, name it in [delegated] app-"
    "identities.",
    reference="App Service, 'Work with user identities in Azure App Service authentication'",
    shown_by=(Fault("runs-as-app:WhoAmI", "WhoAmI"),),
)
WRONG_IDENTITY = Rule(
    id="delegated.wrong-identity",
    severity="error",
    title="The function ran as somebody else",
    meaning="An answer that tells whom the function ran as names another user than the one who "
    "called.",
    why="A connector must give nobody data that this user could not already reach.",
    remedy="Take the user from X-MS-CLIENT-PRINCIPAL of each request; keep no user in a static "
    "or global variable, and do not take it from inputs.",
    reference="App Service, 'Work with user identities in Azure App Service authentication'",
    shown_by=(Fault("whoami-someone-else", "WhoAmI", along=("delegated.leak",)),),
)

_VERBS = frozenset(
    {"get", "show", "read", "retrieve", "fetch", "load", "view", "the", "current", "v", "api"}
)
_SUBJECTS = (
    {"me"},
    {"who", "am", "i"},
    {"whoami"},
    {"my", "profile"},
    {"user", "profile"},
    {"profile"},
    {"me", "profile"},
    {"myself"},
    {"my", "self"},
    {"self"},
    {"user", "info"},
    {"userinfo"},
    {"my", "user"},
    {"user"},
    {"identity"},
    {"my", "identity"},
    {"user", "identity"},
    {"my", "account"},
    {"signed", "in", "user"},
    {"my", "info"},
    {"my", "details"},
    {"user", "details"},
)
_LAST_SEGMENTS = frozenset({"me", "whoami", "profile", "myself", "userinfo", "self", "identity"})
_NAMES_OF_SOMEBODY = USUAL_NAMES - {"id", "name", "identity", "account"}


def describes_caller(operation: Operation) -> bool:
    """Whether an operation's name or path says that it tells who the caller is."""
    if operation.method not in ("GET", "HEAD", "POST") or "{" in operation.path:
        return False
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", operation.id)]
    subject = {word for word in words if word not in _VERBS}
    last = operation.path.rstrip("/").rpartition("/")[2].lower().replace("-", "").replace("_", "")
    return subject in _SUBJECTS or last in _LAST_SEGMENTS


def proof_of(operation: Operation, exchange: Exchange, claims_by_user: Claims) -> str | None:
    """How an answer proves that the call ran as its caller, or None where it does not.

    Any answer that names this user alone is one; a display name counts where the operation is
    there to tell who the caller is.
    """
    name = exchange.probe.caller.name
    if mentioned(exchange.response, claims_by_user) == {name}:
        return f"identity seen in {operation.id}"
    if describes_caller(operation):
        told = told_names(json_body(exchange.response), USUAL_NAMES)
        if {whose_name(value, claims_by_user) for _, value in told} - {None} == {name}:
            return f"the display name seen in {operation.id}"
    return None


def judge_self_descriptions(
    context: RunContext, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> list[Finding]:
    """Findings on answers that say who the caller is and name another.

    Only where the settings name no place to look at. Another configured user is an error; a name
    that every user is told and none of them has is a warning: it may be meant.
    """
    if context.settings.delegated.identity:
        return []
    findings: list[Finding] = []
    told: dict[str, dict[str, tuple[str, str]]] = {}
    for exchange in exchanges:
        operation, name = _operation(context, exchange), exchange.probe.caller.name
        if operation is None or exchange.status != 200 or name not in claims_by_user:
            continue
        usual = _NAMES_OF_SOMEBODY if describes_caller(operation) else SIGN_IN_NAMES
        found = list(told_names(json_body(exchange.response), usual))
        whom = {whose_name(value, claims_by_user) for _, value in found}
        if name in whom or name in mentioned(exchange.response, claims_by_user):
            continue
        if whom - {None} and describes_caller(operation):
            findings.append(_somebody_else(operation, exchange, found, claims_by_user))
        elif found and not whom - {None} and _is_sign_in_name(found[0]):
            told.setdefault(operation.id, {})[name] = found[0]
    return [*findings, *_strangers(context, exchanges, told, claims_by_user)]


def proposed_row(context: RunContext, exchanges: Sequence[Exchange]) -> str | None:
    """The line of settings that would prove the identity by what an answer shows, or None."""
    for exchange in exchanges:
        operation = _operation(context, exchange)
        if operation is None or exchange.status != 200 or not describes_caller(operation):
            continue
        for pointer, _ in told_names(json_body(exchange.response), USUAL_NAMES - {"id"}):
            key = pointer.rpartition("/")[2].lower().replace("_", "")
            claim = "name" if key in ("name", "displayname", "fullname") else "upn"
            return f'{{ operation = "{operation.id}", pointer = "{pointer}", claim = "{claim}" }}'
    return None


def _operation(context: RunContext, exchange: Exchange) -> Operation | None:
    wanted = exchange.probe.operation
    return next((o for o in context.connector.operations if o.id == wanted), None)


def _is_sign_in_name(found: tuple[str, str]) -> bool:
    """Whether what is told can be a name to sign in with: an address, or the name of an account."""
    pointer, value = found
    key = pointer.rpartition("/")[2].lower().replace("_", "").replace("-", "")
    return "@" in value or key in ("user", "username", "login", "loginname", "principal")


def _somebody_else(
    operation: Operation,
    exchange: Exchange,
    found: list[tuple[str, str]],
    claims_by_user: Claims,
) -> Finding:
    name = exchange.probe.caller.name
    pointer, value, whom = next(
        (p, v, w) for p, v in found if (w := whose_name(v, claims_by_user)) is not None
    )
    return WRONG_IDENTITY.finding(
        f"{operation.id} called by {name} says it ran as {whom}",
        operation=operation.id,
        caller=name,
        expected=f"{pointer or 'the body'} names {name}",
        observed=f"{pointer or 'the body'} is {value!r}",
        evidence=(exchange.id,),
    )


def _strangers(
    context: RunContext,
    exchanges: Sequence[Exchange],
    told: dict[str, dict[str, tuple[str, str]]],
    claims_by_user: Claims,
) -> list[Finding]:
    """Operations that tell every user the same sign-in name, which nobody configured has."""
    findings = []
    for operation, by_user in told.items():
        names = {value for _, value in by_user.values()}
        everybody = len(claims_by_user) > 1 and len(by_user) == len(claims_by_user)
        stranger = names.pop() if len(names) == 1 and everybody else None
        if stranger is None or stranger in context.settings.delegated.app_identities:
            continue
        pointer = next(iter(by_user.values()))[0]
        row = f'{{ operation = "{operation}", pointer = "{pointer}", claim = "upn" }}'
        findings.append(
            APP_IDENTITY.finding(
                f"{operation} names {stranger!r} to every user, who is none of them",
                operation=operation,
                caller=next(iter(by_user)),
                expected=f"{pointer} names the caller",
                observed=f"{pointer} is {stranger!r} for {', '.join(by_user)}",
                remedy="If the function should run as its caller, take the user from "
                f"X-MS-CLIENT-PRINCIPAL; to make this an error, set [delegated] identity = [{row}]."
                " If the identity is meant, name it in [delegated] app-identities.",
                severity="warning",
                evidence=tuple(e.id for e in exchanges if e.probe.operation == operation),
            )
        )
    return findings
