"""What the HTML page knows: the report, made harmless, as JSON islands.

The summary, all but checks and exchanges, is made here; `harness.report.formats.html_exchanges`
makes the islands that the page reads when somebody opens an operation.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from harness.bounds.urls import split_url
from harness.redaction.visible import clip, harmless, visible
from harness.report.compare import Comparison, fingerprint
from harness.report.formats.html_exchanges import (
    Island,
    OperationData,
    finite,
    operation_islands,
    read_operations,
    script_json,
)
from harness.report.grouping import rule_texts
from harness.report.reading import (
    OUTCOMES,
    QUESTIONS,
    SEVERITIES,
    counts,
    mapping,
    operations_of,
    parts_of,
    rows,
    sorted_findings,
    suite_of,
    suites_of,
    text,
    title_of,
    worst,
)

__all__ = ["islands"]

Report = Mapping[str, Any]

_NO_REASON = {"failed": "pytest’s output says why"}
_FINDINGS = 4_000
_FINDING_TEXT = 4_000


def islands(report: Report, comparison: Comparison | None = None) -> list[Island]:
    """The page's data: `summary`, `shared`, and `op-<part>-<n>` for each operation's row."""
    summary = _summary(report, comparison)
    operations: list[OperationData] = []
    for number, (_, part) in enumerate(parts_of(report)):
        origin = summary["parts"][number]["origin"]
        operations += read_operations(number, part, _names(part), origin)
    found, cut = operation_islands(operations)
    for number, row in enumerate(summary["parts"]):
        own = [operation for operation in operations if operation.part == number]
        left_out = sum(len(operation.rows) - len(operation.kept(cut)) for operation in own)
        row["cut"] = {"bodies": cut.bodies, "left_out": left_out}
    return [Island("summary", script_json(summary)), *found]


def _summary(report: Report, comparison: Comparison | None) -> dict[str, Any]:
    fresh = None if comparison is None else Counter(map(fingerprint, comparison.new))
    return {
        "verdict": text(report.get("verdict")),
        "started": visible(text(report.get("started"))),
        "questions": QUESTIONS,
        "since": None if comparison is None else visible(comparison.since),
        "mended": [] if comparison is None else [_finding(f) for f in comparison.mended],
        "unjudged": [] if comparison is None else [_finding(f) for f in comparison.unjudged],
        "parts": [_part(name, part, fresh) for name, part in parts_of(report)],
    }


def _part(name: str, report: Report, fresh: Counter[str] | None) -> dict[str, Any]:
    findings = sorted_findings(report)
    return {
        "name": visible(name),
        "title": visible(title_of(report)),
        "verdict": text(report.get("verdict")),
        "origin": _origin(report),
        "suites": suites_of(report),
        "operations": _operations(report),
        "findings": [_finding(f, fresh) for f in findings[:_FINDINGS]],
        "findings_left_out": max(0, len(findings) - _FINDINGS),
        "not_judged": _not_judged(report),
        "waivers": harmless(rows(report, "waivers")),
        "facts": _facts(report),
        "counts": counts(report),
        "cut": None,
    }


def _origin(report: Report) -> str:
    parts = split_url(text(mapping(report, "target").get("url")))
    return visible(f"{parts.scheme}://{parts.netloc}") if parts.netloc else ""


def _facts(report: Report) -> list[list[str]]:
    connector, target = mapping(report, "connector"), mapping(report, "target")
    requests = mapping(report, "requests")
    facts = [
        ["Function app", f"{text(target.get('name'))} {text(target.get('url'))}".strip()],
        ["Definition", text(connector.get("definition"))],
        ["Definition’s SHA-256", text(connector.get("sha256"))],
        ["Operations", text(connector.get("operations"))],
        ["Mode", text(report.get("mode"))],
        ["Started", text(report.get("started"))],
        ["Seconds", text(report.get("seconds"))],
        *([f"Requests {key}", text(count)] for key, count in requests.items()),
        ["Exit status", text(report.get("exit_status"))],
        ["connector-harness", text(mapping(report, "harness").get("version"))],
    ]
    return [[visible(label), visible(value)] for label, value in facts if value]


def _finding(finding: Report, fresh: Counter[str] | None = None) -> dict[str, Any]:
    data, place = mapping(finding, "data"), mapping(finding, "place")
    shown = {
        key: clip(visible(text(finding.get(key))), _FINDING_TEXT)
        for key in ("rule", "severity", "operation", "caller", "message", "expected", "observed")
    }
    shown["remedy"] = clip(visible(text(finding.get("remedy"))), _FINDING_TEXT)
    where = text(place.get("file")) + (f":{place['line']}" if place.get("line") else "")
    evidence = finding.get("evidence")
    title, why = rule_texts(text(finding.get("rule")))
    return {
        **shown,
        "title": visible(title),
        "why": visible(why),
        "suite": suite_of(finding),
        "waived": bool(finding.get("waived")),
        "place": visible(where),
        "pointer": visible(text(place.get("pointer"))),
        "evidence": [visible(item) for item in evidence][:50] if isinstance(evidence, list) else [],
        "curl": clip(visible(text(data.get("curl"))), _FINDING_TEXT),
        "rerun": clip(visible(text(data.get("rerun"))), _FINDING_TEXT),
        "fresh": _is_fresh(finding, fresh),
    }


def _is_fresh(finding: Report, fresh: Counter[str] | None) -> bool | None:
    if fresh is None:
        return None
    key = fingerprint(finding)
    fresh[key] -= 1
    return fresh[key] >= 0


def _operations(report: Report) -> list[dict[str, Any]]:
    """One row per operation, the whole connector first where something concerns it."""
    cells: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    for check in rows(report, "checks"):
        cell = _cell(cells, check, text(check.get("suite")))
        cell[0] = worst((cell[0], text(check.get("outcome"))))
    for finding in rows(report, "findings"):
        cell = _cell(cells, finding, suite_of(finding))
        severity = text(finding.get("severity"))
        open_one = severity in SEVERITIES and not finding.get("waived")
        cell[1 + SEVERITIES.index(severity) if open_one else 4] += 1
    exchanges: dict[str, list[Report]] = defaultdict(list)
    for exchange in rows(report, "exchanges"):
        exchanges[text(exchange.get("operation"))].append(exchange)
    coverage = mapping(report, "coverage")
    return [
        {
            "id": visible(name),
            "cells": cells.get(name, {}),
            "exchanges": len(exchanges[name]),
            "seconds": _seconds(exchanges[name]),
            "coverage": _coverage(coverage.get(name)),
        }
        for name in _names(report)
    ]


def _names(report: Report) -> list[str]:
    """Operations in the page's order; "" first, where something concerns the whole connector."""
    every = [row for key in ("checks", "findings", "exchanges") for row in rows(report, key)]
    whole = any(not row.get("operation") for row in every)
    return ([""] if whole else []) + operations_of(report)


