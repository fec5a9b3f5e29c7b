"""apiProperties.json that makes no sense is judged all the same, and never ends in a crash."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.errors import HarnessError
from harness.suites.definition.judgement import DefinitionFacts, check_definition

SAMPLE = Path(__file__).parents[3] / "harness" / "emulator" / "samples" / "documents"
ODD = (None, [], {}, "x", 1, True, [None], [[1]], {"a": None}, "@connectionParameters('y')")
POLICY = {
    "templateId": "setheader",
    "title": "t",
    "parameters": {
        "x-ms-apimTemplateParameter.name": "a",
        "x-ms-apimTemplateParameter.value": "@connectionParameters('x')",
        "x-ms-apimTemplate-operationName": ["Hello"],
    },
}


def objects_of(node: Any) -> list[dict[str, Any]]:
    inner = list(node.values()) if isinstance(node, dict) else node
    below = [n for part in inner for n in objects_of(part)] if isinstance(inner, list) else []
    return [node, *below] if isinstance(node, dict) else below


@pytest.mark.parametrize("seed", range(2))
def test_odd_properties_are_judged(tmp_path: Path, seed: int) -> None:
    sound = json.loads((SAMPLE / "apiProperties.json").read_text("utf-8"))
    sound["properties"]["policyTemplateInstances"] = [POLICY, copy.deepcopy(POLICY)]
    sound["properties"]["connectionParameterSets"] = {"values": [{"name": "s", "parameters": {}}]}
    definition = (SAMPLE / "apiDefinition.swagger.json").read_text("utf-8")
    (tmp_path / "apiDefinition.swagger.json").write_text(definition, encoding="utf-8")
    draw, judged = random.Random(seed), 0
    for _ in range(80):
        document = copy.deepcopy(sound)
        for _ in range(2):
            node = draw.choice(objects_of(document))
            node[draw.choice([*node, "x"])] = copy.deepcopy(draw.choice(ODD))
        (tmp_path / "apiProperties.json").write_text(json.dumps(document), encoding="utf-8")
        try:
            connector = load_connector(tmp_path)
        except HarnessError:
            continue
        check_definition(connector, DefinitionFacts(agent=True, certification=True))
        judged += 1

    assert judged > 40
