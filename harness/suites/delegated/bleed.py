"""Whether every answer belongs to its caller when calls of several users are interleaved."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.identities import Claims, mentioned
from harness.exchanges.model import Exchange, Response
from harness.exchanges.records import identified_records, text_rows
from harness.findings.examples import Fault
from harness.findings.model import Finding, Judgement, Rule
from harness.inputs.platform import why_not_sent
from harness.suites.delegated.exchanges import ADD_USER, of
from harness.suites.delegated.leave import may_see
from harness.suites.delegated.proof import unproved_rounds

__all__ = ["judge_bleed", "says_the_same"]

BLEED = Rule(
    id="delegated.bleed",
    severity="error",
    title="Under load an answer went to the wrong user",
    meaning="With calls of two users interleaved, one of them got what belongs to the other.",
    why="It shows only under load, and then hands out other people's data.",
    remedy="Keep nothing of a request in static or shared variables; key every cache by user.",
    reference="Azure Functions, 'Best practices': static state is shared between invocations",
    shown_by=(Fault("cached-per-url:ListDocuments", "ListDocuments", along=("delegated.leak",)),),
)

_MOMENTS = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\d{10,}(?:\.\d+)?"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
)
"""What differs from call to call in answers that say the same: times, counters, trace ids."""


def judge_bleed(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> Judgement:
    """Whether every answer of the interleaved rounds belongs to its caller."""
    if len(context.settings.users) < 2:
        return Judgement(skipped=ADD_USER)
    alone = {e.probe.caller.name: e for e in of(exchanges, "alone")}
    mixed = of(exchanges, "mixed")
    routed = why_not_sent(context, operation)
    if routed is not None:
        return Judgement(unverified=routed)
    if not mixed:
        return Judgement(skipped="is not called freely, needs an id, or is open on purpose")
    kept = _kept_for_another(context, operation, alone, of(exchanges, "fresh"))
    if kept is not None:
        return Judgement((kept,))
    wrong = [e for e in mixed if (o := _other(e, alone)) and _belongs(e, alone, o, claims_by_user)]
    wrong = wrong or _swapped(mixed, alone)
    if not wrong:
        return Judgement(unverified=unproved_rounds(operation, alone.values(), mixed))
    first = wrong[0]
    name = first.probe.caller.name
    other = _other(first, alone)
    return Judgement(
        (
            BLEED.finding(
                f"with calls of two users interleaved, {name} got the answer of {other}",
                operation=operation.id,
                caller=name,
                expected=f"the answer that {name} gets alone",
                observed=f"the answer of {other}, {len(wrong)} of {len(mixed)} times",
                evidence=(first.id, *(e.id for e in alone.values())),
            ),
        )
    )


def says_the_same(left: Response | None, right: Response | None) -> bool:
    """Whether two answers differ in nothing but times, long counters and trace ids."""
    if left is None or right is None or left.status != right.status:
        return False
    return left.body == right.body or _timeless(left) == _timeless(right)


def _timeless(response: Response) -> str:
    return _MOMENTS.sub("~", response.text)


def _kept_for_another(
    context: RunContext, operation: Operation, alone: dict[str, Exchange], fresh: list[Exchange]
) -> Finding | None:
    """One user's call right after the other's is answered with the other's data: a cache.

    The same answer for both is shared as well. So each user has asked again, the other one first,
    past every cache by URL: where they then get different answers, each twice the same one, the
    plain call's answer was kept for somebody else.
    """
    if len(alone) < 2 or len(fresh) < 4:
        return None
    plain = list(alone.values())
    answers = {n: [e for e in fresh if e.probe.caller.name == n] for n in alone}
    if any(e.status != 200 for e in (*plain, *fresh)):
        return None
    (first, owner), (second, viewer) = ((e, e.probe.caller.name) for e in plain[:2])
    mine, theirs = answers[viewer], answers[owner]
    steady = all(says_the_same(e[0].response, e[-1].response) for e in (mine, theirs))
    if not steady or says_the_same(mine[0].response, theirs[0].response):
        return None
    if not says_the_same(first.response, second.response):
        return None
    if may_see(context, operation, viewer, owner):
        return None
    return BLEED.finding(
        f"{viewer} gets the answer of {owner} after {owner} asked",
        operation=operation.id,
        caller=viewer,
        expected=f"the data of {viewer}, as with a query that no cache has seen",
        observed=f"the very answer of {owner}: user or answer is kept between calls",
        evidence=(first.id, second.id, *(e.id for e in fresh[:2])),
    )


def _other(exchange: Exchange, alone: dict[str, Exchange]) -> str | None:
    return next((name for name in alone if name != exchange.probe.caller.name), None)


def _belongs(
    exchange: Exchange, alone: dict[str, Exchange], other: str, claims_by_user: Claims
) -> bool:
    """Whether an answer holds what only the other user's own answer held."""
    name = exchange.probe.caller.name
    if name not in alone:
        return False
    own, theirs = alone[name].response, alone[other].response
    got = exchange.response
    if got is None or own is None or theirs is None or got.body == own.body:
        return False
    foreign = set(identified_records(theirs)) - set(identified_records(own))
    foreign = {own_id for own_id in foreign if len(own_id) > 3}
    if foreign & set(identified_records(got)):
        return True
    if set(text_rows(theirs)) - set(text_rows(own)) and text_rows(got) == text_rows(theirs):
        return True
    return other in mentioned(got, claims_by_user) and other not in mentioned(own, claims_by_user)


def _swapped(mixed: list[Exchange], alone: dict[str, Exchange]) -> list[Exchange]:
    """Answers that changed places within a round, where nothing in them tells whose they are.

    A count that moves between two calls may become what the other user's was; both at once, and
    back again, do not.
    """
    own = {n: e.response for n, e in alone.items()}
    rounds: dict[str, list[Exchange]] = {}
    for exchange in mixed:
        rounds.setdefault(exchange.probe.key.split("/")[1], []).append(exchange)
    names = list(alone)
    if len(names) < 2 or says_the_same(own[names[0]], own[names[1]]):
        return []
    places = dict(zip(names, reversed(names), strict=True))

    def fits(pair: list[Exchange], as_whom: dict[str, str]) -> bool:
        return len(pair) == 2 and all(
            says_the_same(e.response, own[as_whom[e.probe.caller.name]]) for e in pair
        )

    changed = [pair for pair in rounds.values() if fits(pair, places)]
    straight = [pair for pair in rounds.values() if fits(pair, {n: n for n in names})]
    return [e for pair in changed for e in pair] if changed and straight else []
