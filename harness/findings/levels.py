"""Levels and waivers of the settings, applied to findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from harness.findings.model import Finding
from harness.settings.values import Waiver

__all__ = ["level_of", "matches", "told_by_former_id", "waiver_for"]


def level_of(finding: Finding, levels: Mapping[str, str]) -> str | None:
    """The level that the settings give a finding's rule: by its id, a former one, or its family."""
    names = (finding.rule, finding.formerly, finding.rule.split(".", 1)[0])
    return next((levels[name] for name in names if name in levels), None)


def told_by_former_id(
    finding: Finding, levels: Mapping[str, str], waivers: Sequence[Waiver]
) -> Finding:
    """The finding; where settings mean it by a former id of its rule, its message says so."""
    old = finding.formerly
    if not old:
        return finding
    by_level = old in levels and finding.rule not in levels
    if not by_level and not any(w.rule == old and matches(w, finding) for w in waivers):
        return finding
    note = f"the settings name it by its former id {old}; write {finding.rule}"
    return replace(finding, message=f"{finding.message} ({note})")


def waiver_for(
    finding: Finding, waivers: Sequence[Waiver], today: date | None = None
) -> Waiver | None:
    """The waiver in date that accepts a finding, or None."""
    day = today or datetime.now(tz=UTC).date()
    return next((w for w in waivers if w.until >= day and matches(w, finding)), None)


def matches(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver speaks of a finding, whatever its date."""
    return (
        waiver.rule in (finding.rule, finding.formerly)
        and waiver.operation in (None, finding.operation)
        and (waiver.match is None or waiver.match in finding.message)
    )
