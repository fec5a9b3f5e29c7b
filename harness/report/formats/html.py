"""The report as one self-contained HTML file that asks the network for nothing.

Data stands in the page as JSON islands that the script shows with `textContent` only; verdict,
counts and, where scripts are off, the findings are plain HTML. The content security policy forbids
every load and allows just this page's own style and script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from harness.redaction.visible import one_line
from harness.report.compare import compare
from harness.report.formats.html_data import islands
from harness.report.formats.html_static import render_header, render_noscript, render_verdict
from harness.report.reading import text, title_of
from harness.report.verdict import VERDICT_WORDS

__all__ = ["render_html"]

_STYLES = ("base.css", "components.css")
_SCRIPTS = (
    "data.js",
    "dom.js",
    "layout.js",
    "findings.js",
    "overview.js",
    "operation.js",
    "app.js",
)
_ICON_COLOURS = {"pass": "%231a7f4b", "fail": "%23c0342b", "unverified": "%23a15c00"}


def render_html(report: Mapping[str, Any], previous: Mapping[str, Any] | None = None) -> str:
    """The page for a parsed `report.json`; with `previous`, also what changed since that one."""
    comparison = None if previous is None else compare(report, previous)
    style = "\n".join(_asset(name) for name in _STYLES)
    script = "(() => {\n'use strict';\n" + "\n".join(_asset(name) for name in _SCRIPTS) + "\n})();"
    verdict = text(report.get("verdict"))
    data = "\n".join(
        f'<script type="application/json" id="{island.id}">{island.json}</script>'
        for island in islands(report, comparison)
    )
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, script),
        title=escape(one_line(f"{VERDICT_WORDS.get(verdict, 'Report')} · {title_of(report)}", 120)),
        icon=_ICON_COLOURS.get(verdict, "%23666666"),
        style=style,
        header=render_header(report),
        verdict=render_verdict(report, comparison),
        noscript=render_noscript(report, comparison),
        data=data,
        script=script,
    )


@cache
def _asset(name: str) -> str:
    return (files("harness.report") / "assets" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _digest(source: str) -> str:
    """A source's hash as a content security policy names it (CSP Level 3, 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode()
