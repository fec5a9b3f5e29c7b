"""One report from those of several machines that shared a run: the same as that of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from harness.errors import HarnessError
from harness.report.build import by_check, suite_rows
from harness.report.coverage import merged_coverage
from harness.report.distinct import distinct_findings
from harness.report.exit_status import EXIT_NOTHING, EXIT_UNVERIFIED
from harness.report.many import combined, combined_status, sums, verdict_of
from harness.report.reading import mapping, moment, rows, text
from harness.report.waiving import idle_waivers, waiver_rows
from harness.settings.building import DEMO
from harness.settings.values import Waiver

__all__ = ["merged_reports"]

Report = Mapping[str, Any]


def merged_reports(named: Sequence[tuple[str, Report]]) -> dict[str, Any]:
    """The report of the whole run; `named` holds each part's report after its file's name.

    A missing part makes the whole unverified: nobody checked its operations.

    Raises:
        HarnessError: the reports are not of one run: another connector, app or mode, other
            versions, or the same check twice.
    """
    missing = _missing_parts(named)
    by_name: dict[str, list[tuple[str, Report]]] = {}
    for file, report in named:
        parts = rows(report, "parts") or [report]
        for part in parts:
            by_name.setdefault(text(part.get("name")), []).append((file, part))
    merged = [(name, _merged(parts, missing)) for name, parts in by_name.items()]
    whole = combined(merged, combined_status(report["exit_status"] for _, report in merged))
    return {key: value for key, value in whole.items() if key != "shard"}


def _missing_parts(named: Sequence[tuple[str, Report]]) -> list[str]:
    """The parts of `--connector-shard` that no report is of."""
    shards = {file: text(report.get("shard")) for file, report in named}
    sizes = {shard.partition("/")[2] for shard in shards.values()}
    if len(sizes) > 1:
        told = ", ".join(f"{file}: {shard or 'the whole'}" for file, shard in shards.items())
        raise HarnessError(
            f"these are not parts of one run ({told}): give one report for each part"
        )
    size = sizes.pop()
    every = [f"{part}/{size}" for part in range(1, int(size or 0) + 1)]
    return [part for part in every if part not in shards.values()]


def _merged(parts: Sequence[tuple[str, Report]], missing: Sequence[str]) -> dict[str, Any]:
    """One connector's report from those of its parts."""
    _check_one_run(parts)
    reports = [report for _, report in parts]
    order = {id_: n for n, id_ in enumerate(_ids(reports))}
    exchanges, names = _exchanges(reports, order)
    checks = _checks(reports, names, order)
    findings = _findings(reports, names, order)
    waivers = [_waiver(row) for row in rows(reports[0], "waivers")]
    notes = [note for report in reports for note in report.get("notes", ())]
    notes += idle_waivers(waivers, findings, checks)
    status = combined_status(report["exit_status"] for report in reports)
    if missing:
        notes.insert(0, f"no report of part {', '.join(missing)}: its checks are not in here")
        status = EXIT_UNVERIFIED if status in (0, EXIT_NOTHING) else status
    return {
        **reports[0],
        "verdict": verdict_of(status),
        "exit_status": status,
        "started": min((r["started"] for r in reports), key=_instant),
        "seconds": max(report["seconds"] for report in reports),
        "requests": sums(report["requests"] for report in reports),
        "suites": suite_rows(checks, findings),
        "notes": list(dict.fromkeys(notes)),
        "checks": checks,
        "findings": findings,
        "exchanges": exchanges,
        "coverage": merged_coverage([report["coverage"] for report in reports], checks),
        "waivers": waiver_rows(waivers, findings),
    }


def _instant(started: str) -> float:
    found = moment(started)
    return found.timestamp() if found else 0.0


def _check_one_run(parts: Sequence[tuple[str, Report]]) -> None:
    first_file, first = parts[0]
    for file, report in parts[1:]:
        for what, one, other in (
            ("connector", mapping(first, "connector"), mapping(report, "connector")),
            ("function app", _app(first), _app(report)),
            ("mode", first.get("mode"), report.get("mode")),
            ("harness", mapping(first, "harness"), mapping(report, "harness")),
        ):
            if one != other:
                raise HarnessError(
                    f"{file}, {first_file}: these are of different {what}s: "
                    f"{_told(other)}, {_told(one)}"
                )


def _ids(reports: Sequence[Report]) -> list[str]:
    """The ids of all checks, in the order of one run."""
    checks = {check["id"]: check for report in reports for check in report["checks"]}
    return [check["id"] for check in sorted(checks.values(), key=by_check)]


def _checks(
    reports: Sequence[Report], names: Sequence[Mapping[str, str]], order: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Each check once; where several reports have it, with its worst outcome."""
    found: dict[str, dict[str, Any]] = {}
    for report, own in zip(reports, names, strict=True):
        for row in report["checks"]:
            check = dict(row)
            if "evidence" in check:
                check["evidence"] = [own[each] for each in check["evidence"] if each in own]
            known = found.setdefault(check["id"], check)
            found[check["id"]] = min(known, check, key=_place_of_outcome)
    return sorted(found.values(), key=lambda check: order[check["id"]])


def _place_of_outcome(check: Report) -> int:
    """Worst first; a check that passed on one machine and did not apply on another passed."""
    return ("failed", "unverified", "waived", "passed", "skipped").index(check["outcome"])


def _app(report: Report) -> Report:
    """Which app was called; a demo has another address in every run."""
    target = mapping(report, "target")
    return {"name": DEMO} if target.get("name") == DEMO else target


def _told(value: Any) -> str:
    if not isinstance(value, Mapping):
        return text(value)
    return " ".join(
        text(value[key]) for key in ("title", "name", "url", "sha256", "version") if value.get(key)
    )


def _exchanges(
    reports: Sequence[Report], order: Mapping[str, int]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """All exchanges in the order of their checks under new ids; and per report, old id → new."""
    found = [
        (order.get(text(exchange.get("check")), len(order)), number, exchange)
        for number, report in enumerate(reports)
        for exchange in report["exchanges"]
    ]
    names: list[dict[str, str]] = [{} for _ in reports]
    renamed: list[dict[str, Any]] = []
    for _, number, exchange in sorted(found, key=lambda each: each[:2]):
        name = f"x{len(renamed) + 1}"
        names[number][exchange["id"]] = name
        renamed.append({**exchange, "id": name})
    return renamed, names


def _findings(
    reports: Sequence[Report], names: Sequence[Mapping[str, str]], order: Mapping[str, int]
) -> list[dict[str, Any]]:
    found = [
        {
            **finding,
            "data": dict(finding.get("data") or {}),
            "evidence": [own[each] for each in finding["evidence"] if each in own],
        }
        for report, own in zip(reports, names, strict=True)
        for finding in report["findings"]
    ]
    return distinct_findings(
        sorted(found, key=lambda finding: order.get(text(finding.get("check")), len(order)))
    )


def _waiver(row: Report) -> Waiver:
    return Waiver(
        rule=row["rule"],
        reason=row["reason"],
        until=date.fromisoformat(row["until"]),
        operation=row["operation"],
        match=row["match"],
    )
