"""One report of a run over many connectors: a whole report for each, and their sum above."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["combined", "combined_status", "sums", "verdict_of"]

EXIT_FINDING = 1
STATUS_ORDER = (4, 3, 2, 1, 6)
"""Which exit status stands for many, the first that any part has; 5 only where all have it."""
EXIT_NOTHING = 5
VERDICT_ORDER = ("fail", "unverified", "skipped", "pass")


def verdict_of(status: int) -> str:
    """The verdict that belongs to an exit status."""
    return {0: "pass", EXIT_FINDING: "fail"}.get(status, "unverified")


def combined_status(statuses: Iterable[int]) -> int:
    """The exit status of a run from those of its parts."""
    present = set(statuses)
    if present == {EXIT_NOTHING}:
        return EXIT_NOTHING
    return next((status for status in STATUS_ORDER if status in present), 0)


def combined(parts: Sequence[tuple[str, dict[str, Any]]], status: int) -> dict[str, Any]:
    """The report of a run: the part's own where there is one, else all with their sum above.

    Exchanges get numbers that are unique in the whole report. At the top stand all checks and
    findings, under ids and names that tell the connector, and the exchanges that findings cite.
    """
    if len(parts) == 1:
        name, report = parts[0]
        return {**report, "name": name} if name else report
    number = 0
    rows = []
    for name, report in parts:
        rows.append({**_renumbered(report, number), "name": name})
        number += len(report["exchanges"])
    findings = [{**f, "connector": row["name"]} for row in rows for f in row["findings"]]
    cited = {evidence for finding in findings for evidence in finding["evidence"]}
    return {
        **{key: rows[0][key] for key in ("schema", "harness", "mode", "started")},
        **({"shard": rows[0]["shard"]} if "shard" in rows[0] else {}),
        "verdict": verdict_of(status),
        "exit_status": status,
        "target": {"name": ", ".join(_targets(rows)), "url": ""},
        "connector": _connector(rows),
        "seconds": max(row["seconds"] for row in rows),
        "requests": sums(row["requests"] for row in rows),
        "suites": _suites(rows),
        "notes": [f"{row['name']}: {note}" for row in rows for note in row["notes"]],
        "checks": [
            {**check, "id": f"{row['name']}/{check['id']}", "connector": row["name"]}
            for row in rows
            for check in row["checks"]
        ],
        "findings": findings,
        "exchanges": [e for row in rows for e in row["exchanges"] if e["id"] in cited],
        "coverage": {
            f"{row['name']}/{operation}": entry
            for row in rows
            for operation, entry in row["coverage"].items()
        },
        "waivers": [{**w, "connector": row["name"]} for row in rows for w in row["waivers"]],
        "parts": rows,
    }


def _renumbered(report: dict[str, Any], offset: int) -> dict[str, Any]:
    names = {e["id"]: f"x{offset + n}" for n, e in enumerate(report["exchanges"], 1)}
    return {
        **report,
        "exchanges": [{**e, "id": names[e["id"]]} for e in report["exchanges"]],
        "findings": [
            {**f, "evidence": [names[e] for e in f["evidence"] if e in names]}
            for f in report["findings"]
        ],
    }


def _targets(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(row["target"]["name"]) for row in rows))


def _connector(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What stands for many connectors: hashes over those of each, in the order of the run."""

    def over(key: str) -> str:
        joined = "\n".join(f"{row['name']} {row['connector'][key]}" for row in rows)
        return hashlib.sha256(joined.encode("utf-8")).hexdigest()

    return {
        "title": f"{len(rows)} connectors",
        "definition": "",
        "sha256": over("sha256"),
        "hash": over("hash"),
        "operations": sum(row["connector"]["operations"] for row in rows),
    }


def _suites(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for suite, own in row["suites"].items():
            found[suite] = _added(found[suite], own) if suite in found else dict(own)
    return found


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    numbers = sums({k: v for k, v in m.items() if isinstance(v, int | float)} for m in (one, other))
    outcome = min(one["outcome"], other["outcome"], key=VERDICT_ORDER.index)
    if {one["outcome"], other["outcome"]} == {"pass", "skipped"}:
        outcome = "pass"
    return {**numbers, "outcome": outcome, "reason": one["reason"] or other["reason"]}


def sums(mappings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The numbers under each key, added up."""
    added: dict[str, Any] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            added[key] = round(added.get(key, 0) + value, 3)
    return added
