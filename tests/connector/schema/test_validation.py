from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.connector.schema.validation import MOST_OTHERS, SchemaJudge, judge_of
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
    "Text": {"type": "string"},
    "Number": {"type": "number"},
    "Maybe": {"type": "string", "x-nullable": True},
    "Loop": {"$ref": "#/definitions/Loop"},
    "Shape": {
        "type": "object",
        "discriminator": "form",
        "required": ["form"],
        "properties": {"form": {"type": "string"}},
        "additionalProperties": False,
    },
    "Square": {
        "allOf": [{"$ref": "#/definitions/Shape"}, {"properties": {"side": {"type": "number"}}}],
        "x-ms-discriminator-value": "square",
    },
    "Cube": {
        "allOf": [{"$ref": "#/definitions/Square"}],
        "required": ["depth"],
        "properties": {"depth": {"type": "number"}},
    },
    "Hidden": {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}},
    },
    "enum": {"type": "object", "properties": {"enum": {"$ref": "#/definitions/Number"}}},
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
        ({"minimum": 1, "minLength": 2, "minItems": 1, "minProperties": 1}, None),
        ({"minimum": 1, "minLength": 2, "minItems": 1, "minProperties": 1}, True),
        ({"minLength": "2", "maximum": "9", "required": True, "enum": [], "items": 3}, "x"),
        ({"minLength": -1, "maxItems": 1.5, "multipleOf": 0, "properties": []}, "x"),
        ({**TEXT, "format": "int64"}, "9223372036854775808"),
        ({**TEXT, "format": "ipv4"}, "not looked at"),
        ({**TEXT, "format": "DATE"}, "2024-05-01"),
        ({"type": ["string", "integer"]}, 7),
        ({"type": "number", "multipleOf": 0.01}, 19.99),
        ({"type": "array", "uniqueItems": True}, [1, True, "1", 0, False]),
        ({"type": "array", "items": [TEXT, {"type": "integer"}]}, ["a", 1, None]),
        ({"$ref": "#/definitions/Text", "x-nullable": True}, None),
        ({"allOf": [{"$ref": "#/definitions/Text"}], "x-nullable": True}, None),
        ({"$ref": "#/definitions/Maybe"}, None),
        ({"$ref": "#/definitions/Loop"}, 7),
        ({"allOf": [{"minimum": 3}, {"$ref": "#/definitions/Number"}], "maximum": 5}, 4),
        ({"$ref": "#/definitions/Shape"}, {"form": "square", "side": 1}),
        ({"$ref": "#/definitions/Shape"}, {"form": "Cube", "side": 1, "depth": 2}),
        (
            {
                "allOf": [
                    {"properties": {"a": TEXT}, "additionalProperties": {"type": "integer"}},
                    {"properties": {"b": TEXT}},
                ]
            },
            {"a": "x", "b": "y", "c": 1},
        ),
        ({"properties": {"a": {"oneOf": [TEXT]}}, "anyOf": [TEXT], "not": {}}, {"a": 1}),
        ({"type": "array", "items": {**TEXT, "enum": ["a"]}}, []),
        (TEXT, "half a pair: \ud800"),
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
        ({"type": "object", "minProperties": 1}, {}, "bounds"),
        ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 2}, "bounds"),
        ({"minProperties": 1}, {}, "bounds"),
        ({"allOf": [{"$ref": "#/definitions/Text"}], "minLength": 3}, "ab", "bounds"),
        ({"allOf": [{"minimum": 3}, {"$ref": "#/definitions/Number"}]}, 2, "bounds"),
        ({"allOf": [{"maximum": 3}], "type": "integer"}, 4, "bounds"),
        ({"minItems": 1}, [], "bounds"),
        ({"maxItems": 1}, [1, 2], "bounds"),
        ({"minimum": 1}, 0, "bounds"),
        ({"maximum": 1}, 2, "bounds"),
        ({"maxLength": 1}, "ab", "bounds"),
        ({"pattern": "^a"}, "b", "pattern"),
        ({"format": "date"}, "tomorrow", "format"),
        ({"format": "int32"}, 2**31, "format"),
        ({"type": "integer", "format": "int64", "minimum": 0}, 2**63, "format"),
        ({"type": "integer", "format": "int32", "minimum": 0}, -1, "bounds"),
        ({"uniqueItems": True}, [1, 1], "unique"),
        ({"type": "array", "uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": 1}], "unique"),
        ({"type": "array", "uniqueItems": True}, [1, 1.0], "unique"),
        ({"type": "array", "items": [TEXT, {"type": "integer"}]}, ["a", "b"], "type /1"),
        ({"items": TEXT}, [1], "type /0"),
        ({"type": "number", "multipleOf": 0.25}, 0.3, "bounds"),
        ({"multipleOf": 2}, 3, "bounds"),
        ({"properties": {"a": TEXT}}, {"a": 1}, "type /a"),
        ({"properties": {"a": TEXT}}, 7, "type"),
        ({"properties": {"a": TEXT}}, None, "null"),
        ({"properties": {"a": TEXT}, "additionalProperties": False}, {"b": 1}, "extra /b"),
        ({"required": ["a"]}, {}, "required /a"),
        ({"type": ["string", "integer"]}, True, "type"),
        ({"type": ["string", "null"]}, 7, "type"),
        ({"enum": ["a"]}, None, "null"),
        ({"enum": [1, "a"]}, True, "enum"),
        ({"type": "object", "enum": [{"a": 1}]}, {"a": 2}, "enum"),
        ({**TEXT, "enum": ["a"]}, 7, "type"),
        ({**TEXT, "pattern": r"^\d+$"}, "٣", "pattern"),
        ({**TEXT, "format": "date-time"}, "2024-05-01T12:00:60Z", "format"),
        ({**TEXT, "format": "email"}, ".a@example.com", "format"),
        ({"allOf": [TEXT, TEXT]}, None, "null"),
        ({"$ref": "#/definitions/Maybe"}, 7, "type"),
        ({"$ref": "#/definitions/enum"}, {"enum": "x"}, "type /enum"),
        ({"properties": {"7": {**TEXT, "minLength": 2}}}, {"7": "a"}, "bounds /7"),
        ({"properties": {"7": {"items": TEXT}}}, {"7": ["a", 1]}, "type /7/1"),
        ({"$ref": "#/definitions/Shape"}, {"form": "square", "size": 1}, "extra /size"),
        ({"$ref": "#/definitions/Shape"}, {"form": "Cube", "side": 1}, "required /depth"),
        ({"$ref": "#/definitions/Shape"}, {"form": "circle", "r": 1}, "discriminator /form"),
        ({"$ref": "#/definitions/Shape"}, {"form": 7}, "type /form"),
        (
            {"allOf": [{"properties": {"a": TEXT}}], "additionalProperties": {"type": "integer"}},
            {"a": "x", "b": "y"},
            "type /b",
        ),
    ],
)
def test_breach_is_named_with_its_place(
    connector: Connector, schema: Any, value: Any, expected: str
) -> None:
    assert kinds(connector, schema, value) == [expected]


