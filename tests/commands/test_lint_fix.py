"""`lint --fix` writes back what has one safe answer, and leaves everything else as it was."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.commands.fixing import fix
from harness.commands.json_edits import JsonEdits
from harness.connector.loading import load_connector
from harness.errors import DefinitionError
from harness.suites.compat.judgement import compare
from harness.suites.definition.judgement import DefinitionFacts, check_definition

SAMPLE = Path(__file__).parents[2] / "harness" / "emulator" / "samples" / "documents"
SOUND: dict[str, Any] = json.loads((SAMPLE / "apiDefinition.swagger.json").read_text("utf-8"))
PROPERTIES = (SAMPLE / "apiProperties.json").read_text("utf-8")
LIST = ("paths", "/documents", "get")


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "apiDefinition.swagger.json"
    path.write_bytes(text.encode("utf-8"))
    (folder / "apiProperties.json").write_text(PROPERTIES, encoding="utf-8")
    return path


def changed(path: tuple[Any, ...], **values: Any) -> dict[str, Any]:
    document = copy.deepcopy(SOUND)
    node = document
    for step in path:
        node = node[step]
    for key, value in values.items():
        node.pop(key.replace("_", "-"), None)
        if value is not None:
            node[key.replace("_", "-")] = value
    return document


FIXES = [
    ("https", changed((), schemes=["http"]), ("schemes",), ["https"]),
    ("slash", changed((), basePath="/api/"), ("basePath",), "/api"),
    (
        "summary",
        changed((*LIST, "parameters", 1), x_ms_summary=None, name="categoryId"),
        (*LIST, "parameters", 1, "x-ms-summary"),
        "Category Id",
    ),
    (
        "extension",
        changed(LIST, **{"x-ms-visibilty": "important"}),
        (*LIST, "x-ms-visibility"),
        "important",
    ),
    (
        "capitals",
        changed(LIST, **{"x-ms-visibility": "Advanced"}),
        (*LIST, "x-ms-visibility"),
        "advanced",
    ),
    (
        "description",
        changed((*LIST, "responses", "401"), description=None),
        (*LIST, "responses", "401", "description"),
        "Unauthorized.",
    ),
    ("twice", changed(LIST, tags=["a", "b", "a"]), (*LIST, "tags"), ["a", "b"]),
    ("security", changed((), security=[]), ("security",), [{"oauth2_auth": []}]),
]


@pytest.mark.parametrize(
    ("document", "path", "value"), [f[1:] for f in FIXES], ids=[f[0] for f in FIXES]
)
def test_fix_is_written_back(
    tmp_path: Path, document: dict[str, Any], path: tuple[Any, ...], value: Any
) -> None:
    file = written(tmp_path, json.dumps(document, indent=2))

    main(["lint", "--fix", str(file)])

    node = json.loads(file.read_text("utf-8"))
    for step in path:
        node = node[step]
    assert node == value


def test_empty_list_goes_away(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(changed(("definitions", "NewDocument"), required=[])))

    assert "required" not in json.loads(fix(load_connector(file)).new)["definitions"]["NewDocument"]


def test_parameter_that_is_there_twice_is_kept_once(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    parameters = document["paths"]["/documents"]["get"]["parameters"]
    parameters.append(copy.deepcopy(parameters[0]))
    file = written(tmp_path, json.dumps(document, indent=2))

    fixed = json.loads(fix(load_connector(file)).new)

    assert fixed["paths"]["/documents"]["get"]["parameters"] == parameters[:-1]


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "bom"])
def test_only_the_lines_that_are_fixed_differ(tmp_path: Path, newline: str, bom: str) -> None:
    text = json.dumps(changed((), schemes=["http"], basePath="/api/"), indent="\t")
    text = bom + text.replace("\n", newline) + newline
    file = written(tmp_path, text)

    main(["lint", "--fix", str(file)])

    now = file.read_bytes().decode("utf-8")
    assert now == text.replace(
        f'"schemes": [{newline}\t\t"http"{newline}\t]', '"schemes": ["https"]'
    ).replace('"/api/"', '"/api"')


def test_sound_file_is_left_alone(tmp_path: Path) -> None:
    text = json.dumps(SOUND, indent=3)
    file = written(tmp_path, text)

    assert main(["lint", "--fix", str(file)]) == 0
    assert file.read_text("utf-8") == text


def test_diff_shows_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps(changed((), schemes=["http"]), indent=2)
    file = written(tmp_path, text)

    main(["lint", "--fix", "--diff", str(file)])

    out = capsys.readouterr().out
    assert '-    "http"' in out
    assert '"schemes": ["https"]' in out
    assert file.read_text("utf-8") == text


def test_diff_alone_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--diff", str(SAMPLE)]) == 4
    assert "--fix" in capsys.readouterr().err


def test_yaml_is_told_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "apiDefinition.swagger.yaml"
    file.write_text(json.dumps(SOUND), encoding="utf-8")

    main(["lint", "--fix", str(file)])

    assert "only JSON definitions can be fixed" in capsys.readouterr().err


def test_published_connectors_are_fixed_without_breaking_a_flow(
    shared: Path, tmp_path: Path
) -> None:
    fixed = 0
    for source in sorted((shared / "connectors").glob("*/apiDefinition.swagger.json")):
        try:
            connector = load_connector(source.parent)
        except DefinitionError:
            continue
        result = fix(connector)
        assert result.refused == ()
        if result.done:
            fixed += 1
            again = tmp_path / f"{fixed}.json"
            again.write_bytes(result.new.encode("utf-8"))
            new = load_connector(again)
            assert [c for c in compare(load_connector(source), new) if c.severity == "error"] == []
            before = check_definition(load_connector(source), DefinitionFacts())
            after = check_definition(load_connector(again), DefinitionFacts())
            assert (
                sum(f.severity == "error" for f in after)
                <= sum(f.severity == "error" for f in before) + 1
            )

    assert fixed >= 8


@pytest.mark.parametrize(
    ("text", "edit", "expected"),
    [
        ('{"a": 1, "b": 2}', ("remove", "/a"), '{"b": 2}'),
        ('{"a": 1, "b": 2}', ("remove", "/b"), '{"a": 1}'),
        ('{"a": [1]}', ("remove", "/a/0"), '{"a": []}'),
        ('{\n  "a" : 1\n}', ("insert", "", "b", "x"), '{\n  "a" : 1,\n  "b" : "x"\n}'),
        ('{"a": {}}', ("insert", "/a", "b", [1]), '{"a": {"b": [1]}}'),
        ('{"a~/b": "é"}', ("replace", "/a~0~1b", True), '{"a~/b": true}'),
        ('{"a": {"b": 1}}', ("rename", "/a", "c"), '{"c": {"b": 1}}'),
    ],
    ids=["first", "last", "only", "insert", "into-empty", "escaped", "rename"],
)
def test_json_is_edited_in_place(text: str, edit: tuple[Any, ...], expected: str) -> None:
    edits = JsonEdits(text)
    getattr(edits, edit[0])(*edit[1:])

    assert edits.applied() == expected
