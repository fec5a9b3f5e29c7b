"""What an anonymous caller sends, and when it stops: against an app made of one function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector, Operation
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import Exchange, Probe, Response
from harness.inputs.harmless import door_request
from harness.settings.values import AnonymousSettings, OperationSettings, Settings
from harness.suites.anonymous.plan import anonymous_plan, app_plan
from harness.suites.anonymous.tricks import TRICK_FAMILIES, tricks_for

Door = Callable[[Probe], Response]
APP = "https://app.example.net"
DEFINITION = """
{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "basePath": "/api", "paths": {
  "/docs": {
    "get": {"operationId": "List", "responses": {"200": {"description": "ok"}}},
    "post": {"operationId": "Create", "responses": {"201": {"description": "ok"}}, "parameters": [
      {"name": "body", "in": "body", "required": true, "schema": {"type": "object"}}]}},
  "/docs/{id}": {
    "parameters": [{"name": "id", "in": "path", "required": true, "type": "string"}],
    "get": {"operationId": "Get", "responses": {"200": {"description": "ok"}}},
    "delete": {"operationId": "Delete", "responses": {"204": {"description": "ok"}}}},
  "/health": {"get": {"operationId": "Health", "responses": {"200": {"description": "ok"}}}},
  "/run": {"post": {"operationId": "Run", "responses": {"200": {"description": "ok"}}}}}}