def test_strict_demands_declared_properties_and_no_others(connector: Connector) -> None:
    schema = {"$ref": "#/definitions/Open"}

    assert kinds(connector, schema, {"b": 1}) == []
    assert sorted(kinds(connector, schema, {"b": 1}, strict=True)) == ["extra /b", "required /a"]


def test_strict_takes_the_parts_of_all_of_for_one_object(connector: Connector) -> None:
    schema = {"allOf": [{"$ref": "#/definitions/Open"}, {"properties": {"b": {}}}]}

    assert kinds(connector, schema, {"a": "x", "b": 1}, strict=True) == []
    assert kinds(connector, schema, {"a": "x", "b": 1, "c": 1}, strict=True) == ["extra /c"]
    assert kinds(connector, schema, {"a": "x"}, strict=True) == ["required /b"]


def test_read_only_property_is_required_of_answers_alone(connector: Connector) -> None:
    schema, value = {"$ref": "#/definitions/Hidden"}, {"name": "x"}

    assert kinds(connector, schema, value) == ["required /id"]
    assert SchemaJudge(connector, sending=True).problems(schema, value) == []


@pytest.mark.parametrize(
    ("schema", "value", "expected", "observed"),
    [
        ({"type": "integer"}, "1", "integer", 'string "1"'),
        ({"type": ["string", "integer"]}, True, "string or integer", "boolean true"),
        (TEXT, None, "string", "null"),
        (TEXT, 1.5, "string", "number 1.5"),
        ({**TEXT, "enum": ["a", "b"]}, "c", "one of a, b", 'string "c"'),
        ({**TEXT, "minLength": 2, "maxLength": 3}, "a", "2 to 3 characters", 'string "a"'),
        ({**TEXT, "maxLength": 1}, "ab", "at most 1 character", 'string "ab"'),
        ({"type": "array", "minItems": 1}, [], "at least 1 item", "0 items"),
        ({"type": "array", "minItems": 2, "maxItems": 2}, [1], "2 items", "1 item"),
        ({"type": "object", "minProperties": 2}, {"a": 1}, "at least 2 properties", "1 property"),
        ({"type": "integer", "minimum": 1}, 0, "at least 1", "integer 0"),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            1,
            "more than 1",
            "integer 1",
        ),
        ({"type": "integer", "multipleOf": 5}, 7, "a multiple of 5", "integer 7"),
        ({"type": "integer", "format": "int32"}, 2**31, "format int32", "integer 2147483648"),
        ({**TEXT, "format": "date"}, "x", "format date", 'string "x"'),
        ({"type": "object", "required": ["a"]}, {}, "present", "missing"),
        (PET, {"kind": "Dog"}, "one of Cat, Pet", 'string "Dog"'),
    ],
)
def test_problem_is_told_in_words_of_json(
    connector: Connector, schema: Any, value: Any, expected: str, observed: str
) -> None:
    [problem] = SchemaJudge(connector).problems(schema, value)

    assert (problem.expected, problem.observed) == (expected, observed)


