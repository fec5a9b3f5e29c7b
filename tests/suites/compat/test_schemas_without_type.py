from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.connector.model import Connector
from harness.suites.compat.schemas import schema_changes

CONNECTOR = Connector("T", (), {}, Path("definition.json"), "swagger", "", "", "", ())
FIELDS = {"properties": {"a": {"type": "string"}}}


def changes(old: Any, new: Any) -> list[tuple[Any, str, str]]:
    found = schema_changes((CONNECTOR, old), (CONNECTOR, new), output=False)
    return [(change.rule, change.was, change.now) for change in found]


def test_schema_with_properties_counts_as_an_object() -> None:
    assert [(was, now) for _, was, now in changes(FIELDS, {"type": "string"})] == [
        ("object", "string")
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FIELDS, {"type": "object", **FIELDS}),
        ({"type": "object", **FIELDS}, FIELDS),
        ({}, {"type": "string"}),
        ({"type": ["string", "null"]}, {"type": "string"}),
    ],
    ids=["type added", "type left out", "nothing was said", "null in the type"],
)
def test_saying_the_type_that_was_meant_is_no_retyping(old: Any, new: Any) -> None:
    assert changes(old, new) == []
