"""What changed since a previous report: findings that are new, mended, or still there.

A finding that is gone is mended only if its check was made again and judged; a check that was left
out, or could not be verified this time, fixes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.report.reading import mapping, parts_of, rows, suite_of, text

__all__ = ["Comparison", "compare", "fingerprint"]

Finding = Mapping[str, Any]
Report = Mapping[str, Any]

# What varies from run to run in a message that means the same: numbers, hex ids, GUIDs.
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,}\b|\d+(?:[.,]\d+)*", re.IGNORECASE)
_JUDGED = frozenset({"passed", "failed", "waived"})
_SUITELESS = frozenset({"target", "sign-in"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Findings against those of a previous report.

    `unjudged` were in the previous report and are not in this one, but nothing judged them this
    time. `since` is when the previous run started, as it wrote it.
    """

    since: str
    new: tuple[Finding, ...]
    still: tuple[Finding, ...]
    mended: tuple[Finding, ...]
    unjudged: tuple[Finding, ...]


def fingerprint(finding: Finding) -> str:
    """A hash that stays the same while the finding means the same: 32 hexadecimal digits.

    Made of rule, operation, caller, the pointer it concerns and the message without its numbers;
    the line is left out, because editing elsewhere in the file moves it.
    """
    data = mapping(finding, "data")
    parts = [
        text(finding.get("rule")),
        text(finding.get("operation")),
        text(finding.get("caller")),
        text(mapping(finding, "place").get("pointer")),
        text(data.get("pointer")),
        _VARYING.sub("#", text(finding.get("message"))),
    ]
    joined = json.dumps(parts, ensure_ascii=True)
    return hashlib.sha256(joined.encode("utf-8")).hexdigest()[:32]


def compare(report: Report, previous: Report) -> Comparison:
    """Sort the findings of two reports of the same connector (or the same connectors)."""
    before = dict(parts_of(previous))
    single = len(before) == 1
    found: list[Comparison] = []
    for name, part in parts_of(report):
        older = before.get(name) or (next(iter(before.values())) if single and not name else None)
        found.append(_compare_part(part, older or {}))
    return Comparison(
        since=text(previous.get("started")),
        new=tuple(f for one in found for f in one.new),
        still=tuple(f for one in found for f in one.still),
        mended=tuple(f for one in found for f in one.mended),
        unjudged=tuple(f for one in found for f in one.unjudged),
    )


def _compare_part(report: Report, previous: Report) -> Comparison:
    now, before = rows(report, "findings"), rows(previous, "findings")
    still, new = _split(now, Counter(map(fingerprint, before)))
    _, gone = _split(before, Counter(map(fingerprint, now)))
    judged = _judged_pairs(report)
    mended = tuple(finding for finding in gone if _is_judged(finding, judged))
    unjudged = tuple(finding for finding in gone if not _is_judged(finding, judged))
    return Comparison("", new, still, mended, unjudged)


def _split(
    findings: Iterable[Finding], known: Counter[str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    left = known.copy()
    inside: list[Finding] = []
    outside: list[Finding] = []
    for finding in findings:
        key = fingerprint(finding)
        (inside if left[key] > 0 else outside).append(finding)
        left[key] -= 1
    return tuple(inside), tuple(outside)


def _judged_pairs(report: Report) -> frozenset[tuple[str, str]]:
    return frozenset(
        (text(check.get("suite")), text(check.get("operation")))
        for check in rows(report, "checks")
        if check.get("outcome") in _JUDGED
    )


def _is_judged(finding: Finding, judged: frozenset[tuple[str, str]]) -> bool:
    suite, operation = suite_of(finding), text(finding.get("operation"))
    if suite in _SUITELESS:
        return bool(judged)
    if operation:
        return (suite, operation) in judged
    return any(pair[0] == suite for pair in judged)