def _cell(cells: dict[str, dict[str, list[Any]]], row: Report, suite: str) -> list[Any]:
    return cells[text(row.get("operation"))].setdefault(suite, ["", 0, 0, 0, 0])


def _seconds(exchanges: list[Report]) -> list[float] | None:
    """Median and longest time to answer, in seconds; None where nothing answered."""
    times = [
        float(response["seconds"])
        for response in (mapping(exchange, "response") for exchange in exchanges)
        if finite(response.get("seconds")) is not None
    ]
    return [round(statistics.median(times), 4), round(max(times), 4)] if times else None


def _coverage(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, Mapping):
        return None
    known = ("callers", "statuses", "parameters", "not_exercised", "method", "path", "summary")
    return {key: harmless(entry[key]) for key in known if entry.get(key)}


def _not_judged(report: Report) -> list[dict[str, Any]]:
    """Checks that no finding explains, grouped by reason: failed, then unverified, then skipped."""
    errors = [f for f in rows(report, "findings") if f.get("severity") == "error"]
    found = {(suite_of(f), text(f.get("operation"))) for f in errors}
    named = {f.get("check") for f in errors}
    groups: dict[tuple[str, str, str], list[Report]] = defaultdict(list)
    for check in rows(report, "checks"):
        outcome = text(check.get("outcome"))
        key = (text(check.get("suite")), text(check.get("operation")))
        unexplained = outcome == "failed" and key not in found and check.get("id") not in named
        if outcome in ("unverified", "skipped") or unexplained:
            groups[outcome, key[0], _common_reason(check)].append(check)
    ordered = sorted(groups.items(), key=lambda item: (OUTCOMES.index(item[0][0]), -len(item[1])))
    return [_reason_group(*key, checks) for key, checks in ordered[:200]]


def _reason(check: Report) -> str:
    outcome = text(check.get("outcome"))
    return visible(text(check.get("reason")) or _NO_REASON.get(outcome, "no reason given"))


def _common_reason(check: Report) -> str:
    """The reason without the operation's name, so that many operations share one."""
    operation = visible(text(check.get("operation")))
    whole_word = rf"(?<!\w){re.escape(operation)}(?!\w)"
    return re.sub(whole_word, "…", _reason(check)) if operation else _reason(check)


def _reason_group(outcome: str, suite: str, common: str, checks: list[Report]) -> dict[str, Any]:
    names = [
        (check.get("id") if suite == "tests" else check.get("operation")) or check.get("id")
        for check in checks
    ]
    return {
        "outcome": outcome,
        "suite": visible(suite),
        "reason": common if len(checks) > 1 else _reason(checks[0]),
        "of": [visible(text(name)) for name in names],
        "count": len(checks),
    }
