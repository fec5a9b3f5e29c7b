"""What judging delegated calls shares: picking exchanges, and one finding per cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.exchanges.model import Exchange
from harness.findings.model import Finding

__all__ = ["ADD_USER", "of", "one_per_cause"]

_GRAVITY = {"note": 0, "warning": 1, "error": 2}
ADD_USER = "needs two users: add [users.NAME] with a second test account to the settings"


def of(exchanges: Iterable[Exchange], purpose: str) -> list[Exchange]:
    """The exchanges of one purpose."""
    return [e for e in exchanges if e.probe.purpose == f"delegated/{purpose}"]


def one_per_cause(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding per rule, operation and caller: the gravest, and of those the first."""
    kept: dict[tuple[str, str | None, str | None], Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.operation, finding.caller)
        if key not in kept or _GRAVITY[finding.severity] > _GRAVITY[kept[key].severity]:
            kept[key] = finding
    return tuple(kept.values())
