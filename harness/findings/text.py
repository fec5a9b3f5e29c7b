"""A finding as a few lines of text."""

from __future__ import annotations

from harness.findings.model import Finding
from harness.redaction.visible import log_text

__all__ = ["explain"]


def explain(finding: Finding) -> str:
    """A finding as a few lines of text: what is wrong, where, expected, observed, how to fix it."""
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
