"""Judging calls with tokens: the good one gets in, the hostile ones do not, none gets further."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange
from harness.exchanges.refusal import Verdict, gateway_refusal, judge_exchange, listed
from harness.exchanges.silence import mostly_silent
from harness.findings.examples import Fault
from harness.findings.model import Finding, Judgement, Rule, Severity
from harness.inputs.permission import why_not
from harness.inputs.platform import why_not_sent
from harness.suites.tokens.forging import BY_NAME, DELEGATED
from harness.suites.tokens.refused import reasons_for_refusal

__all__ = ["judge_token_skips", "judge_tokens"]

ACCEPTED = Rule(
    id="token.accepted",
    severity="error",
    title="A hostile token is let in",
    meaning="An operation answered a call whose token must be refused as it answers the good "
    "token.",
    why="Whoever can make or get such a token acts as any user of the app.",
    remedy="Let App Service Authentication check tokens (Require authentication), with issuer, "
    "audience and allow-list set; if the function checks them itself, use a maintained "
    "library that pins algorithm, issuer, audience and lifetime.",
    reference="RFC 8725; RFC 7519 section 4.1; Microsoft: Configure your App Service app to use "
    "Microsoft Entra sign-in",
    shown_by=(Fault("accept-expired", "ListCategories"),),
)
REACHED_APP = Rule(
    id="token.reached-app",
    severity="error",
    title="A hostile token reaches the function",
    meaning="A call with a hostile token was answered with an error that only the app gives, so "
    "the token check did not come first.",
    why="With a better-formed call the function would have run.",
    remedy="Set unauthenticatedClientAction to Return401; if the function itself checks tokens, "
    'do so first and set [anonymous] enforced-by = "app".',
    reference="Microsoft: Authentication and authorization in Azure App Service",
    shown_by=(Fault("late-token-check:CreateDocument", "CreateDocument"),),
)
DELEGATED_ONLY = Rule(
    id="token.delegated-only",
    severity="error",
    title="A token without the delegated permission is let in",
    meaning="A token with no scp, with another scope, or of an app without a user was let in. App"
    " Service Authentication does so by design; the connector's promise is delegated "
    "access.",
    why="Any app of the tenant that can get a token for this API acts without a user.",
    remedy="Check scp in the function: refuse a token that lacks it. Against app-only tokens "
    "alone, turn 'Assignment required' on in the API's enterprise application, so that Entra ID "
    "issues none without an app role (allowedApplications does not help: the client is allowed). "
    "Where it is meant so, set [tokens] accept-app-only or accept-any-scope.",
    reference="Microsoft: Configure your App Service app to use Microsoft Entra sign-in, section "
    "Use a built-in authorization policy",
    shown_by=(Fault("accept-app-only", "ListCategories"),),
)
GOOD_REFUSED = Rule(
    id="token.good-refused",
    severity="error",
    title="The good token is refused",
    meaning="The token that the default user signed in for was refused, so nothing can be said "
    "about hostile ones.",
    why="The connector's users are refused in the same way.",
    remedy="Compare the token's audience, issuer and client with the identity provider's settings.",
    reference="Microsoft: Access tokens in the Microsoft identity platform",
    shown_by=(Fault("refuse-good-token", "WhoAmI"),),
)
CARRIAGE = Rule(
    id="token.carriage",
    severity="error",
    title="A token counts where it must not",
    meaning="A good token was accepted in the query string, in a cookie, under another scheme or "
    "in another header; as a note: next to a second Authorization header.",
    why="Addresses end in logs, and cookies are sent by browsers unasked.",
    remedy="Read the token from the Authorization header alone, and refuse two of them.",
    reference="RFC 6750 sections 2 and 5.3",
    shown_by=(Fault("accept-query-token", "ListCategories"),),
)
NOT_MONOTONE = Rule(
    id="token.not-monotone",
    severity="error",
    title="A worse caller gets further than a better one",
    meaning="A call without a token, or with a hostile one, got further than the call with the "
    "good token. An allow-list stored as an empty array does this: it permits nobody who "
    "signs in.",
    why="The door is open to strangers and shut to the connector's users.",
    remedy="Set unauthenticatedClientAction to Return401 and fill, or remove, the empty list "
    "under defaultAuthorizationPolicy.",
    reference="Microsoft: Configure your App Service app to use Microsoft Entra sign-in",
    shown_by=(Fault("signed-in-refused:WhoAmI", "WhoAmI"),),
)
UNEXPECTED_REFUSAL = Rule(
    id="token.unexpected-refusal",
    severity="warning",
    title="An invalid token is answered with 403",
    meaning="A token that is not valid was answered with 403, which is for valid tokens that may "
    "not.",
    why="Clients sign in anew on 401, not on 403; and a 403 may come from something else.",
    remedy='Answer 401 to invalid tokens, or set [anonymous] expect = "403".',
    reference="RFC 6750 section 3.1",
    shown_by=(Fault("forbidden-for-invalid", "WhoAmI"),),
)

AS_REFUSED = frozenset({400, 413, 414, 431})
"""What front ends say to odd requests before any token is looked at."""


@dataclass(frozen=True, slots=True)
class _Try:
    """One exchange with its verdict."""

    exchange: Exchange
    verdict: Verdict

    @property
    def kind(self) -> str:
        return str(self.exchange.probe.meta.get("kind"))

    @property
    def cause(self) -> str:
        return str(self.exchange.probe.meta.get("cause"))

    @property
    def by_path(self) -> bool:
        """Whether another method went to the operation's path, because its own changes state."""
        return self.exchange.probe.meta.get("by_path") is True

    @property
    def by_tenant(self) -> bool:
        return self.exchange.probe.meta.get("signed_by_tenant") is True


