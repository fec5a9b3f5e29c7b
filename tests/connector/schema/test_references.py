"""Schemas free of references, also where they refer to themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.connector.schema.refs import inline

NODE = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "next": {"$ref": "#/definitions/Node"}},
}
PAIR = {"type": "array", "items": {"$ref": "#/definitions/Leaf"}}
DEFINITIONS = {"Node": NODE, "Pair": PAIR, "Leaf": {"type": "string"}}


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    document = {
        "swagger": "2.0",
        "paths": {},
        "definitions": DEFINITIONS,
        "responses": {"Shared": {"schema": {"$ref": "#/definitions/Leaf"}}},
    }
    file = tmp_path / "apiDefinition.swagger.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return load_connector(file)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"$ref": "#/definitions/Pair"}, {"type": "array", "items": {"type": "string"}}),
        ({"$ref": "#/definitions/Gone"}, {}),
        ({"allOf": [{"$ref": "#/definitions/Leaf"}]}, {"allOf": [{"type": "string"}]}),
    ],
    ids=["nested", "dangling", "in a list"],
)
def test_inlining_replaces_references(connector: Connector, schema: Any, expected: Any) -> None:
    assert inline(connector, schema) == expected


def test_inlining_cuts_recursion_with_a_schema_that_accepts_anything(connector: Connector) -> None:
    inlined = inline(connector, {"$ref": "#/definitions/Node"})
    assert inlined["properties"] == {"value": {"type": "integer"}, "next": {}}
