"""Judging calls without a token: is the door shut, does it point the right way, does it hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange
from harness.exchanges.refusal import Verdict, gateway_refusal, judge_exchange, listed
from harness.exchanges.silence import mostly_silent
from harness.findings.examples import Fault
from harness.findings.model import Finding, Judgement, Rule, Severity
from harness.inputs.connection import signs_in_by_entra
from harness.inputs.permission import why_not
from harness.inputs.platform import why_not_sent
from harness.suites.anonymous.data_in_refusal import leaked
from harness.suites.anonymous.hidden import SIGNED_IN, why_hidden_proves_nothing
from harness.suites.anonymous.plan import app_decides
from harness.suites.anonymous.settings_disagree import Refusal, reconciled
from harness.suites.anonymous.sign_in_redirect import (
    SignInTargets,
    faults_of_refusal,
    signposts_of,
)
from harness.suites.anonymous.tricks import TRICK_FAMILIES

__all__ = ["judge_anonymous"]

OPEN = Rule(
    id="anonymous.open",
    severity="error",
    title="An operation answers without a token",
    meaning="A call without any token was answered as if somebody had signed in.",
    why="Everybody on the internet can make this call; nothing the connector does protects it.",
    remedy="In the portal: Authentication, Edit, 'Require authentication' and 'HTTP 401' or "
    "'HTTP 302'; `connector-harness explain anonymous.open` has the same in Bicep and az.",
    reference="Microsoft: Authentication and authorization in Azure App Service",
    shown_by=(Fault("auth-off:Hello", "Hello"),),
)
REACHED_APP = Rule(
    id="anonymous.reached-app",
    severity="error",
    title="A call without a token reaches the function",
    meaning="A call without a token was answered with an error that only the app itself gives "
    "(400, 404, 405, 500). App Service Authentication refuses before it routes, so the "
    "call got past the door.",
    why="The token check does not come first: with a better-formed call the function would run.",
    remedy="In the portal: Authentication, Edit, 'Require authentication' and 'HTTP 401' or "
    "'HTTP 302'; `connector-harness explain anonymous.open` has the same in Bicep and az. If the "
    'function checks tokens itself, set [anonymous] enforced-by = "app".',
    reference="Microsoft: Authentication and authorization in Azure App Service",
    shown_by=(Fault("auth-off:GetDocument", "GetDocument"),),
)
DATA_IN_REFUSAL = Rule(
    id="anonymous.data-in-refusal",
    severity="error",
    title="A refusal carries the data",
    meaning="The body of a 401, 403 or redirect matches the operation's success schema, holds "
    "records, or repeats what was asked.",
    why="Such a door is open in all but name: the function ran, and its answer went out.",
    remedy="Return before the function's work is done, with an empty body or an error object.",
    reference="OWASP API Security Top 10 2023, API2 Broken Authentication",
    shown_by=(Fault("data-in-401", "ListDocuments"),),
)
EXPECTATION = Rule(
    id="anonymous.expectation",
    severity="error",
    title="A call is not refused in the way that the settings expect",
    meaning="The call was refused, but not in the way that [anonymous] expect names.",
    why="Clients are written for one of the ways; a changed one means a changed configuration.",
    remedy="Correct unauthenticatedClientAction in the app, or [anonymous] expect in the settings.",
    reference="Microsoft: Authentication and authorization in Azure App Service",
    shown_by=(Fault(operation="WhoAmI", settings={"anonymous.expect": "401"}),),
)
NOT_PUBLIC = Rule(
    id="anonymous.not-public",
    severity="error",
    title="An operation declared public asks for a token",
    meaning="[anonymous] public lists the operation, but a call without a token is refused.",
    why="Whoever relies on it without a token (a health monitor, say) is turned away.",
    remedy="Add its path to globalValidation.excludedPaths, or take it out of [anonymous] public.",
    reference="Microsoft: Authentication and authorization in Azure App Service",
    shown_by=(Fault(operation="WhoAmI", settings={"anonymous.public": ["Health", "WhoAmI"]}),),
)
BYPASS = Rule(
    id="anonymous.bypass",
    severity="error",
    title="A trick passes the door",
    meaning="The plain call was refused, but the same call with an odd path, header or method was"
    " answered as if signed in.",
    why="The door and the app read the call differently; attackers try these tricks first.",
    remedy="Narrow excludedPaths, keep the check in one place, and trust X-MS-* and "
    "X-Forwarded-* headers only behind App Service Authentication.",
    reference="OWASP API Security Top 10 2023, API2 and API8",
    shown_by=(Fault("case-bypass", "ListDocuments"),),
)

KEY_REMEDY = (
    "Check the key or password before anything else: for a function set authLevel to function or "
    "admin; in your own code refuse calls without a valid one with 401."
)
HIDDEN = (
    "Or the app hides: unauthenticatedClientAction RejectWith404 answers 404 for every path; then "
    'set [anonymous] expect = "404".'
)
EXCLUDED_PATHS = (
    "Look at globalValidation.excludedPaths too: a path or wildcard there takes operations out of "
    "the check."
)
CLIENTS = {"api": "an API client", "browser": "a browser"}
_WAYS = {
    "refused": ("challenge", "redirect", "page"),
    "401": ("challenge",),
    "redirect": ("redirect", "page"),
    "403": ("forbidden",),
    "404": ("missing",),
}
_IN_WORDS = {
    "refused": "401, or sent to the tenant's sign-in",
    "401": "401",
    "redirect": "sent to the tenant's sign-in",
    "403": "403",
    "404": "404",
}


@dataclass(frozen=True, slots=True)
class _Leg:
    """One line of questioning: its exchanges (redirects within the host) and the last verdict."""

    exchanges: tuple[Exchange, ...]
    verdict: Verdict

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def meta(self) -> Mapping[str, Any]:
        return self.exchanges[0].probe.meta

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(e.id for e in self.exchanges if e.id)

    @property
    def asked(self) -> str:
        request = self.exchanges[0].probe.request
        return f"{request.method} {request.target}"


def judge_anonymous(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> Judgement:
    """What an operation's anonymous exchanges say, from the exchanges and the settings alone."""
    elsewhere = why_not_sent(context, operation)
    if elsewhere is not None:
        return Judgement(unverified=elsewhere)
    legs = _legs(context, exchanges)
    plain = _plain_legs(legs)
    if operation.id in context.settings.anonymous.public:
        return _judge_public(operation, plain)
    sibling = [leg for leg in plain if _is_of_sibling(context, operation, leg)]
    plain = [leg for leg in plain if leg not in sibling and not _is_cors(leg)]
    if any(leg.meta.get("part") == "own" for leg in plain) and app_decides(context, operation):
        plain = [leg for leg in plain if not leg.meta.get("by_path")]
    if not plain:
        return Judgement(unverified=_why_nothing_is_proved(operation, sibling))
    hidden = why_hidden_proves_nothing(context, operation, exchanges)
    if hidden is not None and all(leg.verdict.refused for leg in plain):
        return Judgement(unverified=hidden)
    passed = _past_the_door(context, operation, plain)
    if passed is not None:
        return passed
    if app_decides(context, operation) and all(leg.meta.get("by_path") for leg in plain):
        return Judgement(unverified=_why_not_asked(context, operation))
    posts, doubt = reconciled(context, signposts_of(context), _refused(plain))
    findings = [*_refusals(context, operation, plain, posts), *_bypasses(operation, legs)]
    if not signs_in_by_entra(context, operation):
        doubt = None
        findings = [replace(finding, remedy=KEY_REMEDY) for finding in findings]
    unknown = [leg for leg in plain if leg.verdict.outcome in ("unverified", "elsewhere")]
    reason = None
    if unknown:
        leg = unknown[0]
        reason = f"{leg.asked} without a token: {leg.verdict.observed}"
    return Judgement(tuple(_merged(findings)), unverified=doubt or reason or _silence(legs))


