"""The part of the page that needs no script: verdict, counts, suites, and the findings as a list.

Every text goes through `visible` and `html.escape` in one place, `_h`.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from harness.redaction.visible import clip, one_line, visible
from harness.report.compare import Comparison
from harness.report.reading import (
    QUESTIONS,
    counts,
    mapping,
    moment,
    parts_of,
    rows,
    sorted_findings,
    suite_of,
    suite_outcome,
    suites_of,
    text,
    title_of,
)
from harness.report.verdict import headline, plural, plural_noun, total

__all__ = ["render_header", "render_noscript", "render_verdict"]

Report = Mapping[str, Any]

_SUITE_WORDS = {
    "pass": "pass",
    "fail": "fail",
    "unverified": "not verified",
    "skipped": "skipped",
    "not run": "not run",
}
_MODES = {
    "live": "live",
    "record": "live, recorded",
    "replay": "replayed from recordings, nothing was sent",
}
_NOSCRIPT_FINDINGS = 300


def render_header(report: Report) -> str:
    """What was tested, where, when and how."""
    return f"""<header class="page">
<p class="eyebrow">Connector test report</p>
<h1>{_h(_title(report))}</h1>
<p class="run">{_run_line(report)}</p>
</header>"""


def render_verdict(report: Report, comparison: Comparison | None = None) -> str:
    """Verdict, counts, notes and suites: what everybody sees first."""
    verdict = text(report.get("verdict"))
    word, meaning = headline(report)
    return f"""<section class="verdict is-{_class(verdict)}" aria-labelledby="verdict">
