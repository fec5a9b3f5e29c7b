"""A run that several machines share, and the report that is put together from theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.cli import main

from .conftest import Runner

REPOSITORY = Path(__file__).parents[2]
REPLAY = ("--function-app", "demo", "--cassettes", "replay")


def told(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what a clock or a folder says."""
    for check in report["checks"]:
        check["seconds"] = 0
    for suite in report["suites"].values():
        suite["seconds"] = 0
    return {k: v for k, v in report.items() if k not in ("seconds", "started")}


def test_merged_report_equals_that_of_one_run(run_pytest: Runner, tmp_path: Path) -> None:
    recordings = ("--cassette-dir", str(REPOSITORY / "cassettes"))
    whole = run_pytest(*REPLAY, *recordings)
    files = []
    for part in ("1/2", "2/2"):
        folder = tmp_path / part.replace("/", "-")
        folder.mkdir()
        ran = run_pytest(*REPLAY, *recordings, "--connector-shard", part, folder=folder)
        assert 0 < len(ran.report["checks"]) < len(whole.report["checks"])
        files.append(str(folder / "reports" / "report.json"))

    status = main(["report", "merge", *files, "-o", str(tmp_path / "merged")])

    merged = json.loads((tmp_path / "merged" / "report.json").read_text(encoding="utf-8"))
    assert status == whole.status == 0
    assert told(merged) == told(whole.report)
