"""Finding connectors, and what is read along with a definition."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.connector.loading import connector_hash, find_connector, load_connector
from harness.errors import DefinitionError, SettingsError

DEFINITION = '{"swagger": "2.0", "info": {"title": "Mine"}, "paths": {}}'
PROPERTIES = '{"properties": {"connectionParameters": {}}}'


def put(file: Path, text: str = DEFINITION) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def settings(file: Path, **named: str) -> Path:
    return put(file, json.dumps(named))


@pytest.mark.parametrize("name", ["apiDefinition.swagger.json", "apidefinition.swagger.yaml"])
def test_the_definition_in_the_root_is_found(tmp_path: Path, name: str) -> None:
    file = put(tmp_path / name)
    put(tmp_path / "other" / "apiDefinition.swagger.json")
    assert find_connector(tmp_path) == file


def test_paconn_settings_lead_before_the_definition_beside_them(tmp_path: Path) -> None:
    put(tmp_path / "apiDefinition.swagger.json")
    file = settings(tmp_path / "settings.json", apiDefinition="apiDefinition.swagger.json")
    assert find_connector(tmp_path) == file


def test_somebody_elses_settings_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "settings.json", '{"editor.tabSize": 2}')
    file = put(tmp_path / "apiDefinition.swagger.json")
    assert find_connector(tmp_path) == file


def test_one_level_down_is_searched_without_hidden_and_foreign_folders(tmp_path: Path) -> None:
    for folder in (".hidden", "node_modules", "venv", ".venv"):
        put(tmp_path / folder / "apiDefinition.swagger.json")
    put(tmp_path / "a" / "b" / "apiDefinition.swagger.json")
    with pytest.raises(SettingsError, match="no connector in"):
        find_connector(tmp_path)
    file = put(tmp_path / "connector" / "apiDefinition.swagger.json")
    assert find_connector(tmp_path) == file


def test_several_connectors_are_named_so_that_one_can_be_chosen(tmp_path: Path) -> None:
    put(tmp_path / "one" / "apiDefinition.swagger.json")
    settings(tmp_path / "two" / "settings.json", apiDefinition="x.json")
    with pytest.raises(SettingsError) as caught:
        find_connector(tmp_path)
    assert "one/apiDefinition.swagger.json, two/settings.json" in str(caught.value)


def test_a_folder_brings_its_properties_and_script(tmp_path: Path) -> None:
    put(tmp_path / "apiDefinition.swagger.json")
    put(tmp_path / "apiProperties.json", PROPERTIES)
    put(tmp_path / "script.csx", "// code")
    connector = load_connector(tmp_path)
    assert connector.title == "Mine"
    assert connector.properties is not None
    assert connector.properties.path == tmp_path / "apiProperties.json"
    assert connector.properties.has_script
    assert connector.script_path == tmp_path / "script.csx"


def test_given_properties_come_before_those_beside_the_definition(tmp_path: Path) -> None:
    put(tmp_path / "apiDefinition.swagger.json")
    put(tmp_path / "apiProperties.json", PROPERTIES)
    other = put(tmp_path / "else" / "props.json", PROPERTIES)
    connector = load_connector(tmp_path, other)
    assert connector.properties is not None
    assert connector.properties.path == other


@pytest.mark.parametrize("separator", ["/", "\\"], ids=["slash", "backslash"])
def test_paconn_settings_name_the_files(tmp_path: Path, separator: str) -> None:
    put(tmp_path / "src" / "swagger.json")
    put(tmp_path / "src" / "props.json", PROPERTIES)
    put(tmp_path / "src" / "code.csx", "// code")
    file = settings(
        tmp_path / "settings.json",
        connectorId="shared_mine",
        apiDefinition=f"src{separator}swagger.json",
        apiProperties=f"src{separator}props.json",
        script=f"src{separator}code.csx",
    )
    connector = load_connector(file)
    assert connector.settings_path == file
    assert connector.settings_raw is not None
    assert connector.settings_raw["connectorId"] == "shared_mine"
    assert connector.properties is not None
    assert connector.properties.path.name == "props.json"
    assert connector.script_path is not None
    assert connector.script_path.name == "code.csx"


@pytest.mark.parametrize("key", ["apiDefinition", "apiProperties"])
def test_settings_that_name_a_missing_file_are_an_error_that_names_it(
    tmp_path: Path, key: str
) -> None:
    put(tmp_path / "there.json")
    named = {"apiDefinition": "there.json", key: "gone.json"}
    with pytest.raises(SettingsError, match=r"gone\.json"):
        load_connector(settings(tmp_path / "settings.json", **named))


@pytest.mark.parametrize(
    "name", ["apiDefinition.json", "shop.swagger.json", "swagger.yaml", "x.postman_collection.json"]
)
def test_a_named_folder_may_hold_other_usual_names(tmp_path: Path, name: str) -> None:
    collection = '{"info": {"name": "C"}, "item": [{"request": "https://x.invalid/a"}]}'
    put(tmp_path / name, collection if "postman" in name else DEFINITION)
    assert load_connector(tmp_path).definition_path == tmp_path / name


def test_a_folder_with_several_definitions_names_them(tmp_path: Path) -> None:
    put(tmp_path / "a.swagger.json")
    put(tmp_path / "b.swagger.json")
    with pytest.raises(SettingsError, match=r"a\.swagger\.json, b\.swagger\.json"):
        load_connector(tmp_path)


def test_nothing_there_is_an_error_that_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file or folder"):
        load_connector(tmp_path / "absent")
    with pytest.raises(SettingsError, match=r"holds no settings\.json"):
        load_connector(tmp_path)


def test_unreadable_properties_are_an_error_with_their_place(tmp_path: Path) -> None:
    put(tmp_path / "apiDefinition.swagger.json")
    put(tmp_path / "apiProperties.json", '{"properties": {\n "a": 1,}}')
    with pytest.raises(DefinitionError, match=r"apiProperties\.json:2:8: trailing comma"):
        load_connector(tmp_path)


def test_the_hash_changes_with_every_file_and_not_with_line_ends(tmp_path: Path) -> None:
    definition = put(tmp_path / "apiDefinition.swagger.json", DEFINITION + "\n")
    seen = [connector_hash(load_connector(tmp_path))]
    definition.write_bytes(b"\xef\xbb\xbf" + DEFINITION.encode() + b"\r\n")
    assert connector_hash(load_connector(tmp_path)) == seen[0]
    put(tmp_path / "apiProperties.json", PROPERTIES)
    seen.append(connector_hash(load_connector(tmp_path)))
    put(tmp_path / "script.csx", "// a")
    seen.append(connector_hash(load_connector(tmp_path)))
    put(tmp_path / "script.csx", "// b")
    seen.append(connector_hash(load_connector(tmp_path)))
    assert len(set(seen)) == 4