def _refused(legs: Sequence[_Leg]) -> Iterator[Refusal]:
    """How each kind of client was refused, where there was an answer."""
    for leg in legs:
        if leg.last.response is not None and leg.verdict.refused:
            yield Refusal(str(leg.meta.get("client")), leg.verdict, leg.last.response)


def _silence(legs: Sequence[_Leg]) -> str | None:
    """Why nothing is proved where most tricks got no answer at all."""
    tricks = [leg.last for leg in legs if leg.meta.get("part") == "trick"]
    return mostly_silent(tricks)


def _why_nothing_is_proved(operation: Operation, sibling: Sequence[_Leg]) -> str:
    if not sibling:
        return f"{operation.id}: no call without a token was made"
    leg = sibling[0]
    return (
        f"{operation.id}: {leg.asked} without a token is answered ({leg.last.status}), but that is "
        f"another operation of the same path; {operation.method} itself does not go out where the "
        "door of its path is open"
    )


def _why_not_asked(context: RunContext, operation: Operation) -> str:
    """Why an operation that changes state is not proved where the app checks tokens itself."""
    reason = (
        why_not(context, operation, "given") or f"give real input under [operations.{operation.id}]"
    )
    return (
        f"{operation.id}: the app checks tokens itself, so that a GET on its path proves nothing "
        f"about {operation.method}: {reason}"
    )


