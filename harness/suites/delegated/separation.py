"""Whether one user's answers hold what belongs to another."""

from __future__ import annotations

from collections.abc import Sequence

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.identities import Claims, names_whom
from harness.exchanges.model import Exchange
from harness.exchanges.records import items_in, json_body, record_ids
from harness.exchanges.silence import mostly_silent, unanswered
from harness.findings.examples import Fault
from harness.findings.model import Finding, Judgement, Rule
from harness.inputs.platform import why_not_sent
from harness.suites.delegated.changes_plan import why_not_changed
from harness.suites.delegated.exchanges import ADD_USER, of, one_per_cause
from harness.suites.delegated.leaks import judge_leaks, same_matter
from harness.suites.delegated.leave import has_leave, may_see, severity_for, share_row
from harness.suites.delegated.own_objects import FOREIGN_OBJECT, judge_own_objects
from harness.suites.delegated.proof import is_success, no_success, refused_token

__all__ = ["judge_separation"]

CACHEABLE = Rule(
    id="delegated.cacheable",
    severity="warning",
    title="Personal data may be kept by shared caches",
    meaning="Answers differ by user, yet Cache-Control lets shared caches keep them and Vary does"
    " not name Authorization.",
    why="A cache in front of the app may hand one user's answer to the next.",
    remedy="Send Cache-Control: private, no-store (or Vary: Authorization).",
    reference="RFC 9111 section 3.5",
    shown_by=(Fault("public-cache:ListDocuments", "ListDocuments"),),
)
FOREIGN_WRITE = Rule(
    id="delegated.foreign-write",
    severity="error",
    title="A user can change or delete another user's object",
    meaning="An object that the run created as one user a moment ago was changed or deleted by "
    "another: nobody shares an object of that age on purpose. A success row of the access"
    " table for the operation and the caller is leave.",
    why="Any user of the connector can then destroy other people's data.",
    remedy="Check the object's owner against the caller before changing it; answer 404 or 403. "
    "Where the caller may change it, add a row of the access table with the success "
    "status.",
    reference="OWASP API Security Top 10 2023, API1 Broken Object Level Authorization",
    shown_by=(Fault("update-not-checked", "ReplaceDocument"),),
)
SPOOFED = Rule(
    id="delegated.spoofed",
    severity="error",
    title="A signed-in user can pass as somebody else",
    meaning="A call with one user's token and another's name in headers, query or body was "
    "answered as the other.",
    why="Every user can then read everybody's data by typing a name.",
    remedy="Take the user from the principal that App Service injects, never from what the "
    "caller sends.",
    reference="App Service, 'Work with user identities in Azure App Service authentication'",
    shown_by=(Fault("identity-from-header:ListDocuments", "ListDocuments"),),
)


