"""Calls without an answer: a check that stands on them proves nothing."""

from __future__ import annotations

from collections.abc import Sequence

from harness.exchanges.model import Exchange

__all__ = ["mostly_silent", "unanswered"]


def unanswered(exchanges: Sequence[Exchange]) -> str | None:
    """What got no answer, in one line; None where everything was answered."""
    silent = [e for e in exchanges if e.response is None]
    if not silent:
        return None
    first = silent[0]
    count = (
        "" if len(silent) == 1 == len(exchanges) else f"{len(silent)} of {len(exchanges)} calls "
    )
    asked = f"{first.probe.request.method} {first.probe.request.target}"
    return f"{count}got no answer: {asked}: {first.reason or 'unknown reason'}".strip()


def mostly_silent(exchanges: Sequence[Exchange]) -> str | None:
    """What got no answer, where that is more than half; None else.

    For large sets of odd calls, some of which a front end may drop without a word.
    """
    silent = [e for e in exchanges if e.response is None]
    return unanswered(exchanges) if len(silent) * 2 > len(exchanges) else None
