"""Reading a report dict: the questions that several renderers ask of it.

Tolerant where `report.json` allows absence, so that a report of an interrupted run, or one written
by hand, still renders.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = [
    "OUTCOMES",
    "QUESTIONS",
    "SEVERITIES",
    "SUITES",
    "WHOLE_CONNECTOR",
    "counts",
    "header_pairs",
    "mapping",
    "moment",
    "operations_of",
    "parts_of",
    "reading_order",
    "rows",
    "sorted_findings",
    "suite_of",
    "suite_outcome",
    "suites_of",
    "text",
    "title_of",
    "worst",
]

Report = Mapping[str, Any]

SEVERITIES = ("error", "warning", "note")
FAMILIES = (
    "anonymous",
    "token",
    "delegated",
    "target",
    "sign-in",
    "contract",
    "compat",
    "definition",
    "agent",
)
"""The families as a reader wants them: who gets in and whose data it is come before texts."""
OUTCOMES = ("failed", "unverified", "waived", "skipped", "passed")
"""Outcomes of a check, the one that a reader must see first standing first."""

SUITES = (
    "definition",
    "compat",
    "target",
    "sign-in",
    "anonymous",
    "tokens",
    "delegated",
    "contract",
)
QUESTIONS = {
    "definition": "Do the connector’s files hold together?",
    "compat": "Do flows built on the deployed connector keep working?",
    "target": "Can the function app be reached as it should?",
    "sign-in": "Can the configured users sign in?",
    "anonymous": "Are calls without a sign-in refused?",
    "tokens": "Are forged and unfit tokens refused?",
    "delegated": "Does each call run as the user who makes it?",
    "contract": "Does the live app answer as the definition says?",
}
"""What each suite finds out, in a newcomer's words."""

WHOLE_CONNECTOR = "whole connector"
_SUITE_OUTCOMES = {"failed": "fail", "passed": "pass", "waived": "pass"}
_SUITE_OF_FAMILY = {"token": "tokens"}


def parts_of(report: Report) -> list[tuple[str, Report]]:
    """The reports in this one with their names: one per connector, else just this under ""."""
    parts = rows(report, "parts")
    if not parts:
        return [("", report)]
    return [(text(part.get("name")) or title_of(part), part) for part in parts]


def title_of(report: Report) -> str:
    """The connector's title, or "connector"."""
    return text(mapping(report, "connector").get("title")) or "connector"


def mapping(report: Report, key: str) -> Mapping[str, Any]:
    """The mapping under a key, or an empty one."""
    value = report.get(key)
    return value if isinstance(value, Mapping) else {}


def rows(report: Report, key: str) -> list[Mapping[str, Any]]:
    """The mappings in the list under a key."""
    value = report.get(key)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """A value as text: "" for null."""
    return "" if value is None else str(value)


def suite_of(finding: Report) -> str:
    """The suite that found it; where that is not said, the one that its rule belongs to."""
    if finding.get("suite"):
        return text(finding["suite"])
    family = text(finding.get("rule")).split(".", 1)[0]
    return _SUITE_OF_FAMILY.get(family, family)


def suites_of(report: Report) -> list[str]:
    """The suites that the report speaks of, in reading order, unknown ones last."""
    named = set(mapping(report, "suites"))
    named |= {text(check.get("suite")) for check in rows(report, "checks")}
    named |= {suite_of(finding) for finding in rows(report, "findings")}
    known = [suite for suite in SUITES if suite in named]
    return known + sorted(named - set(SUITES) - {""})


def suite_outcome(report: Report, suite: str) -> str:
    """What the report says of a suite as a whole; where it says nothing, what its checks say.

    Findings of rules that no check of their own carries (`target.*`) speak for themselves.
    """
    said = text(mapping(mapping(report, "suites"), suite).get("outcome"))
    if said:
        return said
    first = worst(text(c.get("outcome")) for c in rows(report, "checks") if c.get("suite") == suite)
    own = [finding for finding in rows(report, "findings") if suite_of(finding) == suite]
    if any(f.get("severity") == "error" and not f.get("waived") for f in own):
        return "fail"
    if not first:
        return "pass" if own else "not run"
    return _SUITE_OUTCOMES.get(first, first)


def operations_of(report: Report) -> list[str]:
    """The operations that the report speaks of: in the order of coverage, then of first mention."""
    seen = dict.fromkeys(str(name) for name in mapping(report, "coverage"))
    for key in ("checks", "findings", "exchanges"):
        for row in rows(report, key):
            if row.get("operation"):
                seen.setdefault(str(row["operation"]))
    return list(seen)


def sorted_findings(report: Report) -> list[Mapping[str, Any]]:
    """Findings in the order in which a reader wants them: open before waived, worst first."""
    return sorted(rows(report, "findings"), key=reading_order)


def counts(report: Report) -> dict[str, int]:
    """How many open errors, warnings and notes there are, waived findings, and each outcome."""
    tally = dict.fromkeys([*SEVERITIES, "waived findings", "checks", *OUTCOMES], 0)
    for finding in rows(report, "findings"):
        key = "waived findings" if finding.get("waived") else text(finding.get("severity"))
        tally[key] = tally.get(key, 0) + 1
    for check in rows(report, "checks"):
        outcome = text(check.get("outcome"))
        tally["checks"] += 1
        tally[outcome] = tally.get(outcome, 0) + 1
    return tally


def worst(outcomes: Iterable[str]) -> str:
    """The outcome that stands for many; "" for none."""
    present = set(outcomes)
    return next((outcome for outcome in OUTCOMES if outcome in present), "")


def header_pairs(headers: Any) -> list[tuple[str, str]]:
    """Headers as pairs, from a mapping (a list holds repeated ones) or from a list of pairs."""
    if isinstance(headers, Mapping):
        items: Any = headers.items()
    elif isinstance(headers, list):
        items = [pair for pair in headers if isinstance(pair, list | tuple) and len(pair) == 2]
    else:
        return []
    return [
        (str(name), text(value))
        for name, values in items
        for value in (values if isinstance(values, list) else [values])
    ]


def moment(value: Any) -> datetime | None:
    """A time from ISO 8601 text or seconds since the epoch; None where it is neither."""
    try:
        if isinstance(value, int | float) and math.isfinite(value):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reading_order(finding: Report) -> tuple[bool, int, int, str, str, str]:
    """Where a finding stands for a reader: open before waived, worst first, security first."""
    severity = text(finding.get("severity"))
    family = text(finding.get("rule")).split(".", 1)[0]
    return (
        bool(finding.get("waived")),
        SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES),
        FAMILIES.index(family) if family in FAMILIES else len(FAMILIES),
        text(finding.get("rule")),
        text(finding.get("operation")),
        text(finding.get("message")),
    )
