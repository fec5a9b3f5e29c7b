from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.suites.registry import all_rules
from tests.showing_files import written

SPLIT = [rule for rule in all_rules().values() if rule.formerly]
WAIVER = """
[[waivers]]
rule = "{rule}"
reason = "known"
until = 2099-01-01
"""


@pytest.mark.parametrize("rule", SPLIT, ids=lambda rule: rule.id)
@pytest.mark.parametrize("accepted", ["waiver", "level"])
def test_former_id_is_accepted_and_the_finding_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rule: object,
    accepted: str,
) -> None:
    told = all_rules()[rule.id]  # type: ignore[attr-defined]
    written(tmp_path / "c", told.shown_by[0])  # type: ignore[arg-type]
    level = f'[rules]\n"{told.formerly}" = "error"\n'
    text = WAIVER.format(rule=told.formerly) if accepted == "waiver" else level
    (tmp_path / "connector-harness.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    main(["lint", "c", "--format", "json"])

    (row,) = json.loads(capsys.readouterr().out)
    (found,) = [f for f in row["findings"] if f["rule"] == told.id]
    assert found["waived"] if accepted == "waiver" else found["severity"] == "error"
    assert f"former id {told.formerly}; write {told.id}" in found["message"]


def test_four_rules_were_split() -> None:
    assert {rule.id: rule.formerly for rule in SPLIT} == {
        "definition.enum-type": "definition.enum-empty",
        "definition.header-duplicate": "definition.duplicate-key",
        "definition.required-place": "definition.required-unknown",
        "definition.schemes": "definition.no-https",
    }
