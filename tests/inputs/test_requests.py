from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Operation
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.inputs.requests import (
    body_media_type,
    build_request,
    example_request,
    example_values,
)
from harness.settings.values import OperationSettings, Settings


def context_of(
    folder: Path, path: str, operation: dict[str, Any], method: str = "get", **settings: Any
) -> tuple[RunContext, Operation]:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "a.invalid",
        "basePath": "/api/",
        "securityDefinitions": {"key": {"type": "apiKey", "in": "query", "name": "code"}},
        "definitions": {"Node": {"type": "object", "required": ["next", "text"], "properties": {
            "next": {"$ref": "#/definitions/Node"}, "text": {"type": "string"}}}},
        "paths": {path: {method: {"operationId": "Op", "responses": {}, **operation}}},
    }  # fmt: skip
    file = folder / "apiDefinition.swagger.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    known = {"root": folder, "target_name": "a", "target_url": "https://a.invalid", **settings}
    context = RunContext(load_connector(file), Settings(**known))
    return context, context.connector.operations[0]


def parameter(name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "type": "string", "required": place == "path", **more}


@pytest.mark.parametrize(
    ("path", "names", "value", "target"),
    [
        ("/items/{id}", ["id"], "a b/c", "/api/items/a%20b%2Fc"),
        ("/Set('{id}')/x", ["id"], "7", "/api/Set('7')/x"),
        ("/{Subscription Id}", ["Subscription Id"], "ü", "/api/%C3%BC"),
        ("/hooks/{webhook.id}/", ["webhook.id"], "1", "/api/hooks/1/"),
        ("/a//{id}//", ["id"], "x", "/api/a//x//"),
        ("/m/{id}/$ref", ["id"], "x", "/api/m/x/$ref"),
        ("/m/{id}", ["id"], "..", "/api/m/%2E%2E"),
        ("/m/{id}", ["id"], "50%", "/api/m/50%25"),
        ("/m/{id}:act", ["id"], True, "/api/m/true:act"),
    ],
)
def test_path_templates_are_filled(
    tmp_path: Path, path: str, names: list[str], value: Any, target: str
) -> None:
    context, operation = context_of(
        tmp_path, path, {"parameters": [parameter(n, "path") for n in names]}
    )

    request = build_request(context, operation, dict.fromkeys(names, value))

    assert request.target == target


def test_double_encoding_is_honoured(tmp_path: Path) -> None:
    declared = parameter("id", "path", **{"x-ms-url-encoding": "double"})
    context, operation = context_of(tmp_path, "/f/{id}", {"parameters": [declared]})

    assert build_request(context, operation, {"id": "a/b"}).target == "/api/f/a%252Fb"


@pytest.mark.parametrize(
    ("collection", "query"),
    [
        ("csv", "a=1%2C2"),
        ("ssv", "a=1%202"),
        ("tsv", "a=1%092"),
        ("pipes", "a=1%7C2"),
        ("multi", "a=1&a=2"),
        (None, "a=1%2C2"),
    ],
)
def test_arrays_follow_their_collection_format(
    tmp_path: Path, collection: str | None, query: str
) -> None:
    extra = {"collectionFormat": collection} if collection else {}
    declared = parameter("a", "query", type="array", items={"type": "integer"}, **extra)
    context, operation = context_of(tmp_path, "/f", {"parameters": [declared]})

    assert build_request(context, operation, {"a": [1, 2]}).target == f"/api/f?{query}"


def test_one_name_in_two_places_takes_two_values(tmp_path: Path) -> None:
    declared = [parameter("id", "path"), parameter("id", "query")]
    context, operation = context_of(tmp_path, "/f/{id}", {"parameters": declared})

    request = build_request(context, operation, {"id": "a", "query:id": "b"})

    assert request.target == "/api/f/a?id=b"


def test_constants_are_filled_in_and_expressions_are_not(tmp_path: Path) -> None:
    internal = {"x-ms-visibility": "internal"}
    declared = [
        parameter("api-version", "query", default="2024-01-01", **internal),
        parameter("at", "query", default="@{utcNow()}", **internal),
        parameter("X-Mode", "header", default="flow", **internal),
    ]
    context, operation = context_of(tmp_path, "/f", {"parameters": declared})

    request = build_request(context, operation, {})

    assert request.target == "/api/f?api-version=2024-01-01"
    assert request.headers == (("X-Mode", "flow"),)


@pytest.mark.parametrize(
    ("consumes", "expected"),
    [
        ([], "application/json"),
        (["Content-Type:"], "application/json"),
        (["application/xml", "application/json", "text/json"], "application/json"),
        (["text/json", "application/xml"], "text/json"),
        (["application/*+json"], "application/json"),
        (["text/plain"], "text/plain"),
        (["application/octet-stream"], "application/octet-stream"),
    ],
)
def test_json_is_sent_where_it_may_be(tmp_path: Path, consumes: list[str], expected: str) -> None:
    body = {"name": "body", "in": "body", "schema": {"type": "object"}}
    _, operation = context_of(tmp_path, "/f", {"consumes": consumes, "parameters": [body]}, "post")

    assert body_media_type(operation) == expected


