"""How a check ends when it does not simply pass; the plugin turns these into pytest's outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.findings.model import Finding
from harness.findings.text import explain
from harness.redaction.visible import log_text

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
