"""The verdict on the terminal: one line a suite, then each finding, then what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.findings.model import Finding
from harness.findings.text import explain
from harness.redaction.visible import log_text
from harness.report.grouping import Group, grouped
from harness.report.reading import parts_of, reading_order

__all__ = ["finding_lines", "print_report", "suite_line"]

COLOURS = {
    "pass": {"green": True},
    "fail": {"red": True},
    "unverified": {"yellow": True},
    "skipped": {"light": True},
}
VERDICTS = {
    "pass": "PASS: everything that should be checked was checked, and no error was found.",
    "fail": "FAIL: the connector or its function app is wrong; see the findings above.",
    "unverified": "UNVERIFIED: what should be proved could not be; see the reasons above.",
}
LABELS = {
    "definition": "the connector's files",
    "compat": "breaking changes against the deployed connector",
    "anonymous": "calls without a token are refused",
    "tokens": "hostile and unfit tokens are refused",
    "delegated": "calls run as the signed-in user",
    "contract": "no drift between definition and live app",
    "tests": "your own tests",
}
MOST_NOTES = 12
MOST_NAMES = 12


def print_report(report: Mapping[str, Any], terminal: Any, written: Sequence[Path]) -> None:
    """Write the summary through pytest's terminal reporter (which knows about colour)."""
    terminal.section("connector harness", sep="=")
    for name, part in parts_of(report):
        if name:
            _print_heading(name, part, terminal)
        _print_part(part, terminal)
    requests = report["requests"]
    count = f"{requests['sent']} requests sent"
    if requests["replayed"]:
        count = f"{requests['replayed']} exchanges replayed, {count}"
    terminal.write_line(
        f"\n{count} ({requests['writes']} to operations that may change state, "
        f"{requests['retried']} retried) in {report['seconds']:.1f} s"
    )
    for path in written[:2]:
        terminal.write_line(f"report: {_short(path)}")
    terminal.write_line(VERDICTS[report["verdict"]], bold=True, **COLOURS[report["verdict"]])


def _print_heading(name: str, part: Mapping[str, Any], terminal: Any) -> None:
    """Whose part begins, and how it ended, where one run has many connectors."""
    terminal.write_line("")
    title = log_text(f"{name}: {part['connector']['title']} at {part['target']['name']}")
    terminal.write_line(f"{title}: {part['verdict']}", bold=True, **COLOURS[part["verdict"]])


def _print_part(part: Mapping[str, Any], terminal: Any) -> None:
    width = max((len(name) for name in part["suites"]), default=0)
    counts = max(40, *(len(counted(row)) for row in part["suites"].values()), 0)
    for name, row in part["suites"].items():
        terminal.write_line(suite_line(name, row, width, counts), **COLOURS[row["outcome"]])
    for note in part["notes"][:MOST_NOTES]:
        terminal.write_line(f"note: {log_text(note)}")
    _print_findings(part["findings"], terminal)
    _print_unverified(part["checks"], terminal)


def counted(row: Mapping[str, Any]) -> str:
    """`9 checks: 8 passed, 1 skipped`."""
    outcomes = ("passed", "failed", "waived", "skipped", "unverified")
    parts = [f"{row[o]} {o}" for o in outcomes if row[o]]
    return f"{row['checks']} checks: {', '.join(parts)}"


def suite_line(name: str, row: Mapping[str, Any], width: int, counts: int = 40) -> str:
    """`anonymous  pass   9 checks: 8 passed, 1 skipped   calls without a token are refused`."""
    told = f"{counted(row):<{counts}} {LABELS.get(name, '')}"
    return f"{name:<{width}}  {row['outcome']:<10}  {told}".rstrip()


def _print_findings(findings: Sequence[Mapping[str, Any]], terminal: Any) -> None:
    shown = [f for f in findings if f["severity"] != "note"]
    for group in grouped(sorted(shown, key=reading_order)):
        plain = group.first
        colour = {"red": True} if plain["severity"] == "error" else {"yellow": True}
        if plain["waived"]:
            colour = {"light": True}
        first, *rest = group_lines(group)
        terminal.write_line("")
        terminal.write_line(first, **colour)
        for line in rest:
            terminal.write_line(line)
    notes = len(findings) - len(shown)
    if notes:
        terminal.write_line(f"\n{notes} notes are in the report")


def group_lines(group: Group) -> list[str]:
    """A finding as lines, or one block for several of one cause with the operations listed."""
    if len(group.findings) == 1:
        return finding_lines(group.first)
    lines = finding_lines(group.first)
    state = "waived" if group.first["waived"] else group.first["severity"]
    names = group.operations
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    listed = ", ".join(names[:MOST_NAMES])
    head = f"{state}: {group.first['rule']} [{len(names)} operations] {group.title}"
    example = lines[0].partition("] ")[2] or lines[0]
    return [
        log_text(head),
        log_text(f"  where     {listed}{more}"),
        log_text(f"  such as   {example}"),
        *(line for line in lines[1:] if not line.startswith("  where ")),
    ]


def finding_lines(plain: Mapping[str, Any]) -> list[str]:
    """A finding as lines, severity first."""
    state = "waived" if plain["waived"] else plain["severity"]
    return f"{state}: {explain(Finding.from_plain(plain))}".splitlines()


def _print_unverified(checks: Sequence[Mapping[str, Any]], terminal: Any) -> None:
    reasons: dict[str, list[str]] = {}
    for check in checks:
        if check["outcome"] == "unverified":
            reasons.setdefault(check["reason"] or "", []).append(check["id"])
    for reason, ids in reasons.items():
        terminal.write_line("")
        where = ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"
        terminal.write_line(f"unverified: {where}", yellow=True)
        for line in log_text(reason).splitlines():
            terminal.write_line(f"  {line}")


def _short(path: Path) -> str:
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