def test_json_body_is_utf_8(tmp_path: Path) -> None:
    body = {"name": "body", "in": "body", "schema": {"type": "object"}}
    context, operation = context_of(tmp_path, "/f", {"parameters": [body]}, "post")

    request = build_request(context, operation, {}, {"name": "Jürgen"})

    assert request.header("content-type") == "application/json"
    assert request.body == '{"name": "Jürgen"}'.encode()


def test_null_is_a_body_and_no_body_is_none(tmp_path: Path) -> None:
    body = {"name": "body", "in": "body", "schema": {"type": "object"}}
    context, operation = context_of(tmp_path, "/f", {"parameters": [body]}, "post")

    assert build_request(context, operation, {}, None).body == b"null"
    assert build_request(context, operation, {}).body is None


@pytest.mark.parametrize(
    ("kind", "start", "content"),
    [("string", "application/x-www-form-urlencoded", b"a=1%26"), ("file", "multipart/", b"1&")],
)
def test_forms_are_urlencoded_unless_they_hold_a_file(
    tmp_path: Path, kind: str, start: str, content: bytes
) -> None:
    declared = parameter("a", "formData", type=kind)
    context, operation = context_of(tmp_path, "/f", {"parameters": [declared]}, "post")

    request = build_request(context, operation, {"a": "1&"})

    assert (request.header("content-type") or "").startswith(start)
    assert content in (request.body or b"")


def test_declared_authorization_is_left_to_the_sender(tmp_path: Path) -> None:
    declared = [parameter("Authorization", "header"), parameter("Accept", "header")]
    context, operation = context_of(tmp_path, "/f", {"parameters": declared})

    request = build_request(context, operation, {"Authorization": "Bearer x"})

    assert request.headers == ()


def test_unknown_name_is_named_with_the_nearest(tmp_path: Path) -> None:
    context, operation = context_of(tmp_path, "/f", {"parameters": [parameter("status", "query")]})

    with pytest.raises(SettingsError, match=r"no parameter 'statsu'; known are .*status"):
        build_request(context, operation, {"statsu": "x"})


def test_path_parameter_without_a_value_names_the_setting(tmp_path: Path) -> None:
    context, operation = context_of(tmp_path, "/f/{id}", {"parameters": [parameter("id", "path")]})

    with pytest.raises(SettingsError, match=r"\[operations.Op\]"):
        build_request(context, operation, {})


def test_target_with_a_path_replaces_the_base_path(tmp_path: Path) -> None:
    context, operation = context_of(tmp_path, "/f", {}, target_url="https://a.invalid/v2/")

    assert build_request(context, operation, {}).target == "/v2/f"


def test_settings_come_before_what_the_definition_offers(tmp_path: Path) -> None:
    declared = [parameter("a", "query", default="d"), parameter("b", "query", required=True)]
    own = {"Op": OperationSettings(parameters={"a": "mine"})}
    context, operation = context_of(tmp_path, "/f", {"parameters": declared}, operations=own)

    values = example_values(context, operation)

    assert values.parameters == {"a": "mine", "b": "sample"}
    assert values.sources == {"a": "settings", "b": "made up"}
    assert values.given


@pytest.mark.parametrize(
    ("more", "value", "source"),
    [
        ({"x-ms-test-value": "t", "x-example": "e"}, "t", "test value"),
        ({"x-ms-test-value": "insert account id", "x-example": "e"}, "e", "example"),
        ({"x-example": "e", "default": "d"}, "e", "example"),
        ({"default": "d", "enum": ["d", "e"]}, "d", "default"),
        ({"default": "@{utcNow()}", "enum": ["x"]}, "x", "enum"),
        ({"format": "date-time"}, "2024-01-15T10:30:00Z", "made up"),
        ({"type": "integer", "minimum": 5}, 5, "made up"),
        ({"minLength": 8}, "samplesa", "made up"),
    ],
)
def test_best_value_of_the_definition(
    tmp_path: Path, more: dict[str, Any], value: Any, source: str
) -> None:
    declared = {**parameter("a", "query"), "required": True, **more}
    context, operation = context_of(tmp_path, "/f", {"parameters": [declared]})

    values = example_values(context, operation)

    assert (values.parameters["a"], values.sources["a"]) == (value, source)


def test_security_and_transport_inputs_are_left_alone(tmp_path: Path) -> None:
    declared = [
        parameter("code", "query", required=True),
        parameter("Content-Type", "header", required=True),
        parameter("Accept", "header", required=True),
    ]
    context, operation = context_of(tmp_path, "/f", {"parameters": declared})

    assert example_values(context, operation).parameters == {}
    assert example_request(context, operation).headers == ()


def test_recursive_body_comes_to_an_end(tmp_path: Path) -> None:
    body = {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Node"}}
    context, operation = context_of(tmp_path, "/f", {"parameters": [body]}, "post")

    values = example_values(context, operation)

    assert values.body["text"] == "sample"
    assert len(json.dumps(values.body)) < 500


def test_read_only_properties_are_not_sent(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}},
    }
    body = {"name": "b", "in": "body", "schema": schema}
    context, operation = context_of(tmp_path, "/f", {"parameters": [body]}, "post")

    assert example_values(context, operation).body == {"name": "sample"}