def judge_tokens(
    context: RunContext,
    operation: Operation,
    exchanges: Sequence[Exchange],
    ingredients_skipped: Mapping[str, str],
) -> Judgement:
    """What an operation's exchanges with tokens say.

    `ingredients_skipped` maps kinds that could not be tried as they should to the reason; where
    nothing hostile was judged, they become the reason of the skip.
    """
    elsewhere = why_not_sent(context, operation)
    if elsewhere is not None:
        return Judgement(unverified=elsewhere)
    if operation.id in context.settings.anonymous.public:
        return Judgement(skipped=f"[anonymous] public lists {operation.id}: it asks for no token")
    asked = [e for e in exchanges if e.probe.meta.get("part")]
    tries = [_Try(exchange, judge_exchange(context, exchange)) for exchange in asked]
    good, none = _last(tries, "control"), _last(tries, "none")
    if good is None or none is None:
        return Judgement(unverified=f"{operation.id}: no call with a token was made")
    stop = _prerequisite(context, operation, good, none, tries)
    if stop is not None:
        return stop
    hostile = [t for t in tries if t.exchange.probe.meta.get("part") == "hostile"]
    # What the platform lets through by design only the function could refuse; a visit of the path
    # of an operation with another method does not reach it.
    hostile = [t for t in hostile if not (t.by_path and t.cause in DELEGATED)]
    silent = [t for t in hostile if _says_nothing(t, good)]
    hostile = [t for t in hostile if t not in silent]
    carried = [t for t in tries if t.exchange.probe.meta.get("part") == "carriage"]
    findings = [
        *_accepted(context, operation, good, hostile),
        *_reached(context, operation, good, hostile),
        *_carriage(operation, good, carried),
        *_not_monotone(operation, good, [*hostile, *carried]),
        *_unexpected(context, operation, hostile),
    ]
    unknown = [t for t in hostile if t.verdict.outcome == "unverified" and t.kind != "oversized"]
    unverified = None
    if unknown:
        names = listed([t.kind for t in unknown])
        unverified = f"{operation.id} with {names}: {unknown[0].verdict.observed}"
    elif silent:
        unverified = (
            f"{operation.id} answers the good token and {listed([t.kind for t in silent])} alike, "
            "404 and nothing else, which the host may have said before the function ran: give an "
            f"id as the app has them under [operations.{operation.id}] parameters (of a writing "
            "operation only its form is used)"
        )
    skipped = None
    if not hostile and not silent:
        reasons = [f"{kind}: {reason}" for kind, reason in ingredients_skipped.items()]
        skipped = "no hostile token was tried; " + "; ".join(reasons)
    unverified = unverified or mostly_silent([t.exchange for t in carried])
    return Judgement(tuple(findings), unverified=unverified, skipped=skipped)


def judge_token_skips(ingredients_skipped: Mapping[str, str]) -> Judgement:
    """The kinds that could not be tried with a token of the tenant, named with their reasons."""
    if not ingredients_skipped:
        return Judgement()
    kinds: dict[str, list[str]] = {}
    for kind, reason in ingredients_skipped.items():
        kinds.setdefault(reason, []).append(kind)
    told = "; ".join(f"{listed(names)}: {reason}" for reason, names in kinds.items())
    return Judgement(skipped=f"not tried with a token of the tenant: {told}")


def _last(tries: Sequence[_Try], part: str) -> _Try | None:
    found = [t for t in tries if t.exchange.probe.meta.get("part") == part]
    return found[-1] if found else None


