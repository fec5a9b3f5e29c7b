"""`lint --agent` and `[definition] agent` switch the rules for agents on; else they are silent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main

SAMPLE = Path(__file__).parents[2] / "harness" / "emulator" / "samples" / "documents"


@pytest.fixture
def alike(tmp_path: Path) -> Path:
    document = json.loads((SAMPLE / "apiDefinition.swagger.json").read_text("utf-8"))
    for path in ("/documents", "/documents/{id}"):
        document["paths"][path]["get"]["description"] = "Reads what the caller may see."
    file = tmp_path / "apiDefinition.swagger.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def rules_of(capsys: pytest.CaptureFixture[str]) -> set[str]:
    rows = json.loads(capsys.readouterr().out)
    return {f["rule"] for row in rows for f in row["findings"]}


def test_rules_for_agents_are_off_by_default(
    alike: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["lint", "--format", "json", str(alike)])

    assert not any(rule.startswith("agent.") for rule in rules_of(capsys))


def test_option_switches_them_on(alike: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--agent", "--format", "json", str(alike)]) == 0

    assert "agent.alike" in rules_of(capsys)


def test_settings_switch_them_on(alike: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = alike.parent / "connector-harness.toml"
    settings.write_text("[definition]\nagent = true\n", encoding="utf-8")

    main(["lint", "--connector-config", str(settings), "--format", "json", str(alike)])

    assert "agent.alike" in rules_of(capsys)
