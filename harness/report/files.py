"""Writing the report's files, each whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.bounds.parsing import parse_json
from harness.redaction.whole_files import write_whole

__all__ = ["read_report", "write_report"]

REPORT_NAME = "report.json"


def write_report(report: dict[str, Any], folder: Path, *, har: bool) -> list[Path]:
    """Write `report.json` and every other format; the paths, the JSON first."""
    from harness.report.formats.registry import write_formats
    from harness.suites.registry import all_rules

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / REPORT_NAME
    previous = read_report(path)
    write_whole(path, json.dumps(report, indent=1) + "\n")
    return [path, *write_formats(report, folder, har=har, previous=previous, rules=all_rules())]


def read_report(path: Path) -> dict[str, Any] | None:
    """The report at a path, or None where there is none that can be read."""
    try:
        document = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
