"""The generated pages are current, every rule is documented, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.commands.reference import pages
from harness.suites.registry import all_rules

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]


def test_generated_pages_are_current() -> None:
    for path, text in pages(DOCS).items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.name}: run python -m harness.commands.reference write docs"
        )


def test_every_rule_stands_on_its_familys_page() -> None:
    for rule in all_rules().values():
        page = (DOCS / "rules" / f"{rule.family}.md").read_text(encoding="utf-8")
        assert rule.id in page, f"{rule.id} is not on docs/rules/{rule.family}.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"
