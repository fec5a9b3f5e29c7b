"""What `connector-harness explain` says about a thing, as JSON and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.findings.model import Finding
from harness.redaction.visible import log_text

__all__ = ["Explanation", "lines_of", "plain_findings"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is said about a thing: its kind (rule, sign-in, answer, claims) and the words.

    `because` quotes the words of an answer that the explanation rests on; `page` is the long form
    for people, Markdown.
    """

    kind: str
    rule: str | None
    cause: str
    message: str
    remedy: str
    because: tuple[str, ...] = ()
    page: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """The explanation as `--format json` prints it."""
        return {
            "kind": self.kind,
            "rule": self.rule,
            "cause": self.cause,
            "message": self.message,
            "remedy": self.remedy,
            "because": list(self.because),
            **self.more,
        }


def lines_of(findings: Sequence[Finding]) -> list[str]:
    """Findings as lines: severity, rule, message, and below it what to do."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.severity} {finding.rule}: {finding.message}")
        if finding.observed:
            lines.append(f"  observed  {finding.observed}")
        if finding.expected:
            lines.append(f"  expected  {finding.expected}")
        lines.append(f"  remedy    {finding.remedy}")
    return [log_text(line) for line in lines]


def plain_findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as the JSON form lists them."""
    keys = ("rule", "severity", "operation", "message", "expected", "observed", "remedy")
    return [{key: finding.to_plain()[key] for key in keys} for finding in findings]