def _legs(context: RunContext, exchanges: Sequence[Exchange]) -> list[_Leg]:
    grouped: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in exchanges:
        meta = exchange.probe.meta
        if meta.get("part") == SIGNED_IN:
            continue
        key = (str(meta.get("part")), str(meta.get("leg")))
        grouped.setdefault(key, []).append(exchange)
    return [_Leg(tuple(es), verdict_on(context, es[-1])) for es in grouped.values()]


def verdict_on(context: RunContext, exchange: Exchange) -> Verdict:
    """What an exchange says of the app's door; a gateway's own refusal says nothing of it."""
    return gateway_refusal(exchange.response) or judge_exchange(context, exchange)


def _plain_legs(legs: Sequence[_Leg]) -> list[_Leg]:
    """The plain legs; the API client's gives way to a request that the app recognised."""
    recognised = [leg for leg in legs if leg.meta.get("part") == "recognised"]
    plain = [leg for leg in legs if leg.meta.get("part") in ("plain", "own")]
    if recognised:
        plain = [leg for leg in plain if leg.meta.get("client") != "api"]
    return [*recognised, *plain]


def _is_of_sibling(context: RunContext, operation: Operation, leg: _Leg) -> bool:
    """Whether a visit was let in by another operation, the GET of the same path: its own matter."""
    if leg.last.probe.request.method != "GET" or operation.method == "GET":
        return False
    if leg.verdict.outcome not in ("open", "reached"):
        return False
    return any(
        other.path == operation.path and other.method == "GET"
        for other in context.connector.operations
    )


def _is_cors(leg: _Leg) -> bool:
    """Whether a visit with OPTIONS met a CORS layer, which answers without asking anybody."""
    response = leg.last.response
    options = leg.last.probe.request.method == "OPTIONS" and response is not None
    return options and leg.verdict.outcome == "open" and not (response and response.body.strip())


def _judge_public(operation: Operation, plain: Sequence[_Leg]) -> Judgement:
    if not plain:
        return Judgement(unverified=f"{operation.id} is declared public, but was not called")
    leg = plain[0]
    if leg.verdict.outcome == "unverified":
        return Judgement(unverified=f"{leg.asked}: {leg.verdict.observed}")
    if leg.verdict.outcome in ("open", "reached"):
        return Judgement(
            skipped=f"open on purpose: [anonymous] public lists {operation.id}, and it answers "
            f"without a token ({leg.last.status})"
        )
    finding = NOT_PUBLIC.finding(
        f"{operation.id} is declared public, but a call without a token is refused",
        operation=operation.id,
        caller="anonymous",
        expected="an answer without a token",
        observed=leg.verdict.observed,
        evidence=leg.evidence,
    )
    return Judgement((finding,))


def _past_the_door(
    context: RunContext, operation: Operation, plain: Sequence[_Leg]
) -> Judgement | None:
    """One finding for a door that is not shut, whatever else is wrong; None where it is."""
    with_tokens = signs_in_by_entra(context, operation)
    opened = [leg for leg in plain if leg.verdict.outcome == "open"]
    reached = [leg for leg in plain if leg.verdict.outcome == "reached"]
    if opened:
        found = _door_finding(OPEN, operation, opened, reached)
        return Judgement((found if with_tokens else replace(found, remedy=KEY_REMEDY),))
    if not reached:
        return None
    if app_decides(context, operation):
        leg = reached[0]
        if leg.meta.get("by_path"):
            return Judgement(unverified=_why_not_asked(context, operation))
        return Judgement(
            unverified=f"{leg.asked} without a token got {leg.verdict.observed}: the app checks "
            "tokens itself, and no call was found that it recognises; give real inputs under "
            f"[operations.{operation.id}]"
        )
    return Judgement((_door_finding(REACHED_APP, operation, reached, ()),))


def _door_finding(
    rule: Rule, operation: Operation, legs: Sequence[_Leg], more: Sequence[_Leg]
) -> Finding:
    clients = listed(list(dict.fromkeys(CLIENTS[str(leg.meta["client"])] for leg in legs)))
    what = "is answered" if rule is OPEN else "gets past the door to the app"
    remedy = rule.remedy
    if all(leg.last.status == 404 for leg in legs):
        remedy = f"{rule.remedy} {HIDDEN}"
    elif rule is OPEN:
        remedy = f"{rule.remedy} {EXCLUDED_PATHS}"
    return rule.finding(
        f"{operation.id} without a token {what} ({clients})",
        operation=operation.id,
        caller="anonymous",
        expected="401, or a redirect to the tenant's sign-in",
        observed="; ".join(f"{leg.asked}: {leg.verdict.observed}" for leg in legs),
        remedy=remedy,
        evidence=tuple(i for leg in (*legs, *more) for i in leg.evidence),
    )


