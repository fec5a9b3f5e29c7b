"""One report of the reports of a run's shards: the same as that of one run over all operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.errors import HarnessError
from harness.report.build import SEVERITY_ORDER, SUITES, suite_rows
from harness.report.many import combined_status, verdict_of
from harness.report.reading import mapping, rows, text

__all__ = ["merged"]

Report = Mapping[str, Any]
WORST_FIRST = ("failed", "unverified", "waived", "passed", "skipped")


def merged(reports: Sequence[Report]) -> dict[str, Any]:
    """The report of all; a check that several shards made counts once.

    Raises:
        HarnessError: they are of different connectors, targets or modes.
    """
    first = reports[0]
    for other in reports[1:]:
        _check_same(first, other)
    exchanges, names = _exchanges(reports)
    checks = _checks(reports)
    findings = _findings(reports, names)
    status = combined_status(_status(report) for report in reports)
    return {
        **first,
        "verdict": verdict_of(status),
        "exit_status": status,
        "started": min(text(report.get("started")) for report in reports),
        "seconds": max(float(report.get("seconds") or 0) for report in reports),
        "requests": _sums(mapping(report, "requests") for report in reports),
        "suites": suite_rows(checks, findings),
        "notes": list(dict.fromkeys(note for r in reports for note in r.get("notes") or ())),
        "checks": checks,
        "findings": findings,
        "exchanges": exchanges,
        "coverage": _coverage(reports),
        "waivers": _waivers(reports),
    }


def _check_same(first: Report, other: Report) -> None:
    for what, key in (("connector", "sha256"), ("target", "url")):
        one, two = mapping(first, what).get(key), mapping(other, what).get(key)
        if one != two:
            raise HarnessError(f"report merge: the reports are of different {what}s: {one}, {two}")
    if first.get("mode") != other.get("mode"):
        raise HarnessError(
            f"report merge: one report is {first.get('mode')}, another {other.get('mode')}"
        )
    if rows(first, "parts") or rows(other, "parts"):
        raise HarnessError("report merge: merge the reports of one connector each")


def _status(report: Report) -> int:
    said = report.get("exit_status")
    if isinstance(said, int):
        return said
    return {"pass": 0, "fail": 1}.get(text(report.get("verdict")), 6)


def _checks(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Each check once, with its worst outcome, in the order of one run."""
    found: dict[str, dict[str, Any]] = {}
    for report in reports:
        for check in rows(report, "checks"):
            known = found.get(text(check["id"]))
            if known is None or _badness(check) < _badness(known):
                found[text(check["id"])] = dict(check)
    return sorted(found.values(), key=lambda c: (_place(text(c["suite"])), text(c["id"])))


def _badness(check: Report) -> int:
    outcome = text(check.get("outcome"))
    return WORST_FIRST.index(outcome) if outcome in WORST_FIRST else len(WORST_FIRST)


def _place(suite: str) -> int:
    return SUITES.index(suite) if suite in SUITES else len(SUITES)


def _exchanges(
    reports: Sequence[Report],
) -> tuple[list[dict[str, Any]], dict[tuple[int, str], str]]:
    """All exchanges under new ids, and which id each had: (number of the report, id)."""
    shown: list[dict[str, Any]] = []
    names: dict[tuple[int, str], str] = {}
    for number, report in enumerate(reports):
        for exchange in rows(report, "exchanges"):
            names[number, text(exchange["id"])] = f"x{len(shown) + 1}"
            shown.append({**exchange, "id": f"x{len(shown) + 1}"})
    return shown, names


def _findings(
    reports: Sequence[Report], names: Mapping[tuple[int, str], str]
) -> list[dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for number, report in enumerate(reports):
        for finding in rows(report, "findings"):
            cited = [names.get((number, text(e)), "") for e in finding.get("evidence") or ()]
            key = tuple(text(finding.get(k)) for k in ("rule", "operation", "caller", "message"))
            key = (*key, text(mapping(finding, "place").get("pointer")))
            found.setdefault(key, {**finding, "evidence": [each for each in cited if each]})
    return sorted(found.values(), key=_order)


def _order(finding: Report) -> tuple[int, int, str]:
    severity = SEVERITY_ORDER.get(text(finding["severity"]), len(SEVERITY_ORDER))
    return severity, _place(text(finding.get("suite"))), text(finding.get("check"))


def _coverage(reports: Sequence[Report]) -> dict[str, Any]:
    """Per operation what any shard exercised; a gap stays where no shard filled it."""
    whole: dict[str, Any] = {}
    for report in reports:
        for operation, row in mapping(report, "coverage").items():
            known = whole.get(operation)
            if known is None or not known.get("callers"):
                whole[operation] = row if known is None or row.get("callers") else known
            elif row.get("callers"):
                whole[operation] = _both(known, row)
    return whole


def _both(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    seen = {
        key: sorted({*one.get(key, ()), *two.get(key, ())}, key=lambda v: (str(type(v)), v))
        for key in ("callers", "statuses", "parameters")
    }
    gaps = [gap for gap in one.get("not_exercised", ()) if gap in two.get("not_exercised", ())]
    return {**one, **seen, "not_exercised": gaps}


def _sums(counts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, value in each.items():
            total[name] = total.get(name, 0) + int(value)
    return total


def _waivers(reports: Sequence[Report]) -> list[dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for report in reports:
        for waiver in rows(report, "waivers"):
            key = tuple(text(waiver.get(k)) for k in ("rule", "operation", "match", "until"))
            known = found.setdefault(key, {**waiver, "used": 0})
            known["used"] += int(waiver.get("used") or 0)
    return list(found.values())
