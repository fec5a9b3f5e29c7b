from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from harness.report.formats.registry import write_formats


def test_formats_are_written_under_fixed_names(report: dict[str, Any], tmp_path: Path) -> None:
    paths = write_formats(report, tmp_path / "new", har=True, junit=True).written

    assert [path.name for path in paths] == [
        "index.html",
        "report.sarif",
        "summary.md",
        "report.har",
        "junit.xml",
    ]
    assert all(path.stat().st_size for path in paths)


def test_archive_and_junit_are_written_on_request_only(
    report: dict[str, Any], tmp_path: Path
) -> None:
    names = {path.name for path in write_formats(report, tmp_path).written}

    assert names == {"index.html", "report.sarif", "summary.md"}


def test_rendering_changes_nothing_and_repeats_itself(
    report: dict[str, Any], previous: dict[str, Any], tmp_path: Path
) -> None:
    kept = copy.deepcopy((report, previous))
    options: dict[str, Any] = {"har": True, "junit": True, "previous": previous}

    first = [p.read_bytes() for p in write_formats(report, tmp_path / "a", **options).written]
    second = [p.read_bytes() for p in write_formats(report, tmp_path / "b", **options).written]

    assert first == second
    assert (report, previous) == kept


def test_report_read_back_from_json_renders_the_same(
    report: dict[str, Any], tmp_path: Path
) -> None:
    again = json.loads(json.dumps(report))

    first = [p.read_bytes() for p in write_formats(report, tmp_path / "a").written]
    second = [p.read_bytes() for p in write_formats(again, tmp_path / "b").written]

    assert first == second


@pytest.mark.parametrize(
    "name", ["index.html", "report.sarif", "summary.md", "report.har", "junit.xml"]
)
def test_no_file_holds_control_or_bidi_characters(
    hostile_report: dict[str, Any], tmp_path: Path, name: str
) -> None:
    paths = write_formats(hostile_report, tmp_path, har=True, junit=True).written
    content = next(p for p in paths if p.name == name).read_text(encoding="utf-8")

    hostile = {chr(code) for code in (*range(9), *range(11, 32), 0x7F, 0x9B, 0x202E, 0x2066)}
    assert not hostile & set(content)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({}, id="empty"),
        pytest.param({"verdict": "unverified", "checks": [], "findings": []}, id="interrupted"),
        pytest.param({"parts": [{}, {"name": None}]}, id="empty parts"),
        pytest.param({"findings": [{}], "checks": [{}], "exchanges": [{}]}, id="empty rows"),
        pytest.param({"started": "yesterday", "seconds": "x", "target": None}, id="odd values"),
    ],
)
def test_incomplete_report_still_renders(broken: dict[str, Any], tmp_path: Path) -> None:
    assert len(write_formats(broken, tmp_path, har=True, junit=True, previous={}).written) == 5
