"""Swagger documents to operations: what is merged, resolved, tolerated and noted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.errors import DefinitionError


def definition(paths: Any, **more: Any) -> dict[str, Any]:
    return {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": paths, **more}


def load(folder: Path, document: Any) -> Connector:
    file = folder / "apiDefinition.swagger.json"
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return load_connector(file)


def kinds(connector: Connector) -> list[str]:
    return [note.kind for note in connector.notes]


OK = {"responses": {"200": {"description": "ok"}}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({"openapi": "3.0.1", "paths": {}}, "OpenAPI 3.0.1", id="OpenAPI 3"),
        pytest.param({"swaggerVersion": "1.2", "apis": []}, "Swagger 1.2", id="Swagger 1"),
        pytest.param({"swagger": "3.0", "paths": {}}, "Swagger 3.0", id="other version"),
        pytest.param({"properties": {}}, "apiProperties.json", id="properties"),
        pytest.param({"paths": {}}, "no API definition", id="no version"),
        pytest.param({"swagger": "2.0"}, "no `paths`", id="no paths"),
    ],
)
def test_what_is_no_swagger_2_is_refused_in_one_line(
    tmp_path: Path, document: Any, words: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, document)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_keys_beside_the_methods_are_no_operations(tmp_path: Path) -> None:
    item = {
        "get": {"operationId": "Get", **OK},
        "x-ms-notification-content": {"schema": {"type": "object"}},
        "parameters": [],
        "deprecated": True,
    }
    connector = load(tmp_path, definition({"/a": item, "x-note": {"get": OK}}))
    assert [operation.id for operation in connector.operations] == ["Get"]
    assert "x-ms-notification-content" in connector.operations[0].path_raw
    assert connector.notes == ()


def test_path_level_parameters_are_merged_and_overridden(tmp_path: Path) -> None:
    item = {
        "parameters": [
            {"name": "id", "in": "path", "required": True, "type": "string"},
            {"name": "full", "in": "query", "type": "boolean"},
        ],
        "get": {
            "operationId": "Get",
            "parameters": [{"name": "full", "in": "query", "required": True, "type": "string"}],
            **OK,
        },
    }
    (operation,) = load(tmp_path, definition({"/a/{id}": item})).operations
    assert [(p.name, p.required, p.schema, p.pointer) for p in operation.parameters] == [
        ("id", True, {"type": "string"}, "/paths/~1a~1{id}/parameters/0"),
        ("full", True, {"type": "string"}, "/paths/~1a~1{id}/get/parameters/0"),
    ]


def test_references_to_parameters_and_responses_are_followed_in_chains(tmp_path: Path) -> None:
    document = definition(
        {
            "/a": {
                "get": {
                    "operationId": "Get",
                    "parameters": [{"$ref": "#/parameters/alias"}],
                    "responses": {"200": {"$ref": "#/responses/ok"}},
                }
            }
        },
        parameters={
            "alias": {"$ref": "#/parameters/top%20n"},
            "top n": {
                "name": "$top",
                "in": "query",
                "type": "integer",
                "x-ms-visibility": "Internal",
            },
        },
        responses={"ok": {"description": "ok", "schema": {"$ref": "#/definitions/Node"}}},
        definitions={"Node": {"properties": {"next": {"$ref": "#/definitions/Node"}}}},
    )
    (operation,) = load(tmp_path, document).operations
    assert (operation.parameters[0].name, operation.parameters[0].visibility) == (
        "$top",
        "internal",
    )
    assert operation.responses["200"].schema == {"$ref": "#/definitions/Node"}


def test_one_broken_part_loses_no_sibling_and_is_noted(tmp_path: Path) -> None:
    document = definition(
        {
            "/list": ["not an object"],
            "/a": {
                "get": "not an object",
                "put": {"operationId": "Put", "parameters": {"name": "x"}, "responses": []},
                "post": {
                    "operationId": "Post",
                    "parameters": [
                        7,
                        {"$ref": "#/parameters/missing"},
                        {"$ref": "other.json#/x"},
                        {"name": "n", "in": "cookie"},
                        {"name": "body", "in": "body"},
                        {"name": "q", "in": "query", "type": "string"},
                        {"name": "q", "in": "query", "type": "integer"},
                    ],
                    "responses": {"200": "ok", "400": {"description": "bad"}},
                },
            },
        }
    )
    connector = load(tmp_path, document)
    assert [operation.id for operation in connector.operations] == ["Put", "Post"]
    post = connector.operation("Post")
    assert [(p.name, p.schema) for p in post.parameters] == [
        ("body", {}),
        ("q", {"type": "integer"}),
    ]
    assert list(post.responses) == ["400"]
    assert kinds(connector) == [
        "path-item",
        "operation",
        "parameters",
        "responses",
        "parameter",
        "reference",
        "reference",
        "parameter",
        "parameter",
        "duplicate-parameter",
        "response",
    ]
    assert all(note.place.line and note.place.line > 1 for note in connector.notes)


def test_operations_without_or_with_equal_ids_still_have_ids_of_their_own(tmp_path: Path) -> None:
    document = definition(
        {
            "/a": {"get": {"operationId": "Same", **OK}, "post": {"operationId": "Same", **OK}},
            "/b/{x}": {"get": OK},
        }
    )
    connector = load(tmp_path, document)
    assert [o.id for o in connector.operations] == ["Same", "Same (POST /a)", "GET /b/{x}"]
    assert kinds(connector) == ["duplicate-operation-id", "operation-id"]


@pytest.mark.parametrize(
    ("top", "own", "parameters", "expected"),
    [
        pytest.param([], None, [], ("application/json",), id="empty means JSON"),
        pytest.param(None, None, [], ("application/json",), id="absent means JSON"),
        pytest.param(["text/plain"], None, [], ("text/plain",), id="inherited"),
        pytest.param(["text/plain"], [], [], ("application/json",), id="own empty list"),
        pytest.param(["text/plain"], ["a/b", "c/d"], [], ("a/b", "c/d"), id="own"),
        pytest.param(
            [],
            None,
            [{"name": "f", "in": "formData", "type": "file"}],
            ("multipart/form-data",),
            id="file",
        ),
        pytest.param(
            [],
            None,
            [{"name": "f", "in": "formData", "type": "string"}],
            ("application/x-www-form-urlencoded",),
            id="form",
        ),
    ],
)
def test_what_an_operation_consumes(
    tmp_path: Path, top: Any, own: Any, parameters: list[Any], expected: tuple[str, ...]
) -> None:
    operation = {"operationId": "Post", "parameters": parameters, **OK}
    document = definition({"/a": {"post": operation}})
    if own is not None:
        operation["consumes"] = own
    if top is not None:
        document["consumes"] = top
    assert load(tmp_path, document).operations[0].consumes == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(None, "/"), ("/", "/"), ("/v1/", "/v1"), ("v1", "/v1"), ("/a/b", "/a/b")],
)
def test_base_path_has_one_leading_and_no_trailing_slash(
    tmp_path: Path, raw: str | None, expected: str
) -> None:
    document = definition({}) if raw is None else definition({}, basePath=raw)
    assert load(tmp_path, document).base_path == expected


def test_pointers_are_escaped_and_lead_back_to_the_raw_parts(tmp_path: Path) -> None:
    operation = {
        "operationId": "Odd",
        "parameters": [{"name": "q", "in": "query", "type": "string"}],
        "responses": {"200": {"description": "ok"}},
    }
    connector = load(tmp_path, definition({"/a~b/{x}": {"get": operation}}))
    (odd,) = connector.operations
    assert odd.pointer == "/paths/~1a~0b~1{x}/get"
    assert connector.at(odd.pointer) is odd.raw
    assert connector.at(odd.parameters[0].pointer) is odd.parameters[0].raw
    assert connector.at(odd.responses["200"].pointer) is odd.responses["200"].raw
    text = (tmp_path / "apiDefinition.swagger.json").read_text(encoding="utf-8").splitlines()
    line = connector.place(odd.pointer).line
    assert line is not None
    assert text[line - 1].strip() == '"get": {'


def test_an_unquoted_version_and_numeric_codes_in_yaml_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text(
        "swagger: 2.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {description: ok}\n",
        encoding="utf-8",
    )
    connector = load_connector(file)
    assert list(connector.operations[0].responses) == ["200"]
    assert "swagger-version" in kinds(connector)
    assert connector.title == "api"
