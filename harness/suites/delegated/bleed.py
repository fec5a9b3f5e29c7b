"""Whether every answer belongs to its caller when calls of several users are interleaved."""

from __future__ import annotations

from collections.abc import Sequence

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.identities import Claims, mentioned
from harness.exchanges.model import Exchange
from harness.exchanges.records import record_ids
from harness.findings.model import Finding, Judgement
from harness.suites.delegated.exchanges import ADD_USER, of
from harness.suites.delegated.rules import BLEED

__all__ = ["judge_bleed"]


def judge_bleed(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> Judgement:
    """Whether every answer of the interleaved rounds belongs to its caller."""
    if len(context.settings.users) < 2:
        return Judgement(skipped=ADD_USER)
    alone = {e.probe.caller.name: e for e in of(exchanges, "alone")}
    mixed = of(exchanges, "mixed")
    if not mixed:
        return Judgement(skipped="is not called freely, needs an id, or is open on purpose")
    kept = _kept_for_another(operation, alone, claims_by_user)
    if kept is not None:
        return Judgement((kept,))
    wrong = [e for e in mixed if (o := _other(e, alone)) and _belongs(e, alone, o, claims_by_user)]
    if not wrong:
        lost = [e for e in mixed if e.status is None]
        return Judgement(unverified=f"no answer: {lost[0].reason}" if len(lost) > 2 else None)
    first = wrong[0]
    name = first.probe.caller.name
    other = _other(first, alone)
    assert other is not None
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


def _kept_for_another(
    operation: Operation, alone: dict[str, Exchange], claims_by_user: Claims
) -> Finding | None:
    """One user's call right after the other's is answered with the other's data: a cache."""
    bodies = {e.response.body for e in alone.values() if e.response is not None}
    for name, exchange in alone.items():
        seen = mentioned(exchange.response, claims_by_user)
        if len(bodies) == 1 and seen and name not in seen and exchange.status == 200:
            other = sorted(seen)[0]
            return BLEED.finding(
                f"{name} gets the answer of {other} after {other} asked",
                operation=operation.id,
                caller=name,
                expected=f"the data of {name}",
                observed=f"the very answer of {other}: user or answer is kept between calls",
                evidence=tuple(e.id for e in alone.values()),
            )
    return None


def _other(exchange: Exchange, alone: dict[str, Exchange]) -> str | None:
    return next((name for name in alone if name != exchange.probe.caller.name), None)


def _belongs(
    exchange: Exchange, alone: dict[str, Exchange], other: str, claims_by_user: Claims
) -> bool:
    """Whether an answer holds what only the other user's own answer held."""
    name = exchange.probe.caller.name
    own, theirs = alone[name].response, alone[other].response
    got = exchange.response
    if got is None or own is None or theirs is None or got.body == own.body:
        return False
    foreign = set(record_ids(theirs)) - set(record_ids(own))
    if foreign & set(record_ids(got)):
        return True
    if other in mentioned(got, claims_by_user) and other not in mentioned(own, claims_by_user):
        return True
    return theirs.body != own.body and got.body == theirs.body
