"""How a check ends when it does not simply pass; the plugin turns these into pytest's outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.report.sanitize import log_text
from harness.rules.model import Finding

__all__ = ["CheckFailed", "CheckOutcome", "CheckSkipped", "CheckUnverified", "CheckWaived"]


class CheckOutcome(pytest.fail.Exception):  # type: ignore[name-defined,misc]  # mypy sees no class
    """A check that did not simply pass; `reason` is what reports show, without a traceback."""

    outcome = "failed"

    def __init__(self, reason: str) -> None:
        self.reason = log_text(reason)
        super().__init__(self.reason, pytrace=False)


class CheckFailed(CheckOutcome):
    """An error finding: the connector or its function app is wrong."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n\n".join(explain(finding) for finding in findings))


class CheckUnverified(CheckOutcome):
    """It applies, but a prerequisite broke, so nothing is proved (exit status 6)."""

    outcome = "unverified"


class CheckWaived(CheckOutcome):
    """All its error findings are accepted until a date."""

    outcome = "waived"


class CheckSkipped(CheckOutcome):
    """It does not apply here, or was switched off; with the reason."""

    outcome = "skipped"


def explain(finding: Finding) -> str:
    """A finding as a few lines of text: what is wrong, where, expected, observed, how to mend."""
    subject = " ".join(part for part in (finding.operation, finding.caller) if part)
    lines = [f"{finding.rule} {f'[{subject}] ' if subject else ''}{finding.message}"]
    if finding.place is not None and finding.place.file:
        line = f":{finding.place.line}" if finding.place.line else ""
        lines.append(f"  where     {finding.place.file}{line} {finding.place.pointer}".rstrip())
    for label, text in (
        ("expected", finding.expected),
        ("observed", finding.observed),
        ("remedy", finding.remedy),
        ("curl", str(finding.data.get("curl", ""))),
        ("again", str(finding.data.get("rerun", ""))),
    ):
        if text:
            first, *rest = text.splitlines()
            lines.append(f"  {label:<9} {first}")
            lines.extend(f"            {line}" for line in rest)
    return log_text("\n".join(lines))
