from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.findings.examples import Fault
from harness.findings.model import Rule
from harness.suites.registry import all_rules
from tests.showing_live import Stage, stage

BY_KEYS = "by_keys"
"""A connector with keys instead of AAD: `tests/acceptance/test_key_connectors.py` plays those."""
FAULTS = [
    (rule, example)
    for rule in all_rules().values()
    for example in rule.shown_by
    if isinstance(example, Fault) and BY_KEYS not in example.options
]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage"), {}) as running:
        yield running


def shown(usual: Stage, folder: Path, rule: Rule, fault: Fault) -> set[tuple[str, str | None]]:
    if not fault.options:
        found = usual.findings(rule.family, fault)
    else:
        with stage(folder, fault.options) as running:
            found = running.findings(rule.family, fault)
    return {(f.rule, f.operation) for f in found if f.severity != "note" or rule.severity == "note"}


@pytest.mark.parametrize(("rule", "fault"), FAULTS, ids=[r.id for r, _ in FAULTS])
def test_fault_shows_the_rule_and_no_other(
    usual: Stage, tmp_path: Path, rule: Rule, fault: Fault
) -> None:
    found = shown(usual, tmp_path, rule, fault)

    assert rule.id in {i for i, o in found if fault.operation in (o, None)}, found
    assert {i for i, _ in found} <= {rule.id, *fault.along}


@pytest.mark.parametrize("family", ["target", "anonymous", "token", "delegated", "contract"])
def test_sample_itself_is_silent(usual: Stage, family: str) -> None:
    for operation in ("WhoAmI", "ListDocuments"):
        found = usual.findings(family, Fault(operation=operation))
        assert [f for f in found if f.severity != "note"] == []
