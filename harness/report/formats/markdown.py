"""The report as Markdown for the summary pages of GitHub Actions and Azure Pipelines.

Short: verdict, suites, findings with remedies, what could not be judged. What apps sent stands in
code spans or escaped, so that it neither formats, nor mentions anybody, nor links anywhere.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.redaction.visible import one_line
from harness.report.compare import Comparison, compare
from harness.report.grouping import Group, grouped, rule_texts
from harness.report.reading import (
    QUESTIONS,
    WHOLE_CONNECTOR,
    mapping,
    parts_of,
    rows,
    sorted_findings,
    suite_of,
    suite_outcome,
    suites_of,
    text,
    title_of,
)
from harness.report.verdict import headline

__all__ = ["publish_summary", "render_markdown"]

Report = Mapping[str, Any]

LIMIT = 1_000_000
"""Bytes: GitHub drops a step summary of more than 1 MiB whole."""

_FINDINGS = 200
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
_SIGNS = {"pass": "✅", "fail": "❌", "unverified": "❔", "skipped": "➖", "not run": "➖"}


def render_markdown(report: Report, previous: Report | None = None) -> str:
    """The summary of a parsed `report.json`, below 1 MB."""
    word, meaning = headline(report)
    verdict = text(report.get("verdict"))
    title = title_of(report) if len(parts_of(report)) == 1 else "connectors"
    blocks = [f"## {_SIGNS.get(verdict, '❔')} {word}: {_escaped(title, 120)}", meaning]
    if previous is not None:
        blocks.append(_changes(compare(report, previous)))
    for name, part in parts_of(report):
        blocks += _part(name, part)
    return _cut("\n\n".join(block for block in blocks if block) + "\n")


def publish_summary(
    report: Report,
    environ: Mapping[str, str],
    stdout_write: Callable[[str], object],
    *,
    previous: Report | None = None,
    directory: Path | None = None,
) -> None:
    """Show the summary on the build server's page, where one is present; else do nothing.

    GitHub Actions names a file to append to (`GITHUB_STEP_SUMMARY`). Azure Pipelines (`TF_BUILD`)
    is told by a line of output which file to take: `summary.md` in `directory`, by default in the
    agent's temporary folder. A file that cannot be written is said, and fails nothing.
    """
    github = environ.get("GITHUB_STEP_SUMMARY")
    azure = environ.get("TF_BUILD")
    if not github and not azure:
        return
    summary = render_markdown(report, previous)
    try:
        if github:
            with Path(github).open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(summary)
        if azure:
            folder = directory or Path(environ.get("AGENT_TEMPDIRECTORY") or tempfile.gettempdir())
            folder.mkdir(parents=True, exist_ok=True)
            path = (folder / "connector-harness-summary.md").resolve()
            path.write_text(summary, encoding="utf-8", newline="\n")
            stdout_write(f"##vso[task.uploadsummary]{path}\n")
    except OSError as error:
        stdout_write(f"connector-harness: the build summary was not written: {one_line(error)}\n")


def _part(name: str, report: Report) -> list[str]:
    target = mapping(report, "target")
    heading = f"### {_escaped(name)}" if name else ""
    facts = [_code(target.get("url") or target.get("name") or ""), text(report.get("mode"))]
    seconds = report.get("seconds")
    if isinstance(seconds, int | float):
        facts.append(f"{seconds:,.1f} s")
    sent = mapping(report, "requests").get("sent")
    if isinstance(sent, int):
        facts.append(f"{sent:,} requests")
    return [
        heading,
        " · ".join(fact for fact in facts if fact),
        _suites(report),
        _notes(report),
        _findings(report),
        _own_tests(report),
        _not_judged(report),
        _waivers(report),
    ]


def _suites(report: Report) -> str:
    checks = Counter(text(check.get("suite")) for check in rows(report, "checks"))
    findings = Counter(suite_of(finding) for finding in rows(report, "findings"))
    lines = ["| Suite | | What it finds out | Checks | Findings |", "|---|---|---|--:|--:|"]
    for suite in suites_of(report):
        entry = mapping(mapping(report, "suites"), suite)
        outcome = suite_outcome(report, suite)
        reason = f" ({_escaped(entry['reason'])})" if entry.get("reason") else ""
        lines.append(
            f"| {_escaped(suite)} | {_SIGNS.get(outcome, '❔')} {_escaped(outcome)} |"
            f" {QUESTIONS.get(suite, 'Your own tests')}{reason} |"
            f" {checks[suite]} | {findings[suite]} |"
        )
    return "\n".join(lines) if len(lines) > 2 else ""


def _findings(report: Report) -> str:
    findings = sorted_findings(report)
    if not findings:
        return ""
    shown = [f for f in findings if _kind(f) in ("error", "warning")][:_FINDINGS]
    lines = ["| | Finding | Where | Expected | Observed |", "|---|---|---|---|---|"]
    lines += [_group_row(group) for group in grouped(shown)]
    left = Counter(map(_kind, findings)) - Counter(map(_kind, shown))
    rest = ", ".join(f"{number} {_escaped(kind)}" for kind, number in left.items())
    more = f"Also in the report: {rest}." if rest else ""
    table = "\n".join(lines) if shown else ""
    return "\n\n".join(
        block for block in ("#### Findings", table, _why(shown), _remedies(shown), more) if block
    )


def _kind(finding: Report) -> str:
    return "waived" if finding.get("waived") else text(finding.get("severity"))


def _group_row(group: Group) -> str:
    if len(group.findings) == 1:
        return _row(group.first)
    names = group.operations
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    listed = ", ".join(_escaped(name, 120) for name in names[:8])
    first = group.first
    return (
        f"| **{_escaped(first.get('severity'))}** | {_escaped(group.title, 400)}"
        f"<br>{_code(first.get('rule'))} | {len(names)} operations: {listed}{more} |"
        f" {_code(first.get('expected'), 200)} | {_code(first.get('observed'), 200)} |"
    )


def _row(finding: Report) -> str:
    place = mapping(finding, "place")
    where = _escaped(finding.get("operation") or WHOLE_CONNECTOR, 120)
    if finding.get("caller"):
        where += f" as {_escaped(finding['caller'], 80)}"
    if place.get("file"):
        line = f":{place['line']}" if place.get("line") else ""
        where += f"<br>{_code(text(place['file']) + line)}"
    return (
        f"| **{_escaped(finding.get('severity'))}** | {_escaped(finding.get('message'), 400)}"
        f"<br>{_code(finding.get('rule'))} | {where} | {_code(finding.get('expected'), 200)}"
        f" | {_code(finding.get('observed'), 200)} |"
    )


def _why(findings: list[Report]) -> str:
    """Why each rule that found something matters, once."""
    lines = []
    for rule in dict.fromkeys(text(finding.get("rule")) for finding in findings):
        title, why = rule_texts(rule)
        if why:
            lines.append(f"- **{_escaped(title, 200)}** {_code(rule)}: {_escaped(why, 800)}")
    if not lines:
        return ""
    body = "\n".join(lines)
    return f"<details><summary>Why they matter</summary>\n\n{body}\n\n</details>"


def _remedies(findings: list[Report]) -> str:
    """Each remedy once, with the rules and operations that it fixes."""
    remedies: dict[str, list[str]] = {}
    for finding in findings:
        if finding.get("remedy"):
            where = text(finding.get("operation")) or WHOLE_CONNECTOR
            remedies.setdefault(text(finding["remedy"]), []).append(where)
    if not remedies:
        return ""
    lines = []
    for remedy, places in remedies.items():
        names = list(dict.fromkeys(places))
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        listed = ", ".join(_escaped(name, 120) for name in names[:5])
        lines.append(f"- **{listed}{more}**: {_escaped(remedy, 800)}")
    body = "\n".join(lines)
    return f"<details open><summary>How to fix them</summary>\n\n{body}\n\n</details>"


def _call(exchange: Report) -> str:
    """A request and its answer as an item of a list below a test's name."""
    request, response = mapping(exchange, "request"), mapping(exchange, "response")
    asked = f"{text(request.get('method'))} {text(request.get('url'))}"
    answer = text(response.get("status")) or text(exchange.get("reason"))
    return f"  - {_code(asked)} → {_escaped(answer)} {_code(response.get('body'), 200)}".rstrip()


