"""Writing the report's files, each whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["read_report", "write_report", "write_whole"]

REPORT_NAME = "report.json"


def write_report(report: dict[str, Any], folder: Path, *, har: bool) -> list[Path]:
    """Write `report.json` and every other format; the paths, the JSON first."""
    from harness.report.formats import write_formats
    from harness.rules.registry import all_rules

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / REPORT_NAME
    previous = read_report(path)
    write_whole(path, json.dumps(report, indent=1) + "\n")
    return [path, *write_formats(report, folder, har=har, previous=previous, rules=all_rules())]


def read_report(path: Path) -> dict[str, Any] | None:
    """The report at a path, or None where there is none that can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def write_whole(path: Path, text: str) -> None:
    """Put a file in place in one step, so that a reader sees the old or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
