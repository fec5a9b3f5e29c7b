"""The id of a new object, however a creation tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.connector.model import Parameter
from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.inputs.related_operations import created_id


@pytest.mark.parametrize(
    ("body", "location", "own"),
    [
        ({"OrderNo": 17, "Customer": "x"}, "", 17),
        ({"ticketId": 4}, "", 4),
        ({}, "/api/tickets/4", "4"),
        ({}, "/odata/Orders(17)", "17"),
        ({}, "/odata/Orders('A-17')", "A-17"),
    ],
)
def test_id_of_a_new_object_is_found(body: Any, location: str, own: Any) -> None:
    schema = {"type": "integer" if isinstance(own, int) else "string"}
    headers = (("Location", location),) if location else ()
    response = Response(201, headers, json.dumps(body).encode(), 0.1)
    probe = Probe("c", "Create", user("alice"), Request("POST", "/x"), "contract/create")

    parameter = Parameter("key", "path", True, schema, schema, "/p")

    assert created_id(Exchange(probe, response), parameter) == own
