"""Judging examples: whether a sample value is of the type that its own schema says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.schema.walk import Shape
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import NEW_TITLE
from harness.suites.definition.schemas import TYPES, is_a

__all__ = ["judge_examples"]

EXAMPLE_MISMATCH = Rule(
    id="definition.example-mismatch",
    severity="error",
    title="An example does not fit its own type",
    meaning="example is not of the declared type: text at a number, a number at text; as a "
    "warning, the text of a list or object in its place.",
    why="Saving a connector compares values with their types, and names the first that differs; "
    "older connectors that were saved before it did go on to work.",
    remedy="Write the example as a value of the type, or correct the type.",
    reference="Microsoft, BusinessApplicationPlatform-Connectors-public issues 70 and 480",
    shown_by=(Edit({f"{NEW_TITLE}/example": 7}),),
)


def judge_examples(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Every example of a schema; null fits everywhere, since samples hold it."""
    for shape in shapes:
        if shape.kind != "schema" or "example" not in shape.node:
            continue
        kind, value = shape.node.get("type"), shape.node["example"]
        if value is None or not isinstance(kind, str) or kind not in TYPES or is_a(value, kind):
            continue
        yield EXAMPLE_MISMATCH.at(
            connector,
            f"the example is {_named(value)}, the type is {kind}",
            f"{shape.pointer}/example",
            expected=kind,
            observed=_named(value),
            severity="warning" if kind in ("array", "object") else None,
        )


def _named(value: Any) -> str:
    names = {bool: "true or false", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