def _own_tests(report: Report) -> str:
    """The user's own failing tests, by name."""
    failed = [
        check
        for check in rows(report, "checks")
        if check.get("suite") == "tests" and check.get("outcome") == "failed"
    ]
    calls = {text(exchange.get("id")): _call(exchange) for exchange in rows(report, "exchanges")}
    lines = []
    for check in failed:
        made = [calls[name] for name in check.get("evidence") or () if name in calls][:5]
        reason = f" {_escaped(check['reason'], 300)}" if check.get("reason") else ""
        lines.append("\n".join([f"- {_code(check.get('id'))}{reason}", *made]))
    more = [f"- and {len(lines) - 50} more"] if len(lines) > 50 else []
    return "#### Your own failing tests\n\n" + "\n".join([*lines[:50], *more]) if lines else ""


def _not_judged(report: Report) -> str:
    reasons = Counter(
        (text(check.get("suite")), text(check.get("reason")) or "no reason given")
        for check in rows(report, "checks")
        if check.get("outcome") == "unverified"
    )
    lines = [
        f"- {_escaped(suite)}, {number} {'check' if number == 1 else 'checks'}: "
        f"{_escaped(reason, 400)}"
        for (suite, reason), number in reasons.most_common(50)
    ]
    return "#### Not proved\n\n" + "\n".join(lines) if lines else ""


