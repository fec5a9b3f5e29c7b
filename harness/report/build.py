"""The report as one dict, the same with and without xdist: `connector-harness/report/1`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from harness import __version__
from harness.bounds.urls import split_url
from harness.connector.loading import connector_hash
from harness.connector.model import Connector
from harness.exchanges.model import Exchange, Response, from_plain
from harness.redaction.redactor import Redactor
from harness.redaction.tokens import without_token
from harness.report.coverage import complete_coverage
from harness.report.distinct import distinct_findings
from harness.report.places import placed, relative_path
from harness.report.waiving import idle_waivers, waiver_rows
from harness.settings.values import Settings

__all__ = [
    "BODY_CAP",
    "Gathered",
    "build_report",
    "by_check",
    "scrubbed",
    "suite_rows",
    "with_names",
]

SCHEMA = "connector-harness/report/1"
SUITES = ("definition", "compat", "anonymous", "tokens", "delegated", "contract", "tests")
BODY_CAP = 20_000
SENTENCES = ("findings", "checks", "suites", "notes")
"""What is written for people: ids there are called by what they are."""
CLEAN_ALREADY = ("exchanges",)


@dataclass(slots=True)
class Gathered:
    """What a run's checks sent home, in the order in which they ended."""

    payloads: list[Mapping[str, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def build_report(
    gathered: Gathered,
    settings: Settings,
    connector: Connector,
    redactor: Redactor,
    *,
    started: datetime,
    seconds: float,
    verdict: str,
    exit_status: int,
) -> dict[str, Any]:
    """The report of a run; every text in it has gone through the redactor."""
    payloads = sorted(gathered.payloads, key=lambda p: by_check(p["check"]))
    exchanges, names = _exchanges(payloads, settings, redactor)
    findings = [
        {**finding, "place": placed(finding, connector, settings.root)}
        for finding in _findings(payloads, names)
    ]
    checks = [_check(payload, names) for payload in payloads]
    report = {
        "schema": SCHEMA,
        "verdict": verdict,
        "exit_status": exit_status,
        **({"shard": str(settings.shard)} if settings.shard else {}),
        "harness": {"version": __version__},
        "mode": {"off": "live"}.get(settings.cassettes_mode, settings.cassettes_mode),
        "target": {"name": settings.target_name, "url": settings.target_url},
        "connector": {
            "title": connector.title,
            "definition": relative_path(connector.definition_path, settings.root),
            "sha256": connector.sha256,
            "hash": connector_hash(connector),
            "operations": len(connector.operations),
        },
        "started": started.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "seconds": round(seconds, 3),
        "requests": {
            name: gathered.counters.get(name, 0)
            for name in ("sent", "replayed", "retried", "writes")
        },
        "suites": suite_rows(checks, findings),
        "notes": _notes(payloads, [*gathered.notes, *_idle(settings, findings, checks)]),
        "checks": checks,
        "findings": findings,
        "exchanges": exchanges,
        "coverage": complete_coverage(_coverage(payloads), connector, checks),
        "waivers": waiver_rows(settings.waivers, findings),
    }
    return {
        name: value if name in CLEAN_ALREADY else scrubbed(value, redactor.text)
        for name, value in report.items()
    } | {name: scrubbed(report[name], redactor.told) for name in SENTENCES}


def with_names(
    report: Mapping[str, Any], gathered: Gathered, settings: Settings, redactor: Redactor
) -> dict[str, Any]:
    """The report as the user's own terminal shows it: the findings with the names of people."""
    payloads = sorted(gathered.payloads, key=lambda p: by_check(p["check"]))
    names = {
        finding_id: finding_id
        for payload in payloads
        for finding in payload["findings"]
        for finding_id in finding["evidence"]
    }
    checks = [dict(payload["check"]) for payload in payloads]
    findings = [
        {**finding, "place": shown["place"], "evidence": shown["evidence"]}
        for finding, shown in zip(_findings(payloads, names), report["findings"], strict=True)
    ]
    notes = _notes(payloads, [*gathered.notes, *_idle(settings, findings, checks)])
    named = {"checks": checks, "findings": findings, "notes": notes}
    named["suites"] = suite_rows(checks, findings)
    return {**report, **{name: scrubbed(named[name], redactor.terminal) for name in named}}


def _check(payload: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A check; a failing test of the user's with the calls that it made."""
    check = dict(payload["check"])
    if check["suite"] == "tests" and check["outcome"] == "failed":
        check["evidence"] = [names[e["id"]] for e in payload["exchanges"] if e["id"] in names]
    return check


def suite_rows(
    checks: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Per suite: outcome, how many checks ended how, and the first reason for doubt."""
    rows: dict[str, dict[str, Any]] = {}
    for suite in SUITES:
        own = [check for check in checks if check["suite"] == suite]
        if not own:
            continue
        counts = {o: sum(c["outcome"] == o for c in own) for o in OUTCOMES}
        doubts = [c["reason"] for c in own if c["outcome"] == "unverified"]
        rows[suite] = {
            "outcome": _suite_outcome(counts),
            "reason": doubts[0] if doubts else None,
            "checks": len(own),
            "findings": sum(1 for f in findings if f.get("suite") == suite),
            "seconds": round(sum(c["seconds"] for c in own), 3),
            **counts,
        }
    return rows


OUTCOMES = ("passed", "failed", "waived", "skipped", "unverified")


def _suite_outcome(counts: Mapping[str, int]) -> str:
    if counts["failed"]:
        return "fail"
    if counts["unverified"]:
        return "unverified"
    return "pass" if counts["passed"] or counts["waived"] else "skipped"


def by_check(check: Mapping[str, Any]) -> tuple[int, str]:
    """Where a check stands in a report: suite by suite, then by id."""
    suite = check["suite"]
    return (SUITES.index(suite) if suite in SUITES else len(SUITES), check["id"])


def _exchanges(
    payloads: Sequence[Mapping[str, Any]], settings: Settings, redactor: Redactor
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Exchanges under final ids, numbered in the order of the checks, and old id → new id."""
    shown: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for payload in payloads:
        cited = {e for finding in payload["findings"] for e in finding["evidence"]}
        for exchange in _worth_showing(payload["exchanges"], cited):
            names[exchange.id] = f"x{len(names) + 1}"
            row = shown_exchange(exchange, names[exchange.id], settings, redactor)
            shown.append({**row, "check": payload["check"]["id"]})
    return shown, names


def _worth_showing(plain: Sequence[Mapping[str, Any]], cited: set[str]) -> list[Exchange]:
    counts: dict[tuple[Any, ...], int] = {}
    chosen = []
    for row in plain:
        key = (row["operation"], row["caller"][0], row["purpose"])
        counts[key] = counts.get(key, 0) + 1
        if row["id"] in cited or counts[key] <= 4:
            chosen.append(from_plain(row))
    return chosen


def shown_exchange(
    exchange: Exchange, name: str, settings: Settings, redactor: Redactor
) -> dict[str, Any]:
    """An exchange as the report shows it: no token, capped bodies, binary ones in base64."""
    probe = exchange.probe
    request = probe.request
    if probe.caller.kind != "anonymous":
        request = without_token(request, probe.caller.name)
    origin = request.origin or _origin(settings)
    sent: dict[str, Any] = {
        "method": request.method,
        "url": redactor.text(origin + request.target),
        "headers": _header_dict(redactor.shown_headers(request.headers)),
        **_body(request.body, None, settings, redactor),
    }
    if request.flow is not None:
        method, target = request.flow
        sent["flow"] = {"method": method, "url": redactor.text(origin + target)}
    return {
        "id": name,
        "operation": probe.operation,
        "caller": probe.caller.name,
        "purpose": probe.purpose,
        "request": sent,
        "response": _response(exchange.response, settings, redactor),
        "reason": None if exchange.reason is None else redactor.text(exchange.reason),
        "attempts": exchange.attempts,
        "at": exchange.at,
    }


def _response(
    response: Response | None, settings: Settings, redactor: Redactor
) -> dict[str, Any] | None:
    if response is None:
        return None
    return {
        "status": response.status,
        "headers": _header_dict(redactor.shown_headers(response.headers)),
        **_body(response.body, response, settings, redactor),
        "seconds": round(response.seconds, 4),
    }


def _body(
    body: bytes | None, response: Response | None, settings: Settings, redactor: Redactor
) -> dict[str, Any]:
    if not body:
        return {"body": None if body is None else ""}
    try:
        text = response.text if response is not None else body.decode("utf-8")
        if response is not None:
            body.decode("utf-8")
    except UnicodeDecodeError:
        encoded = base64.b64encode(redactor.data(body)[:BODY_CAP]).decode("ascii")
        return {"body": None, "body_base64": encoded, "body_bytes": len(body)}
    if settings.bodies == "shape":
        return {"body": f"({len(body)} bytes, not kept)", "body_bytes": len(body)}
    text = redactor.body_text(text)
    if len(text) > BODY_CAP:
        return {"body": text[:BODY_CAP], "body_bytes": len(body), "truncated": True}
    return {"body": text}


def _header_dict(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in headers:
        shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown


def _findings(
    payloads: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Findings with final evidence ids; the same finding from several checks stands once."""
    found = []
    for payload in payloads:
        for plain in payload["findings"]:
            finding = dict(plain)
            finding["suite"] = payload["check"]["suite"]
            finding["check"] = payload["check"]["id"]
            finding["evidence"] = [names[e] for e in plain["evidence"] if e in names]
            found.append(finding)
    return distinct_findings(found)


def _coverage(payloads: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for payload in payloads:
        for operation, row in payload["coverage"].items():
            into = merged.setdefault(
                operation, {"callers": [], "statuses": [], "parameters": [], "not_exercised": []}
            )
            for name, values in row.items():
                into[name] = sorted({*into[name], *values}, key=lambda v: (str(type(v)), v))
    return dict(sorted(merged.items()))


def _notes(payloads: Sequence[Mapping[str, Any]], own: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*own, *(n for payload in payloads for n in payload["notes"])]))


def _idle(
    settings: Settings,
    findings: Sequence[Mapping[str, Any]],
    checks: Sequence[Mapping[str, Any]],
) -> list[str]:
    """One part of a run cannot know what the others use."""
    return [] if settings.shard else idle_waivers(settings.waivers, findings, checks)


def scrubbed(node: Any, clean: Callable[[str], str]) -> Any:
    """Plain data, every text in it cleaned."""
    if isinstance(node, str):
        return clean(node)
    if isinstance(node, Mapping):
        return {str(key): scrubbed(value, clean) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [scrubbed(value, clean) for value in node]
    if isinstance(node, date):
        return node.isoformat()
    return node


def _origin(settings: Settings) -> str:

    parts = split_url(settings.target_url)
    return f"{parts.scheme}://{parts.netloc}"