def _prerequisite(
    context: RunContext, operation: Operation, good: _Try, none: _Try, tries: Sequence[_Try]
) -> Judgement | None:
    """Why hostile tokens prove nothing here, or None where they do."""
    if good.verdict.outcome in ("unverified", "elsewhere"):
        return Judgement(unverified=f"{operation.id} with the good token: {good.verdict.observed}")
    if none.verdict.rank > good.verdict.rank:
        finding = _empty_list_finding(operation, good, none)
        return Judgement((finding,), unverified=f"{operation.id} refuses the good token")
    behind = gateway_refusal(good.exchange.response)
    if behind is not None:
        return Judgement(unverified=f"{operation.id} with the good token: {behind.observed}")
    if context.settings.anonymous.expect == "404" and good.exchange.status == 404:
        return Judgement(
            unverified=f"{operation.id} answers the good token with 404, as the app refuses too "
            '([anonymous] expect = "404"); give an input that the app knows under '
            f"[operations.{operation.id}] parameters"
        )
    if not good.verdict.rank:
        return _good_refused(context, operation, good)
    by_app = context.settings.anonymous.enforced_by == "app"
    if by_app and all(t.by_path for t in tries):
        reason = (
            why_not(context, operation, "given")
            or f"give real input under [operations.{operation.id}]"
        )
        return Judgement(
            unverified=f"{operation.id}: the app checks tokens itself, so that a GET on its path "
            f"proves nothing about {operation.method}: {reason}"
        )
    if none.verdict.outcome == "reached" and by_app:
        return Judgement(
            unverified=f"{operation.id}: the app checks tokens itself, and no call was found that "
            f"it recognises; give real inputs under [operations.{operation.id}]"
        )
    if none.verdict.outcome in ("open", "reached"):
        return Judgement(unverified=f"{operation.id}: the door is open, see the anonymous suite")
    if none.verdict.outcome != "refused":
        return Judgement(unverified=f"{operation.id} without a token: {none.verdict.observed}")
    return None


def _good_refused(context: RunContext, operation: Operation, good: _Try) -> Judgement:
    reasons = reasons_for_refusal(context, good.exchange)
    name, first = good.exchange.probe.caller.name, reasons[0]
    how = "; it says " if first.because else "; likely: "
    finding = GOOD_REFUSED.finding(
        f"{operation.id} refuses the token that {name} signed in for{how}{first.text}",
        operation=operation.id,
        caller=name,
        expected="an answer of the function",
        observed=good.verdict.observed,
        remedy=first.remedy,
        evidence=_evidence([good]),
        data={"reasons": [reason.text for reason in reasons]},
    )
    why = f"{operation.id} refuses the good token, so hostile ones prove nothing"
    return Judgement((finding,), unverified=why)


def _empty_list_finding(operation: Operation, good: _Try, none: _Try) -> Finding:
    return NOT_MONOTONE.finding(
        f"{operation.id} turns the good token away, but not a call without any token",
        operation=operation.id,
        caller="anonymous",
        expected="no caller gets further than a better one",
        observed=f"good token: {good.verdict.observed}; no token: {none.verdict.observed}",
        evidence=_evidence([good, none]),
    )


def _is_let_in(attempt: _Try, good: _Try) -> bool:
    """Served, or turned away by the app with the very status that the good token gets."""
    if attempt.verdict.outcome == "open":
        return True
    same = attempt.exchange.status == good.exchange.status
    return attempt.verdict.outcome == "reached" and good.verdict.outcome == "reached" and same


def _says_nothing(attempt: _Try, good: _Try) -> bool:
    """Whether routing may have answered both, so that no function has seen either token.

    A route such as `{id:guid}` meets a made-up id with the host's own empty 404.
    """
    if attempt.exchange.probe.meta.get("fitting", True) or attempt.by_path:
        return False
    return all(
        t.exchange.response is not None
        and t.exchange.status == 404
        and not t.exchange.response.body.strip()
        for t in (attempt, good)
    )


def _is_allowed(context: RunContext, attempt: _Try) -> bool:
    """Whether settings say that such a token is meant to get in."""
    tokens = context.settings.tokens
    apps = any(context.settings.signs_in_as_app(name) for name in context.settings.users)
    return (attempt.cause == "app-only" and (tokens.accept_app_only or apps)) or (
        attempt.cause == "scope" and tokens.accept_any_scope
    )


def _accepted(
    context: RunContext, operation: Operation, good: _Try, hostile: Sequence[_Try]
) -> Iterator[Finding]:
    """One finding for each mistake, however many kinds it lets in."""
    let_in = [
        t
        for t in hostile
        if (_is_let_in(t, good) or _gets_past_the_platform(context, t))
        and not _is_allowed(context, t)
    ]
    unsigned = any(t.cause == "signature" for t in let_in)
    causes: dict[str, list[_Try]] = {}
    for attempt in let_in:
        # Where signatures are not checked, whatever is wrong with our own tokens follows from it.
        cause = "signature" if unsigned and not attempt.by_tenant else attempt.cause
        causes.setdefault(cause, []).append(attempt)
    for cause, tries in causes.items():
        rule = DELEGATED_ONLY if cause in DELEGATED else ACCEPTED
        tries.sort(key=lambda attempt: attempt.cause != cause)
        seen = any(attempt.verdict.outcome == "open" for attempt in tries)
        if cause in DELEGATED and not seen:
            # The platform lets such tokens through by design, and a harmless call is refused for
            # its input: what the function thinks of the token may come later in it.
            what = "refuses the call, but not for a token that must be refused"
            yield _finding(rule, operation, tries, what, "warning")
        else:
            yield _finding(rule, operation, tries, "lets in a token that must be refused")


