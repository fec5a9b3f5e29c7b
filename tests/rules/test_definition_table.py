"""Each rule of the files: one case that fires, and the sample, which is silent."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.errors import DefinitionError
from harness.rules.definition import DefinitionFacts, check_definition
from harness.rules.definition_rules import BY_ID

SAMPLE = Path(__file__).parents[2] / "harness" / "emulator" / "samples" / "documents"
SOUND = json.loads((SAMPLE / "apiDefinition.swagger.json").read_text(encoding="utf-8"))
PROPERTIES = json.loads((SAMPLE / "apiProperties.json").read_text(encoding="utf-8"))
GET = ("paths", "/documents/{id}", "get")
LIST = ("paths", "/documents", "get")
CREATE = ("paths", "/documents", "post")
TITLE = ("definitions", "NewDocument", "properties", "title")
AAD = ("properties", "connectionParameters", "token", "oAuthSettings")
Edit = Callable[[dict[str, Any]], object]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def put(path: tuple[Any, ...], **values: Any) -> Edit:
    return lambda document: at(document, path).update(values)


def drop(path: tuple[Any, ...], key: Any) -> Edit:
    return lambda document: at(document, path).pop(key)


def add_parameter(path: tuple[Any, ...], **parameter: Any) -> Edit:
    return lambda document: at(document, path)["parameters"].append(parameter)


def move_path(old: str, new: str) -> Edit:
    return lambda document: document["paths"].update({new: document["paths"].pop(old)})


def copy_path(old: str, new: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        item = copy.deepcopy(document["paths"][old])
        for operation in item.values():
            operation["operationId"] += "Again"
        document["paths"][new] = item

    return edit


QUERY = {"in": "query", "type": "string", "x-ms-summary": "X"}
KEY = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7=="
CASES: list[tuple[str, Edit]] = [
    ("operation-id-missing", drop(GET, "operationId")),
    ("operation-id-duplicate", put(GET, operationId="ListDocuments")),
    ("operation-id-form", put(GET, operationId="Get a document")),
    ("no-https", put((), schemes=["http"])),
    ("base-path", put((), basePath="api v1")),
    ("summary", put(GET, summary="Get/put")),
    ("description", drop(GET, "description")),
    ("parameter-summary", drop((*LIST, "parameters", 0), "x-ms-summary")),
    ("path-form", move_path("/me", "/me?x=1")),
    ("path-duplicate", copy_path("/documents/{id}", "/documents/{other}")),
    ("path-parameter-missing", move_path("/me", "/me/{name}")),
    ("path-parameter-extra", add_parameter(LIST, name="x", **{**QUERY, "in": "path"})),
    ("path-parameter-optional", put((*GET, "parameters", 0), required=False)),
    ("path-encoding", drop((*GET, "parameters", 0), "x-ms-url-encoding")),
    ("parameter-duplicate", add_parameter(LIST, name="top", **QUERY)),
    ("several-bodies", add_parameter(CREATE, name="b", **{"in": "body"}, schema={})),
    ("body-on-get", add_parameter(LIST, name="b", **{"in": "body"}, schema={})),
    (
        "reserved-header",
        add_parameter(LIST, name="Authorization", **{**QUERY, "in": "header"}),
    ),
    ("reference-missing", put(TITLE, **{"$ref": "#/definitions/Nope"})),
    ("reference-external", put(TITLE, **{"$ref": "other.json#/definitions/X"})),
    ("no-response", put(GET, responses={})),
    ("no-success-response", put(GET, responses={"404": {"description": "no"}})),
    ("response-schema", drop((*GET, "responses", "200"), "schema")),
    ("extension-misspelt", put(GET, **{"x-ms-visibilty": "important"})),
    ("visibility-value", put(GET, **{"x-ms-visibility": "Advanced"})),
    (
        "internal-without-default",
        add_parameter(LIST, name="v", required=True, **{**QUERY, "x-ms-visibility": "internal"}),
    ),
    (
        "dynamic-operation",
        put((*GET, "parameters", 0), **{"x-ms-dynamic-values": {"operationId": "Nope"}}),
    ),
    (
        "dynamic-parameter",
        put(
            (*GET, "parameters", 0),
            **{
                "x-ms-dynamic-values": {
                    "operationId": "ListDocuments",
                    "parameters": {"nope": 1},
                    "value-path": "id",
                }
            },
        ),
    ),
    ("default-mismatch", put((*LIST, "parameters", 2), default="ten")),
    ("bounds", put(TITLE, minLength=300)),
    ("pattern", put(TITLE, pattern="[a-")),
    ("enum-empty", put(TITLE, enum=[])),
    ("array-items", put(TITLE, type="array")),
    ("required-unknown", put(("definitions", "NewDocument"), required=["title", "colour"])),
    ("keyword", put(TITLE, nullable=True)),
    ("file-parameter", add_parameter(LIST, name="f", **{**QUERY, "type": "file"})),
    ("security-undefined", put((), security=[{"other": []}])),
    ("security-missing", put((), security=[], securityDefinitions={})),
    ("secret", add_parameter(LIST, name="code", default=KEY, **QUERY)),
    ("title", put(("info",), title="My very long API connector for documents of all kinds")),
    ("metadata", drop((), "x-ms-connector-metadata")),
    ("target.host-left-over", put((), host="localhost:7071")),
]
PROPERTY_CASES: list[tuple[str, Edit]] = [
    ("aad-incomplete", put((*AAD, "customParameters"), resourceUri={"value": ""})),
    ("aad-placeholder", put(AAD, clientId="<<client id>>")),
    ("aad-resource", put((*AAD, "customParameters"), resourceUri={"value": "api://other"})),
]
FACTS = DefinitionFacts(scope="api://0a1b2c3d-4e5f-4678-9abc-def012345678/user_impersonation")


def findings(folder: Path, document: Any, properties: Any = PROPERTIES) -> set[str]:
    (folder / "apiDefinition.swagger.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "apiProperties.json").write_text(json.dumps(properties), encoding="utf-8")
    return {f.rule for f in check_definition(load_connector(folder), FACTS)}


def full(rule: str) -> str:
    return rule if "." in rule else f"definition.{rule}"


@pytest.mark.parametrize(("rule", "edit"), CASES, ids=[rule for rule, _ in CASES])
def test_rule_fires_on_its_defect(tmp_path: Path, rule: str, edit: Edit) -> None:
    document = copy.deepcopy(SOUND)
    edit(document)

    assert full(rule) in findings(tmp_path, document)


@pytest.mark.parametrize(("rule", "edit"), PROPERTY_CASES, ids=[rule for rule, _ in PROPERTY_CASES])
def test_rule_fires_on_the_properties_defect(tmp_path: Path, rule: str, edit: Edit) -> None:
    properties = copy.deepcopy(PROPERTIES)
    edit(properties)

    assert full(rule) in findings(tmp_path, SOUND, properties)


def test_sound_connector_is_silent(tmp_path: Path) -> None:
    assert findings(tmp_path, SOUND) == set()


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


def test_every_rule_has_a_case() -> None:
    elsewhere = {"definition.too-large", "definition.webhook", "definition.settings-path"}
    elsewhere |= {"target.host-other", "definition.duplicate-key"}
    tried = {full(rule) for rule, _ in (*CASES, *PROPERTY_CASES)}

    assert tried | elsewhere >= set(BY_ID)


EXPECTED_ERRORS = {
    ("certified__AtBot_Admin", "definition.aad-incomplete"),
    ("certified__DBF2XML", "definition.secret"),
    ("certified__MoreApp_Forms", "definition.no-response"),
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
