"""The JSON Schema for editors: current, and right for every settings file that we show."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.settings.building import TOP_KEYS
from harness.settings.editor_schema import schema_text_shipped, settings_schema

REPOSITORY = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft7Validator(settings_schema())
BLOCK = re.compile(r"```toml\n(.*?)```", re.S)


def plain(node: Any) -> Any:
    """A date is a text to JSON Schema."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    return node.isoformat() if isinstance(node, date) else node


def shown() -> list[tuple[str, str]]:
    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    blocks = [
        (f"{page.name}-{index}", text)
        for page in pages
        for index, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
    ]
    files = [
        *(REPOSITORY / "examples").rglob("connector-harness.toml"),
        *(REPOSITORY / "harness").rglob("connector-harness.toml"),
    ]
    return [*blocks, *((f.parent.name, f.read_text(encoding="utf-8")) for f in sorted(files))]


def settings_in(text: str) -> Any:
    document = tomllib.loads(text)
    return document.get("tool", {}).get("connector-harness", document)


def test_schema_is_a_schema_and_the_shipped_one_is_current() -> None:
    jsonschema.Draft7Validator.check_schema(settings_schema())

    assert json.loads(schema_text_shipped()) == settings_schema(), "run python -m docs.generate"


@pytest.mark.parametrize("text", [t for _, t in shown()], ids=[name for name, _ in shown()])
def test_settings_that_we_show_are_right(text: str) -> None:
    assert [e.message for e in VALIDATOR.iter_errors(plain(settings_in(text)))] == []


@pytest.mark.parametrize(
    "text",
    [
        "entry = 1",
        '[entra]\ntenant = "x"',
        '[anonymous]\nexpect = "never"',
        "[tokens]\nkeep-expired = 3",
        "[cassettes]\nmax-age-days = -1",
        '[[waivers]]\nrule = "contract.status"',
        '[rules]\n"contract.status" = "loud"',
        '[delegated]\nidentity = "some"',
        '[[delegated.access]]\noperation = "A"\nexpect = { alice = 99 }',
        '[[connectors]]\nconnector = "a"',
    ],
)
def test_mistakes_are_seen_in_the_editor(text: str) -> None:
    assert not VALIDATOR.is_valid(plain(settings_in(text)))


def test_whole_interface_is_accepted(shared: Path) -> None:
    page = shared / "INTERFACE.md"
    (block,) = BLOCK.findall(page.read_text(encoding="utf-8"))
    row = r"^# (?!expect)([a-z-]+ *= *(?:\[[^\n]*?\]|\{[^\n]*\}|\"[^\"\n]*\"))[^\n]*$"
    uncommented = re.sub(row, r"\1", block, flags=re.M)

    assert [e.message for e in VALIDATOR.iter_errors(plain(settings_in(uncommented)))] == []


def test_every_key_at_the_top_is_described() -> None:
    properties = settings_schema()["properties"]

    assert set(properties) == set(TOP_KEYS)
    assert all(each["description"] for each in properties.values())
