from __future__ import annotations

from pathlib import Path

import pytest

from harness.findings.examples import Edit, Versions
from harness.findings.model import Rule
from harness.suites.registry import all_rules
from tests.showing_files import definition_findings, version_findings

EDITS = [(r, e) for r in all_rules().values() for e in r.shown_by if isinstance(e, Edit)]
VERSIONS = [(r, e) for r in all_rules().values() for e in r.shown_by if isinstance(e, Versions)]


@pytest.mark.parametrize(("rule", "edit"), EDITS, ids=[r.id for r, _ in EDITS])
def test_edit_shows_the_rule_and_no_other(tmp_path: Path, rule: Rule, edit: Edit) -> None:
    found = {finding.rule for finding in definition_findings(tmp_path, edit)}
    before = {f.rule for f in definition_findings(tmp_path / "sample", Edit(facts=edit.facts))}

    assert found - (before - {rule.id}) == {rule.id, *edit.along}


@pytest.mark.parametrize(("rule", "versions"), VERSIONS, ids=[r.id for r, _ in VERSIONS])
def test_change_shows_the_rule_and_no_other(tmp_path: Path, rule: Rule, versions: Versions) -> None:
    found = {finding.rule for finding in version_findings(tmp_path, versions)}

    assert found == {rule.id, *versions.new.along}


def test_sample_itself_is_silent(tmp_path: Path) -> None:
    as_it_is = {"/globalValidation/excludedPaths": ["/api/health"]}

    assert definition_findings(tmp_path, Edit(auth=as_it_is)) == []
    assert version_findings(tmp_path, Versions(Edit())) == []
