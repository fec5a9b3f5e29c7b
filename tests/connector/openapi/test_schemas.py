from __future__ import annotations

from typing import Any

import pytest

from harness.connector.openapi.schemas import converted_schema
from harness.connector.openapi.source import Source

DOCUMENT = {
    "components": {
        "schemas": {
            "Pet": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}},
            "Cat": {
                "type": "object",
                "required": ["k"],
                "properties": {"k": {"type": "integer"}, "lives": {"type": "integer"}},
            },
            "Kind": {"type": "string", "enum": ["a", "b"]},
        }
    }
}
PET = {"$ref": "#/components/schemas/Pet"}
CAT = {"$ref": "#/components/schemas/Cat"}
TEXT = {"type": "string"}
NULL = {"type": "null"}


def convert(schema: Any) -> tuple[dict[str, Any], list[str]]:
    source = Source(DOCUMENT)
    written = converted_schema(source, schema, "/x")
    return written, [loss.message for loss in source.losses.values()]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (PET, {"$ref": "#/definitions/Pet"}),
        ({**TEXT, "nullable": True}, {**TEXT, "x-nullable": True}),
        ({"type": ["string", "null"]}, {**TEXT, "x-nullable": True}),
        ({"type": ["integer", "number"]}, {"type": "number"}),
        ({"anyOf": [TEXT, NULL]}, {**TEXT, "x-nullable": True}),
        ({"oneOf": [PET, NULL]}, {"allOf": [{"$ref": "#/definitions/Pet"}], "x-nullable": True}),
        ({**PET, "nullable": True}, {"allOf": [{"$ref": "#/definitions/Pet"}], "x-nullable": True}),
        (
            {**PET, "description": "D"},
            {"allOf": [{"$ref": "#/definitions/Pet"}], "description": "D"},
        ),
        ({"const": "a"}, {**TEXT, "enum": ["a"]}),
        ({**TEXT, "enum": ["a", None]}, {**TEXT, "enum": ["a"], "x-nullable": True}),
        (
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        ),
        (
            {"type": "integer", "maximum": 9, "exclusiveMaximum": True},
            {"type": "integer", "maximum": 9, "exclusiveMaximum": True},
        ),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"properties": {"a": True}}, {"type": "object", "properties": {"a": {}}}),
        (
            {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
            {"type": "object", "additionalProperties": {**TEXT, "x-nullable": True}},
        ),
        ({**TEXT, "contentEncoding": "base64"}, {**TEXT, "format": "byte"}),
        (
            {**TEXT, "contentMediaType": "application/octet-stream"},
            {**TEXT, "format": "binary"},
        ),
        ({**TEXT, "examples": ["a", "b"]}, {**TEXT, "example": "a"}),
        (
            {**TEXT, "x-ms-summary": "S", "readOnly": True},
            {**TEXT, "x-ms-summary": "S", "readOnly": True},
        ),
        ({**TEXT, "default": None}, TEXT),
    ],
)
def test_schema_is_said_in_the_words_of_swagger(schema: Any, expected: Any) -> None:
    assert convert(schema) == (expected, [])


@pytest.mark.parametrize(
    ("schema", "expected", "said"),
    [
        ({"type": ["string", "integer"]}, {}, "the types string, integer: none is taken"),
        ({"anyOf": [TEXT, {"type": "integer"}]}, {}, "anyOf of 2 schemas becomes anything"),
        (
            {"oneOf": [{**TEXT, "enum": ["a"]}, {**TEXT, "enum": ["b"]}]},
            {**TEXT, "enum": ["a", "b"]},
            "oneOf of 2 schemas becomes any string",
        ),
        (
            {"oneOf": [PET, CAT]},
            {
                "type": "object",
                "properties": {"k": {}, "lives": {"type": "integer"}},
                "required": ["k"],
            },
            "oneOf of 2 schemas becomes one object with the properties of all",
        ),
        ({**TEXT, "not": {"enum": ["a"]}}, TEXT, "not of a schema is left out"),
        (
            {"type": "array", "prefixItems": [TEXT]},
            {"type": "array", "items": {}},
            "items that differ by position (prefixItems) are left open",
        ),
        ({**TEXT, "writeOnly": True}, TEXT, "writeOnly of a schema is left out"),
        (False, {}, "a schema that nothing fits is left open"),
        (
            {"$ref": "https://x.invalid/a.json"},
            {},
            "the reference https://x.invalid/a.json leads out of the document or nowhere",
        ),
        (
            {"type": "object", "patternProperties": {"^x": TEXT}},
            {"type": "object"},
            "patternProperties of a schema is left out",
        ),
    ],
)
def test_what_swagger_cannot_say_is_noted(schema: Any, expected: Any, said: str) -> None:
    assert convert(schema) == (expected, [said])
