"""What an app answers differently than when it was recorded: status, content type, body shape.

Also where the definition has no schema: the recording is the yardstick.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.bounds.parsing import parse_json
from harness.exchanges.model import Exchange, Response

__all__ = ["behaviour_changes", "shape_of"]

DEEPEST = 8


def behaviour_changes(before: Sequence[Exchange], now: Sequence[Exchange]) -> list[str]:
    """One line for each exchange of the same probe that was answered differently."""
    known = {exchange.probe.key: exchange for exchange in before}
    lines = []
    for exchange in now:
        old = known.get(exchange.probe.key)
        if old is None or old.response is None or exchange.response is None:
            continue
        if old.probe.request.target != exchange.probe.request.target:
            continue
        difference = _difference(old.response, exchange.response)
        if difference:
            request = exchange.probe.request
            who = exchange.probe.caller.name
            lines.append(f"{request.method} {request.target} as {who}: {difference}")
    return lines


def _difference(old: Response, new: Response) -> str:
    if old.status != new.status:
        return f"status {old.status} → {new.status}"
    if old.media_type != new.media_type:
        return f"content type {old.media_type or 'none'} → {new.media_type or 'none'}"
    was, now = shape_of(_json(old)), shape_of(_json(new))
    return f"body shape {_short(was)} → {_short(now)}" if was != now else ""


def _json(response: Response) -> Any:
    try:
        return parse_json(response.body)
    except (ValueError, RecursionError):
        return None


def shape_of(value: Any, depth: int = 0) -> Any:
    """The types of a JSON value without its contents; an array is known by its first element."""
    if depth > DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {key: shape_of(value[key], depth + 1) for key in sorted(value)}
    if isinstance(value, list):
        return [shape_of(value[0], depth + 1)] if value else []
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "null" if value is None else "string"


def _short(shape: Any) -> str:
    text = json.dumps(shape)
    return text if len(text) <= 120 else f"{text[:117]}..."
