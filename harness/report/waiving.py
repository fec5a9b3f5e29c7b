"""What the waivers of a run accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from harness.settings.values import Waiver

__all__ = ["idle_waivers", "waiver_rows"]


def waiver_rows(
    waivers: Sequence[Waiver], findings: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The waivers as a report shows them, each with how many findings it accepts."""
    today = datetime.now(tz=UTC).date()
    return [
        {
            "rule": waiver.rule,
            "operation": waiver.operation,
            "match": waiver.match,
            "reason": waiver.reason,
            "until": waiver.until.isoformat(),
            "used": sum(_waives(waiver, finding) for finding in findings),
            "expired": waiver.until < today,
        }
        for waiver in waivers
    ]


def idle_waivers(
    waivers: Sequence[Waiver],
    findings: Sequence[Mapping[str, Any]],
    checks: Sequence[Mapping[str, Any]],
) -> list[str]:
    """A note for each waiver that accepted nothing although its suite ran."""
    ran = {check["suite"] for check in checks if check["outcome"] in ("passed", "failed")}
    families = {"token": "tokens", "sign-in": "tokens", "target": "anonymous"}
    notes = []
    for waiver in waivers:
        family = waiver.rule.split(".")[0]
        if families.get(family, family) not in ran:
            continue
        if not any(_waives(waiver, finding) for finding in findings):
            whom = f" of {waiver.operation}" if waiver.operation else ""
            notes.append(
                f"the waiver of {waiver.rule}{whom} ({waiver.reason}) accepts nothing any more: "
                "remove it"
            )
    return notes


def _waives(waiver: Waiver, finding: Mapping[str, Any]) -> bool:
    """Whether a waiver is about a finding, in date or not."""
    return bool(
        waiver.rule == finding["rule"]
        and waiver.operation in (None, finding["operation"])
        and (waiver.match is None or waiver.match in finding["message"])
    )