def judge_separation(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> tuple[Judgement, list[str]]:
    """Whether one user's answers hold what belongs to another; and notes."""
    settings = context.settings
    if len(settings.users) < 2:
        return Judgement(skipped=ADD_USER), []
    if operation.id in settings.anonymous.public:
        return Judgement(skipped="open on purpose ([anonymous] public)"), []
    routed = why_not_sent(context, operation)
    if routed is not None:
        return Judgement(unverified=routed), []
    if not exchanges:
        return _not_asked(context, operation), []
    findings = [
        *judge_leaks(context, operation, exchanges, claims_by_user),
        *_foreign_objects(context, operation, exchanges),
        *judge_own_objects(context, operation, exchanges),
        *_foreign_writes(context, operation, exchanges),
        *_spoofs(operation, exchanges, claims_by_user),
        *_cacheable(operation, exchanges),
    ]
    if not findings and _all_is_shared(context, operation, exchanges):
        allowed = settings.writes == "all"
        return Judgement(skipped=ALL_SHARED if allowed else f"{ALL_SHARED}; {RUN_MAKES_ONE}"), []
    private = "private, but " if operation.id in settings.delegated.private else ""
    unverified = None if findings else _unproved(context, operation, exchanges, private)
    return Judgement(one_per_cause(findings), unverified), []


ALL_SHARED = "no object to ask for: the lists show everything that they show to every user"
RUN_MAKES_ONE = "with --writes all the run makes one"


def _all_is_shared(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> bool:
    """Whether the lists show objects, but none to one user alone, which nothing forbids."""
    asked = any(of(exchanges, purpose) for purpose in ("same", "foreign", "intrude", "shown"))
    lists = of(exchanges, "list")
    if asked or operation.id in context.settings.delegated.private or not lists:
        return False
    answered = all(is_success(exchange) for exchange in lists)
    return answered and any(items_in(json_body(exchange.response)) for exchange in lists)


def _unproved(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange], private: str = ""
) -> str | None:
    """Why the answers prove nothing about separation, or None where they do."""
    if not any(of(exchanges, purpose) for purpose in ("same", "foreign", "intrude", "shown")):
        return refused_token(exchanges) or private + _no_object(context, operation, exchanges)
    attacks = [*of(exchanges, "foreign"), *of(exchanges, "intrude"), *of(exchanges, "shown")]
    silent = unanswered(attacks) or mostly_silent(exchanges)
    if silent is not None:
        return f"{operation.id}: {silent}"
    if of(exchanges, "intrude"):
        return None  # the object was made for it: the creation was the success answer
    return no_success(
        operation, [e for purpose in ("same", "own", "shown") for e in of(exchanges, purpose)]
    )


def _not_asked(context: RunContext, operation: Operation) -> Judgement:
    """Nothing was sent: the settings keep it back, or something is lacking."""
    reason = _why_not(context, operation)
    settings_decide = operation.changes_state or operation.is_trigger or operation.no_generic_test
    return Judgement(skipped=reason) if settings_decide else Judgement(unverified=reason)


def _why_not(context: RunContext, operation: Operation) -> str:
    if operation.is_trigger:
        return "a trigger: calling it would subscribe"
    if operation.changes_state and not context.is_freed(operation):
        if context.settings.writes != "all":
            return "changes state: tried with --writes all, on objects that the run makes itself"
        return why_not_changed(context, operation) or "nothing was sent"
    if operation.no_generic_test:
        return "x-ms-no-generic-test keeps it from being called"
    return f"needs an id that no operation lists: give one in [operations.{operation.id}]"


def _no_object(context: RunContext, operation: Operation, exchanges: Sequence[Exchange]) -> str:
    """Why nothing was asked for in another user's name, and what would change that."""
    made = of(exchanges, "create")
    if made and not is_success(made[0]):
        creator = made[0].probe.meta.get("of", "the creation")
        got = made[0].status or made[0].reason
        return f"no object to work on: {creator} answered {got}; give [operations.{creator}] body"
    give = f"give an id of one user's object in [operations.{operation.id}] parameters"
    if context.settings.writes != "all":
        give += f"; {RUN_MAKES_ONE}"
    return f"no object to ask for: the lists showed nothing that is one user's alone; {give}"


def _foreign_objects(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> list[Finding]:
    own = {
        (e.probe.meta["owner"], e.probe.meta["id"]): e
        for e in of(exchanges, "own")
        if e.status is not None and 200 <= e.status < 300
    }
    findings = []
    for exchange in of(exchanges, "foreign"):
        meta = exchange.probe.meta
        control = own.get((meta["owner"], meta["id"]))
        if control is None or exchange.status is None or not 200 <= exchange.status < 300:
            continue
        name, owner = exchange.probe.caller.name, meta["owner"]
        if may_see(context, operation, name, owner):
            continue
        if not same_matter(exchange.response, control.response):
            continue
        findings.append(
            FOREIGN_OBJECT.finding(
                f"{name} reads an object that only {owner}'s list shows",
                operation=operation.id,
                caller=name,
                expected="404 or 403",
                observed=f"{exchange.status} with the object {meta['id']} "
                f"({meta['listed_by']} shows it to {owner} alone)",
                severity=severity_for(context, operation, name),
                evidence=(exchange.id, control.id),
                data={"row": share_row(operation, name, owner)},
            )
        )
    return findings


def _foreign_writes(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> list[Finding]:
    attacks = of(exchanges, "intrude")
    if not attacks or attacks[0].status is None:
        return []
    attack = attacks[0]
    status = attack.status or 0
    before, after = of(exchanges, "before"), of(exchanges, "after")
    changed = bool(before and after) and _changed(before[0], after[0])
    if not 200 <= status < 300 and not changed:
        return []
    if before and after and not changed and operation.method not in ("DELETE", "POST"):
        return []
    name, owner = attack.probe.caller.name, attack.probe.meta["owner"]
    if has_leave(context, operation, name):
        return []
    done = "deletes" if operation.method == "DELETE" else "changes"
    if operation.method == "POST":
        done = f"calls {operation.id} on"
    return [
        FOREIGN_WRITE.finding(
            f"{name} {done} an object of {owner}",
            operation=operation.id,
            caller=name,
            expected="404 or 403, and the object unchanged",
            observed=f"{status} for the object {attack.probe.meta['id']}"
            + (", which is different afterwards" if changed else ""),
            severity="error",
            evidence=tuple(e.id for e in (*before, attack, *after)),
        )
    ]


def _changed(before: Exchange, after: Exchange) -> bool:
    if before.response is None or after.response is None:
        return False
    return (before.status, before.response.body) != (after.status, after.response.body)


def _spoofs(
    operation: Operation, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> list[Finding]:
    """Calls that pretended: answered as the victim, though the plain call was not."""
    plain = {e.probe.caller.name: e for e in of(exchanges, "same")}
    findings = []
    for exchange in of(exchanges, "spoof"):
        name, victim = exchange.probe.caller.name, exchange.probe.meta["victim"]
        own, theirs = plain.get(name), plain.get(victim)
        if own is None or theirs is None or exchange.status is None or exchange.response is None:
            continue
        if not 200 <= exchange.status < 300 or not _as_victim(
            exchange, own, theirs, claims_by_user
        ):
            continue
        findings.append(
            SPOOFED.finding(
                f"{name} is answered as {victim} by naming {victim} in "
                f"{exchange.probe.meta['how']}",
                operation=operation.id,
                caller=name,
                expected=f"the answer that {name} gets without pretending",
                observed=f"the answer of {victim}",
                evidence=(exchange.id, own.id, theirs.id),
            )
        )
    return findings


def _as_victim(exchange: Exchange, own: Exchange, theirs: Exchange, claims_by_user: Claims) -> bool:
    """Whether the pretending call got what only the victim's plain call gets."""
    victim = exchange.probe.meta["victim"]
    echoed = str(exchange.probe.meta.get("name", "")).casefold()
    response = exchange.response
    assert response is not None
    gained = set(record_ids(response)) - set(record_ids(own.response))
    if gained & set(record_ids(theirs.response)):
        return True
    seen = names_whom(response.text.casefold().replace(echoed, ""), claims_by_user)
    before = names_whom(own.response.text, claims_by_user) if own.response is not None else set()
    if victim in seen and victim not in before:
        return True
    different = own.response is not None and own.response.body != response.body
    same = theirs.response is not None and theirs.response.body == response.body
    return different and same


def _cacheable(operation: Operation, exchanges: Sequence[Exchange]) -> list[Finding]:
    same = [e for e in of(exchanges, "same") if e.status == 200 and e.response is not None]
    bodies = {e.response.body for e in same if e.response is not None}
    if len(bodies) < 2:
        return []
    for exchange in same:
        response = exchange.response
        assert response is not None
        control = (response.header("cache-control") or "").lower()
        vary = (response.header("vary") or "").lower()
        shared = "public" in control or "s-maxage" in control
        if shared and "authorization" not in vary and "*" not in vary:
            return [
                CACHEABLE.finding(
                    f"{operation.id} lets shared caches keep answers that differ by user",
                    operation=operation.id,
                    caller=exchange.probe.caller.name,
                    expected="Cache-Control: private or no-store, or Vary: Authorization",
                    observed=f"Cache-Control: {control}",
                    evidence=(exchange.id,),
                )
            ]
    return []
