"""Separation of users on an app of nested objects, actions and webhooks, without an emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext, perform
from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.findings.model import Judgement
from harness.settings.values import DelegatedSettings, Settings, UserSettings
from harness.suites.delegated.judgement import judge_identity, judge_separation
from harness.suites.delegated.plan import separation_plan

ID, TASK = (
    {"name": name, "in": "path", "required": True, "type": "string"} for name in ("id", "taskId")
)
HOOK = {
    "name": "body",
    "in": "body",
    "required": True,
    "schema": {
        "type": "object",
        "properties": {"url": {"type": "string", "x-ms-notification-url": True}},
    },
}
TITLE = {
    "name": "body",
    "in": "body",
    "required": True,
    "schema": {
        "type": "object",
        "required": ["title"],
        "properties": {"title": {"type": "string"}},
    },
}


def operation(name: str, *parameters: Any) -> dict[str, Any]:
    return {"operationId": name, "parameters": parameters, "responses": {"200": {}}}


PATHS = {
    "/projects": {"get": operation("List"), "post": operation("Create", TITLE)},
    "/projects/{id}": {"delete": operation("Delete", ID), "get": operation("Get", ID)},
    "/projects/{id}/close": {"post": operation("Close", ID)},
    "/projects/{id}/tasks": {"get": operation("Tasks", ID)},
    "/projects/{id}/tasks/{taskId}": {"get": operation("Task", ID, TASK)},
    "/hooks": {"post": operation("Hook", HOOK)},
    "/hooks/{id}": {"delete": operation("Unhook", ID)},
}
CLAIMS = {"alice": {"upn": "alice@example.com"}, "bob": {"upn": "bob@example.com"}}


@pytest.fixture
def here(tmp_path: Path) -> Callable[..., RunContext]:
    document = {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": PATHS}
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(document), encoding="utf-8")

    def make(*private: str) -> RunContext:
        return RunContext(
            load_connector(path),
            Settings(
                tmp_path,
                "a",
                "https://a.invalid",
                writes="all",
                users={name: UserSettings(name, f"{name}@example.com") for name in CLAIMS},
                delegated=DelegatedSettings(private=private),
            ),
        )

    return make


class App:
    """Two users with a project each and a task in it; checks owners, unless told not to."""

    def __init__(self, *, checks_tasks: bool = True, shows_all: bool = False) -> None:
        self.checks_tasks = checks_tasks
        self.shows_all = shows_all
        self.asked: list[str] = []
        self.made: dict[str, str] = {}

    def send(self, probes: list[Probe]) -> list[Exchange]:
        return [Exchange(probe, self.answer(probe), id=probe.key) for probe in probes]

    def answer(self, probe: Probe) -> Response:
        request, who = probe.request, probe.caller.name
        self.asked.append(f"{request.method} {request.target} {who}")
        status, body = self.found(request.method, request.target.partition("?")[0], who)
        content = b"" if body is None else json.dumps(body).encode()
        return Response(status, (("Content-Type", "application/json"),), content, 0.01)

    def found(self, method: str, path: str, who: str) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        owner = self.made.get(parts[1]) or parts[1][2:] if len(parts) > 1 else who
        if path == "/projects" and method == "POST":
            self.made[f"new{len(self.made)}"] = who
            return 201, {"projectId": list(self.made)[-1]}
        if path == "/projects":
            names = [*CLAIMS] if self.shows_all else [who]
            return 200, [{"projectId": f"p-{name}", "title": "x"} for name in names]
        if len(parts) == 4:
            allowed = owner == who or not self.checks_tasks
            return (200, {"taskId": parts[3], "text": "t"}) if allowed else (404, None)
        if owner != who:
            return 404, None
        if parts[-1] == "tasks":
            return 200, [{"taskId": f"t-{who}"}]
        return 200, {"projectId": parts[1]}


def judged(context: RunContext, app: App, name: str) -> Judgement:
    asked = context.connector.operation(name)
    exchanges = perform(separation_plan(context, asked), app.send)
    return judge_separation(context, asked, exchanges, CLAIMS)[0]


def test_owner_check_that_is_missing_below_a_nested_id_is_found(
    here: Callable[..., RunContext],
) -> None:
    judgement = judged(here(), App(checks_tasks=False), "Task")

    (finding, *_) = judgement.findings
    assert (finding.rule, finding.caller) == ("delegated.foreign-object", "bob")
    assert "p-alice/t-alice" in finding.observed


def test_app_that_checks_owners_below_nested_ids_is_silent(here: Callable[..., RunContext]) -> None:
    app = App()

    judgement = judged(here(), app, "Task")

    assert judgement == Judgement()
    assert "GET /projects/p-alice/tasks/t-alice bob" in app.asked


def test_webhook_is_never_registered_to_try_its_removal(here: Callable[..., RunContext]) -> None:
    app = App()

    judgement = judged(here(), app, "Unhook")

    assert app.asked == []
    assert judgement.skipped


def test_action_on_an_object_is_tried_by_the_other_user(here: Callable[..., RunContext]) -> None:
    app = App()

    judgement = judged(here(), app, "Close")

    assert judgement.findings == ()
    assert [a.split()[-1] for a in app.asked if "/close" in a] == ["bob"]
    assert app.asked[-1].startswith("DELETE /projects/new0 alice")


def test_shared_records_of_a_private_list_are_an_error(here: Callable[..., RunContext]) -> None:
    judgement = judged(here("List"), App(shows_all=True), "List")

    assert [(f.rule, f.severity) for f in judgement.findings] == [("delegated.leak", "error")]


def test_private_object_that_nobody_owns_alone_is_unverified(
    here: Callable[..., RunContext],
) -> None:
    quiet = [
        replace(c, settings=replace(c.settings, writes="examples")) for c in (here("Get"), here())
    ]

    assert "private" in str(judged(quiet[0], App(shows_all=True), "Get").unverified)
    assert "--writes all" in str(judged(quiet[1], App(shows_all=True), "Get").skipped)


def test_private_object_is_judged_by_one_that_the_run_made(here: Callable[..., RunContext]) -> None:
    assert judged(here("Get"), App(shows_all=True), "Get") == Judgement()


@pytest.mark.parametrize(
    ("names", "rules"),
    [
        (("svc@example.com", "svc@example.com"), ["delegated.app-identity"]),
        (("alice@example.com", "bob@example.com"), []),
        (("a.smith@example.com", "b.jones@example.com"), []),
    ],
    ids=["the app's own", "their own", "other addresses of theirs"],
)
def test_name_that_every_user_is_told_and_nobody_has_is_a_warning(
    here: Callable[..., RunContext], names: tuple[str, str], rules: list[str]
) -> None:
    told = [
        Exchange(
            Probe(f"i/{who}", "List", user(who), Request("GET", "/me"), "delegated/identity"),
            Response(200, (), json.dumps({"user": {"upn": name}}).encode(), 0.1),
        )
        for who, name in zip(CLAIMS, names, strict=True)
    ]

    judgement, _ = judge_identity(here(), told, CLAIMS)

    assert [f.rule for f in judgement.findings] == rules
    assert all(f.severity == "warning" for f in judgement.findings)
