from __future__ import annotations

import json
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.connector.schema.validation import SchemaJudge
from harness.suites.contract.schema_suggestion import schema_of

DEFINITIONS = {
    "Node": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "next": {"$ref": "#/definitions/Node"}},
    },
    "Pet": {
        "type": "object",
        "discriminator": "kind",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}},
    },
    "Cat": {
        "allOf": [
            {"$ref": "#/definitions/Pet"},
            {"type": "object", "required": ["lives"], "properties": {"lives": {"type": "integer"}}},
        ]
    },
    "Closed": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {}}, "additionalProperties": False},
        ]
    },
    "Open": {"type": "object", "properties": {"a": {"type": "string"}}},
}
NODE, PET = {"$ref": "#/definitions/Node"}, {"$ref": "#/definitions/Pet"}
TEXT: dict[str, Any] = {"type": "string"}


@pytest.fixture(scope="module")
def connector(tmp_path_factory: pytest.TempPathFactory) -> Connector:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "paths": {},
        "definitions": DEFINITIONS,
    }
    path = tmp_path_factory.mktemp("judging") / "apiDefinition.swagger.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return load_connector(path)


def kinds(connector: Connector, schema: Any, value: Any, strict: bool = False) -> list[str]:
    problems = SchemaJudge(connector, strict=strict).problems(schema, value)
    return [f"{problem.kind} {problem.pointer}".strip() for problem in problems]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, None),
        ({}, {"anything": 1}),
        (TEXT, ""),
        ({**TEXT, "x-nullable": True}, None),
        ({**TEXT, "x-nullable": "true"}, None),
        ({"type": ["string", "null"]}, None),
        ({**TEXT, "enum": ["a", None]}, None),
        ({"type": "integer"}, 1.0),
        ({"type": "number"}, 1),
        ({"type": "boolean", "enum": ["true", "false"]}, True),
        ({"type": "upsert"}, 3),
        ({"type": "file"}, 3),
        ({"type": "object", "x-ms-dynamic-schema": {}, "required": ["a"]}, {}),
        ({**TEXT, "format": "date-time"}, "2024-05-01T12:00:00.1234567Z"),
        ({**TEXT, "format": "date-time"}, "2024-05-01T12:00:00+02:00"),
        ({**TEXT, "format": "date-no-tz"}, "2024-05-01T12:00:00"),
        ({**TEXT, "format": "uuid"}, "11111111-2222-4333-8444-555555555555"),
        ({**TEXT, "format": "html"}, "<"),
        ({**TEXT, "pattern": "(?<name>"}, "x"),
        (NODE, {"name": "a", "next": {"name": "b"}}),
        (PET, {"kind": "Cat", "lives": 9}),
        ({"$ref": "#/definitions/Closed"}, {"a": "x", "b": 1}),
        ({"$ref": "#/definitions/Missing"}, 7),
        ({"type": "array"}, [1, "a", None]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1}),
    ],
)
def test_fitting_value_is_silent(connector: Connector, schema: Any, value: Any) -> None:
    assert kinds(connector, schema, value) == []


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (TEXT, None, "null"),
        (TEXT, 7, "type"),
        ({"type": "integer"}, True, "type"),
        ({"type": "integer"}, 1.5, "type"),
        ({"type": "integer"}, "1", "type"),
        ({"type": "array", "items": TEXT}, {"a": 1}, "type"),
        ({"type": "array", "items": TEXT}, ["a", 1], "type /1"),
        ({**TEXT, "enum": ["a"]}, "b", "enum"),
        ({"type": "integer", "enum": [1]}, 2, "enum"),
        ({**TEXT, "format": "date-time"}, "2024-05-01T12:00:00", "format"),
        ({**TEXT, "format": "date-time"}, "2024-02-30T12:00:00Z", "format"),
        ({**TEXT, "format": "date"}, "01.05.2024", "format"),
        ({**TEXT, "format": "date-no-tz"}, "2024-05-01T12:00:00Z", "format"),
        ({**TEXT, "format": "uuid"}, "abc", "format"),
        ({**TEXT, "format": "byte"}, "not base64!", "format"),
        ({"type": "integer", "format": "int32"}, 2**31, "format"),
        ({"type": "integer", "minimum": 1}, 0, "bounds"),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": True}, 1, "bounds"),
        ({**TEXT, "maxLength": 1}, "ab", "bounds"),
        ({**TEXT, "pattern": "^a"}, "b", "pattern"),
        ({"type": "array", "uniqueItems": True}, [1, 1], "unique"),
        (NODE, {}, "required /name"),
        (NODE, {"name": "a", "next": {"name": 1}}, "type /next/name"),
        (NODE, {"name": "a", "next": None}, "null /next"),
        (PET, {"kind": "Cat"}, "required /lives"),
        (PET, {"kind": "Dog"}, "discriminator /kind"),
        ({"$ref": "#/definitions/Closed"}, {"c": 1}, "extra /c"),
        ({"type": "object", "additionalProperties": TEXT}, {"a/b~": 1}, "type /a~1b~0"),
    ],
)
def test_breach_is_named_with_its_place(
    connector: Connector, schema: Any, value: Any, expected: str
) -> None:
    assert kinds(connector, schema, value) == [expected]


def test_strict_demands_declared_properties_and_no_others(connector: Connector) -> None:
    schema = {"$ref": "#/definitions/Open"}

    assert kinds(connector, schema, {"b": 1}) == []
    assert kinds(connector, schema, {"b": 1}, strict=True) == ["required /a", "extra /b"]


def test_equal_causes_have_equal_text(connector: Connector) -> None:
    schema = {"type": "array", "items": TEXT}

    problems = SchemaJudge(connector).problems(schema, [1, 2])

    assert {problem.cause for problem in problems} == {"/*"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5], {"type": "number"}),
        (["a", None], {"type": "string", "x-nullable": True}),
        ([1, "a"], {}),
        (["2024-01-01", "2024-01-02"], {"type": "string", "format": "date"}),
        (
            [{"a": 1}, {"a": 2, "b": [True]}],
            {
                "type": "object",
                "properties": {
                    "a": {"type": "integer"},
                    "b": {"type": "array", "items": {"type": "boolean"}},
                },
                "required": ["a"],
            },
        ),
    ],
)
def test_suggested_schema_fits_what_was_seen(
    connector: Connector, values: list[Any], expected: dict[str, Any]
) -> None:
    schema = schema_of(values)

    assert schema == expected
    assert [kinds(connector, schema, value) for value in values] == [[]] * len(values)
