"""Every published connector and collection of the shared data, byte for byte as it came."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from pathlib import Path

import pytest

from harness.connector.loading import connector_hash, load_connector
from harness.connector.model import Connector
from harness.connector.properties import expected_scope
from harness.errors import DefinitionError

BROKEN = {
    "certified__Revizto_(Ireland)": r"apiDefinition\.swagger\.json:980:50: trailing comma",
    "certified__SigningHub": r"apiProperties\.json:24:13: a comma is missing",
    "independent__Icon_Horse": r"apiDefinition\.swagger\.json:56:11: a key in double quotes",
    "independent__Yelp": r"apiDefinition\.swagger\.json:866:118: byte 0xAD is not UTF-8",
}
BROKEN_HISTORY = {"certified__DocuSignDemo/new.json": r"new\.json:1635:12: trailing comma"}


def published(shared: Path) -> dict[str, int]:
    """Folder → number of operations, as INDEX.md counts them."""
    index = (shared / "connectors" / "INDEX.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+?__[^|]+) \| [^|]+ \| \d+ \| (\d+) \|", index, re.MULTILINE)
    return {folder.strip(): int(count) for folder, count in rows}


@pytest.fixture(scope="module")
def connectors(shared: Path) -> dict[str, Connector]:
    folders = sorted(published(shared).keys() - BROKEN.keys())
    return {folder: load_connector(shared / "connectors" / folder) for folder in folders}


def test_every_sound_connector_lists_the_operations_that_the_index_counts(
    shared: Path, connectors: dict[str, Connector]
) -> None:
    expected = published(shared)
    assert len(connectors) == len(expected) - len(BROKEN) >= 35
    counted = {folder: len(connector.operations) for folder, connector in connectors.items()}
    assert counted == {folder: expected[folder] for folder in connectors}


def test_ids_are_unique_and_pointers_lead_to_the_raw_operations(
    connectors: dict[str, Connector],
) -> None:
    for connector in connectors.values():
        ids = [operation.id for operation in connector.operations]
        assert len(set(ids)) == len(ids)
        for operation in connector.operations:
            assert connector.at(operation.pointer) is operation.raw
            assert connector.operation(operation.id) is operation


def test_every_operation_stands_on_the_line_of_its_method(
    connectors: dict[str, Connector],
) -> None:
    for connector in connectors.values():
        text = connector.definition_path.read_text(encoding="utf-8-sig")
        lines = text.split("\n")
        for operation in connector.operations:
            line = connector.locate(operation.pointer)
            assert line is not None
            assert f'"{operation.method.lower()}"' in lines[line - 1]


@pytest.mark.parametrize("folder", sorted(BROKEN))
def test_what_was_published_broken_gives_its_one_clear_line(shared: Path, folder: str) -> None:
    with pytest.raises(DefinitionError, match=BROKEN[folder]) as caught:
        load_connector(shared / "connectors" / folder)
    assert "\n" not in str(caught.value)


def test_duplicate_keys_and_byte_order_marks_are_noted(connectors: dict[str, Connector]) -> None:
    noted = {
        folder: sorted({note.kind for note in connector.notes})
        for folder, connector in connectors.items()
        if connector.notes
    }
    assert noted == {"certified__Rainbird": ["duplicate-key"], "certified__SignNow": ["bom"]}


@pytest.mark.parametrize(
    ("folder", "scope"),
    [
        (
            "certified__CompanyConnect",
            "3c48368c-604d-4360-ba04-c3301ae85cd7/user_impersonation",
        ),
        (
            "certified__CognitiveServicesQuestionAnswering",
            "https://cognitiveservices.azure.com/user_impersonation",
        ),
        ("certified__AtBot_Admin", None),
        ("certified__Varuna", None),
    ],
)
def test_the_scope_follows_from_the_published_properties(
    connectors: dict[str, Connector], folder: str, scope: str | None
) -> None:
    properties = connectors[folder].properties
    assert properties is not None
    assert expected_scope(properties) == scope


def test_both_sides_of_every_published_change_load(shared: Path) -> None:
    files = sorted((shared / "connectors" / "history").glob("*/*.json"))
    assert len(files) == 60
    for file in files:
        name = f"{file.parent.name}/{file.name}"
        if name in BROKEN_HISTORY:
            with pytest.raises(DefinitionError, match=BROKEN_HISTORY[name]):
                load_connector(file)
        else:
            assert load_connector(file).operations, name


def test_all_connectors_are_read_within_two_seconds(shared: Path) -> None:
    started = time.perf_counter()
    for folder in published(shared).keys() - BROKEN.keys():
        connector = load_connector(shared / "connectors" / folder)
        connector.locate("/paths")
        connector_hash(connector)
    assert time.perf_counter() - started < 2


def operations_of(connector: Connector) -> set[tuple[object, ...]]:
    return {
        (
            operation.id,
            operation.method,
            operation.path,
            tuple(sorted((p.name, p.location, repr(p.schema)) for p in operation.parameters)),
            tuple(sorted((s, repr(r.schema)) for s, r in operation.responses.items())),
            operation.consumes,
            operation.produces,
        )
        for operation in connector.operations
    }


def test_every_postman_collection_loads_and_its_formats_agree(shared: Path) -> None:
    by_name: dict[str, list[Connector]] = defaultdict(list)
    for file in sorted((shared / "postman").glob("v*/*.json")):
        by_name[file.name].append(load_connector(file))
    several = {name: found for name, found in by_name.items() if len(found) > 1}
    assert len(several) == 8
    assert all(found[0].operations for found in by_name.values())
    for name, found in several.items():
        first = operations_of(found[0])
        assert all(operations_of(other) == first for other in found[1:]), name


def test_the_tutorials_collection_is_one_operation_that_says_hello(shared: Path) -> None:
    connector = load_connector(shared / "tutorial" / "tutorial-custom-connector.postman_v1.json")
    (hello,) = connector.operations
    assert (hello.id, hello.method, hello.path) == ("Hello", "POST", "/Hello")
    assert (connector.title, connector.base_path) == ("Custom Connector", "/api")
    assert (connector.host, connector.schemes) == ("localhost:7071", ("http",))
    assert [parameter.name for parameter in hello.parameters] == ["body"]
    assert hello.body is not None
    assert hello.body.schema == {"type": "object", "properties": {"name": {"type": "string"}}}
    assert hello.consumes == ("application/json",)
    assert hello.produces == ("text/plain",)
    assert hello.responses["200"].schema == {"type": "string"}
    (sample,) = hello.samples
    assert (sample.body, sample.status) == ({"name": "Marc"}, 200)
    assert sample.response_text is not None
    assert sample.response_text.startswith("Hello, Marc.")
    assert connector.notes == ()
