"""Pictures of the sample report, to look at and for the README.

    python -m tests.report.screenshot FOLDER

Needs Chromium and chromedriver. Writes wide, dark, phone and one-operation pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from harness.report.formats.html import render_html
from tests.report.browser import opened_browser
from tests.report.sample import previous_report, sample_report

PICTURES = (
    ("report.png", "", 1280, 1180, "light"),
    ("report-dark.png", "", 1280, 1180, "dark"),
    ("report-phone.png", "", 390, 844, "light"),
    ("report-operation.png", "#/op/0/=GetDocument/x6", 1280, 1180, "light"),
)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        page = Path(temporary) / "index.html"
        page.write_text(render_html(sample_report(), previous_report()), encoding="utf-8")
        with opened_browser(Path(temporary) / "profile") as browser:
            for name, fragment, width, height, scheme in PICTURES:
                browser.resize(width, height)
                browser.scheme(scheme)
                browser.open(page, fragment)
                browser.screenshot(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
