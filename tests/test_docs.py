"""The generated pages are current, every rule is documented, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import pages

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]


def test_generated_pages_are_current() -> None:
    for path, text in pages(DOCS).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python -m docs.generate"


def test_no_page_is_left_over() -> None:
    made = {path.name for path in pages(DOCS)}

    assert {path.name for path in (DOCS / "rules").iterdir()} <= made


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"
