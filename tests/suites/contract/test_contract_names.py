"""Properties that come under another name than the definition's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.connector.model import Connector
from harness.suites.contract.names import Misnamed, misnamed
from tests.suites.contract.test_contract_judgement import context

ORDER = {
    "type": "object",
    "properties": {
        "orderId": {"type": "string"},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"sku": {"type": "string"}}},
        },
    },
}
CASES: list[tuple[str, Any, Any, list[Misnamed]]] = [
    ("as declared", ORDER, {"orderId": "1", "extra": 1}, []),
    ("capitals", ORDER, {"OrderId": "1"}, [Misnamed("", "orderId", "OrderId", True)]),
    ("both there", ORDER, {"orderId": "1", "OrderId": "1"}, []),
    (
        "within an item",
        ORDER,
        {"orderId": "1", "lines": [{"Sku": "a"}]},
        [Misnamed("/lines", "sku", "Sku", True)],
    ),
    ("in a list", {"type": "array", "items": ORDER}, [{"ORDERID": 1}], [
        Misnamed("", "orderId", "ORDERID", True)]),
    ("nothing declared", ORDER, {"number": "1"}, [
        Misnamed("", "orderId, lines", "number", False)]),
    ("nothing came", ORDER, {}, []),
    ("open-ended", {**ORDER, "additionalProperties": True}, {"number": "1"}, []),
    ("required is said already", {**ORDER, "required": ["orderId"]}, {"OrderId": "1"}, []),
    ("no properties", {"type": "object"}, {"a": 1}, []),
    ("inherited", {"allOf": [ORDER]}, {"OrderID": "1"}, [
        Misnamed("", "orderId", "OrderID", True)]),
]  # fmt: skip


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    return context(tmp_path, {"responses": {}}).connector


@pytest.mark.parametrize(
    ("schema", "value", "found"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_names_are_compared(
    connector: Connector, schema: Any, value: Any, found: list[Misnamed]
) -> None:
    assert list(misnamed(connector, schema, value)) == found
