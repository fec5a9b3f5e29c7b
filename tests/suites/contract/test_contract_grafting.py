"""Variations grafted onto good calls: what goes out differs in the one thing it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.exchanges.context import RunContext
from harness.exchanges.model import Probe, user
from harness.inputs.generation import Case
from harness.inputs.labels import distinct
from harness.inputs.values import Values, example_values
from harness.suites.contract.cases import ODD_TEXT, CaseMaker
from harness.suites.contract.grafting import Grafting, is_promised
from tests.inputs.test_requests import context_of, parameter

BODY = {
    "name": "body",
    "in": "body",
    "required": True,
    "schema": {
        "type": "object",
        "required": ["title", "kind"],
        "properties": {
            "title": {"type": "string"},
            "kind": {"type": "string", "x-ms-dynamic-values": {"operationId": "Kinds"}},
            "pages": {"type": "integer", "maximum": 9},
        },
    },
}
LINES = {
    "name": "body",
    "in": "body",
    "required": True,
    "schema": {
        "type": "array",
        "items": {"type": "object", "properties": {"Text": {"type": "string"}}},
    },
}
TEXT = {"name": "body", "in": "body", "required": True, "schema": {"type": "string"}}


def case(mode: str = "positive", origin: str = "coverage", **more: Any) -> Case:
    known = {"what": "", "scenario": "", "location": "", "name": "", "pointer": "", "inputs": {}}
    return Case(mode, origin, **{**known, **more})


def grafted(
    here: RunContext, values: Values, varied: Case, template: Case | None = None
) -> Values | None:
    operation = here.connector.operations[0]
    return Grafting(here, operation, values, frozenset(), template).values_of(varied)


def test_required_inputs_alone_keep_their_good_values(tmp_path: Path) -> None:
    declared = [parameter("q", "query", required=True), parameter("to", "query")]
    here, _ = context_of(tmp_path, "/search", {"parameters": declared})
    good = Values({"q": "report", "to": "de"})
    template = case(inputs={"query": {"q": "", "to": ""}})

    made = grafted(here, good, case(inputs={"query": {"q": ""}}), template)

    assert made is not None
    assert made.parameters == {"q": "report"}


def test_variation_of_the_query_leaves_a_body_that_is_an_array(tmp_path: Path) -> None:
    declared = [parameter("to", "query", enum=["de", "fr"]), LINES]
    here, _ = context_of(tmp_path, "/translate", {"parameters": declared}, "post")
    good = Values({}, [{"Text": "Hello"}], True)
    template = case(inputs={"query": {"to": "de"}}, body=[{"Text": ""}], has_body=True)
    varied = case(
        location="query",
        name="to",
        inputs={"query": {"to": "fr"}},
        body=[{"Text": ""}],
        has_body=True,
    )

    made = grafted(here, good, varied, template)

    assert made is not None
    assert (made.parameters, made.body) == ({"query:to": "fr"}, [{"Text": "Hello"}])


def test_variation_within_an_arrays_item_keeps_the_rest_of_it(tmp_path: Path) -> None:
    here, _ = context_of(tmp_path, "/translate", {"parameters": [LINES]}, "post")
    good = Values({}, [{"Text": "Hello", "Lang": "en"}], True)
    template = case(body=[{"Text": ""}], has_body=True)

    made = grafted(here, good, case(location="body", body=[{"Text": "x"}], has_body=True), template)

    assert made is not None
    assert made.body == [{"Text": "x", "Lang": "en"}]


@pytest.mark.parametrize(
    ("declared", "inputs"),
    [
        pytest.param(parameter("q", "query"), {"q": 0}, id="number in a text"),
        pytest.param(
            parameter("q", "query", type="array", items={"type": "string"}), {"q": 0}, id="array"
        ),
        pytest.param(parameter("q", "query", type="file"), {"q": "x"}, id="file"),
    ],
)
def test_what_is_right_as_text_is_not_sent_as_wrong(
    tmp_path: Path, declared: dict[str, Any], inputs: dict[str, Any]
) -> None:
    here, _ = context_of(tmp_path, "/search", {"parameters": [declared]})
    wrong = case("negative", location="query", name="q", inputs={"query": inputs})

    assert grafted(here, Values({"q": "good"}), wrong) is None


def test_what_is_wrong_as_text_too_is_sent(tmp_path: Path) -> None:
    declared = parameter("q", "query", type="integer")
    here, _ = context_of(tmp_path, "/search", {"parameters": [declared]})
    wrong = case("negative", location="query", name="q", inputs={"query": {"q": "many"}})

    made = grafted(here, Values({"q": 1}), wrong)

    assert made is not None
    assert made.parameters["query:q"] == "many"


def test_any_text_is_a_text_body(tmp_path: Path) -> None:
    operation = {"parameters": [TEXT], "consumes": ["text/plain"]}
    here, _ = context_of(tmp_path, "/echo", operation, "post")
    wrong = case("negative", location="body", body=["a"], has_body=True)

    assert grafted(here, Values({}, "good", True), wrong) is None


def test_wrong_body_that_was_made_right_again_is_not_sent(tmp_path: Path) -> None:
    here, _ = context_of(tmp_path, "/docs", {"parameters": [BODY]}, "post")
    good = Values({}, {"title": "Minutes", "kind": "known"}, True)
    wrong = case("negative", "generated", location="body", body={"title": "x"}, has_body=True)

    assert grafted(here, good, wrong) is None


@pytest.mark.parametrize(
    ("schema", "promised"),
    [({"maximum": 10}, True), ({"format": "int32"}, False), ({"minimum": 0}, False)],
    ids=["maximum", "format alone", "minimum alone"],
)
def test_only_a_bound_that_is_written_down_is_promised(
    tmp_path: Path, schema: dict[str, Any], promised: bool
) -> None:
    declared = parameter("skip", "query", type="integer", **schema)
    here, operation = context_of(tmp_path, "/list", {"parameters": [declared]})
    highest = case(location="query", name="skip", what="Maximum value", scenario="maximum_value")

    assert is_promised(here, operation, highest) is promised


def odd_probes(here: RunContext, values: Values) -> list[Probe]:
    return CaseMaker(here, here.connector.operations[0], user("a"), values).odd()


def test_texts_as_people_write_them_go_into_one_input_at_a_time(tmp_path: Path) -> None:
    declared = [parameter("q", "query"), parameter("code", "query", pattern="^[A-Z]+$"), BODY]
    here, _ = context_of(tmp_path, "/docs", {"parameters": declared}, "post", writes="all")
    good = Values({"q": "x", "code": "AB"}, {"title": "Minutes", "kind": "known"}, True)

    made = odd_probes(here, good)

    assert [p.meta["name"] for p in made] == ["q", "title"]
    assert json.loads(made[1].request.body or b"") == {"title": ODD_TEXT, "kind": "known"}
    assert {p.meta["mode"] for p in made} == {"odd"}


@pytest.mark.parametrize(
    ("known", "sent"),
    [
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "00000000-0000-4000-8000-00000000dead"),
        ("17", "-987654321"),
        ("doc-1", "harness-probe-of-nothing"),
    ],
)
def test_unknown_id_has_the_form_of_the_known_one(tmp_path: Path, known: str, sent: str) -> None:
    here, _ = context_of(tmp_path, "/docs/{id}", {"parameters": [parameter("id", "path")]})

    (made,) = odd_probes(here, Values({"id": known}, sources={"id": "learnt"}))

    assert made.request.target == f"/api/docs/{sent}"


def test_objects_made_at_once_are_told_apart(tmp_path: Path) -> None:
    here, operation = context_of(tmp_path, "/docs", {"parameters": [BODY]}, "post")
    values = example_values(here, operation)

    one, other = (distinct(here.connector, operation, values, n).body for n in ("A", "B"))

    assert one["title"] != other["title"]
    assert one["kind"] == other["kind"] == values.body["kind"]
