"""Documents as generators write them, turned into definitions."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.connector.openapi.converting import Conversion, convert_openapi
from harness.connector.reading import read_document

METHODS = ("get", "put", "post", "delete", "patch")
DOCUMENTS = Path(__file__).parent / "documents"


def conversion(name: str, origin: str = "") -> Conversion:
    return convert_openapi(read_document(DOCUMENTS / name).data, origin)


def made(paths: dict[str, Any], **more: Any) -> Conversion:
    document = {"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths, **more}
    return convert_openapi(document)


def operation(**parts: Any) -> tuple[dict[str, Any], list[str]]:
    """One operation as it comes out, and what was said about it (the unknown host aside)."""
    result = made({"/x": {"post": {"operationId": "X", "responses": {}, **parts}}})
    said = [loss.message for loss in result.losses if "host" not in loss.message]
    return result.swagger["paths"]["/x"]["post"], said


def test_fastapi_keeps_types_enums_bounds_and_null() -> None:
    swagger = conversion("fastapi-0.165.json").swagger
    by_name = {p["name"]: p for p in swagger["paths"]["/expenses"]["get"]["parameters"]}

    assert by_name["kind"] == {
        "name": "kind",
        "in": "query",
        "required": False,
        "type": "string",
        "enum": ["travel", "meal"],
        "x-ms-summary": "Kind",
    }
    assert (by_name["top"]["minimum"], by_name["top"]["maximum"]) == (1, 100)
    assert by_name["ids"]["items"] == {"type": "integer"}
    assert by_name["ids"]["collectionFormat"] == "multi"
    assert "session" not in by_name
    line = swagger["definitions"]["Line"]["properties"]
    assert line["note"]["x-nullable"] is True
    assert line["amount"]["exclusiveMinimum"] is True


def test_fastapi_uploads_become_fields_of_a_form() -> None:
    swagger = conversion("fastapi-0.165.json").swagger
    upload = swagger["paths"]["/upload"]["post"]

    assert [(p["name"], p["in"], p["type"]) for p in upload["parameters"]] == [
        ("file", "formData", "file"),
        ("files", "formData", "file"),
        ("comment", "formData", "string"),
    ]
    assert upload["consumes"] == ["multipart/form-data"]
    assert "Body_upload_upload_post" not in swagger["definitions"]


def test_functions_extension_keeps_key_place_and_summary() -> None:
    result = conversion("functions-extension.json")
    swagger = result.swagger
    read = swagger["paths"]["/expenses/{id}"]["get"]

    assert (swagger["host"], swagger["basePath"]) == ("contoso-expenses.azurewebsites.net", "/api")
    assert swagger["securityDefinitions"]["function_key"] == {
        "type": "apiKey",
        "name": "code",
        "in": "query",
    }
    assert read["security"] == [{"function_key": []}]
    assert read["parameters"][0]["x-ms-test-value"] == "e1"
    assert list(read["responses"]) == ["200", "400"]
    assert swagger["definitions"]["expense"]["properties"]["page"] == {
        "$ref": "#/definitions/page_1_expense"
    }
    assert {loss.message for loss in result.losses} >= {
        "operationId expense.read becomes expense_read",
        "callbacks of UploadReceipt are left out",
        "the server http://localhost:7071/api is left out",
        "the schema page`1[expense] is called page_1_expense",
    }


def test_connexion_references_are_followed_and_the_discriminator_stays() -> None:
    swagger = conversion("connexion.yaml").swagger
    search = swagger["paths"]["/pets"]["get"]

    names = [parameter["name"] for parameter in search["parameters"]]
    assert names == ["limit", "filter[kind]", "filter[age]", "tags"]
    assert search["responses"]["200"]["headers"]["X-Total"]["type"] == "integer"
    assert swagger["definitions"]["Pet"]["discriminator"] == "kind"
    assert "Cat" in swagger["definitions"]
    assert swagger["security"] == [{"jwt": []}]


@pytest.mark.parametrize("name", sorted(path.name for path in DOCUMENTS.iterdir()))
def test_every_operation_comes_out_once(name: str) -> None:
    document = read_document(DOCUMENTS / name).data
    swagger = conversion(name).swagger

    assert {(p, m) for p, item in swagger["paths"].items() for m in item if m in METHODS} == {
        (p, m) for p, item in document["paths"].items() for m in item if m in METHODS
    }
    text = json.dumps(swagger)
    assert "#/components" not in text
    for word in ("oneOf", "anyOf", '"nullable"', "requestBody", '"content"', "$dynamicRef"):
        assert word not in text


@pytest.mark.parametrize(
    ("body", "parameters", "consumes"),
    [
        (
            {"content": {"text/xml": {}, "application/json": {"schema": {"type": "object"}}}},
            [("body", "body")],
            "application/json",
        ),
        (
            {"content": {"*/*": {"schema": {"type": "object"}}}},
            [("body", "body")],
            "application/json",
        ),
        (
            {
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {"type": "object", "properties": {"a": {"type": "string"}}}
                    }
                }
            },
            [("a", "formData")],
            "application/x-www-form-urlencoded",
        ),
        (
            {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
            [("body", "body")],
            "image/png",
        ),
    ],
    ids=["json of several", "any", "form", "binary"],
)
def test_body_takes_the_media_type_that_the_platform_deals_with(
    body: Any, parameters: list[tuple[str, str]], consumes: str
) -> None:
    written, _ = operation(requestBody=body)

    assert [(p["name"], p["in"]) for p in written["parameters"]] == parameters
    assert written["consumes"] == [consumes]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"parameters": [{"name": "c", "in": "cookie", "schema": {"type": "string"}}]},
            "the cookie parameter c is left out",
        ),
        (
            {
                "parameters": [
                    {"name": "Accept", "in": "header", "schema": {"type": "string"}},
                ]
            },
            "the header Accept is left out: the platform sets it",
        ),
        (
            {"parameters": [{"name": "f", "in": "query", "content": {"application/json": {}}}]},
            "the parameter f is a text that holds application/json",
        ),
        ({"callbacks": {"x": {}}}, "callbacks of X are left out"),
        ({"servers": [{"url": "https://x.invalid"}]}, "servers of X are left out"),
        (
            {"requestBody": {"content": {"application/json": {}, "text/csv": {}}}},
            "X takes text/csv too; only application/json is taken",
        ),
        (
            {"responses": {"200": {"description": "", "links": {"a": {}}}}},
            "links of the 200 answer of X are left out",
        ),
        ({"security": [{}]}, "that sign-in is optional is left out"),
    ],
)
def test_each_loss_is_said(parts: Any, said: str) -> None:
    assert said in operation(**parts)[1]


@pytest.mark.parametrize(
    ("servers", "origin", "host", "base"),
    [
        ([{"url": "https://a.invalid/api/"}], "", "a.invalid", "/api"),
        ([{"url": "/api"}], "https://b.invalid/openapi.json", "b.invalid", "/api"),
        ([], "https://b.invalid/openapi.json", "b.invalid", "/"),
        (
            [{"url": "https://{host}/v1", "variables": {"host": {"default": "c.invalid"}}}],
            "",
            "c.invalid",
            "/v1",
        ),
        ([], "", "", "/"),
    ],
)
def test_address_comes_from_the_first_server(
    servers: list[Any], origin: str, host: str, base: str
) -> None:
    document = {"openapi": "3.1.0", "info": {"title": "T"}, "paths": {}, "servers": servers}
    swagger = convert_openapi(document, origin).swagger

    assert (swagger["host"], swagger["basePath"], swagger["schemes"]) == (host, base, ["https"])


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "http", "scheme": "basic"}, {"type": "basic"}),
        (
            {"type": "http", "scheme": "Bearer"},
            {"type": "apiKey", "name": "Authorization", "in": "header"},
        ),
        ({"type": "apiKey", "in": "cookie", "name": "c"}, None),
        ({"type": "openIdConnect", "openIdConnectUrl": "https://x.invalid"}, None),
        (
            {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {"tokenUrl": "https://t.invalid", "scopes": {}},
                    "authorizationCode": {
                        "authorizationUrl": "https://a.invalid",
                        "tokenUrl": "https://t.invalid",
                        "scopes": {"s": "S"},
                    },
                },
            },
            {
                "type": "oauth2",
                "flow": "accessCode",
                "authorizationUrl": "https://a.invalid",
                "tokenUrl": "https://t.invalid",
                "scopes": {"s": "S"},
            },
        ),
    ],
    ids=["basic", "bearer", "cookie", "openid", "oauth2"],
)
def test_security_scheme_is_kept_as_far_as_swagger_knows_it(scheme: Any, expected: Any) -> None:
    result = made({}, components={"securitySchemes": {"s": scheme}}, security=[{"s": ["s"]}])

    assert result.swagger["securityDefinitions"].get("s") == expected
    assert bool(result.swagger["security"]) == (expected is not None)


LOOP = {"A": {"anyOf": [{"$ref": "#/components/schemas/B"}, {"type": "string"}]}}
LOOP |= {"B": {"oneOf": [{"$ref": "#/components/schemas/A"}, {"type": "integer"}]}}


def test_alternatives_that_name_each_other_end() -> None:
    schema = {"$ref": "#/components/schemas/A"}
    parameter = {"name": "a", "in": "query", "schema": schema}
    body = {"content": {"application/json": {"schema": schema}}}
    paths = {"/x": {"post": {"parameters": [parameter], "requestBody": body, "responses": {}}}}

    swagger = made(paths, components={"schemas": LOOP}).swagger

    assert swagger["definitions"]["A"] == {}


JUNK: list[Any] = [
    None,
    True,
    3,
    "x",
    [],
    {},
    [None],
    {"$ref": "#/nowhere"},
    {"$ref": 7},
    {"a": {}},
]
JUNK += [{"type": ["string", 3]}, {"anyOf": [3, {"$ref": "#/components/schemas/Pet"}]}]


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from _places(node[key])


@pytest.mark.parametrize("name", sorted(path.name for path in DOCUMENTS.iterdir()))
def test_damaged_document_is_converted_as_far_as_it_goes(name: str) -> None:
    whole = read_document(DOCUMENTS / name).data
    for seed in range(40):
        chance = random.Random(seed)
        document = copy.deepcopy(whole)
        for _ in range(chance.choice([1, 2, 4])):
            holder, key = chance.choice(list(_places(document)))
            holder[key] = copy.deepcopy(chance.choice(JUNK))

        assert convert_openapi(document).swagger["swagger"] == "2.0"
