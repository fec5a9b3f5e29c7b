"""What a check made in the app and did not remove again: said in the report, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange
from harness.inputs.permission import BASIS
from harness.inputs.related_operations import created_id, deleter_of, path_parameters

__all__ = ["left_behind"]

MOST = 5
GONE = frozenset({200, 202, 204, 404, 410})


def left_behind(context: RunContext, exchanges: Sequence[Exchange]) -> list[str]:
    """Objects that a check's calls made and that no DELETE of the check removed."""
    removed = {
        str(e.probe.request.target.partition("?")[0].rstrip("/").rpartition("/")[2])
        for e in exchanges
        if e.probe.request.method == "DELETE" and e.status in GONE
    }
    left: dict[str, list[Any]] = {}
    for exchange in exchanges:
        creator = _creator(context, exchange)
        if creator is None:
            continue
        remover = deleter_of(context.connector, creator)
        found = _made(exchange, remover)
        if found is not None and str(found) not in removed:
            left.setdefault(creator.id, []).append(found)
    return [
        f"left behind: {creator} made {', '.join(map(str, ids[:MOST]))}"
        f"{f' and {len(ids) - MOST} more' if len(ids) > MOST else ''}, and nothing removed it again"
        for creator, ids in left.items()
    ]


def _made(exchange: Exchange, remover: Operation | None) -> Any:
    """The id of what a call made, or None where it made nothing that can be told.

    Without an operation that removes such objects, only 201 says that there is one.
    """
    if remover is not None:
        return created_id(exchange, path_parameters(remover)[-1])
    return "something" if exchange.status == 201 else None


def _creator(context: RunContext, exchange: Exchange) -> Operation | None:
    """The operation that an exchange made something with, or None."""
    probe = exchange.probe
    if probe.meta.get(BASIS) not in ("create", "given") or probe.request.method != "POST":
        return None
    if exchange.status is None or not 200 <= exchange.status < 300:
        return None
    called = probe.meta.get("of", probe.operation)
    return next((o for o in context.connector.operations if o.id == called), None)