def _waivers(report: Report) -> str:
    lines = [
        f"- {_code(w.get('rule'))} {_escaped(w.get('operation') or 'any operation', 120)}: "
        f"{_escaped(w.get('reason'), 200)}, until {_escaped(w.get('until'))}"
        f"{' (**expired**)' if w.get('expired') else ''}, accepts {w.get('used') or 0}"
        for w in rows(report, "waivers")[:50]
    ]
    return "#### Waivers\n\n" + "\n".join(lines) if lines else ""


def _notes(report: Report) -> str:
    notes = report.get("notes") or []
    return "\n".join(f"- {_escaped(note, 400)}" for note in notes[:20])


def _changes(comparison: Comparison) -> str:
    return (
        f"Since the previous report: **{len(comparison.new)}** new, "
        f"**{len(comparison.mended)}** fixed, **{len(comparison.still)}** still there"
        + (f", {len(comparison.unjudged)} not judged this time." if comparison.unjudged else ".")
    )


def _escaped(value: object, limit: int = 300) -> str:
    """Text on one line in which nothing is markup: entities for HTML, backslashes for Markdown."""
    shown = _SPECIAL.sub(r"\\\1", one_line(text(value), limit).replace("&", "&amp;"))
    shown = shown.replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    # A bare address becomes a link, on GitHub also without a scheme.
    return shown.replace("://", "&#58;//").replace("www.", "www&#46;")


def _code(value: object, limit: int = 300) -> str:
    """A code span that the text cannot leave (CommonMark 6.1); pipes escaped for table cells."""
    shown = one_line(text(value), limit)
    if not shown:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def _cut(whole: str) -> str:
    encoded = whole.encode("utf-8")
    if len(encoded) <= LIMIT:
        return whole
    kept = encoded[: LIMIT - 200].decode("utf-8", errors="ignore")
    kept = kept[: kept.rfind("\n")]
    return f"{kept}\n\nThe rest is cut off here; the whole is in the HTML report.\n"
