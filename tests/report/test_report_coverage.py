from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.exchanges.model import ANONYMOUS, Caller, Exchange, Probe, Request, Response, user
from harness.report.coverage import complete_coverage, exercised_parameters
from harness.report.places import placed, relative_path

DEFINITION = """
swagger: "2.0"
info: {title: Notes, version: "1"}
paths:
  /notes:
    get:
      operationId: ListNotes
      parameters:
        - {name: top, in: query, type: integer}
        - {name: x-trace, in: header, type: string}
      responses: {"200": {description: ok}, "400": {description: bad}, default: {description: x}}
    post:
      operationId: AddNote
      parameters:
        - {name: note, in: body, schema: {$ref: "#/definitions/Note"}}
      responses: {"201": {description: made}}
  /notes/{id}/file:
    put:
      operationId: Upload
      parameters:
        - {name: id, in: path, required: true, type: string}
        - {name: file, in: formData, type: file}
        - {name: label, in: formData, type: string}
      responses: {"204": {description: done}}
definitions:
  Note:
    type: object
    properties: {text: {type: string}, colour: {type: string}}
"""


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    path = tmp_path / "apiDefinition.swagger.yaml"
    path.write_text(DEFINITION, encoding="utf-8")
    return load_connector(path)


def _exchange(
    operation: str, request: Request, status: int | None, caller: Caller | None = None
) -> Exchange:
    probe = Probe("k", operation, caller or user("alice"), request, "contract/example")
    response = None if status is None else Response(status, (), b"", 0.1)
    return Exchange(probe, response)


MULTIPART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--'


@pytest.mark.parametrize(
    ("operation", "request_", "names"),
    [
        pytest.param("ListNotes", Request("GET", "/notes?top=3"), ["top"], id="query"),
        pytest.param("ListNotes", Request("GET", "/notes?top="), ["top"], id="empty value"),
        pytest.param(
            "ListNotes", Request("GET", "/notes", (("X-Trace", "1"),)), ["x-trace"], id="header"
        ),
        pytest.param("ListNotes", Request("GET", "/notes?skip=3"), [], id="undocumented"),
        pytest.param(
            "AddNote", Request("POST", "/notes", body=b'{"text":"a","x":1}'), ["text"], id="body"
        ),
        pytest.param("AddNote", Request("POST", "/notes", body=b'{"text"'), [], id="broken body"),
        pytest.param(
            "Upload",
            Request(
                "PUT",
                "/notes/1/file",
                (("content-type", "multipart/form-data; boundary=b"),),
                MULTIPART,
            ),
            ["id", "file"],
            id="multipart",
        ),
        pytest.param(
            "Upload",
            Request(
                "PUT",
                "/notes/1/file",
                (("content-type", "application/x-www-form-urlencoded"),),
                b"label=a&other=b",
            ),
            ["id", "label"],
            id="urlencoded",
        ),
    ],
)
def test_parameters_that_a_call_carried_are_exercised(
    connector: Connector, operation: str, request_: Request, names: list[str]
) -> None:
    assert exercised_parameters(connector, _exchange(operation, request_, 200)) == names


@pytest.mark.parametrize(
    ("status", "caller"),
    [(401, None), (403, None), (None, None), (400, ANONYMOUS), (302, ANONYMOUS)],
)
def test_call_that_was_not_let_in_exercises_nothing(
    connector: Connector, status: int | None, caller: Caller | None
) -> None:
    exchange = _exchange("ListNotes", Request("GET", "/notes?top=3"), status, caller)

    assert exercised_parameters(connector, exchange) == []


def test_call_beyond_the_definition_exercises_nothing(connector: Connector) -> None:
    assert exercised_parameters(connector, _exchange("Other", Request("GET", "/"), 200)) == []


def _row(callers: list[str], statuses: list[int], parameters: list[str]) -> dict[str, Any]:
    return {"callers": callers, "statuses": statuses, "parameters": parameters}


def test_gaps_are_named_with_their_reason(connector: Connector) -> None:
    seen = {"ListNotes": {**_row(["alice"], [200], ["top"]), "not_exercised": ["paging: one page"]}}

    coverage = complete_coverage(seen, connector, [])

    assert coverage["ListNotes"]["not_exercised"] == [
        "paging: one page",
        "parameter x-trace: no call that was let in carried it",
        "status 400: documented, never answered",
    ]
    assert (coverage["ListNotes"]["method"], coverage["ListNotes"]["path"]) == ("GET", "/notes")


def test_operation_that_nothing_called_says_why(connector: Connector) -> None:
    checks = [
        {"operation": "AddNote", "outcome": "skipped", "reason": "POST is not sent\nmore"},
        {"operation": "ListNotes", "outcome": "passed", "reason": None},
    ]

    coverage = complete_coverage({}, connector, checks)

    assert list(coverage) == ["ListNotes", "AddNote", "Upload"]
    assert coverage["AddNote"]["not_exercised"] == ["the whole operation: POST is not sent"]
    assert coverage["Upload"]["not_exercised"] == ["the whole operation: not called"]


def test_operation_that_no_user_called_says_so(connector: Connector) -> None:
    seen = {"AddNote": _row(["anonymous", "forged:none"], [401], [])}

    gaps = complete_coverage(seen, connector, [])["AddNote"]["not_exercised"]

    assert "users: no signed-in user called it" in gaps
    assert "parameter colour: no call that was let in carried it" in gaps


def test_wholly_exercised_operation_has_no_gap(connector: Connector) -> None:
    seen = {"AddNote": _row(["alice"], [201], ["colour", "text"])}

    assert complete_coverage(seen, connector, [])["AddNote"]["not_exercised"] == []


def test_operation_outside_the_definition_is_kept(connector: Connector) -> None:
    seen = {"GET /other": _row(["alice"], [200], [])}

    assert complete_coverage(seen, connector, [])["GET /other"]["statuses"] == [200]


def test_finding_of_the_live_app_stands_at_its_operation(connector: Connector) -> None:
    root = connector.definition_path.parent
    place = placed({"place": None, "operation": "AddNote"}, connector, root)

    assert place is not None
    assert place["file"] == "apiDefinition.swagger.yaml"
    assert place["pointer"] == "/paths/~1notes/post"


def test_finding_without_operation_has_no_place(connector: Connector) -> None:
    assert placed({"place": None, "operation": None}, connector, Path()) is None


def test_place_is_relative_to_the_root(connector: Connector, tmp_path: Path) -> None:
    own = {"file": str(tmp_path / "sub" / "a.json"), "pointer": "/x", "line": 3}

    assert placed({"place": own, "operation": None}, connector, tmp_path) == {
        "file": "sub/a.json",
        "pointer": "/x",
        "line": 3,
    }


def test_path_elsewhere_is_only_named(tmp_path: Path) -> None:
    assert relative_path(tmp_path / "a.json", tmp_path / "root") == "a.json"