def _refusals(
    context: RunContext, operation: Operation, plain: Sequence[_Leg], posts: SignInTargets
) -> Iterator[Finding]:
    """What is wrong with the refusals themselves."""
    for leg in plain:
        response = leg.last.response
        if response is None or not leg.verdict.refused:
            continue
        request = leg.exchanges[0].probe.request
        held = leaked(context.connector, operation, request, response)
        if held:
            yield _finding(
                DATA_IN_REFUSAL,
                operation,
                leg,
                f"{operation.id} refuses a call without a token, but its body holds {held}",
                "an empty body or an error object",
                f"{leg.verdict.observed}, with {held}",
            )
        with_tokens = signs_in_by_entra(context, operation)
        client = str(leg.meta.get("client"))
        if not is_expected(context, leg.verdict, client, with_tokens=with_tokens):
            way = context.settings.anonymous.expect
            yield _finding(
                EXPECTATION,
                operation,
                leg,
                f"{operation.id} refuses {CLIENTS[str(leg.meta['client'])]} otherwise than "
                f'[anonymous] expect = "{way}" says',
                _IN_WORDS[way],
                leg.verdict.observed,
            )
        for fault in faults_of_refusal(leg.verdict, response, posts) if with_tokens else ():
            finding = _finding(
                fault.rule,
                operation,
                leg,
                f"{operation.id}: {fault.message}",
                fault.expected,
                fault.observed,
            )
            yield finding if fault.severity is None else _as(finding, fault.severity)


def is_expected(
    context: RunContext, verdict: Verdict, client: str, *, with_tokens: bool = True
) -> bool:
    """Whether a refusal is of the configured way.

    App Service redirects browsers only, so with "redirect" an API client's 401 is right as well.
    """
    expect = context.settings.anonymous.expect
    if expect == "refused" and not with_tokens:
        return True  # where keys are checked, 403 refuses as well as 401
    if expect == "redirect" and client == "api":
        return verdict.manner in ("challenge", "redirect", "page")
    return verdict.manner in _WAYS[expect]


def _bypasses(operation: Operation, legs: Sequence[_Leg]) -> Iterator[Finding]:
    """One finding for each family of tricks that was let in."""
    nonsense = {str(g.meta["trick"]): g for g in legs if g.meta.get("part") == "nonsense"}
    families: dict[str, list[_Leg]] = {}
    for leg in legs:
        if leg.meta.get("part") == "trick" and _passes(leg, nonsense.get(str(leg.meta["trick"]))):
            families.setdefault(str(leg.meta["family"]), []).append(leg)
    for family, passing in families.items():
        names = [str(leg.meta["trick"]) for leg in passing]
        yield BYPASS.finding(
            f"{operation.id} without a token passes the door by {TRICK_FAMILIES[family]} "
            f"({listed(names)})",
            operation=operation.id,
            caller="anonymous",
            expected="refused like the plain call",
            observed="; ".join(f"{leg.asked}: {leg.verdict.observed}" for leg in passing),
            evidence=tuple(i for leg in passing for i in leg.evidence),
            data={"family": family, "tricks": names},
        )


def _passes(leg: _Leg, control: _Leg | None) -> bool:
    """Whether a trick was answered as if signed in.

    An error counts only where the same trick on a nonsense path is answered otherwise: front ends
    have answers of their own to odd calls. An empty OPTIONS answer is the CORS layer's.
    """
    response = leg.last.response
    if response is None:
        return False
    if leg.verdict.outcome == "open":
        return not (leg.last.probe.request.method == "OPTIONS" and not response.body.strip())
    if leg.verdict.outcome != "reached" or control is None or control.last.response is None:
        return False
    other = control.last.response
    same = response.status == other.status and response.media_type == other.media_type
    return not same or bool(response.body.strip()) != bool(other.body.strip())


def _finding(
    rule: Rule, operation: Operation, leg: _Leg, message: str, expected: str, observed: str
) -> Finding:
    return rule.finding(
        message,
        operation=operation.id,
        caller="anonymous",
        expected=expected,
        observed=f"{leg.asked} as {CLIENTS[str(leg.meta['client'])]}: {observed}",
        evidence=leg.evidence,
    )


def _as(finding: Finding, severity: Severity) -> Finding:
    return replace(finding, severity=severity)


def _merged(findings: Sequence[Finding]) -> Iterator[Finding]:
    """One finding for one cause: the API client's and the browser's with the same words are one."""
    seen: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, finding.message), finding)
    yield from seen.values()
