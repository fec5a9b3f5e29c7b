"""A pass of the delegated suite stands on success answers; everything else is unverified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext, perform
from harness.exchanges.model import Exchange, Probe, Response
from harness.settings.values import (
    AccessRow,
    DelegatedSettings,
    IdentityPointer,
    Settings,
    UserSettings,
)
from harness.suites.delegated.judgement import (
    judge_access,
    judge_bleed,
    judge_identity,
    judge_separation,
)
from harness.suites.delegated.plan import access_plan, bleed_plan, identity_plan, separation_plan

OK = {"200": {"description": "ok"}}
ID = {"name": "id", "in": "path", "required": True, "type": "string"}
DEFINITION: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/me": {"get": {"operationId": "Me", "responses": OK}},
        "/docs": {
            "get": {"operationId": "List", "responses": OK},
            "post": {"operationId": "Create", "responses": {"201": {"description": "ok"}}},
        },
        "/docs/{id}": {
            "parameters": [ID],
            "get": {"operationId": "Get", "responses": OK},
            "delete": {"operationId": "Delete", "responses": OK},
        },
    },
}
CLAIMS = {
    name: {"upn": f"{name}@contoso.example", "preferred_username": f"{name}@contoso.example"}
    for name in ("alice", "bob")
}
App = Callable[[Probe], Response | None]


@pytest.fixture
def here(tmp_path: Path) -> Callable[..., RunContext]:
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")

    def make(**settings: Any) -> RunContext:
        users = {name: UserSettings(name) for name in ("alice", "bob")}
        known = {"users": users, **settings}
        return RunContext(
            load_connector(path), Settings(tmp_path, "app", "https://app.example", **known)
        )

    return make


def always(status: int | None, body: str = "") -> App:
    def app(_: Probe) -> Response | None:
        return None if status is None else Response(status, (), body.encode(), 0.01)

    return app


def asked(plan: Any, app: App) -> list[Exchange]:
    return perform(plan, lambda probes: [Exchange(p, app(p), "timed out") for p in probes])


@pytest.mark.parametrize("status", [400, 404, 401, 500, None])
def test_no_answer_of_success_proves_no_separation(
    here: Callable[..., RunContext], status: int | None
) -> None:
    context = here(delegated=DelegatedSettings(private=("List",)))
    operation = context.connector.operation("List")
    exchanges = asked(separation_plan(context, operation), always(status))

    judgement, _ = judge_separation(context, operation, exchanges, CLAIMS)

    assert judgement.unverified


@pytest.mark.parametrize("status", [400, 404, 401, 500, None])
def test_no_answer_of_success_proves_that_nothing_bleeds(
    here: Callable[..., RunContext], status: int | None
) -> None:
    context = here()
    operation = context.connector.operation("List")
    exchanges = asked(bleed_plan(context, operation), always(status))

    assert judge_bleed(context, operation, exchanges, CLAIMS).unverified


def test_rounds_without_an_answer_prove_nothing(here: Callable[..., RunContext]) -> None:
    def app(probe: Probe) -> Response | None:
        return None if "mixed" in probe.key else Response(200, (), b"[]", 0.01)

    context = here()
    operation = context.connector.operation("List")
    exchanges = asked(bleed_plan(context, operation), app)

    judgement = judge_bleed(context, operation, exchanges, CLAIMS)

    assert "got no answer" in (judgement.unverified or "")


def test_an_operation_named_for_identity_must_answer_its_user(
    here: Callable[..., RunContext],
) -> None:
    def app(probe: Probe) -> Response:
        if probe.purpose == "delegated/session":
            return Response(200, (), b'{"authenticationToken": "s"}', 0.01)
        if probe.purpose == "delegated/login":
            return Response(302, (("Location", "https://login.example/authorize"),), b"", 0.01)
        if probe.purpose == "delegated/platform":
            claims = [{"typ": "upn", "val": f"{probe.caller.name}@contoso.example"}]
            return Response(200, (), json.dumps([{"user_claims": claims}]).encode(), 0.01)
        return Response(404, (), b"", 0.01)

    context = here(delegated=DelegatedSettings(identity=(IdentityPointer("Me", "/upn", "upn"),)))

    judgement, _ = judge_identity(context, asked(identity_plan(context), app), CLAIMS)

    assert judgement.findings == ()
    assert "Me, which [delegated] identity names, answered 404" in (judgement.unverified or "")


def test_a_refused_token_is_no_fault_of_the_function(here: Callable[..., RunContext]) -> None:
    row = AccessRow("List", expect={"alice": (200,)})
    context = here(delegated=DelegatedSettings(access=(row,)))

    judgement = judge_access(context, asked(access_plan(context), always(401)))

    assert judgement.findings == ()
    assert "tokens suite" in (judgement.unverified or "")


class Drawers:
    """An app in which everybody has a drawer of documents, empty at first."""

    def __init__(self, *, checks_owner: bool = True) -> None:
        self.owners: dict[str, str] = {}
        self.checks_owner = checks_owner

    def __call__(self, probe: Probe) -> Response:
        who, request = probe.caller.name, probe.request
        own = request.target.removeprefix("/docs").strip("/")
        if request.method == "POST":
            self.owners[f"doc-{len(self.owners) + 1}"] = who
            return Response(201, (), json.dumps({"id": [*self.owners][-1]}).encode(), 0.01)
        if not own:
            shown = [{"id": k} for k, owner in self.owners.items() if owner == who]
            return Response(200, (), json.dumps(shown).encode(), 0.01)
        if own not in self.owners or (self.checks_owner and self.owners[own] != who):
            return Response(404, (), b"", 0.01)
        if request.method == "DELETE":
            del self.owners[own]
        return Response(200, (), json.dumps({"id": own}).encode(), 0.01)


@pytest.mark.parametrize("checks", [True, False], ids=["checked", "not-checked"])
def test_where_lists_are_empty_an_object_is_made_to_ask_for(
    here: Callable[..., RunContext], checks: bool
) -> None:
    app, context = Drawers(checks_owner=checks), here(writes="all")
    operation = context.connector.operation("Get")

    exchanges = asked(separation_plan(context, operation), app)
    judgement, _ = judge_separation(context, operation, exchanges, CLAIMS)

    assert judgement.unverified is None
    assert judgement.skipped is None
    assert bool(judgement.findings) != checks
    assert app.owners == {}


def test_where_lists_are_empty_and_nothing_may_be_made_nothing_is_proved(
    here: Callable[..., RunContext],
) -> None:
    context = here()
    operation = context.connector.operation("Get")

    exchanges = asked(separation_plan(context, operation), Drawers())
    judgement, _ = judge_separation(context, operation, exchanges, CLAIMS)

    assert "[operations.Get] parameters" in (judgement.unverified or "")
