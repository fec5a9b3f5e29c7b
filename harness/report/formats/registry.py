"""Writing a report in every format that is made from `report.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.findings.model import Rule
from harness.report.files import write_or_why
from harness.report.formats.har import render_har
from harness.report.formats.html import render_html
from harness.report.formats.junit import render_junit
from harness.report.formats.markdown import render_markdown
from harness.report.formats.sarif import render_sarif

__all__ = ["Written", "write_formats"]


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and why others were not."""

    written: tuple[Path, ...]
    problems: tuple[str, ...]


def write_formats(
    report: Mapping[str, Any],
    directory: Path,
    *,
    har: bool = False,
    junit: bool = False,
    previous: Mapping[str, Any] | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> Written:
    """Write `index.html`, `report.sarif`, `summary.md`, and on request `report.har`, `junit.xml`.

    Each is written whole or not at all, and one that cannot be does not keep the others away.
    """
    renderers: dict[str, Callable[[], str]] = {
        "index.html": lambda: render_html(report, previous),
        "report.sarif": lambda: _json(render_sarif(report, rules)),
        "summary.md": lambda: render_markdown(report, previous),
    }
    if har:
        renderers["report.har"] = lambda: _json(render_har(report))
    if junit:
        renderers["junit.xml"] = lambda: render_junit(report)
    problems = {name: write_or_why(directory / name, render) for name, render in renderers.items()}
    written = tuple(directory / name for name, problem in problems.items() if problem is None)
    return Written(written, tuple(problem for problem in problems.values() if problem))


def _json(value: Any) -> str:
    """JSON in ASCII: control and bidi characters stand escaped, so that no pager obeys them."""
    return json.dumps(value, ensure_ascii=True, indent=1) + "\n"
