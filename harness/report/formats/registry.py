"""Writing a report in every format that is made from `report.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.findings.model import Rule
from harness.report.formats.har import render_har
from harness.report.formats.html import render_html
from harness.report.formats.junit import render_junit
from harness.report.formats.markdown import render_markdown
from harness.report.formats.sarif import render_sarif

__all__ = ["write_formats"]


def write_formats(
    report: Mapping[str, Any],
    directory: Path,
    *,
    har: bool = False,
    junit: bool = False,
    previous: Mapping[str, Any] | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> list[Path]:
    """Write `index.html`, `report.sarif`, `summary.md`, and on request `report.har`, `junit.xml`.

    Raises:
        OSError: the directory or a file in it cannot be written.
    """
    contents = {
        "index.html": render_html(report, previous),
        "report.sarif": _json(render_sarif(report, rules)),
        "summary.md": render_markdown(report, previous),
    }
    if har:
        contents["report.har"] = _json(render_har(report))
    if junit:
        contents["junit.xml"] = render_junit(report)
    directory.mkdir(parents=True, exist_ok=True)
    return [_write(directory / name, content) for name, content in contents.items()]


def _json(value: Any) -> str:
    """JSON in ASCII: control and bidi characters stand escaped, so that no pager obeys them."""
    return json.dumps(value, ensure_ascii=True, indent=1) + "\n"


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", newline="\n")
    return path
