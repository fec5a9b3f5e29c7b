"""What refusals name, which input they have in common, and what was only inferred."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.exchanges.model import Response
from harness.suites.contract.demands import named_inputs


def answer(status: int, body: Any) -> Response:
    headers = (("Content-Type", "application/json"),)
    return Response(status, headers, json.dumps(body).encode(), 0.1)


REFUSALS = [
    ({"errors": {"Title": ["The Title field is required."]}}, [("Title", True)]),
    ({"Message": "x", "ModelState": {"ticket.Title": ["required"]}}, [("Title", True)]),
    (
        {"error": {"code": "1", "details": [{"target": "priority", "message": "must be set"}]}},
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
    ({"error": "Title must be one of 'draft' or 'final'"}, []),
]


@pytest.mark.parametrize(("body", "expected"), REFUSALS)
def test_inputs_that_a_refusal_names(body: Any, expected: list[tuple[str, bool]]) -> None:
    named = named_inputs(answer(400, body), {"title", "projectid", "priority"})

    shown = [(each.name, each.demanded) for each in named]
    assert shown == expected
