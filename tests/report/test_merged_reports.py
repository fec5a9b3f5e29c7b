"""Reports of shards put together: as one run over all operations would have written them."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.errors import HarnessError
from harness.report.merging import merged_reports


def merged(reports: list[dict[str, Any]]) -> dict[str, Any]:
    return merged_reports([(f"{n}.json", report) for n, report in enumerate(reports)])


def shard(report: dict[str, Any], wanted: Callable[[str | None], bool]) -> dict[str, Any]:
    part = deepcopy(report)
    for key in ("checks", "findings", "exchanges"):
        part[key] = [row for row in part[key] if wanted(row["operation"])]
    part["coverage"] = {
        name: row if wanted(name) else {"callers": [], "statuses": [], "parameters": []}
        for name, row in part["coverage"].items()
    }
    names = {row["id"]: f"x{n}" for n, row in enumerate(part["exchanges"], 1)}
    part["exchanges"] = [{**row, "id": names[row["id"]]} for row in part["exchanges"]]
    for finding in part["findings"]:
        finding["evidence"] = [names[e] for e in finding["evidence"] if e in names]
    failed = any(check["outcome"] == "failed" for check in part["checks"])
    part["exit_status"] = 1 if failed else 0
    return part


def told(report: dict[str, Any]) -> Any:
    """What must not depend on how a run was split: everything but numbers of exchanges."""
    seen = {row["id"]: row["request"] for row in report["exchanges"]}
    findings = [{**f, "evidence": [seen.get(e) for e in f["evidence"]]} for f in report["findings"]]
    plain = [
        sorted(json.dumps(row, sort_keys=True) for row in rows)
        for rows in (findings, report["checks"], [{**e, "id": 0} for e in report["exchanges"]])
    ]
    coverage = json.dumps(report["coverage"], sort_keys=True)
    return plain, coverage, report["verdict"], report["exit_status"], report["suites"]


def test_shards_merge_into_the_report_of_one_run(report: dict[str, Any]) -> None:
    whole = merged([report])
    one = shard(report, lambda name: name is None or sum(map(ord, name)) % 2 == 0)
    two = shard(report, lambda name: name is not None and sum(map(ord, name)) % 2 == 1)
    assert one["checks"]
    assert two["checks"]

    assert told(merged([one, two])) == told(whole)
    assert told(merged([two, one])) == told(whole)


def test_check_that_two_shards_made_counts_once(report: dict[str, Any]) -> None:
    twice = merged([report, report])

    assert len(twice["checks"]) == len({check["id"] for check in report["checks"]})
    assert len(twice["findings"]) == len(merged([report])["findings"])


def test_reports_of_different_connectors_are_refused(report: dict[str, Any]) -> None:
    other = {**report, "connector": {**report["connector"], "sha256": "0" * 64}}

    with pytest.raises(HarnessError, match="different connectors"):
        merged([report, other])


def test_command_writes_every_format_and_ends_as_the_run_would(
    report: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(report), encoding="utf-8")
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]

    status = main(["report", "merge", *files, "--output", str(tmp_path / "all")])

    written = {path.name for path in (tmp_path / "all").iterdir()}
    assert status == report["exit_status"]
    assert {"report.json", "index.html", "report.sarif", "summary.md"} <= written
