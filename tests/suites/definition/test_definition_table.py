"""Each rule of the files: one case that fires, and the sample, which is silent."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.errors import DefinitionError
from harness.suites.definition.judgement import DefinitionFacts, check_definition

SAMPLE = Path(__file__).parents[3] / "harness" / "emulator" / "samples" / "documents"
SOUND = json.loads((SAMPLE / "apiDefinition.swagger.json").read_text(encoding="utf-8"))
PROPERTIES = json.loads((SAMPLE / "apiProperties.json").read_text(encoding="utf-8"))
GET = ("paths", "/documents/{id}", "get")
LIST = ("paths", "/documents", "get")
CREATE = ("paths", "/documents", "post")
TITLE = ("definitions", "NewDocument", "properties", "title")
Edit = Callable[[dict[str, Any]], object]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def put(path: tuple[Any, ...], **values: Any) -> Edit:
    return lambda document: at(document, path).update(values)


def add_parameter(path: tuple[Any, ...], **parameter: Any) -> Edit:
    return lambda document: at(document, path)["parameters"].append(parameter)


def copy_path(old: str, new: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        item = copy.deepcopy(document["paths"][old])
        for operation in item.values():
            operation["operationId"] += "Again"
        document["paths"][new] = item

    return edit


def split_path(old: str, new: str, method: str) -> Edit:
    """One method of a path moved to a path of its own."""
    return lambda document: document["paths"].update(
        {new: {method: document["paths"][old].pop(method)}}
    )


def chain(*edits: Edit) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        for each in edits:
            each(document)

    return edit


def dynamic(key: str, **values: Any) -> Edit:
    """A dynamic extension at an input of GetDocument."""
    return put((*GET, "parameters", 0), **{key: values})


def body_field(**schema: Any) -> Edit:
    return put(("definitions", "NewDocument", "properties"), link=schema)


def need_link(document: dict[str, Any]) -> None:
    document["definitions"]["NewDocument"]["required"].append("link")


def webhook(**schema: Any) -> Edit:
    """CreateDocument as a webhook trigger whose URL is written as given."""
    content = {"schema": {"type": "object"}}
    return chain(
        put(CREATE, **{"x-ms-trigger": "single"}),
        put(("paths", "/documents"), **{"x-ms-notification-content": content}),
        body_field(**schema),
    )


QUERY = {"in": "query", "type": "string", "x-ms-summary": "X"}
STRING = {"type": "string"}
INTERNAL = {"x-ms-visibility": "internal"}
HIDDEN = {**STRING, **INTERNAL}
URL = {"x-ms-notification-url": True}
LINK = {**HIDDEN, **URL}
KEY = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7=="
FACTS = DefinitionFacts(scope="api://0a1b2c3d-4e5f-4678-9abc-def012345678/user_impersonation")


CERTIFICATION = replace(FACTS, certification=True)


def findings(
    folder: Path, document: Any, properties: Any = PROPERTIES, facts: DefinitionFacts = FACTS
) -> set[str]:
    (folder / "apiDefinition.swagger.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "apiProperties.json").write_text(json.dumps(properties), encoding="utf-8")
    return {f.rule for f in check_definition(load_connector(folder), facts)}


def test_sound_connector_is_silent(tmp_path: Path) -> None:
    assert findings(tmp_path, SOUND) == set()


def test_sound_connector_has_what_certification_alone_dislikes(tmp_path: Path) -> None:
    wanted = {"definition.several-schemas", "definition.path-similar"}

    assert findings(tmp_path, SOUND, facts=CERTIFICATION) == wanted


def test_sound_webhook_is_silent(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    chain(webhook(**LINK), need_link)(document)

    assert findings(tmp_path, document) == set()


def test_scheme_that_many_operations_miss_is_one_finding(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    for path in (GET, LIST, CREATE):
        put(path, security=[{"other": []}])(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    (one,) = [f for f in found if f.rule == "definition.security-undefined"]
    assert "3 times" in one.message
    assert len(one.data["pointers"]) == 3


def test_path_that_an_answer_lacks_is_one_finding(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    call = {"operationId": "ListCategories", "value-collection": "rows", "value-path": "id"}
    for index in range(3):
        put((*LIST, "parameters", index), **{"x-ms-dynamic-values": call})(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    (one,) = [f for f in found if f.rule == "definition.dynamic-output"]
    assert "3 extensions" in one.message


@pytest.mark.parametrize(
    ("edit", "severity"),
    [
        (copy_path("/documents/{id}", "/Documents/{id}"), "error"),
        (copy_path("/documents/{id}", "/documents/{other}"), "warning"),
        (copy_path("/documents/{id}", "/documents/{id}/"), "note"),
        (split_path("/documents/{id}", "/documents/{other}", "delete"), "note"),
    ],
    ids=["capitals", "placeholders", "slash at the end", "another method"],
)
def test_twin_paths_are_as_bad_as_the_platform_takes_them(
    tmp_path: Path, edit: Edit, severity: str
) -> None:
    document = copy.deepcopy(SOUND)
    edit(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    assert [f.severity for f in found if f.rule == "definition.path-duplicate"] == [severity]


ODD = (None, [], {}, "x", 1, True, [None], [[1]], {"a": None}, {"$ref": 1}, {"type": ["a"]})
KEYS = (
    "x-ms-enum-values x-ms-api-annotation x-ms-dynamic-values x-ms-dynamic-list x-ms-dynamic-tree "
    "x-ms-dynamic-schema x-ms-notification x-ms-notification-content x-ms-pageable required enum "
    "discriminator type format items properties allOf default x-ms-capabilities tags security "
    "securityDefinitions examples headers schema collectionFormat consumes in name parameters"
)


def nodes_of(node: Any) -> list[Any]:
    inner = list(node.values()) if isinstance(node, dict) else node
    below = [n for part in inner for n in nodes_of(part)] if isinstance(inner, list) else []
    return [node, *below] if isinstance(node, dict) else below


@pytest.mark.parametrize("seed", range(3))
def test_definition_that_makes_no_sense_is_judged_all_the_same(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = tmp_path / "a.json"
    judged = 0
    for _ in range(60):
        document = copy.deepcopy(SOUND)
        for _ in range(3):
            node = draw.choice(nodes_of(document))
            key = draw.choice([*node, draw.choice(KEYS.split())])
            node[key] = copy.deepcopy(draw.choice(ODD))
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            connector = load_connector(path)
        except DefinitionError:
            continue
        check_definition(connector, CERTIFICATION)
        judged += 1

    assert judged > 30


def test_definitions_that_name_each_other_are_judged_in_a_moment(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    names = [f"D{n}" for n in range(40)]
    refs = {name: {"$ref": f"#/definitions/{name}"} for name in names}
    for name in names:
        document["definitions"][name] = {"type": "object", "properties": refs, "required": names}
    document["definitions"]["NewDocument"] = refs["D0"]

    assert "definition.required-loop" in findings(tmp_path, document)


def test_left_over_that_no_operation_refers_to_calls_nothing(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    left = {"type": "string", "x-ms-dynamic-values": {"operationId": "Gone", "value-path": "id"}}
    document["definitions"]["Unused"] = left

    silent = findings(tmp_path, document)
    document["definitions"]["NewDocument"]["properties"]["kind"] = {"$ref": "#/definitions/Unused"}
    heard = findings(tmp_path, document)

    assert "definition.dynamic-operation" not in silent
    assert "definition.dynamic-operation" in heard


def test_another_host_than_the_target_is_a_warning() -> None:
    facts = DefinitionFacts(target_url="https://other.azurewebsites.net")

    found = check_definition(load_connector(SAMPLE), facts)

    assert [(f.rule, f.severity) for f in found] == [("target.host-other", "warning")]


def test_left_over_host_of_a_collection_is_a_note() -> None:
    collection = SAMPLE.parent / "hello" / "Hello.postman_collection.json"

    found = check_definition(load_connector(collection), DefinitionFacts())

    hosts = [f.severity for f in found if f.rule == "target.host-left-over"]
    assert hosts == ["note"]
    assert all(f.severity != "error" for f in found)


def test_webhook_without_content_is_found(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    operation = at(document, CREATE)
    operation["x-ms-trigger"] = "single"
    at(document, TITLE)["x-ms-notification-url"] = True

    assert "definition.webhook" in findings(tmp_path, document)


def test_missing_file_of_paconn_settings_is_found(tmp_path: Path) -> None:
    for name in ("apiDefinition.swagger.json", "apiProperties.json"):
        (tmp_path / name).write_text((SAMPLE / name).read_text(encoding="utf-8"), encoding="utf-8")
    settings = {"apiDefinition": "apiDefinition.swagger.json", "icon": "icon.png"}
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "settings.json"), DefinitionFacts())

    assert "definition.settings-path" in {f.rule for f in found}


def test_secret_is_not_shown(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    add_parameter(LIST, name="code", default=KEY, **QUERY)(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    assert not any(KEY in json.dumps(f.to_plain()) for f in found)


def test_key_that_stands_twice_is_found(tmp_path: Path) -> None:
    text = json.dumps(SOUND).replace('"basePath"', '"basePath": "/old", "basePath"', 1)
    (tmp_path / "a.json").write_text(text, encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    assert "definition.duplicate-key" in {f.rule for f in found}


def test_levels_switch_rules_off_and_down() -> None:
    facts = DefinitionFacts(
        target_url="https://other.azurewebsites.net", levels={"target.host-other": "off"}
    )

    assert check_definition(load_connector(SAMPLE), facts) == []


EXPECTED_ERRORS = {
    ("certified__AtBot", "definition.security-missing"),
    ("certified__AtBot_Admin", "definition.aad-incomplete"),
    ("certified__AtBot_Admin", "definition.security-missing"),
    ("certified__Celonis", "definition.example-mismatch"),
    ("certified__DBF2XML", "definition.secret"),
}


def test_errors_on_published_connectors_are_real_defects(shared: Path) -> None:
    errors = set()
    for folder in sorted((shared / "connectors").iterdir()):
        if not folder.is_dir() or folder.name in ("history", "schemas"):
            continue
        try:
            connector = load_connector(folder)
        except DefinitionError:
            continue
        for finding in check_definition(connector, DefinitionFacts()):
            if finding.severity == "error":
                errors.add((folder.name, finding.rule))

    assert errors == EXPECTED_ERRORS
