from __future__ import annotations

from pathlib import Path

import pytest

from harness.findings.model import Rule
from harness.suites.registry import rules_of

PAGE = Path(__file__).parents[3] / "docs" / "rules" / "contract.md"


@pytest.mark.parametrize("rule", rules_of("contract"), ids=lambda rule: rule.id)
def test_rule_is_documented_as_it_is(rule: Rule) -> None:
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")

    (section,) = [s for s in sections if s.splitlines()[0] == rule.id]
    words = " ".join(section.split())
    for text in (rule.severity, rule.title, rule.meaning, rule.why, rule.remedy):
        assert " ".join(text.split()) in words