def _reached(
    context: RunContext, operation: Operation, good: _Try, hostile: Sequence[_Try]
) -> Iterator[Finding]:
    past = [
        t
        for t in hostile
        if t.verdict.outcome == "reached"
        and t.cause not in DELEGATED  # one cause, one finding: see token.delegated-only
        and not _is_let_in(t, good)
        and not _is_refusal_of_front_end(context, t)
    ]
    if past:
        yield _finding(REACHED_APP, operation, past, "lets a hostile token reach the app")


def _gets_past_the_platform(context: RunContext, attempt: _Try) -> bool:
    """Whether a token without the delegated permission came to the app, however it answered."""
    reached = attempt.cause in DELEGATED and attempt.verdict.outcome == "reached"
    return reached and not _is_refusal_of_front_end(context, attempt)


def _is_refusal_of_front_end(context: RunContext, attempt: _Try) -> bool:
    """Whether an error is a refusal as well: of odd requests, or by RFC 6750's invalid_request."""
    by_app = context.settings.anonymous.enforced_by == "app"
    return attempt.exchange.status in AS_REFUSED and (by_app or attempt.kind == "oversized")


def _carriage(operation: Operation, good: _Try, carried: Sequence[_Try]) -> Iterator[Finding]:
    for attempt in carried:
        if attempt.exchange.probe.meta.get("may_count") or not _is_let_in(attempt, good):
            continue
        twice = attempt.kind == "duplicate-header"
        yield CARRIAGE.finding(
            f"{operation.id} accepts the token carried as {attempt.kind}",
            operation=operation.id,
            caller=attempt.exchange.probe.caller.name,
            severity="note" if twice else None,
            expected="401" if not twice else "400 or 401",
            observed=attempt.verdict.observed,
            evidence=_evidence([good, attempt]),
            data={"kinds": [attempt.kind]},
        )


def _not_monotone(operation: Operation, good: _Try, tries: Sequence[_Try]) -> Iterator[Finding]:
    further = [t for t in tries if t.verdict.rank > good.verdict.rank]
    if further:
        worse = further[0]
        yield NOT_MONOTONE.finding(
            f"{operation.id} serves a caller with {listed([t.kind for t in further])}, "
            "but not the one with the good token",
            operation=operation.id,
            caller=worse.exchange.probe.caller.name,
            expected="no caller gets further than a better one",
            observed=f"good token: {good.verdict.observed}; {worse.kind}: {worse.verdict.observed}",
            evidence=_evidence([good, *further]),
            data={"kinds": [t.kind for t in further]},
        )


def _unexpected(
    context: RunContext, operation: Operation, hostile: Sequence[_Try]
) -> Iterator[Finding]:
    """403 is for valid tokens that may not; an invalid one is answered with 401 (RFC 6750 3.1)."""
    settings = context.settings.anonymous
    if settings.expect == "403" or settings.enforced_by == "app":
        return
    odd = [t for t in hostile if t.verdict.manner == "forbidden" and not BY_NAME[t.kind].policy]
    if odd:
        yield _finding(UNEXPECTED_REFUSAL, operation, odd, "answers 403 to a token")


def _finding(
    rule: Rule,
    operation: Operation,
    tries: Sequence[_Try],
    what: str,
    severity: Severity | None = None,
) -> Finding:
    kinds = list(dict.fromkeys(t.kind for t in tries))
    first = BY_NAME[kinds[0]]
    means = f": {first.accepted_means}" if rule in (ACCEPTED, DELEGATED_ONLY) else ""
    return rule.finding(
        f"{operation.id} {what} ({listed(kinds)}){means}",
        operation=operation.id,
        caller=tries[0].exchange.probe.caller.name,
        expected="403 or 401" if first.policy else "401",
        observed="; ".join(f"{t.kind}: {t.verdict.observed}" for t in tries),
        severity=severity,
        evidence=_evidence(tries),
        data={"kinds": kinds, "how": {kind: BY_NAME[kind].how for kind in kinds}},
    )


def _evidence(tries: Sequence[_Try]) -> tuple[str, ...]:
    return tuple(t.exchange.id for t in tries if t.exchange.id)
