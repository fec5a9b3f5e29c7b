"""What refusals name, which input they have in common, and what was only inferred."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.connector.model import Operation, Sample
from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.findings.model import Rule
from harness.suites.contract.answers import BODY, NULL, SERVER_ERROR
from harness.suites.contract.causes import Observation
from harness.suites.contract.demands import named_inputs
from harness.suites.contract.saved import missing_keys, of_inference


def answer(status: int, body: Any) -> Response:
    headers = (("Content-Type", "application/json"),)
    return Response(status, headers, json.dumps(body).encode(), 0.1)


REFUSALS = [
    ({"errors": {"Title": ["The Title field is required."]}}, [("Title", True)]),
    ({"Message": "x", "ModelState": {"ticket.Title": ["required"]}}, [("Title", True)]),
    (
        {
            "error": {
                "code": "1",
                "details": [{"target": "priority", "message": "not 1 to 5"}],
            }
        },
        [("priority", False)],
    ),
    ({"detail": [{"loc": ["body", "title"], "msg": "field required"}]}, [("title", True)]),
    ({"errors": [{"field": "title", "message": "is missing"}]}, [("title", True)]),
    (
        {"errors": {"$.due": ["could not be converted"], "dto": ["The dto field is required."]}},
        [("due", False)],
    ),
    ({"error": "'projectId' must be given, see required inputs"}, [("projectId", True)]),
    ({"error": "The field must not be empty, it is required"}, []),
    ({"error": "header X-Tenant is required"}, [("X-Tenant", True)]),
    ({"error": "Title must be one of 'draft' or 'final'"}, [("Title", True)]),
]


@pytest.mark.parametrize(("body", "expected"), REFUSALS)
def test_inputs_that_a_refusal_names(body: Any, expected: list[tuple[str, bool]]) -> None:
    named = named_inputs(answer(400, body), {"title", "projectid", "priority"})

    shown = [(each.name, each.demanded) for each in named]
    assert shown == expected


def exchange(body: Any) -> Exchange:
    probe = Probe("e", "List", user("alice"), Request("GET", "/x"), "contract/example")
    return Exchange(probe, answer(200, body), id="x1")


SAVED = json.dumps({"value": [{"id": 1, "owner": "a"}, {"id": 2, "owner": "b", "note": "n"}]})


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"value": [{"id": 1}]}, ["/value/*/owner"]),
        ({"value": [{"id": 1}, {"id": 2, "owner": "a"}]}, []),
        ({"value": []}, []),
        ({"items": [{"id": 1, "owner": "a"}]}, ["/value"]),
    ],
    ids=["gone from every record", "kept by one", "no record", "another wrapper"],
)
def test_key_of_every_saved_answer_that_no_answer_holds_is_a_warning(
    body: Any, places: list[str]
) -> None:
    sample = Sample("s", {}, status=200, response_text=SAVED)
    operation = Operation("List", "GET", "/x", "/p", {}, (), {}, (), (), (sample,))

    found = list(missing_keys(operation, [exchange(body)]))

    assert [(o.data["pointer"], o.severity) for o in found] == [(p, "warning") for p in places]


@pytest.mark.parametrize(
    ("rule", "kind", "left"),
    [
        (BODY, "format", []),
        (BODY, "bounds", []),
        (NULL, "null", []),
        (BODY, "enum", ["warning"]),
        (SERVER_ERROR, "", [None]),
    ],
)
def test_what_rests_on_inference_is_a_warning_at_most(
    rule: Rule, kind: str, left: list[str | None]
) -> None:
    seen = Observation(rule, "c", "m", "text", "other", exchange({}), data={"kind": kind})

    assert [each.severity for each in of_inference([seen])] == left
