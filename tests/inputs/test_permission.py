"""What may go out, for whom and with which input: the table of docs/safety.md, row by row."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Caller, Exchange, Probe, Request, Response, user
from harness.inputs.harmless import BROKEN_JSON
from harness.inputs.own_ids import OwnIds, made_by_this_run
from harness.inputs.permission import BASIS, refusal, usable_creator, why_not
from harness.inputs.values import Values
from harness.settings.secret import Secret
from harness.settings.values import OperationSettings, Settings

OK = {"200": {"description": "ok"}}
ID = {"name": "id", "in": "path", "required": True, "type": "string"}
BODY = {
    "name": "body",
    "in": "body",
    "schema": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "example": "rec-4"},
            "name": {"type": "string", "example": "old"},
        },
    },
}
HOOK = {
    "name": "body",
    "in": "body",
    "schema": {"properties": {"url": {"type": "string", "x-ms-notification-url": True}}},
}


def operation(name: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": name, "responses": OK, "parameters": list(parameters), **more}


PATHS = {
    "/items": {"get": operation("List"), "post": operation("Create", BODY)},
    "/items/{id}": {
        "put": operation("Put", ID, BODY),
        "delete": operation("Delete", ID),
    },
    "/tasks": {"post": operation("Task", BODY, **{"x-ms-no-generic-test": True})},
    "/tasks/{id}": {"patch": operation("Retask", ID, BODY), "delete": operation("Untask", ID)},
    "/hooks": {"post": operation("Hook", HOOK)},
    "/hooks/{id}": {"delete": operation("Unhook", ID)},
    "/settings": {"put": operation("Settings", BODY)},
    "/all": {"delete": operation("All")},
    "/purge": {"post": operation("Purge")},
    "/notes": {"post": operation("Note", BODY)},
    "/search": {"post": operation("Search", BODY)},
}
FORGED = Caller("forged:alg-none", "forgery", Secret("t"))


@pytest.fixture
def situate(tmp_path: Path) -> Callable[..., RunContext]:
    path = tmp_path / "apiDefinition.swagger.json"
    document = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": PATHS}
    path.write_text(json.dumps(document), encoding="utf-8")

    def make(mode: str, **settings: Any) -> RunContext:
        free = {"operations": {"Search": OperationSettings(safe=True)}, **settings}
        values = Settings(tmp_path, "app", "https://app.example", writes=mode, **free)  # type: ignore[arg-type]
        return RunContext(load_connector(path), values)

    return make


def probe(name: str, method: str, target: str, caller: Caller, **meta: Any) -> Probe:
    return Probe("k", name, caller, Request(method, target, (), BROKEN_JSON), "suite/x", meta)


FALSIFIED = {BASIS: "falsified"}
NOTHING = "/items/harness-probe-of-nothing"
ROWS: list[tuple[str, Probe, set[str]]] = [
    ("reading", probe("List", "GET", "/items", user("alice")), {"none", "examples", "all"}),
    ("declared safe", probe("Search", "POST", "/search", ANONYMOUS), {"none", "examples", "all"}),
    ("given", probe("Create", "POST", "/items", user("a"), basis="given"), {"examples", "all"}),
    ("given elsewhere", probe("Create", "POST", "/other", user("a"), basis="given"), set()),
    ("given DELETE", probe("Delete", "DELETE", "/items/1", user("a"), basis="given"), set()),
    ("made up", probe("Create", "POST", "/items", user("a"), basis="create"), {"all"}),
    ("of no basis", probe("Create", "POST", "/items", user("a")), set()),
    ("not ours", probe("Put", "PUT", "/items/rec-1", user("a"), basis="own"), set()),
    ("ours", probe("Put", "PUT", "/items/ours", user("a"), basis="own"), {"all"}),
    ("ours deleted", probe("Delete", "DELETE", "/items/ours", user("a"), basis="own"), {"all"}),
    ("not removable", probe("Note", "POST", "/notes", user("a"), basis="create"), set()),
    ("singleton", probe("Settings", "PUT", "/settings", user("a"), basis="own"), set()),
    ("purge", probe("Purge", "POST", "/purge", user("a"), basis="create"), set()),
    ("marked", probe("Task", "POST", "/tasks", user("a"), basis="create"), set()),
    ("webhook", probe("Hook", "POST", "/hooks", user("a"), basis="create"), set()),
    ("webhook given", probe("Hook", "POST", "/hooks", user("a"), basis="given"), set()),
    ("anonymous", probe("Create", "POST", "/items", ANONYMOUS, **FALSIFIED), {"examples", "all"}),
    ("forged", probe("Put", "PUT", NOTHING, FORGED, **FALSIFIED), {"examples", "all"}),
    ("forged, real id", probe("Put", "PUT", "/items/rec-1", FORGED, **FALSIFIED), set()),
    ("forged singleton", probe("Settings", "PUT", "/settings", FORGED, **FALSIFIED), set()),
    ("anonymous DELETE /all", probe("All", "DELETE", "/all", ANONYMOUS, **FALSIFIED), set()),
    ("anonymous webhook", probe("Hook", "POST", "/hooks", ANONYMOUS, **FALSIFIED), set()),
    ("anonymous marked", probe("Task", "POST", "/tasks", ANONYMOUS, **FALSIFIED), set()),
    ("good token falsified", probe("Put", "PUT", NOTHING, user("a"), **FALSIFIED), set()),
    (
        "good token carried oddly",
        probe("Put", "PUT", NOTHING, FORGED, part="carriage", **FALSIFIED),
        set(),
    ),
    ("undeclared method", probe("Put", "PATCH", NOTHING, ANONYMOUS, **FALSIFIED), {"all"}),
]


@pytest.mark.parametrize("mode", ["none", "examples", "all"])
@pytest.mark.parametrize(("asked", "allowed"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_a_request_goes_out_as_the_table_says(
    situate: Callable[..., RunContext], mode: str, asked: Probe, allowed: set[str]
) -> None:
    context = situate(mode)
    context.ledger.made("Create", "ours")

    reason = refusal(context, asked)

    assert (reason is None) == (mode in allowed), reason


def test_a_method_that_a_header_names_counts_as_sent(situate: Callable[..., RunContext]) -> None:
    request = Request("GET", "/all", (("X-HTTP-Method-Override", "DELETE"),))

    assert refusal(situate("all"), Probe("k", "All", ANONYMOUS, request, "anonymous/trick"))


@pytest.mark.parametrize(
    ("method", "allowed"),
    [
        ("GET", {"none", "examples", "all"}),
        ("POST", {"examples", "all"}),
        ("PATCH", {"examples", "all"}),
        ("DELETE", {"all"}),
    ],
)
@pytest.mark.parametrize("mode", ["none", "examples", "all"])
def test_users_own_tests_ask_the_same_place(
    situate: Callable[..., RunContext], mode: str, method: str, allowed: set[str]
) -> None:
    request = Request(method, "/items/1")

    reason = refusal(situate(mode), Probe("k", None, user("alice"), request, "tests/call"))

    assert (reason is None) == (mode in allowed)
    assert reason is None or "--writes" in reason


def test_a_marked_operation_makes_no_object_for_another_and_says_why(
    situate: Callable[..., RunContext],
) -> None:
    context = situate("all")
    retask = context.connector.operation("Retask")

    assert usable_creator(context, retask) is None
    assert "x-ms-no-generic-test" in (why_not(context, retask, "own") or "")
    assert "[operations.Task]" in (why_not(context, retask, "own") or "")


def made(body: bytes, answer: dict[str, Any]) -> Exchange:
    request = Request("POST", "/items", (), body)
    response = Response(201, (), json.dumps(answer).encode(), 0.01)
    return Exchange(Probe("k", "Create", user("alice"), request, "contract/create"), response)


def test_an_id_that_was_sent_never_counts_as_created(situate: Callable[..., RunContext]) -> None:
    context = situate("all")
    create = context.connector.operation("Create")

    assert made_by_this_run(context, create, made(b'{"id": "rec-4"}', {"id": "rec-4"})) is None
    assert made_by_this_run(context, create, made(b"{}", {"id": "new-1"})) == "new-1"


def test_an_id_that_a_list_showed_before_never_counts_as_created(
    situate: Callable[..., RunContext],
) -> None:
    context = situate("all")
    context.ledger.saw("Create", ["rec-2"])

    own = made_by_this_run(
        context, context.connector.operation("Create"), made(b"{}", {"id": "rec-2"})
    )

    assert own is None


def test_no_id_of_the_definition_goes_out_with_generated_input(
    situate: Callable[..., RunContext],
) -> None:
    context = situate("all")
    create, put = (context.connector.operation(name) for name in ("Create", "Put"))
    values = Values({}, {"id": "rec-4", "name": "old"}, True, {"body": "made up"})

    new = OwnIds(context, create, "label").of(values)
    changed = OwnIds(context, put, "label", "ours").of(values)

    assert new.body["id"] != "rec-4"
    assert new.body["name"] != "old"
    assert context.ledger.is_invented(new.body["id"])
    assert changed.body["id"] == "ours"
