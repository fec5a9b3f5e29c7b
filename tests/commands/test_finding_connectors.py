"""Which connectors `lint` and `diff` find below a folder, and what they say of the others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.commands.finding_connectors import connectors_under
from harness.connector.loading import load_connector
from harness.errors import DefinitionError, SettingsError

SAMPLE = Path(__file__).parents[2] / "harness" / "emulator" / "samples" / "documents"
DEFINITION = SAMPLE / "apiDefinition.swagger.json"


def connector(folder: Path, name: str = "apiDefinition.swagger.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(DEFINITION, folder / name))


def test_settings_lead_to_the_definition_that_they_name(tmp_path: Path) -> None:
    connector(tmp_path, "my.swagger.json")
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"apiDefinition": "my.swagger.json"}), encoding="utf-8")

    assert connectors_under(tmp_path) == [settings]


def test_settings_of_another_tool_are_left_alone(tmp_path: Path) -> None:
    file = connector(tmp_path)
    (tmp_path / "settings.json").write_text('{"editor.tabSize": 2}', encoding="utf-8")

    assert connectors_under(tmp_path) == [file]


@pytest.mark.parametrize("name", ["delijn.swagger.json", "apidefination.swagger.json"])
def test_other_usual_names_are_found(tmp_path: Path, name: str) -> None:
    file = connector(tmp_path / "one", name)

    assert connectors_under(tmp_path) == [file]


def test_linked_folder_is_followed_once(tmp_path: Path) -> None:
    connector(tmp_path / "elsewhere" / "one")
    root = tmp_path / "root"
    root.mkdir()
    try:
        (root / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        (tmp_path / "elsewhere" / "back").symlink_to(root, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")

    assert connectors_under(root) == [root / "link" / "one" / "apiDefinition.swagger.json"]


def test_what_is_passed_over_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = connector(tmp_path)
    connector(tmp_path / "node_modules" / "package")
    connector(tmp_path, "old.swagger.json")

    assert connectors_under(tmp_path) == [file]
    told = capsys.readouterr().err
    assert "node_modules: passed over" in told
    assert "old.swagger.json: not judged" in told


def test_folder_without_connector_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no \*\.swagger\.json"):
        connectors_under(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [1, 2}', r":1:12: the list that opens on line 1 is closed by \}; \] is needed"),
        ('{"a": {"b": 1]', r"the object that opens on line 1 is closed by \]; \} is needed"),
        ('{"a": [1, 2,}', r"the list that opens on line 1 is closed by \}"),
        ('{"a":\u00a01}', r"a no-break space \(U\+00A0\)"),
        ('{\u200b"a": 1}', r"a zero width space \(U\+200B\)"),
        ("{\u201ca\u201d: 1}", "is not the double quote of JSON"),
        ("{'a': 1}", "' is not the double quote of JSON"),
        ('{"a": 1 "b": 2}', "a comma is missing"),
    ],
    ids=["list", "object", "comma", "no-break", "zero-width", "curly", "single", "true-comma"],
)
def test_broken_json_is_told_as_what_it_is(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(DefinitionError, match=message):
        load_connector(file)
