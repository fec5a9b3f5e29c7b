"""What a pass of the delegated suite must stand on: answers, and success answers among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.connector.model import Operation
from harness.exchanges.model import Exchange
from harness.exchanges.silence import mostly_silent, unanswered

__all__ = ["is_success", "no_success", "refused_token", "unproved_rounds"]


def is_success(exchange: Exchange) -> bool:
    """Whether the app did what was asked."""
    return exchange.status is not None and 200 <= exchange.status < 300


def no_success(operation: Operation, exchanges: Sequence[Exchange]) -> str | None:
    """Why answers prove nothing: no caller was served; None where one was."""
    if not exchanges or any(is_success(exchange) for exchange in exchanges):
        return None
    silent = unanswered(exchanges)
    if silent is not None:
        return f"{operation.id}: {silent}"
    refused = refused_token(exchanges)
    if refused is not None:
        return refused
    statuses = ", ".join(str(s) for s in sorted({e.status for e in exchanges if e.status}))
    return (
        f"{operation.id} gave no user a success answer ({statuses}), so that nothing is proved: "
        f"give values that the app takes under [operations.{operation.id}]"
    )


def refused_token(exchanges: Iterable[Exchange]) -> str | None:
    """Which signed-in user's token was refused, which is the tokens suite's matter."""
    refused = [
        e.probe.caller.name
        for e in exchanges
        if e.status == 401 and e.probe.caller.kind in ("user", "app")
    ]
    if not refused:
        return None
    return f"the token of {refused[0]} was refused (401): see the tokens suite"


def unproved_rounds(
    operation: Operation, alone: Iterable[Exchange], mixed: Sequence[Exchange]
) -> str | None:
    """Why interleaved calls prove nothing, or None where they do.

    A user who is served alone must be served among the others as well, at least half of the time:
    an app may throttle a burst.
    """
    alone = list(alone)
    reason = no_success(operation, alone) or mostly_silent(mixed)
    if reason is not None:
        return reason
    for exchange in alone:
        own = [e for e in mixed if e.probe.caller.name == exchange.probe.caller.name]
        served = [e for e in own if is_success(e)]
        if is_success(exchange) and len(served) * 2 < len(own):
            return (
                f"{operation.id}: {exchange.probe.caller.name}, served alone, got "
                f"{len(own) - len(served)} of {len(own)} interleaved calls answered otherwise"
            )
    return None
