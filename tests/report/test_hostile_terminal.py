from __future__ import annotations

import pytest

from harness.findings.model import Finding
from harness.findings.text import explain
from harness.session.outcomes import CheckFailed, CheckUnverified
from tests.report.sample import HOSTILE


@pytest.fixture
def finding() -> Finding:
    return Finding(
        "contract.body", "error", "Hello", "alice", HOSTILE, HOSTILE, f"\n::warning::{HOSTILE}"
    )


def _is_harmless(text: str) -> bool:
    commands = any(line.lstrip().startswith("::") for line in text.splitlines())
    return not commands and "##vso[" not in text and not {"\x1b", "\x07", "\u202e"} & set(text)


def test_explained_finding_commands_neither_terminal_nor_build_server(finding: Finding) -> None:
    assert _is_harmless(explain(finding))


def test_what_pytest_prints_of_a_check_is_harmless(finding: Finding) -> None:
    assert _is_harmless(str(CheckFailed([finding])))
    assert _is_harmless(CheckUnverified(f"::error::{HOSTILE}").reason)


def test_explanation_still_says_what_came(finding: Finding) -> None:
    assert "\\x1b[31mred" in explain(finding)