"""


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(DEFINITION, encoding="utf-8")
    return load_connector(path)


@pytest.fixture
def situate(connector: Connector, tmp_path: Path) -> Callable[..., RunContext]:
    def make(quick: bool = False, **settings: object) -> RunContext:
        settings.setdefault("operations", {"Get": OperationSettings({"id": "doc-1"})})
        values = Settings(tmp_path, "app", APP, **settings)  # type: ignore[arg-type]
        return RunContext(connector, values, quick)

    return make


def response(status: int, body: str = "", **headers: str) -> Response:
    return Response(status, tuple(headers.items()), body.encode("utf-8"), 0.01)


def shut(_: Probe) -> Response:
    return response(401)


def drive(plan: Plan, door: Door) -> list[Exchange]:
    done: list[Exchange] = []
    batch = next(plan, None)
    while batch is not None:
        exchanges = [Exchange(probe, door(probe)) for probe in batch]
        done.extend(exchanges)
        try:
            batch = plan.send(exchanges)
        except StopIteration:
            batch = None
    return done


def sent(exchanges: list[Exchange], part: str) -> list[str]:
    requests = [e.probe.request for e in exchanges if e.probe.meta["part"] == part]
    return [f"{request.method} {request.target}" for request in requests]


def tried(context: RunContext, operation: str, door: Door = shut) -> list[Exchange]:
    return drive(anonymous_plan(context, context.connector.operation(operation)), door)


def test_api_client_and_browser_go_first_and_the_browser_visits(
    situate: Callable[..., RunContext],
) -> None:
    assert sent(tried(situate(), "Get"), "plain") == ["GET /api/docs/doc-1", "GET /api/docs/doc-1"]
    assert sent(tried(situate(), "Create"), "plain") == ["GET /api/docs", "GET /api/docs"]


def test_an_operations_own_method_comes_after_the_visit_was_refused(
    situate: Callable[..., RunContext],
) -> None:
    def open_door(_: Probe) -> Response:
        return response(404)

    assert sent(tried(situate(quick=True), "Create"), "own") == ["POST /api/docs"]
    assert sent(tried(situate(quick=True), "Create", open_door), "own") == []
    assert sent(tried(situate(quick=True, writes="none"), "Create"), "own") == []


def test_only_the_visit_has_a_browsers_user_agent(situate: Callable[..., RunContext]) -> None:
    exchanges = tried(situate(writes="all"), "Delete")

    browsers = [
        e.probe for e in exchanges if "Mozilla" in (e.probe.request.header("user-agent") or "")
    ]

    assert [(p.request.method, p.meta["client"]) for p in browsers] == [("GET", "browser")]


def test_a_call_that_may_change_state_names_and_creates_nothing(
    situate: Callable[..., RunContext],
) -> None:
    exchanges = tried(situate(writes="all"), "Create") + tried(situate(writes="all"), "Delete")

    writes = [e.probe.request for e in exchanges if e.probe.request.method not in ("GET", "HEAD")]

    assert all("doc-1" not in request.target for request in writes)
    assert {r.body for r in writes if r.method == "POST"} == {b'{"harness-probe": '}


def test_a_write_in_place_of_a_read_names_nothing_real(situate: Callable[..., RunContext]) -> None:
    exchanges = tried(situate(writes="all"), "Get")

    writes = [line for line in sent(exchanges, "trick") if line.startswith(("PUT", "PATCH"))]

    assert writes == [
        "PUT /api/docs/harness-probe-of-nothing",
        "PATCH /api/docs/harness-probe-of-nothing",
    ]


@pytest.mark.parametrize("mode", ["none", "examples"])
def test_other_methods_that_write_obey_the_writes_setting(
    situate: Callable[..., RunContext], mode: str
) -> None:
    methods = {line.split()[0] for line in sent(tried(situate(writes=mode), "Get"), "trick")}

    assert methods == {"GET", "HEAD", "OPTIONS"}


def test_the_first_operation_of_a_path_plays_the_methods_that_none_declares(
    situate: Callable[..., RunContext],
) -> None:
    def played(operation: str) -> list[str]:
        lines = sent(tried(situate(writes="all"), operation), "trick")
        return [line.split()[0] for line in lines if line.endswith(("/docs", "/api/docs"))]

    assert set(played("List")) == {"GET", "HEAD", "OPTIONS"}
    assert set(played("Create")) == {"GET", "POST"}


@pytest.mark.parametrize("mode", ["none", "examples", "all"])
def test_what_has_nothing_to_falsify_is_visited_only(
    situate: Callable[..., RunContext], mode: str
) -> None:
    methods = {e.probe.request.method for e in tried(situate(writes=mode), "Run")}

    assert methods <= {"GET", "HEAD", "OPTIONS"}


def test_path_tricks_go_out_verbatim(situate: Callable[..., RunContext]) -> None:
    targets = [line.split()[1] for line in sent(tried(situate(), "Get"), "trick")]

    assert targets[:10] == [
        "/API/DOCS/doc-1",
        "/api/docs/doc-1/",
        "//api/docs/doc-1",
        "/api//docs/doc-1",
        "/api/%64ocs/doc-1",
        "/API/docs/doc-1",
        "/%61pi/docs/doc-1",
        "/api/./docs/doc-1",
        "/api/harness-no-such-path/../docs/doc-1",
        "/api/harness-no-such-path/%2e%2e/docs/doc-1",
    ]


def test_a_public_path_serves_as_a_way_in(situate: Callable[..., RunContext]) -> None:
    context = situate(anonymous=AnonymousSettings(public=("Health",)))

    targets = [line.split()[1] for line in sent(tried(context, "List"), "trick")]

    assert "/api/health/../../api/docs" in targets


def test_the_same_trick_on_a_nonsense_path_answers_doubt(
    situate: Callable[..., RunContext],
) -> None:
    def door(probe: Probe) -> Response:
        return response(404 if probe.meta.get("trick") in ("encoded-letter", "case") else 401)

    controls = sent(tried(situate(), "Get", door), "nonsense")

    assert controls == [
        "GET /API/HARNESS-NO-SUCH-PATH/doc-1",
        "GET /api/%68arness-no-such-path/doc-1",
    ]


def test_no_trick_is_played_where_the_door_is_open(situate: Callable[..., RunContext]) -> None:
    assert sent(tried(situate(), "Get", lambda _: response(200, "{}")), "trick") == []


def test_a_quick_run_sends_the_plain_calls_only(situate: Callable[..., RunContext]) -> None:
    assert len(tried(situate(quick=True), "Get")) == 2


def test_a_full_run_stays_within_the_documented_number(
    situate: Callable[..., RunContext],
) -> None:
    public = AnonymousSettings(public=("Health",))

    assert len(tried(situate(writes="all", anonymous=public), "Get")) == 32
    assert len(tried(situate(anonymous=public), "Get")) == 28
    assert len(tried(situate(anonymous=public), "Delete")) == 51


def test_tricks_on_writes_stop_at_the_first_success(situate: Callable[..., RunContext]) -> None:
    def door(probe: Probe) -> Response:
        return response(200 if probe.meta.get("trick") == "leading-slashes-delete" else 401)

    assert sent(tried(situate(), "Delete", door), "trick")[-1] == (
        "DELETE //api/docs/harness-probe-of-nothing"
    )


def test_no_write_goes_out_where_a_reading_trick_is_let_in(
    situate: Callable[..., RunContext],
) -> None:
    def door(probe: Probe) -> Response:
        return response(200 if probe.meta.get("trick") == "leading-slashes" else 401)

    methods = {e.probe.request.method for e in tried(situate(writes="all"), "Delete", door)}

    assert methods <= {"GET", "HEAD", "OPTIONS"}


def test_a_redirect_within_the_host_is_followed_and_never_off_it(
    situate: Callable[..., RunContext],
) -> None:
    def door(probe: Probe) -> Response:
        if probe.request.target == "/api/docs":
            return response(302, location="/.auth/login/aad")
        return response(302, location="https://evil.example/authorize")

    targets = sent(tried(situate(quick=True), "List", door), "plain")

    assert targets == ["GET /api/docs"] * 2 + ["GET /.auth/login/aad"] * 2


def test_a_redirect_loop_ends(situate: Callable[..., RunContext]) -> None:
    def door(probe: Probe) -> Response:
        return response(302, location=f"{probe.request.target}x")

    assert len(tried(situate(quick=True), "List", door)) == 8


def test_an_app_that_checks_tokens_itself_is_asked_what_it_recognises(
    situate: Callable[..., RunContext],
) -> None:
    def door(probe: Probe) -> Response:
        return response(401 if probe.request.body == b'{"name": "x"}' else 400)

    context = situate(
        anonymous=AnonymousSettings(enforced_by="app"),
        operations={"Create": OperationSettings(body={"name": "x"}, has_body=True)},
        quick=True,
    )

    assert sent(tried(context, "Create", door), "recognised") == ["POST /api/docs"]


def test_every_probe_has_a_key_of_its_own_and_plain_meta(
    situate: Callable[..., RunContext],
) -> None:
    exchanges = tried(
        situate(writes="all"), "Get", lambda p: response(404 if "trick" in p.meta else 401)
    )
    keys = [e.probe.key for e in exchanges]

    assert len(set(keys)) == len(keys)
    assert all(
        isinstance(value, (str, int, bool, type(None)))
        for e in exchanges
        for value in e.probe.meta.values()
    )


def test_every_family_of_tricks_has_words(situate: Callable[..., RunContext]) -> None:
    context = situate(writes="all")
    operation: Operation = context.connector.operation("Get")
    plain = door_request(context, operation)
    assert plain is not None

    families = {trick.family for trick in tricks_for(context, operation, plain)}

    assert families == set(TRICK_FAMILIES)


@pytest.mark.parametrize(
    ("url", "scm"),
    [
        ("https://myapp.azurewebsites.net", "https://myapp.scm.azurewebsites.net"),
        (
            "https://myapp-abc123.westeurope-01.azurewebsites.net",
            "https://myapp-abc123.scm.westeurope-01.azurewebsites.net",
        ),
        ("https://myapp.azurewebsites.us", "https://myapp.scm.azurewebsites.us"),
        ("https://api.contoso.example", None),
        ("https://127.0.0.1:8443", None),
    ],
)
def test_the_deployment_site_is_asked_where_there_is_one(
    connector: Connector, tmp_path: Path, url: str, scm: str | None
) -> None:
    context = RunContext(connector, Settings(tmp_path, "app", url))

    probes = next(app_plan(context))

    origins = {p.request.origin for p in probes if str(p.meta["check"]).startswith("scm")}
    assert origins == ({scm} if scm else set())
