"""How many items were asked for and which, against what came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.connector.model import Operation, Parameter
from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.suites.contract.asked import asked_sightings

STATES = {"type": "string", "enum": ["open", "closed"]}


def judged(query: str, items: list[Any]) -> list[str]:
    schemas = {"$top": {"type": "integer"}, "limit": {"type": "integer"}, "status": STATES}
    parameters = tuple(Parameter(n, "query", False, s, s, "/p") for n, s in schemas.items())
    operation = Operation("List", "GET", "/x", "/p", {}, parameters, {}, (), ())
    probe = Probe("e", "List", user("alice"), Request("GET", f"/x?{query}"), "contract/example")
    response = Response(200, (), json.dumps({"value": items}).encode(), 0.1)
    found = asked_sightings(operation, [Exchange(probe, response)])
    return [observation.cause for observation in found]


@pytest.mark.parametrize(
    ("query", "items", "causes"),
    [
        ("%24top=1", [{"id": 1}, {"id": 2}], ["$top"]),
        ("limit=2", [{"id": 1}, {"id": 2}], []),
        ("limit=0", [{"id": 1}], []),
        ("status=open", [{"Status": "open"}, {"Status": "closed"}], ["status"]),
        ("status=open", [{"Status": "open"}], []),
        ("status=open", [{"Status": "Open"}, {"state": "closed"}], []),
        ("status=else", [{"status": "closed"}], []),
        ("status=open", [], []),
    ],
)
def test_what_came_is_held_against_what_was_asked(
    query: str, items: list[Any], causes: list[str]
) -> None:
    assert judged(query, items) == causes
