"""Which values a person gave are sent, and which of them stay the same in every probe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Operation, Parameter
from harness.exchanges.context import RunContext
from harness.inputs.values import Values, example_values
from harness.settings.values import OperationSettings, Settings
from harness.suites.contract.cases import pinned_inputs

COLLECTION = {
    "info": {"name": "C"},
    "item": [
        {
            "name": "Get",
            "request": {
                "method": "GET",
                "url": {
                    "raw": "https://x.invalid/items/:id?kind=book",
                    "query": [{"key": "kind", "value": "book"}],
                    "variable": [{"key": "id", "value": "i7"}],
                },
            },
        }
    ],
}


def values_of(folder: Path, **given: Any) -> Values:
    file = folder / "c.postman_collection.json"
    file.write_text(json.dumps(COLLECTION), encoding="utf-8")
    connector = load_connector(file)
    own = {"Get": OperationSettings(parameters=given)}
    settings = Settings(folder, "a", "https://x.invalid", operations=own)
    return example_values(RunContext(connector, settings), connector.operations[0])


def test_values_saved_in_a_collection_are_sent(tmp_path: Path) -> None:
    values = values_of(tmp_path)

    assert values.parameters == {"id": "i7", "kind": "book"}
    assert values.sources == {"id": "sample", "kind": "sample"}


def test_settings_win_over_a_collection_name_by_name(tmp_path: Path) -> None:
    values = values_of(tmp_path, kind="film")

    assert values.parameters == {"id": "i7", "kind": "film"}
    assert values.sources == {"id": "sample", "kind": "settings"}


@pytest.mark.parametrize(
    ("location", "schema", "source", "stays"),
    [
        ("path", {"type": "integer"}, "settings", True),
        ("path", {"type": "string", "enum": ["a"]}, "sample", True),
        ("query", {"type": "string"}, "settings", True),
        ("query", {"type": "string"}, "learnt", True),
        ("query", {"type": "integer"}, "settings", False),
        ("query", {"type": "string", "enum": ["a"]}, "settings", False),
        ("query", {"type": "string"}, "example", False),
        ("path", {"type": "string"}, "made up", False),
        ("body", {"type": "string"}, "settings", False),
    ],
)
def test_given_keys_keep_their_value_in_every_probe(
    location: str, schema: dict[str, Any], source: str, stays: bool
) -> None:
    parameter = Parameter("x", location, True, schema, {}, "")
    operation = Operation("Op", "GET", "/{x}", "", {}, (parameter,), {}, (), ())
    values = Values({"x": "v"}, None, False, {"x": source})

    assert pinned_inputs(operation, values) == ({"x"} if stays else set())
