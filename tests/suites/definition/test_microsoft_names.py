"""Every rule of Microsoft's validator is covered by one of ours or left out with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.suites.definition.not_covered import LEFT_OUT
from harness.suites.registry import all_rules, rules_of

PAGE = Path(__file__).parents[3] / "docs" / "definition-rules.md"
RULES = [*rules_of("definition"), *rules_of("target")]
CARRIED = {name: rule.id for rule in RULES for name in rule.microsoft}


@pytest.fixture(scope="module")
def published(shared: Path) -> list[str]:
    page = shared / "swagger-validator-rules.md"
    if not page.is_file():
        pytest.skip(f"no list of Microsoft's names at {page}")
    return re.findall(r"^- (\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_published_name_is_covered_or_left_out(published: list[str]) -> None:
    assert len(published) > 150
    assert set(published) - CARRIED.keys() - LEFT_OUT.keys() == set()


def test_no_name_is_both_covered_and_left_out() -> None:
    assert CARRIED.keys() & LEFT_OUT.keys() == set()


def test_no_name_is_invented(published: list[str]) -> None:
    named = {name for rule in all_rules().values() for name in rule.microsoft}

    assert (named | LEFT_OUT.keys()) - set(published) == set()


def test_reasons_are_sentences() -> None:
    assert all(reason.endswith(".") and len(reason) > 40 for reason in LEFT_OUT.values())


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_page_says_why_a_name_is_left_out(name: str) -> None:
    assert f"| {name} | {LEFT_OUT[name]} |" in PAGE.read_text(encoding="utf-8")


def test_page_says_which_rules_cover_a_name() -> None:
    text = PAGE.read_text(encoding="utf-8")
    covered = {name: [r.id for r in RULES if name in r.microsoft] for name in CARRIED}
    rows = {
        name: f"| {name} | {', '.join(f'`{i}`' for i in ids)} |" for name, ids in covered.items()
    }

    assert [name for name, row in rows.items() if row not in text] == []
