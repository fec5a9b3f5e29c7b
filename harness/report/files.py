"""Writing the report's files, each whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.bounds.files import read_bounded, reason_of
from harness.bounds.limits import LARGEST_RECORD
from harness.bounds.parsing import parse_json
from harness.errors import internal_error
from harness.redaction.whole_files import write_whole

__all__ = ["read_report", "write_or_why", "write_report"]

REPORT_NAME = "report.json"


def write_report(
    report: dict[str, Any], folder: Path, *, har: bool
) -> tuple[list[Path], list[str]]:
    """Write `report.json` and every other format.

    Returns:
        The paths, the JSON first, and what could not be written and why: a full disk or a folder
        that nobody may write to costs files, not results.
    """
    from harness.report.formats.registry import write_formats
    from harness.suites.registry import all_rules

    path = folder / REPORT_NAME
    previous = read_report(path)
    problem = write_or_why(path, lambda: json.dumps(report, indent=1) + "\n")
    others = write_formats(report, folder, har=har, previous=previous, rules=all_rules())
    written = [] if problem else [path]
    problems = [problem] if problem else []
    return [*written, *others.written], [*problems, *others.problems]


def write_or_why(path: Path, render: Callable[[], str]) -> str | None:
    """Write a file, whole or not at all; why it could not be, else None."""
    try:
        write_whole(path, render())
    except OSError as error:
        return f"{path} cannot be written: {reason_of(error)}"
    except Exception as error:  # one format's fault must not cost the others
        return f"{path} was not written: {internal_error(error)}"
    return None


def read_report(path: Path) -> dict[str, Any] | None:
    """The report at a path, or None where there is none that can be read."""
    try:
        document = parse_json(read_bounded(path, LARGEST_RECORD))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
