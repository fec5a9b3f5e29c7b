"""What the HTML page knows: the report, made harmless, compact and small enough, as JSON islands.

One island holds the summary (everything but exchanges), one the texts that many exchanges share,
and one per operation its checks and exchanges, which the page reads only when somebody opens that
operation. If the whole would grow too large, bodies are cut shorter first, then exchanges that no
finding cites are left out; the page says so.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.report.compare import Comparison, fingerprint
from harness.report.reading import (
    SEVERITIES,
    counts,
    header_pairs,
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
from harness.report.sanitize import clip, decode_base64, describe_binary, harmless, visible

__all__ = ["Island", "islands", "script_json"]

Report = Mapping[str, Any]

BUDGET = 13_000_000
"""Bytes that all islands together may take; the page without them is below 200 kB."""

# From generous to frugal: characters kept of each body, uncited exchanges kept per operation.
_LIMITS = (
    (65_536, 10_000),
    (16_384, 10_000),
    (4_096, 10_000),
    (1_024, 10_000),
    (400, 10_000),
    (400, 8),
    (200, 2),
    (200, 0),
)
_FINDINGS = 4_000
_FINDING_TEXT = 4_000
_HEADER_VALUE = 2_000
_SHARED_FROM = 12


@dataclass(frozen=True, slots=True)
class Island:
    """One piece of JSON in the page: the id of its script element, and its text."""

    id: str
    json: str


def islands(report: Report, comparison: Comparison | None = None) -> list[Island]:
    """The page's data, within the budget: `summary`, `shared`, and `op-<part>-<n>`."""
    summary = _summary(report, comparison)
    for body_limit, keep in _LIMITS:
        found = _exchange_islands(report, summary, body_limit, keep)
        size = sum(len(island.json.encode("utf-8")) for island in found)
        if size <= BUDGET:
            break
    return [Island("summary", script_json(summary)), *found]


def script_json(value: Any) -> str:
    """JSON that cannot end or disturb a script element, whatever stands in it (HTML, 4.12.1.3)."""
    dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        dumped = dumped.replace(character, f"\\u{ord(character):04x}")
    return dumped


def _summary(report: Report, comparison: Comparison | None) -> dict[str, Any]:
    fresh = None if comparison is None else Counter(map(fingerprint, comparison.new))
    return {
        "verdict": text(report.get("verdict")),
        "started": visible(text(report.get("started"))),
        "mode": visible(text(report.get("mode"))),
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
    parts = urlsplit(text(mapping(report, "target").get("url")))
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
    return {
        **shown,
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
        if _finite(response.get("seconds")) is not None
    ]
    return [round(statistics.median(times), 4), round(max(times), 4)] if times else None


def _coverage(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, Mapping):
        return None
    known = ("callers", "statuses", "parameters", "not_exercised", "method", "path", "summary")
    return {key: harmless(entry[key]) for key in known if entry.get(key)}


def _not_judged(report: Report) -> list[dict[str, Any]]:
    """Unverified and skipped checks grouped by reason, unverified first."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for check in rows(report, "checks"):
        outcome = text(check.get("outcome"))
        if outcome in ("unverified", "skipped"):
            reason = visible(text(check.get("reason")) or "no reason given")
            groups[outcome, visible(text(check.get("suite"))), reason].append(
                visible(text(check.get("operation")) or text(check.get("id")))
            )
    ordered = sorted(groups.items(), key=lambda item: (item[0][0] != "unverified", -len(item[1])))
    return [
        {"outcome": key[0], "suite": key[1], "reason": key[2], "of": of, "count": len(of)}
        for key, of in ordered[:200]
    ]


class _Shared:
    """Texts and header lists that occur more than once, stored once and cited by number."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self.table: list[Any] = []

    def number(self, value: Any, key: Any = None) -> int:
        key = value if key is None else key
        if key not in self._numbers:
            self._numbers[key] = len(self.table)
            self.table.append(value)
        return self._numbers[key]


def _exchange_islands(
    report: Report, summary: dict[str, Any], body_limit: int, keep: int
) -> list[Island]:
    shared = _Shared()
    found: list[Island] = []
    for number, (_, part) in enumerate(parts_of(report)):
        cited = {x for f in rows(part, "findings") for x in f.get("evidence") or ()}
        by_operation: dict[str, list[Report]] = defaultdict(list)
        for exchange in rows(part, "exchanges"):
            by_operation[text(exchange.get("operation"))].append(exchange)
        checks: dict[str, list[Report]] = defaultdict(list)
        for check in rows(part, "checks"):
            checks[text(check.get("operation"))].append(check)
        row = summary["parts"][number]
        row["cut"] = {"bodies": body_limit, "left_out": 0}
        for index, name in enumerate(_names(part)):
            kept = _kept(by_operation[name], cited, keep)
            row["cut"]["left_out"] += len(by_operation[name]) - len(kept)
            content = {
                "checks": [_check(check) for check in checks[name]],
                "exchanges": [
                    _exchange(x, x.get("id") in cited, row["origin"], shared, body_limit)
                    for x in kept
                ],
            }
            found.append(Island(f"op-{number}-{index}", script_json(content)))
    return [Island("shared", script_json(shared.table)), *found]


def _kept(exchanges: list[Report], cited: set[Any], keep: int) -> list[Report]:
    """Cited exchanges first, then as many of the others as may be kept."""
    first = [x for x in exchanges if x.get("id") in cited]
    others = [x for x in exchanges if x.get("id") not in cited]
    return first + others[:keep]


def _check(check: Report) -> list[Any]:
    return [
        visible(text(check.get("id"))),
        visible(text(check.get("suite"))),
        text(check.get("outcome")),
        _finite(check.get("seconds")),
        visible(text(check.get("reason"))),
    ]


def _exchange(
    exchange: Report, cited: bool, origin: str, shared: _Shared, body_limit: int
) -> list[Any]:
    """One exchange as a row; the page's `data.js` names the columns."""
    request, response = mapping(exchange, "request"), mapping(exchange, "response")
    url = visible(text(request.get("url")))
    answered = isinstance(exchange.get("response"), Mapping)
    return [
        visible(text(exchange.get("id"))),
        visible(text(exchange.get("caller"))),
        visible(text(exchange.get("purpose"))),
        visible(text(request.get("method"))),
        url.removeprefix(origin) if origin else url,
        _headers(request, shared),
        _body(request, shared, body_limit),
        response.get("status") if answered else None,
        _headers(response, shared) if answered else None,
        _body(response, shared, body_limit) if answered else None,
        _finite(response.get("seconds")) if answered else None,
        visible(text(exchange.get("reason"))) or None,
        exchange.get("attempts") or 1,
        visible(text(exchange.get("at"))) or None,
        int(cited),
    ]


def _finite(value: Any) -> float | None:
    """A number that JSON can hold; None for anything else."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _headers(message: Report, shared: _Shared) -> int:
    pairs = header_pairs(message.get("headers"))
    shown = [[visible(name), clip(visible(value), _HEADER_VALUE)] for name, value in pairs]
    return shared.number(shown, json.dumps(shown))


def _body(message: Report, shared: _Shared, limit: int) -> int | str | None:
    body = message.get("body")
    if message.get("body_base64"):
        shown = describe_binary(decode_base64(message["body_base64"]))
    elif body is None or body == "":
        return None
    else:
        whole = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        shown = clip(visible(whole), limit)
    return shared.number(shown) if len(shown) >= _SHARED_FROM else shown
