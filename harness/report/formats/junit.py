"""JUnit XML: the properties that pytest's own file carries, and a whole file for `report`.

pytest writes JUnit by `--junitxml`; the plugin adds `properties_for` and `class_name` to it.
`render_junit` makes the same from a `report.json`: operations as classes, a suite per suite.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from harness.redaction.visible import clip, one_line, visible
from harness.report.reading import (
    WHOLE_CONNECTOR,
    moment,
    parts_of,
    rows,
    suite_of,
    text,
)

__all__ = ["class_name", "properties_for", "render_junit"]

Report = Mapping[str, Any]
Check = Mapping[str, Any]
Finding = Mapping[str, Any]

_VALUE = 1_000
_TEXT = 20_000
_FUNCTION = re.compile(r"::([^\[:]+)(?:\[|$)")


def class_name(check: Check, connector: str = "") -> str:
    """The class that a check counts under: its operation, after the connector where many run."""
    operation = one_line(check.get("operation") or WHOLE_CONNECTOR, 200)
    return f"{one_line(connector, 100)}.{operation}" if connector else operation


def properties_for(check: Check, findings: list[Finding]) -> list[tuple[str, str]]:
    """What a dashboard may want to know of a check: suite, outcome, and of each finding its rule,
    severity, message and remedy. Names repeat where there are many findings, in step.
    """
    pairs = [("suite", text(check.get("suite"))), ("outcome", text(check.get("outcome")))]
    if check.get("reason") and not findings:
        pairs.append(("reason", text(check["reason"])))
    for finding in findings:
        pairs.extend(
            (key, text(finding.get(key)))
            for key in ("rule", "severity", "message", "remedy")
            if finding.get(key)
        )
    return [(name, one_line(value, _VALUE)) for name, value in pairs if value]


def render_junit(report: Report) -> str:
    """The whole file, as text with its XML declaration."""
    root = ElementTree.Element("testsuites", {"name": "connector-harness"})
    for name, part in parts_of(report):
        findings = _by_check(part)
        by_suite: dict[str, list[Check]] = defaultdict(list)
        for check in rows(part, "checks"):
            by_suite[text(check.get("suite")) or "tests"].append(check)
        for suite, checks in by_suite.items():
            root.append(_suite(name, suite, checks, part, findings))
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _suite(
    connector: str,
    suite: str,
    checks: list[Check],
    report: Report,
    findings: Mapping[tuple[str, str], list[Finding]],
) -> ElementTree.Element:
    outcomes = [text(check.get("outcome")) for check in checks]
    started = moment(report.get("started"))
    element = ElementTree.Element(
        "testsuite",
        {
            "name": one_line(f"{connector}.{suite}" if connector else suite),
            "tests": str(len(checks)),
            "failures": str(outcomes.count("failed")),
            "errors": str(outcomes.count("unverified")),
            "skipped": str(outcomes.count("skipped") + outcomes.count("waived")),
            "time": _time(sum(_number(check.get("seconds")) for check in checks)),
        },
    )
    if started is not None:
        element.set("timestamp", started.strftime("%Y-%m-%dT%H:%M:%S"))
    for check in checks:
        element.append(_case(check, _findings(check, findings), connector))
    return element


def _by_check(report: Report) -> dict[tuple[str, str], list[Finding]]:
    """Findings under ("", check's id) where they name their check, and under (suite, operation)."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in rows(report, "findings"):
        if finding.get("check"):
            found["", text(finding["check"])].append(finding)
        found[suite_of(finding), text(finding.get("operation"))].append(finding)
    return found


def _findings(check: Check, by_check: Mapping[tuple[str, str], list[Finding]]) -> list[Finding]:
    """The findings that name the check; else those of its suite and operation that name none.

    A finding that several checks made stands in the report once and names the first of them: a
    failed check that nothing names shows what failed its suite on this operation.
    """
    own = by_check.get(("", text(check.get("id"))), [])
    if own:
        return own
    near = by_check.get((text(check.get("suite")), text(check.get("operation"))), [])
    if check.get("outcome") in ("failed", "waived"):
        return near
    return [finding for finding in near if not finding.get("check")]


def _case(check: Check, findings: list[Finding], connector: str) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        {
            "classname": class_name(check, connector),
            "name": _case_name(check),
            "time": _time(_number(check.get("seconds"))),
        },
    )
    properties = ElementTree.SubElement(case, "properties")
    for name, value in properties_for(check, findings):
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    _outcome(case, check, findings)
    return case


def _case_name(check: Check) -> str:
    """`anonymous: call is refused` from `test_anonymous.py::test_call_is_refused[Hello]`."""
    found = _FUNCTION.search(text(check.get("id")))
    words = (
        found.group(1).removeprefix("test_").replace("_", " ") if found else text(check.get("id"))
    )
    return one_line(f"{text(check.get('suite'))}: {words}")


def _outcome(case: ElementTree.Element, check: Check, findings: list[Finding]) -> None:
    outcome, reason = check.get("outcome"), one_line(check.get("reason") or "", _VALUE)
    first = one_line(findings[0].get("message"), _VALUE) if findings else reason
    if outcome == "failed":
        rule = one_line(findings[0].get("rule")) if findings else "failed"
        failure = ElementTree.SubElement(case, "failure", {"type": rule, "message": first})
        failure.text = clip("\n\n".join(_paragraph(finding) for finding in findings), _TEXT)
    elif outcome == "unverified":
        error = ElementTree.SubElement(case, "error", {"type": "unverified", "message": reason})
        error.text = reason
    elif outcome in ("skipped", "waived"):
        ElementTree.SubElement(
            case, "skipped", {"type": str(outcome), "message": reason or first or str(outcome)}
        )


def _paragraph(finding: Finding) -> str:
    severity, rule = text(finding.get("severity")), text(finding.get("rule"))
    lines = [f"{severity} {rule}: {text(finding.get('message'))}"]
    for label, key in (
        ("expected", "expected"),
        ("observed", "observed"),
        ("how to fix", "remedy"),
    ):
        if finding.get(key):
            lines.append(f"  {label}: {text(finding[key])}")
    return visible("\n".join(lines))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _time(value: float) -> str:
    return f"{max(0.0, value):.3f}"
