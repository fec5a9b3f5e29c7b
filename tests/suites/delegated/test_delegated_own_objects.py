"""Objects that a run made a minute ago: who is shown them, by id, in lists, counts and tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.exchanges.model import Request
from harness.settings.values import DelegatedSettings
from tests.suites.delegated.app_double import Answer, context_of, found, operation, separated

ID = {"name": "id", "in": "path", "required": True, "type": "string"}
BODY = {
    "name": "body",
    "in": "body",
    "required": True,
    "schema": {"type": "object", "properties": {"title": {"type": "string"}}},
}
PATHS = {
    "/tickets": {"get": operation("ListTickets"), "post": operation("CreateTicket", BODY)},
    "/tickets/count": {"get": operation("CountTickets")},
    "/tickets/export": {"get": operation("ExportTickets")},
    "/tickets/search": {"get": operation("SearchTickets")},
    "/stats": {"get": operation("Dashboard")},
    "/tickets/{id}": {
        "get": operation("GetTicket", ID),
        "put": operation("PutTicket", ID, BODY),
        "delete": operation("DeleteTicket", ID),
    },
}
READING = ["ListTickets", "CountTickets", "ExportTickets", "SearchTickets", "GetTicket"]


class Tickets:
    """Tickets of two users who own none yet; `open_to_all` names what forgets to ask whose."""

    def __init__(self, *open_to_all: str, shared: bool = False) -> None:
        self.open = set(READING) | {"PutTicket", "DeleteTicket"} if shared else set(open_to_all)
        self.rows: dict[str, dict[str, Any]] = {}
        self.made = 0

    def __call__(self, request: Request, who: str) -> Answer:
        path, method = request.target.partition("?")[0], request.method
        if method == "POST":
            self.made += 1
            own = f"7f3a9c2e-0000-4000-8000-{self.made:012}"
            self.rows[own] = {"id": own, "by": who, **json.loads(request.body or b"{}")}
            return 201, self._told(self.rows[own])
        last = path.rpartition("/")[2]
        if last in self.rows or (
            path.count("/") == 2 and last not in ("count", "export", "search")
        ):
            named = {"GET": "GetTicket", "PUT": "PutTicket"}.get(method, "DeleteTicket")
            return self._one(named, last, who, request.body)
        name = {"count": "CountTickets", "export": "ExportTickets", "search": "SearchTickets"}
        rows = self._rows(name.get(last, "ListTickets"), who)
        if last == "count":
            return 200, {"count": len(rows)}
        if last == "export":
            lines = ["id,title", *(f"{row['id']},{row.get('title')}" for row in rows)]
            return 200, ("text/csv", "\n".join(lines))
        return 200, {"value": rows}

    def _one(self, name: str, own: str, who: str, body: bytes | None) -> Answer:
        row = self.rows.get(own)
        if row is None or (row["by"] != who and name not in self.open):
            return 404, None
        if name == "PutTicket":
            row |= json.loads(body or b"{}")
        if name == "DeleteTicket":
            del self.rows[own]
            return 204, None
        return 200, self._told(row)

    def _rows(self, name: str, who: str) -> list[dict[str, Any]]:
        mine = [r for r in self.rows.values() if r["by"] == who or name in self.open]
        return [self._told(row) for row in mine]

    def _told(self, row: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in row.items() if key != "by"}


@pytest.mark.parametrize("name", [*READING, "PutTicket", "DeleteTicket", "Dashboard"])
def test_app_that_keeps_users_apart_is_silent_and_clean_afterwards(
    tmp_path: Path, name: str
) -> None:
    app = Tickets()

    judgement = separated(context_of(tmp_path, PATHS), app, name)

    assert (judgement.findings, judgement.unverified, app.rows) == ((), None, {})


@pytest.mark.parametrize("name", READING)
def test_operation_that_shows_what_its_neighbours_keep_is_an_error(
    tmp_path: Path, name: str
) -> None:
    judgement = separated(context_of(tmp_path, PATHS), Tickets(name), name)

    rule = "delegated.foreign-object" if name == "GetTicket" else "delegated.leak"
    assert found(judgement) == [(rule, "error", "bob")]


@pytest.mark.parametrize("name", ["PutTicket", "DeleteTicket"])
def test_stranger_who_changes_a_minute_old_object_is_an_error(tmp_path: Path, name: str) -> None:
    judgement = separated(context_of(tmp_path, PATHS), Tickets(name), name)

    assert found(judgement) == [("delegated.foreign-write", "error", "bob")]


@pytest.mark.parametrize("name", READING)
def test_app_that_shares_everything_gets_notes_at_most(tmp_path: Path, name: str) -> None:
    judgement = separated(context_of(tmp_path, PATHS), Tickets(shared=True), name)

    assert {severity for _, severity, _ in found(judgement)} <= {"note"}


def test_app_that_shares_what_the_settings_call_private_is_an_error(tmp_path: Path) -> None:
    private = DelegatedSettings(private=("CountTickets",))
    context = context_of(tmp_path, PATHS, delegated=private)

    judgement = separated(context, Tickets(shared=True), "CountTickets")

    assert found(judgement) == [("delegated.leak", "error", "bob")]


def test_user_who_may_see_the_others_data_is_silent(tmp_path: Path) -> None:
    context = context_of(tmp_path, PATHS, sees={"bob": ("alice",)})

    assert found(separated(context, Tickets("SearchTickets"), "SearchTickets")) == []


def test_counter_that_moves_with_every_call_is_no_leak(tmp_path: Path) -> None:
    calls = iter(range(1000))
    tickets = Tickets()

    def app(request: Request, who: str) -> Answer:
        if request.target.partition("?")[0] == "/tickets/count":
            return 200, {"requests": next(calls)}
        return tickets(request, who)

    assert found(separated(context_of(tmp_path, PATHS), app, "CountTickets")) == []


def test_creation_that_is_refused_is_unverified_and_asks_for_a_body(tmp_path: Path) -> None:
    def app(request: Request, _who: str) -> Answer:
        return (400, {"error": "no"}) if request.method == "POST" else (200, [])

    judgement = separated(context_of(tmp_path, PATHS), app, "DeleteTicket")

    assert "[operations.CreateTicket] body" in str(judgement.unverified)


def test_without_leave_to_write_nothing_is_made(tmp_path: Path) -> None:
    app = Tickets()

    separated(context_of(tmp_path, PATHS, writes="examples"), app, "ListTickets")

    assert app.made == 0
