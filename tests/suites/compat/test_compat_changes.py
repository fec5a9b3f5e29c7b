"""Each kind of change against the deployed connector: one case that fires, silence otherwise."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.suites.compat.judgement import compare

BASE: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "T", "version": "1"},
    "host": "app.azurewebsites.net",
    "basePath": "/api",
    "schemes": ["https"],
    "securityDefinitions": {"oauth2": {"type": "oauth2", "scopes": {}}},
    "security": [{"oauth2": []}],
    "paths": {
        "/items/{id}": {
            "get": {
                "operationId": "GetItem",
                "summary": "Get an item",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "string"},
                    {"name": "kind", "in": "query", "type": "string", "enum": ["a", "b"]},
                    {"name": "top", "in": "query", "type": "integer", "default": 5, "maximum": 50},
                ],
                "responses": {
                    "200": {"description": "ok", "schema": {"$ref": "#/definitions/Item"}}
                },
            }
        },
        "/items": {
            "post": {
                "operationId": "CreateItem",
                "summary": "Create an item",
                "parameters": [
                    {
                        "name": "body",
                        "in": "body",
                        "required": True,
                        "schema": {
                            "type": "object",
                            "required": ["name"],
                            "properties": {
                                "name": {"type": "string"},
                                "size": {"type": "integer"},
                            },
                        },
                    }
                ],
                "responses": {
                    "201": {"description": "ok", "schema": {"$ref": "#/definitions/Item"}}
                },
            }
        },
    },
    "definitions": {
        "Item": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "state": {"type": "string", "enum": ["open", "done"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "parent": {"$ref": "#/definitions/Item"},
            },
        }
    },
}
GET, POST = ("paths", "/items/{id}", "get"), ("paths", "/items", "post")
BODY = (*POST, "parameters", 0, "schema")
Edit = Callable[[dict[str, Any]], None]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def setting(path: tuple[Any, ...], **values: Any) -> Edit:
    return lambda document: at(document, path).update(values)


def removing(path: tuple[Any, ...], key: Any) -> Edit:
    return lambda document: at(document, path).pop(key)


def adding_parameter(**parameter: Any) -> Edit:
    return lambda document: at(document, (*GET, "parameters")).append(parameter)


def renaming_definition(document: dict[str, Any]) -> None:
    text = json.dumps(document).replace("definitions/Item", "definitions/Thing")
    changed = json.loads(text)
    changed["definitions"]["Thing"] = changed["definitions"].pop("Item")
    document.clear()
    document.update(changed)


def moving_base_path(document: dict[str, Any]) -> None:
    document["basePath"] = "/"
    document["paths"] = {f"/api{path}": item for path, item in document["paths"].items()}


def renaming_path_parameter(document: dict[str, Any]) -> None:
    item = document["paths"].pop("/items/{id}")
    item["get"]["parameters"][0]["name"] = "itemId"
    document["paths"]["/items/{itemId}"] = item


def adding_required_field(document: dict[str, Any]) -> None:
    schema = at(document, BODY)
    schema["properties"]["colour"] = {"type": "string"}
    schema["required"].append("colour")


ITEM = ("definitions", "Item", "properties")
PARAMETERS = (*GET, "parameters")
CASES: list[tuple[str, str, Edit]] = [
    ("operation-removed", "breaking", removing(("paths",), "/items")),
    ("operation-renamed", "breaking", setting(GET, operationId="FetchItem")),
    (
        "operation-added",
        "harmless",
        setting(("paths",), **{"/new": {"get": {"operationId": "New", "responses": {}}}}),
    ),
    ("address", "harmless", setting((), host="other.azurewebsites.net")),
    (
        "input-added-required",
        "breaking",
        adding_parameter(name="tenant", **{"in": "query"}, type="string", required=True),
    ),
    ("input-added", "harmless", adding_parameter(name="x", **{"in": "query"}, type="string")),
    ("input-added-required", "breaking", adding_required_field),
    ("input-removed", "risky", removing(PARAMETERS, 1)),
    ("input-removed", "risky", removing((*BODY, "properties"), "size")),
    ("input-retyped", "breaking", setting((*PARAMETERS, 2), type="string")),
    ("input-renamed", "breaking", renaming_path_parameter),
    ("input-moved", "breaking", setting((*PARAMETERS, 1), **{"in": "header"})),
    ("input-required", "breaking", setting((*PARAMETERS, 1), required=True)),
    ("input-required", "breaking", setting(BODY, required=["name", "size"])),
    ("input-optional", "harmless", setting(BODY, required=[])),
    ("input-narrowed", "breaking", setting((*PARAMETERS, 1), enum=["a"])),
    ("input-widened", "harmless", setting((*PARAMETERS, 1), enum=["a", "b", "c"])),
    ("input-bounds", "risky", setting((*PARAMETERS, 2), maximum=10)),
    ("input-default", "risky", setting((*PARAMETERS, 2), default=9)),
    ("hidden", "risky", setting((*PARAMETERS, 1), **{"x-ms-visibility": "internal"})),
    ("visibility", "harmless", setting((*PARAMETERS, 1), **{"x-ms-visibility": "advanced"})),
    ("text", "harmless", setting(GET, summary="Fetch")),
    (
        "dynamic",
        "risky",
        setting((*PARAMETERS, 1), **{"x-ms-dynamic-values": {"operationId": "GetItem"}}),
    ),
    ("output-removed", "breaking", removing(ITEM, "id")),
    ("output-added", "harmless", setting(ITEM, extra={"type": "string"})),
    ("output-retyped", "breaking", setting((*ITEM, "id"), type="integer")),
    ("output-retyped", "breaking", setting((*ITEM, "tags", "items"), type="integer")),
    ("output-nullable", "risky", setting((*ITEM, "id"), **{"x-nullable": True})),
    ("output-widened", "risky", setting((*ITEM, "state"), enum=["open", "done", "late"])),
    ("output-schema-removed", "breaking", removing((*GET, "responses", "200"), "schema")),
    ("status-added", "harmless", setting((*GET, "responses"), **{"404": {"description": "no"}})),
    ("trigger", "breaking", setting(GET, **{"x-ms-trigger": "batch"})),
    ("deprecated", "harmless", setting(GET, deprecated=True)),
    ("security", "risky", setting((), security=[])),
]
SILENT: list[tuple[str, Edit]] = [
    ("description", setting(GET, description="Another text.")),
    ("version", setting(("info",), version="2")),
    ("definition-name", renaming_definition),
    ("base-path-into-paths", moving_base_path),
    ("tags", setting(GET, tags=["x"])),
]


def connector(folder: Path, name: str, edit: Edit | None = None) -> Connector:
    document = copy.deepcopy(BASE)
    if edit is not None:
        edit(document)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return load_connector(path)


@pytest.mark.parametrize(
    ("rule", "change", "edit"),
    CASES,
    ids=[f"{index}-{rule}" for index, (rule, _, _) in enumerate(CASES)],
)
def test_change_is_classed(tmp_path: Path, rule: str, change: str, edit: Edit) -> None:
    found = compare(connector(tmp_path, "old"), connector(tmp_path, "new", edit))

    matching = [f for f in found if f.rule == f"compat.{rule}"]
    assert matching, [f.message for f in found]
    assert matching[0].data["change"] == change
    assert matching[0].data["sentence"]
    worst = {"breaking": 2, "risky": 1, "harmless": 0}
    assert max(worst[f.data["change"]] for f in found) == worst[change]


@pytest.mark.parametrize("edit", [e for _, e in SILENT], ids=[name for name, _ in SILENT])
def test_change_that_nobody_notices_is_silent(tmp_path: Path, edit: Edit) -> None:
    assert compare(connector(tmp_path, "old"), connector(tmp_path, "new", edit)) == []


PROPERTIES: dict[str, Any] = {
    "properties": {
        "connectionParameters": {
            "token": {
                "type": "oauthSetting",
                "oAuthSettings": {
                    "identityProvider": "aad",
                    "clientId": "c",
                    "scopes": [],
                    "redirectMode": "Global",
                    "customParameters": {"resourceUri": {"value": "api://x"}},
                },
            }
        },
        "iconBrandColor": "#fff000",
        "policyTemplateInstances": [],
    }
}
TOKEN = ("properties", "connectionParameters", "token", "oAuthSettings")


@pytest.mark.parametrize(
    ("rule", "edit"),
    [
        ("connection", setting(TOKEN, identityProvider="oauth2")),
        ("connection", removing(("properties", "connectionParameters"), "token")),
        ("connection-settings", setting(TOKEN, clientId="other")),
        (
            "policy",
            setting(("properties",), policyTemplateInstances=[{"templateId": "setheader"}]),
        ),
        (None, setting(TOKEN, redirectMode="GlobalPerConnector", redirectUrl="https://x")),
        (None, setting(("properties",), capabilities=[], publisher="", stackOwner="")),
        (
            None,
            setting(
                ("properties", "connectionParameters"), **{"token:TenantId": {"type": "string"}}
            ),
        ),
    ],
    ids=["provider", "parameter", "client", "policy", "redirect", "publisher", "tenant-id"],
)
def test_properties_are_compared_after_what_the_platform_rewrites(
    tmp_path: Path, rule: str | None, edit: Edit
) -> None:
    sides = []
    for name, change in (("old", None), ("new", edit)):
        folder = tmp_path / name
        folder.mkdir()
        document = copy.deepcopy(PROPERTIES)
        if change is not None:
            change(document)
        (folder / "apiDefinition.swagger.json").write_text(json.dumps(BASE), encoding="utf-8")
        (folder / "apiProperties.json").write_text(json.dumps(document), encoding="utf-8")
        sides.append(load_connector(folder))

    found = {f.rule for f in compare(*sides)}

    assert found == set() if rule is None else f"compat.{rule}" in found


BREAKING = {
    "certified__Aletheia",
    "certified__Bitvore",
    "certified__Cloud_BOT",
    "certified__ReversingLabs_TitaniumCloud",
    "certified__Snowflake_v2",
    "certified__Tallyfy",
    "certified__Tilkee",
    "certified__Witivio",
    "custom__Snowflake",
    "independent__Etsy",
    "independent__Leap-Ai",
    "independent__RegEx_Matching",
}
UNREADABLE = {"certified__DocuSignDemo"}


def test_real_version_pairs_are_classed_as_a_reader_would(shared: Path) -> None:
    found = set()
    for folder in sorted((shared / "connectors" / "history").iterdir()):
        if not folder.is_dir() or folder.name in UNREADABLE:
            continue
        old, new = (load_connector(folder / f"{side}.json") for side in ("old", "new"))
        assert compare(old, old) == []
        assert compare(new, new) == []
        if any(f.severity == "error" for f in compare(old, new)):
            found.add(folder.name)

    assert found == BREAKING


def test_schema_with_properties_and_no_type_is_an_object(tmp_path: Path) -> None:
    def without_type(document: dict[str, Any]) -> None:
        del document["definitions"]["Item"]["type"]

    def a_text(document: dict[str, Any]) -> None:
        document["definitions"]["Item"] = {"type": "string"}

    old = connector(tmp_path, "old", without_type)

    assert compare(old, connector(tmp_path, "same")) == []
    retyped = compare(old, connector(tmp_path, "new", a_text))
    assert "compat.output-retyped" in {finding.rule for finding in retyped}
