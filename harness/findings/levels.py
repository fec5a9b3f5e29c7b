"""Levels and waivers of the settings, applied to findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from harness.findings.model import Finding
from harness.settings.values import Waiver

__all__ = ["level_of", "matches", "waiver_for"]


def level_of(rule: str, levels: Mapping[str, str]) -> str | None:
    """The level that the settings give a rule: by its id, else by its family."""
    return levels.get(rule) or levels.get(rule.split(".", 1)[0])


def waiver_for(
    finding: Finding, waivers: Sequence[Waiver], today: date | None = None
) -> Waiver | None:
    """The waiver in date that accepts a finding, or None."""
    day = today or datetime.now(tz=UTC).date()
    return next((w for w in waivers if w.until >= day and matches(w, finding)), None)


def matches(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver speaks of a finding, whatever its date."""
    return (
        waiver.rule == finding.rule
        and waiver.operation in (None, finding.operation)
        and (waiver.match is None or waiver.match in finding.message)
    )