<h2 id="verdict"><span class="mark" aria-hidden="true"></span>{_h(word)}</h2>
<p class="meaning">{_h(meaning)}</p>
{_first_step(report)}
{_tiles(report)}
{_changes(comparison)}
</section>
{_connectors(report)}
{"".join(_part(number, *part) for number, part in enumerate(parts_of(report)))}
{_notes(report)}"""


def render_noscript(report: Report, comparison: Comparison | None = None) -> str:
    """The findings, and what was not judged, for readers without scripts."""
    parts = []
    for name, part in parts_of(report):
        findings = sorted_findings(part)
        heading = f"Findings: {name}" if name else "Findings"
        items = "".join(_finding(f) for f in findings[:_NOSCRIPT_FINDINGS])
        left = len(findings) - _NOSCRIPT_FINDINGS
        more = f"<p>{left:,} more findings stand in report.json.</p>" if left > 0 else ""
        body = f'<ol class="plain">{items}</ol>{more}' if findings else "<p>None.</p>"
        parts.append(f"<section><h2>{_h(heading)}</h2>{body}{_unverified(part)}</section>")
    mended = comparison.mended if comparison else ()
    if mended:
        listed = "".join(f"<li>{_h(one_line(f.get('message')))}</li>" for f in mended[:100])
        parts.append(f"<section><h2>Fixed since the last report</h2><ul>{listed}</ul></section>")
    parts.append(
        "<p>Turn scripts on to see requests and responses, filters, coverage and timings. "
        "Everything in this page is also in report.json.</p>"
    )
    return "".join(parts)


def _h(value: object) -> str:
    return escape(visible(value), quote=True)


def _class(word: str) -> str:
    """A word as part of a class name: letters and hyphens only, whatever the report says."""
    return "".join(c if c.isascii() and c.isalpha() else "-" for c in word) or "none"


def _title(report: Report) -> str:
    parts = parts_of(report)
    return one_line(title_of(report), 120) if len(parts) == 1 else plural(len(parts), "connector")


def _run_line(report: Report) -> str:
    target, started = mapping(report, "target"), moment(report.get("started"))
    facts = []
    if target:
        facts.append(_h(one_line(target.get("url") or target.get("name"), 200)))
    if started is not None:
        stamp = escape(started.isoformat())
        facts.append(f'<time datetime="{stamp}">{started:%d %B %Y, %H:%M} UTC</time>')
    seconds = report.get("seconds")
    if isinstance(seconds, int | float):
        facts.append(f"took {seconds:,.1f} s")
    mode = text(report.get("mode"))
    facts.append(_h(_MODES.get(mode, mode)))
    return " <span aria-hidden='true'>·</span> ".join(f"<span>{fact}</span>" for fact in facts)


def _tiles(report: Report) -> str:
    """How many findings of each gravity, how many checks of each outcome, and of what they live."""
    sums = total(report)
    findings = [
        ("error", sums["error"], plural_noun("error", sums["error"])),
        ("warning", sums["warning"], plural_noun("warning", sums["warning"])),
        ("note", sums["note"], plural_noun("note", sums["note"])),
        ("waived", sums["waived findings"], "waived"),
    ]
    checks = [
        ("failed", sums["failed"], "failed"),
        ("unverified", sums["unverified"], "not verified"),
        ("waived", sums["waived"], "waived"),
        ("skipped", sums["skipped"], "skipped"),
        ("passed", sums["passed"], "passed"),
    ]
    exchanges = [
        ("sent", sums["sent"], "sent"),
        *([("sent", sums["replayed"], "replayed")] if sums["replayed"] else []),
    ]
    rows_of = (("Findings", findings), ("Checks", checks), ("Requests", exchanges))
    return '<dl class="tiles">' + "".join(_tile_row(*row) for row in rows_of) + "</dl>"


def _tile_row(label: str, tiles: list[tuple[str, int, str]]) -> str:
    items = "".join(
        f'<span class="tile is-{kind}{"" if number else " is-zero"}">'
        f"<b>{number:,}</b> {word}</span>"
        for kind, number, word in tiles
    )
    return f"<div><dt>{label}</dt><dd>{items}</dd></div>"


def _first_step(report: Report) -> str:
    """The gravest open error, or why nothing could be proved: where to begin."""
    for _, part in parts_of(report):
        first = next(iter(sorted_findings(part)), None)
        if first is not None and first.get("severity") == "error" and not first.get("waived"):
            return f'<p class="first">Begin here: {_h(one_line(first.get("message"), 300))}</p>'
    for _, part in parts_of(report):
        for check in rows(part, "checks"):
            if check.get("outcome") == "unverified":
                return f'<p class="first">Begin here: {_h(one_line(check.get("reason"), 300))}</p>'
    return ""


def _changes(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    since = moment(comparison.since)
    when = f" of {since:%d %B %Y, %H:%M} UTC" if since else ""
    unjudged = len(comparison.unjudged)
    left = f", <b>{unjudged:,}</b> not judged this time" if unjudged else ""
    return (
        f'<p class="changes">Against the report{when}: <b>{len(comparison.new):,}</b> new, '
        f"<b>{len(comparison.mended):,}</b> fixed, <b>{len(comparison.still):,}</b> still "
        f"there{left}.</p>"
    )


def _notes(report: Report) -> str:
    gathered = [
        f"{name}: {note}" if name else note
        for name, part in parts_of(report)
        for note in part.get("notes") or ()
    ]
    own = report.get("notes") or []
    notes = list(dict.fromkeys(visible(note) for note in [*own, *gathered]))
    if not notes:
        return ""
    items = "".join(f"<li>{_h(clip(note, 1000))}</li>" for note in notes[:50])
    return f'<section class="notes" aria-label="Notes"><h2>To know</h2><ul>{items}</ul></section>'


def _connectors(report: Report) -> str:
    """The verdict of each connector, where there are many."""
    parts = parts_of(report)
    if len(parts) < 2:
        return ""
    items = "".join(_connector(name, part) for name, part in parts)
    return (
        '<section class="suites connectors"><h2>Connectors</h2>'
        f'<ul class="suite-list">{items}</ul></section>'
    )


def _connector(name: str, report: Report) -> str:
    verdict, total = text(report.get("verdict")), counts(report)
    unverified = total["unverified"]
    doubt = f", {plural(unverified, 'check')} not verified" if unverified else ""
    return (
        f'<li class="suite is-part is-{_class(verdict)}">'
        '<span class="dot" aria-hidden="true"></span>'
        f'<span class="name">{_h(name)}</span>'
        f'<span class="outcome">{_h(_SUITE_WORDS.get(verdict, verdict))}</span>'
        f'<span class="count">{plural(total["error"], "error")}{doubt}</span></li>'
    )


def _part(number: int, name: str, report: Report) -> str:
    items = "".join(_suite(report, suite) for suite in suites_of(report))
    heading = f"Suites: {name}" if name else "Suites"
    verdict = text(report.get("verdict"))
    word = f' <small class="word is-{_class(verdict)}">{_h(verdict)}</small>' if name else ""
    return (
        f'<section class="suites" data-part="{number}"><h2>{_h(heading)}{word}</h2>'
        f'<ul class="suite-list">{items}</ul></section>'
    )


def _suite(report: Report, suite: str) -> str:
    entry = mapping(mapping(report, "suites"), suite)
    checks = sum(1 for check in rows(report, "checks") if check.get("suite") == suite)
    findings = sum(1 for finding in rows(report, "findings") if suite_of(finding) == suite)
    outcome = suite_outcome(report, suite)
    seconds = entry.get("seconds")
    facts = [
        plural(checks, "check"),
        plural(findings, "finding") if findings else "",
        f"{seconds:,.1f} s" if isinstance(seconds, int | float) else "",
    ]
    count = ", ".join(fact for fact in facts if fact)
    why = one_line(entry.get("reason") or "", 400)
    reason = f'<span class="reason">{_h(why)}</span>' if why else ""
    return (
        f'<li class="suite is-{_class(outcome)}"><span class="dot" aria-hidden="true"></span>'
        f'<span class="name">{_h(suite)}</span>'
        f'<span class="question">{_h(QUESTIONS.get(suite, "Your own tests"))}</span>'
        f'<span class="outcome">{_h(_SUITE_WORDS.get(outcome, outcome))}</span>'
        f'<span class="count">{count}</span>{reason}</li>'
    )


def _finding(finding: Report) -> str:
    fields = (("Expected", "expected"), ("Observed", "observed"), ("How to fix", "remedy"))
    lines = "".join(
        f"<dt>{label}</dt><dd>{_h(clip(text(finding.get(key)), 2000))}</dd>"
        for label, key in fields
        if finding.get(key)
    )
    severity = "waived" if finding.get("waived") else text(finding.get("severity"))
    facts = [
        finding.get("operation") or "whole connector",
        finding.get("caller"),
        finding.get("rule"),
    ]
    about = " · ".join(_h(one_line(fact)) for fact in facts if fact)
    return (
        f'<li><p><span class="badge is-{_class(severity)}">{_h(severity)}</span> '
        f"<b>{_h(one_line(finding.get('message'), 1000))}</b></p><p>{about}</p>"
        f"<dl>{lines}</dl></li>"
    )


def _unverified(report: Report) -> str:
    reasons: dict[str, int] = {}
    for check in rows(report, "checks"):
        if check.get("outcome") == "unverified":
            reason = visible(text(check.get("reason")) or "no reason given")
            reasons[reason] = reasons.get(reason, 0) + 1
    if not reasons:
        return ""
    items = "".join(
        f"<li>{plural(number, 'check')}: {_h(one_line(reason, 500))}</li>"
        for reason, number in list(reasons.items())[:100]
    )
    return f"<h2>Not proved</h2><ul>{items}</ul>"
