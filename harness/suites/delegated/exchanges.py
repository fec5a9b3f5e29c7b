"""What judging delegated calls shares: picking exchanges, and one finding per cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.exchanges.model import Exchange
from harness.findings.model import Finding

__all__ = ["ADD_USER", "of", "one_per_cause"]

ADD_USER = "needs two users: add [users.NAME] with a second test account to the settings"


def of(exchanges: Iterable[Exchange], purpose: str) -> list[Exchange]:
    """The exchanges of one purpose."""
    return [e for e in exchanges if e.probe.purpose == f"delegated/{purpose}"]


def one_per_cause(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding per rule and operation: the first, with claims_by_user's evidence."""
    kept: dict[tuple[str, str | None], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.rule, finding.operation), finding)
    return tuple(kept.values())