def test_pattern_that_costs_too_much_is_no_drift(connector: Connector) -> None:
    schema = {**TEXT, "pattern": "^(?:(?=a)(a|aa)+)+b$"}

    assert kinds(connector, schema, "a" * 60 + "!") == []
    assert kinds(connector, schema, "!") == ["pattern"]


def test_answer_full_of_problems_is_told_by_its_first(connector: Connector) -> None:
    schema = {"type": "array", "items": TEXT, "minItems": 600}

    problems = SchemaJudge(connector).problems(schema, list(range(20_000)))

    assert {problem.kind for problem in problems} == {"type"}
    assert 100 < len(problems) <= 200


def test_problem_late_in_a_long_array_is_found(connector: Connector) -> None:
    schema = {"type": "array", "items": TEXT}

    assert kinds(connector, schema, ["a"] * 5_000 + [1]) == ["type /5000"]


def test_operations_share_one_judge(connector: Connector) -> None:
    judge = judge_of(connector)

    assert judge_of(connector) is judge
    assert judge_of(connector, strict=True) is not judge


def test_equal_connectors_do_not_share_a_judge(connector: Connector) -> None:
    assert judge_of(replace(connector)) is not judge_of(connector)


def test_chain_of_definitions_longer_than_the_stack_is_judged() -> None:
    chain = {
        f"D{n}": {"properties": {"x": {"$ref": f"#/definitions/D{n + 1}"}}} for n in range(2_000)
    }
    raw = {"definitions": {**chain, "D2000": TEXT}}
    long = Connector("T", (), raw, Path("schema.json"), "swagger", "", "", "", ())

    assert kinds(long, {"$ref": "#/definitions/D1990"}, {"x": {"x": 7}}) == ["type /x/x"]


def test_extra_properties_that_are_built_on_their_owner_end() -> None:
    extra = {"allOf": [{"$ref": "#/definitions/A"}]}
    owner = {"type": "object", "properties": {"n": TEXT}, "additionalProperties": extra}
    raw = {"definitions": {"A": owner}}
    looped = Connector("T", (), raw, Path("schema.json"), "swagger", "", "", "", ())
    value = {"x": {"y": {"n": 7}}}

    assert kinds(looped, {"$ref": "#/definitions/A"}, value) == ["type /x/y/n"]


def test_half_a_surrogate_pair_after_a_problem_does_no_harm(connector: Connector) -> None:
    schema = {"properties": {"a": TEXT, "b": TEXT}}

    assert kinds(connector, schema, {"a": 1, "b": "\ud800"}) == ["type /a"]


def test_definitions_that_all_refer_to_each_other_are_compiled_once() -> None:
    names = [f"D{number}" for number in range(60)]
    properties = {name: {"$ref": f"#/definitions/{name}"} for name in names}
    raw = {"definitions": {name: {"type": "object", "properties": properties} for name in names}}
    knotted = Connector("T", (), raw, Path("schema.json"), "swagger", "", "", "", ())
    judge = judge_of(knotted)

    for name in names:
        assert judge.problems({"$ref": f"#/definitions/{name}"}, {"D1": {"D2": {}}}) == []

    assert judge.compiled == 1


def test_kept_validators_of_foreign_schemas_are_bound(connector: Connector) -> None:
    judge = SchemaJudge(connector)

    for number in range(200):
        assert judge.problems({"type": "integer", "minimum": number}, number) == []

    assert judge.compiled <= 1 + MOST_OTHERS


def test_equal_causes_have_equal_text(connector: Connector) -> None:
    schema = {"type": "array", "items": TEXT}

    problems = SchemaJudge(connector).problems(schema, [1, 2])

    assert {problem.cause for problem in problems} == {"/*"}


def test_property_named_by_a_number_keeps_its_name_in_the_cause(connector: Connector) -> None:
    [problem] = SchemaJudge(connector).problems({"properties": {"7": TEXT}}, {"7": 1})

    assert problem.cause == "/7"


def test_schema_with_half_a_surrogate_pair_is_compiled(connector: Connector) -> None:
    schema = {"properties": {"\ud800": TEXT, "a": {"enum": ["\ud800"]}}}

    assert kinds(connector, schema, {"a": 1}) == ["enum /a"]


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
