"""The findings as SARIF 2.1.0, so that code scanning shows them on the lines of the definition.

One run per connector. Property names and limits follow the OASIS standard "Static Analysis Results
Interchange Format (SARIF) Version 2.1.0" and GitHub's page "SARIF support for code scanning".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from harness.findings.model import Rule
from harness.findings.page import rule_page
from harness.redaction.visible import clip, one_line, visible
from harness.report.compare import fingerprint
from harness.report.reading import mapping, moment, parts_of, rows, sorted_findings, text

__all__ = ["SARIF_SCHEMA", "render_sarif"]

Report = Mapping[str, Any]

SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

# GitHub refuses more results in a run than this.
_MOST_RESULTS = 25_000
_MESSAGE = 1_000
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
# How grave GitHub shows a security alert: 7.0 and up is high, 4.0 and up medium.
_SECURITY = {"error": "8.0", "warning": "5.0", "note": "2.0"}
_SECURITY_FAMILIES = frozenset({"anonymous", "token", "delegated", "sign-in", "target"})


def render_sarif(report: Report, rules: Mapping[str, Rule] | None = None) -> dict[str, Any]:
    """The SARIF log for a parsed `report.json`.

    `rules` gives the documentation of each rule by its id; a rule that is not among them is
    described by what its findings say.
    """
    runs = [_run(name, part, rules or {}) for name, part in parts_of(report)]
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": runs}


def _run(name: str, report: Report, rules: Mapping[str, Rule]) -> dict[str, Any]:
    findings = sorted_findings(report)[:_MOST_RESULTS]
    used = list(dict.fromkeys(text(finding.get("rule")) for finding in findings))
    numbers = {rule: number for number, rule in enumerate(used)}
    fallback = text(mapping(report, "connector").get("definition"))
    samples = {text(finding.get("rule")): finding for finding in reversed(findings)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "connector-harness",
                "version": one_line(mapping(report, "harness").get("version") or "0"),
                "rules": [_rule(rule, rules.get(rule), samples[rule]) for rule in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [_result(finding, numbers, fallback, report) for finding in findings],
    }
    if name:
        run["automationDetails"] = {"id": f"connector-harness/{one_line(name, 100)}/"}
    return run


def _rule(rule_id: str, rule: Rule | None, sample: Report) -> dict[str, Any]:
    severity = rule.severity if rule else text(sample.get("severity"))
    title = rule.title if rule else one_line(rule_id)
    meaning = rule.meaning if rule else one_line(sample.get("message"), _MESSAGE)
    remedy = rule.remedy if rule else visible(text(sample.get("remedy")))
    why = rule.why if rule else ""
    family = rule_id.split(".", 1)[0]
    properties: dict[str, Any] = {"tags": [one_line(family, 60)], "precision": "high"}
    if family in _SECURITY_FAMILIES:
        properties["tags"].append("security")
        properties["security-severity"] = _SECURITY.get(severity, "2.0")
    return {
        "id": one_line(rule_id),
        "shortDescription": {"text": title or rule_id},
        "fullDescription": {"text": clip(meaning or title or rule_id, _MESSAGE)},
        "help": _help(meaning, why, remedy, rule),
        "defaultConfiguration": {"level": _LEVELS.get(severity, "note")},
        "properties": properties,
    }


def _help(meaning: str, why: str, remedy: str, rule: Rule | None) -> dict[str, str]:
    """The rule's own page; for a rule of another version what its findings say."""
    sections = [
        ("What it means", meaning),
        ("Why it matters", why),
        ("How to fix it", remedy),
        ("Source", rule.reference if rule else ""),
    ]
    present = [(title, body) for title, body in sections if body]
    told = "\n\n".join(f"**{title}.** {_markdown(body)}" for title, body in present)
    return {
        "text": "\n\n".join(f"{title}: {body}" for title, body in present) or "See report.json.",
        "markdown": (_markdown(rule_page(rule)) if rule else told) or "See report.json.",
    }


def _markdown(body: str) -> str:
    """Text in which angle brackets cannot start HTML; rules write their own emphasis."""
    return body.replace("<", "&lt;")


def _result(
    finding: Report, numbers: Mapping[str, int], fallback: str, report: Report
) -> dict[str, Any]:
    rule = text(finding.get("rule"))
    facts = {
        key: clip(visible(finding[key]), _MESSAGE)
        for key in ("operation", "caller", "expected", "observed", "remedy")
        if finding.get(key)
    }
    result: dict[str, Any] = {
        "ruleId": one_line(rule),
        "ruleIndex": numbers[rule],
        "kind": "fail",
        "level": _LEVELS.get(text(finding.get("severity")), "note"),
        "message": {"text": _message(finding)},
        "locations": [_location(finding, fallback)],
        "partialFingerprints": {"connectorHarness/v1": fingerprint(finding)},
        "properties": facts,
    }
    if finding.get("waived"):
        result["suppressions"] = [_suppression(finding, report)]
    return result


def _message(finding: Report) -> str:
    lines = [one_line(finding.get("message") or finding.get("rule"), _MESSAGE)]
    for label, key in (("Expected", "expected"), ("Observed", "observed"), ("To fix", "remedy")):
        if finding.get(key):
            lines.append(f"{label}: {one_line(finding[key], _MESSAGE)}")
    # In a SARIF message `[text](target)` makes a link and `{0}` a placeholder (3.11.5, 3.11.6).
    return _PLACEHOLDER.sub(r"{{\1}}", "\n".join(lines)).replace("](", "] (")


def _location(finding: Report, fallback: str) -> dict[str, Any]:
    place = mapping(finding, "place")
    file = text(place.get("file")) or fallback or "apiDefinition.swagger.json"
    if fallback and file.replace("\\", "/").endswith(f"/{fallback}"):
        file = fallback  # an absolute path of the definition, which only the machine knows
    line = place.get("line")
    operation = finding.get("operation")
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _relative_uri(file)},
            "region": {"startLine": line if isinstance(line, int) and line > 0 else 1},
        }
    }
    if operation:
        location["logicalLocations"] = [{"name": one_line(operation), "kind": "function"}]
    return location


def _relative_uri(file: str) -> str:
    """A path as a relative URI reference (SARIF 3.4.3): slashes, escaped, no drive, no root."""
    path = visible(file).replace("\\", "/").removeprefix("./").lstrip("/")
    return quote(path, safe="/._-~")


def _suppression(finding: Report, report: Report) -> dict[str, str]:
    for waiver in rows(report, "waivers"):
        same_operation = waiver.get("operation") in (None, "", finding.get("operation"))
        if waiver.get("rule") == finding.get("rule") and same_operation:
            reason = f"{text(waiver.get('reason'))} (until {text(waiver.get('until'))})"
            return {"kind": "external", "status": "accepted", "justification": one_line(reason)}
    return {"kind": "external", "status": "accepted"}


def _invocation(report: Report) -> dict[str, Any]:
    invocation: dict[str, Any] = {
        "executionSuccessful": report.get("verdict") in ("pass", "fail"),
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {
                    "text": f"{one_line(c.get('id'))}: {one_line(c.get('reason'), _MESSAGE)}"
                },
            }
            for c in rows(report, "checks")
            if c.get("outcome") == "unverified"
        ][:1000],
    }
    status, started = report.get("exit_status"), moment(report.get("started"))
    if isinstance(status, int):
        invocation["exitCode"] = status
    if started is not None:
        invocation["startTimeUtc"] = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    return invocation
