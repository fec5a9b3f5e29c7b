"""Whatever the official Swagger 2.0 schema refuses is an error, and the exceptions are named."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from schemathesis.specs.openapi.definitions import SWAGGER_20

from harness.connector.loading import load_connector
from harness.errors import HarnessError
from harness.suites.definition.judgement import DefinitionFacts, check_definition

SAMPLE = Path(__file__).parents[3] / "harness" / "emulator" / "samples" / "documents"
SOUND: dict[str, Any] = json.loads((SAMPLE / "apiDefinition.swagger.json").read_text("utf-8"))
SOUND["parameters"] = {
    "P": {"name": "p", "in": "query", "type": "array", "items": {"type": "string"}}
}
SOUND["responses"] = {"R": {"description": "x", "headers": {"X": {"type": "string"}}}}
SOUND["tags"] = [{"name": "a", "externalDocs": {"url": "https://contoso.com"}}]
SOUND["securityDefinitions"]["key"] = {"type": "apiKey", "name": "k", "in": "header"}
OFFICIAL = jsonschema.Draft4Validator(SWAGGER_20)
ODD = (None, [], {}, "x", 1, True, [None], [[1]], {"a": None}, -1, ["a", "a"], 1.5)
WORDS = (
    "required enum type format items properties allOf default tags security example examples "
    "nullable oneOf headers schema collectionFormat consumes in name parameters foo description "
    "additionalProperties xml discriminator readOnly deprecated host schemes minLength multipleOf "
    "allowEmptyValue $ref flow scopes tokenUrl responses externalDocs"
)
KEYS = WORDS.split()


def objects_of(node: Any, pointer: str = "") -> list[tuple[dict[str, Any], str]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    below = [
        found
        for key, value in inner
        if isinstance(value, dict | list) and not str(key).startswith("x-")
        for found in objects_of(value, f"{pointer}/{key}")
    ]
    return [(node, pointer), *below] if isinstance(node, dict) else below


def changed(draw: random.Random) -> dict[str, Any]:
    """The sample with one thing taken out, replaced or added."""
    document = copy.deepcopy(SOUND)
    node, _ = draw.choice(objects_of(document))
    own = [key for key in node if not key.startswith("x-")]
    if own and draw.random() < 0.3:
        del node[draw.choice(own)]
    else:
        node[draw.choice([*own, draw.choice(KEYS)])] = copy.deepcopy(draw.choice(ODD))
    return document


def errors_of(document: Any, path: Path) -> list[str]:
    path.write_text(json.dumps(document), encoding="utf-8")
    found = check_definition(load_connector(path), DefinitionFacts())
    return [f"{f.rule}: {f.message}" for f in found if f.severity == "error"]


@pytest.mark.parametrize("seed", range(3))
def test_one_change_that_the_official_schema_refuses_is_an_error(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    refused, missed = 0, []
    for _ in range(80):
        document = changed(draw)
        if OFFICIAL.is_valid(document):
            continue
        try:
            refused += 1
            if not errors_of(document, tmp_path / "a.json"):
                missed.append(document)
        except HarnessError:
            continue  # told in one line when the file is read

    assert refused > 32
    assert missed == []


def test_sound_document_has_no_error(tmp_path: Path) -> None:
    assert OFFICIAL.is_valid(SOUND)
    assert errors_of(SOUND, tmp_path / "a.json") == []


def test_webhook_that_documents_no_answer_is_excepted(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    document["paths"]["/documents"]["post"]["responses"] = {}
    refused = errors_of(document, tmp_path / "a.json")
    document["paths"]["/documents"]["x-ms-notification-content"] = {"schema": {"type": "object"}}

    assert not OFFICIAL.is_valid(document)
    assert any("no-response" in error for error in refused)
    assert not any("no-response" in error for error in errors_of(document, tmp_path / "a.json"))


@pytest.mark.parametrize(
    ("pointer", "key", "value", "words"),
    [
        (("paths", "/documents", "get", "parameters", 0), "example", "a", "x-ms-test-value"),
        (("definitions", "NewDocument"), "nullable", True, "x-nullable"),
        (("definitions", "NewDocument"), "minproperties", 1, "minProperties"),
        (("paths", "/me", "get"), "requestBody", {}, "in: body"),
    ],
    ids=["example", "nullable", "capitals", "openapi-3"],
)
def test_key_of_another_version_comes_with_what_to_write(
    tmp_path: Path, pointer: tuple[Any, ...], key: str, value: Any, words: str
) -> None:
    document = copy.deepcopy(SOUND)
    node = document
    for step in pointer:
        node = node[step]
    node[key] = value
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    (one,) = [f for f in found if f.severity == "error"]
    assert key in one.message
    assert words in one.remedy
