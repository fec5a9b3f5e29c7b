"""The public JSON Schema Test Suite, draft 4, and where Swagger 2.0 means something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.connector.model import Connector
from harness.connector.schema.validation import SchemaJudge

OBJECT = "a schema with properties and without type describes an object"
LACKS = "Swagger 2.0 lacks the keyword; the definition rules report it"
LOCAL = "references are local pointers; Swagger 2.0 has no id, and nothing is fetched"
NULL = "Swagger 2.0 has no null type; a sample of null says nothing about the type"

DIFFERS = {
    "additionalProperties": {
        "additionalProperties being false does not allow other properties": f"{OBJECT}; {LACKS}",
        "non-ASCII pattern with additionalProperties": LACKS,
        "additionalProperties does not look in applicators": "allOf parts are one object together",
    },
    "allOf": {
        "nested allOf, to check validation semantics": NULL,
        "allOf combined with anyOf, oneOf": LACKS,
    },
    "items": {"items and subitems": LACKS},
    "optional-non-bmp-regex": {"Proper UTF-16 surrogate pair handling: patternProperties": LACKS},
    "optional-zeroTerminatedFloats": {
        "some languages do not distinguish between different types of numeric value": (
            "1.0 is an integer, as it is since draft 6 and to every JSON reader that matters here"
        )
    },
    "properties": {
        "object properties validation": OBJECT,
        "properties, patternProperties, additionalProperties interaction": LACKS,
        "properties whose names are Javascript object property names": OBJECT,
    },
    "ref": {
        "root pointer ref": OBJECT,
        "$ref prevents a sibling id from changing the base uri": LOCAL,
        "remote ref, containing refs itself": LOCAL,
        "Recursive references between schemas": LOCAL,
        "Location-independent identifier": LOCAL,
        "Location-independent identifier with base URI change in subschema": LOCAL,
        "id must be resolved against nearest parent, not just immediate parent": LOCAL,
    },
    "required": {"required validation": OBJECT},
    "type": {"null type matches only the null object": NULL},
    "uniqueItems": {
        "uniqueItems with an array of items and additionalItems=false": LACKS,
        "uniqueItems=false with an array of items and additionalItems=false": LACKS,
    },
}
KEYWORDS = [
    "additionalProperties",
    "allOf",
    "default",
    "enum",
    "format",
    "infinite-loop-detection",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "optional-bignum",
    "optional-date-time",
    "optional-email",
    "optional-non-bmp-regex",
    "optional-zeroTerminatedFloats",
    "pattern",
    "properties",
    "ref",
    "required",
    "type",
    "uniqueItems",
]


def test_every_file_of_the_suite_is_run(shared: Path) -> None:
    folder = _folder(shared)

    assert sorted(path.stem for path in folder.glob("*.json")) == KEYWORDS


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_suite_agrees_but_for_what_swagger_means_otherwise(shared: Path, keyword: str) -> None:
    cases = json.loads((_folder(shared) / f"{keyword}.json").read_text(encoding="utf-8"))

    differing = {
        case["description"]
        for case in cases
        for test in case["tests"]
        if _conforms(case["schema"], test["data"]) != test["valid"]
    }

    assert differing == set(DIFFERS.get(keyword, {}))


def _folder(shared: Path) -> Path:
    folder = shared / "json-schema-draft4"
    if not folder.is_dir():
        pytest.skip(f"no JSON Schema Test Suite at {folder}")
    return folder


def _conforms(schema: object, value: object) -> bool:
    raw = schema if isinstance(schema, dict) else {}
    connector = Connector("T", (), raw, Path("schema.json"), "swagger", "", "", "", ())
    return not SchemaJudge(connector).problems(schema, value)
