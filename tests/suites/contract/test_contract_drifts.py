"""Whole rounds of plan, answer and judgement against a small app in memory that can drift."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Probe, Request, Response
from harness.findings.model import Finding, Judgement
from harness.settings.values import OperationSettings, Settings, UserSettings
from harness.suites.contract.judgement import judge_contract
from harness.suites.contract.plan import contract_plan

STATUSES = ["draft", "published", "archived"]
PROPERTIES = {
    "id": {"type": "string"},
    "title": {"type": "string", "minLength": 1, "maxLength": 80},
    "status": {"type": "string", "enum": STATUSES},
    "points": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100},
    "changed": {"type": "string", "format": "date-time"},
    "note": {"type": "string", "x-nullable": True},
    "tags": {"type": "array", "items": {"type": "string"}},
}
ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
REFUSALS = {
    code: {"description": "refused", "schema": {"$ref": "#/definitions/Error"}}
    for code in ("400", "404")
}
ID = {"name": "id", "in": "path", "required": True, "type": "string"}
BODY = {
    "name": "body",
    "in": "body",
    "required": True,
    "schema": {"$ref": "#/definitions/NewDocument"},
}


def operation(name: str, parameters: list[Any], success: dict[str, Any], **more: Any) -> Any:
    return {
        "operationId": name,
        "summary": name,
        "parameters": parameters,
        "responses": {**success, **REFUSALS},
        "produces": ["application/json"],
        "consumes": ["application/json"],
        **more,
    }


def answer_of(status: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {status: {"description": "done", "schema": schema, **more}}


DOCUMENT = {"$ref": "#/definitions/Document"}
DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "Documents", "version": "1"},
    "host": "documents.invalid",
    "basePath": "/api",
    "schemes": ["https"],
    "paths": {
        "/documents": {
            "get": operation(
                "ListDocuments",
                [
                    {"name": "status", "in": "query", "type": "string", "enum": STATUSES},
                    {
                        "name": "top",
                        "in": "query",
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 50,
                        "required": True,
                        "default": 10,
                    },
                ],
                answer_of(
                    "200",
                    {"type": "array", "items": DOCUMENT},
                    headers={"X-Total": {"type": "integer"}},
                ),
            ),
            "post": operation("CreateDocument", [BODY], answer_of("201", DOCUMENT)),
        },
        "/documents/{id}": {
            "get": operation("GetDocument", [ID], answer_of("200", DOCUMENT)),
            "put": operation("ReplaceDocument", [ID, BODY], answer_of("200", DOCUMENT)),
            "delete": operation("DeleteDocument", [ID], {"204": {"description": "gone"}}),
        },
        "/Hello": {
            "post": {
                "operationId": "Hello",
                "x-ms-safe-operation": True,
                "consumes": ["application/json"],
                "produces": ["text/plain"],
                "parameters": [
                    {
                        "name": "body",
                        "in": "body",
                        "schema": {
                            "type": "object",
                            "properties": {"name": {"type": "string", "example": "Marc"}},
                        },
                    }
                ],
                "responses": {"200": {"description": "hello", "schema": {"type": "string"}}},
            }
        },
    },
    "definitions": {
        "Document": {
            "type": "object",
            "required": ["id", "title", "status", "points", "changed", "tags"],
            "properties": PROPERTIES,
            "additionalProperties": False,
        },
        "NewDocument": {
            "type": "object",
            "required": ["title", "points"],
            "properties": {k: PROPERTIES[k] for k in ("title", "status", "points")},
            "additionalProperties": False,
        },
        "Error": ERROR,
    },
}


class App:
    """The app, correct unless `drifts` (name to a change of request or answer) say otherwise."""

    def __init__(self, drifts: dict[str, Callable[..., Any]] | None = None) -> None:
        self.drifts = drifts or {}
        self.documents = {f"doc-{n}": self.document(f"doc-{n}", n) for n in (1, 2)}
        self.created = 0
        self.requests: list[Request] = []

    @staticmethod
    def document(own: str, points: int, title: str = "A title", status: str = "draft") -> Any:
        return {
            "id": own,
            "title": title,
            "status": status,
            "points": points,
            "changed": "2024-05-01T12:00:00Z",
            "note": None,
            "tags": ["a"],
        }

    def __call__(self, probe: Probe) -> Response:
        self.requests.append(probe.request)
        request = probe.request
        for change in self.drifts.values():
            early = change("request", request)
            if isinstance(early, Response):
                return early
            request = early or request
        response = self.answer(request)
        for change in self.drifts.values():
            response = change("response", request, response) or response
        return response

    def answer(self, request: Request) -> Response:
        path, _, query = request.target.partition("?")
        match = re.fullmatch(r"/api/documents/([^/]+)", path)
        if match:
            return self.one(request, unquote(match[1]))
        if path == "/api/documents" and request.method == "GET":
            return self.listing(parse_qs(query, keep_blank_values=True))
        if path == "/api/documents" and request.method == "POST":
            return self.create(request)
        if path == "/api/Hello" and request.method == "POST":
            return self.hello(request)
        return Response(404, (), b"", 0.01)

    def one(self, request: Request, own: str) -> Response:
        if own not in self.documents:
            return reply(404, {"error": "no such document"})
        if request.method == "GET":
            return reply(200, self.documents[own])
        if request.method == "DELETE":
            del self.documents[own]
            return Response(204, (), b"", 0.01)
        if request.method != "PUT":
            return Response(404, (), b"", 0.01)
        fields = valid(request)
        if fields is None:
            return reply(400, {"error": "invalid"})
        self.documents[own] = self.document(own, **fields)
        return reply(200, self.documents[own])

    def listing(self, query: dict[str, list[str]]) -> Response:
        top, status = query.get("top", [""])[0], query.get("status", [None])[0]
        if not re.fullmatch(r"[1-9]\d?", top) or int(top) > 50:
            return reply(400, {"error": "top must be 1 to 50"})
        if status is not None and status not in STATUSES:
            return reply(400, {"error": "unknown status"})
        found = [d for d in self.documents.values() if status in (None, d["status"])]
        total = (("X-Total", str(len(found))),)
        return reply(200, found[: int(top)], total)

    def create(self, request: Request) -> Response:
        fields = valid(request)
        if fields is None:
            return reply(400, {"error": "invalid"})
        self.created += 1
        own = f"new-{self.created}"
        self.documents[own] = self.document(own, **fields)
        return reply(201, self.documents[own])

    def hello(self, request: Request) -> Response:
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("name", ""), str):
            return Response(400, (("Content-Type", "text/plain"),), b"bad name", 0.01)
        text = f"Hello, {body.get('name', 'nobody')}".encode("utf-8", "replace")
        return Response(200, (("Content-Type", "text/plain; charset=utf-8"),), text, 0.01)


def reply(status: int, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    content = json.dumps(body).encode()
    return Response(status, (("Content-Type", "application/json"), *headers), content, 0.01)


def valid(request: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(request.body or b"")
    except ValueError:
        return None
    if not isinstance(body, dict) or set(body) - {"title", "status", "points"}:
        return None
    title, points = body.get("title"), body.get("points")
    fitting_title = isinstance(title, str) and 1 <= len(title) <= 80
    whole = isinstance(points, (int, float)) and not isinstance(points, bool)
    fitting_points = whole and points == int(points) and 0 <= points <= 100
    if not fitting_title or not fitting_points or body.get("status", "draft") not in STATUSES:
        return None
    return {"title": title, "points": int(points), "status": body.get("status", "draft")}


def on_answer(status: int, change: Callable[[Any], Any], path: str = "") -> Callable[..., Any]:
    """A drift of the JSON answers with that status."""

    def drift(phase: str, request: Request, response: Response | None = None) -> Any:
        if phase == "request" or response is None or response.status != status:
            return None
        if path not in request.target:
            return None
        body = json.loads(response.body)
        for item in body if isinstance(body, list) else [body]:
            change(item)
        return reply(status, body, tuple(p for p in response.headers if p[0] == "X-Total"))

    return drift


def on_response(change: Callable[[Request, Response], Response | None]) -> Callable[..., Any]:
    def drift(phase: str, request: Request, response: Response | None = None) -> Any:
        return None if phase == "request" or response is None else change(request, response)

    return drift


def on_request(change: Callable[[Request], Any]) -> Callable[..., Any]:
    def drift(phase: str, request: Request, response: Response | None = None) -> Any:
        return change(request) if phase == "request" else None

    return drift


def with_body(response: Response, **changes: Any) -> Response:
    values = {
        "status": response.status,
        "headers": response.headers,
        "body": response.body,
        "seconds": response.seconds,
    }
    return Response(**{**values, **changes})


def put(name: str, value: Any) -> Callable[[Any], None]:
    return lambda item: item.__setitem__(name, value)


NOWHERE = Response(404, (), b"", 0.01)


def only(method: str, path: str, answer: Any) -> Callable[..., Any]:
    """A drift of the requests to one path (without query) and method."""

    def change(request: Request) -> Any:
        same = re.fullmatch(path, request.target.partition("?")[0]) is not None
        return answer(request) if same and request.method == method else None

    return on_request(change)


def renamed(old: str, new: str) -> Callable[..., Any]:
    def change(request: Request) -> Any:
        if request.target.startswith(new):
            return Request(
                request.method, old + request.target[len(new) :], request.headers, request.body
            )
        return NOWHERE if request.target.startswith(old) else None

    return on_request(change)


def method_changed(request: Request) -> Any:
    if request.target.startswith("/api/Hello"):
        return Request("POST", request.target, request.headers, request.body or b"{}")
    return None


def demands_header(request: Request) -> Any:
    if request.method == "GET" and request.header("x-tenant") is None:
        return reply(400, {"error": "the header 'X-Tenant' is required"})
    return None


def demands_status(request: Request) -> Any:
    if request.method == "POST" and b'"status"' not in (request.body or b""):
        return reply(400, {"error": "status is missing"})
    return None


def accepts_anything(request: Request) -> Any:
    if not request.target.startswith("/api/documents?"):
        return None
    return Request("GET", "/api/documents?top=10")


def fills_in_top(request: Request) -> Any:
    if request.target == "/api/documents":
        return Request("GET", "/api/documents?top=10") if request.method == "GET" else None
    return None


def fails_on_umlauts(request: Request) -> Any:
    text = (request.body or b"").decode("utf-8", "replace")
    return Response(500, (), b"", 0.01) if not text.isascii() else None


DRIFTS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "gone": (
        "ListDocuments",
        "contract.operation-gone",
        only("GET", "/api/documents", lambda _: NOWHERE),
    ),
    "gone-by-id": (
        "GetDocument",
        "contract.operation-gone",
        only("GET", "/api/documents/.+", lambda _: NOWHERE),
    ),
    "path-moved": ("Hello", "contract.moved", renamed("/api/Hello", "/api/Hellos")),
    "base-path": ("ListDocuments", "contract.base-path", renamed("/api/", "/api/v2/")),
    "status": (
        "CreateDocument",
        "contract.status",
        on_response(lambda _, r: with_body(r, status=202) if r.status == 201 else None),
    ),
    "server-error": ("CreateDocument", "contract.server-error", on_request(fails_on_umlauts)),
    "content-type": (
        "Hello",
        "contract.content-type",
        on_response(
            lambda q, r: (
                with_body(r, headers=(("Content-Type", "text/html"),))
                if r.status == 200 and "Hello" in q.target
                else None
            )
        ),
    ),
    "missing": ("GetDocument", "contract.body", on_answer(200, lambda d: d.pop("points"))),
    "type": ("GetDocument", "contract.body", on_answer(200, put("points", "5"))),
    "enum": ("GetDocument", "contract.body", on_answer(200, put("status", "maintenance"))),
    "format": (
        "GetDocument",
        "contract.body",
        on_answer(200, put("changed", "2024-05-01T12:00:00")),
    ),
    "extra": ("GetDocument", "contract.body", on_answer(200, put("surplus", 1))),
    "array-to-object": ("GetDocument", "contract.body", on_answer(200, put("tags", {"a": 1}))),
    "nested-item": ("ListDocuments", "contract.body", on_answer(200, put("tags", [7]), "top")),
    "null": ("GetDocument", "contract.null", on_answer(200, put("title", None))),
    "header": (
        "ListDocuments",
        "contract.headers",
        on_response(lambda _, r: with_body(r, headers=r.headers[:1])),
    ),
    "required-ignored": ("ListDocuments", "contract.required-ignored", on_request(fills_in_top)),
    "undocumented-required": (
        "ListDocuments",
        "contract.undocumented-required",
        on_request(demands_header),
    ),
    "optional-demanded": (
        "CreateDocument",
        "contract.undocumented-required",
        on_request(demands_status),
    ),
    "enum-refused": (
        "ListDocuments",
        "contract.valid-refused",
        on_request(lambda r: reply(400, {"error": "no"}) if "archived" in r.target else None),
    ),
    "all-refused": (
        "CreateDocument",
        "contract.valid-refused",
        only("POST", "/api/documents", lambda _: reply(400, {"error": "no"})),
    ),
    "slow": (
        "GetDocument",
        "contract.slow",
        on_response(
            lambda q, r: (
                with_body(r, seconds=121.0)
                if q.method == "GET" and "documents/" in q.target
                else None
            )
        ),
    ),
    "large": (
        "Hello",
        "contract.large",
        on_response(
            lambda q, r: (
                with_body(r, body=b"x" * 9_000_000)
                if r.status == 200 and "Hello" in q.target
                else None
            )
        ),
    ),
}


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cases")


@pytest.fixture(scope="session")
def definition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("connector") / "apiDefinition.swagger.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    return path


def context(definition: Path, **settings: Any) -> RunContext:
    known = {
        "root": definition.parent,
        "target_name": "documents",
        "target_url": "https://documents.invalid",
        "writes": "all",
        "users": {"alice": UserSettings("alice")},
        "examples": 12,
    }
    return RunContext(load_connector(definition), Settings(**{**known, **settings}))


def judged(app: App, here: RunContext, name: str, kept: Path) -> Judgement:
    own = here.connector.operation(name)
    exchanges: list[Exchange] = []
    plan = contract_plan(here, own, cache_dir=kept)
    try:
        batch = next(plan)
        while True:
            answers = [
                Exchange(probe, app(probe), id=f"x{len(exchanges) + n}")
                for n, probe in enumerate(batch)
            ]
            exchanges += answers
            batch = plan.send(answers)
    except StopIteration:
        return judge_contract(here, own, exchanges)


def worse(judgement: Judgement) -> list[Finding]:
    return [finding for finding in judgement.findings if finding.severity != "note"]


@pytest.mark.parametrize("seed", range(10))
def test_clean_app_is_silent(definition: Path, kept: Path, seed: int) -> None:
    here = context(definition, seed=seed)
    app = App()

    judgements = {o.id: judged(app, here, o.id, kept) for o in here.connector.operations}

    assert {name: worse(j) for name, j in judgements.items() if worse(j)} == {}
    assert {name: j.unverified for name, j in judgements.items() if j.unverified} == {}
    assert set(app.documents) == {"doc-1", "doc-2"}


@pytest.mark.parametrize("name", DRIFTS)
def test_drift_is_found_alone(definition: Path, kept: Path, name: str) -> None:
    own, rule, drift = DRIFTS[name]

    judgement = judged(App({name: drift}), context(definition), own, kept)

    errors = [finding.rule for finding in worse(judgement)]
    assert errors == [rule]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", DRIFTS)
def test_drift_is_found_with_any_seed(definition: Path, kept: Path, name: str, seed: int) -> None:
    own, rule, drift = DRIFTS[name]

    judgement = judged(App({name: drift}), context(definition, seed=seed), own, kept)

    assert rule in [finding.rule for finding in worse(judgement)]


def test_drifts_of_one_body_do_not_hide_each_other(definition: Path, kept: Path) -> None:
    names = ["missing", "enum", "format", "extra", "array-to-object", "null", "slow"]
    app = App({name: DRIFTS[name][2] for name in names})

    findings = worse(judged(app, context(definition), "GetDocument", kept))

    shown = {(f.rule, f.data.get("kind"), f.data.get("pointer")) for f in findings}
    assert shown == {
        ("contract.body", "required", "/points"),
        ("contract.body", "enum", "/status"),
        ("contract.body", "format", "/changed"),
        ("contract.body", "extra", "/surplus"),
        ("contract.body", "type", "/tags"),
        ("contract.null", "null", "/title"),
        ("contract.slow", None, None),
    }


def test_invalid_input_accepted_is_a_warning(definition: Path, kept: Path) -> None:
    app = App({"lax": on_request(accepts_anything)})

    findings = worse(judged(app, context(definition), "ListDocuments", kept))

    assert {f.severity for f in findings} == {"warning"}
    accepted = [f for f in findings if f.rule == "contract.invalid-accepted"]
    assert len(accepted) == 2
    assert {f.rule for f in findings if f not in accepted} <= {"contract.not-as-asked"}


def test_only_own_objects_are_changed(definition: Path, kept: Path) -> None:
    app = App()
    before = json.dumps(app.documents)

    for name in ("ReplaceDocument", "DeleteDocument", "CreateDocument"):
        judged(app, context(definition), name, kept)

    named = {r.target for r in app.requests if r.method in ("PUT", "DELETE", "PATCH")}
    assert json.dumps(app.documents) == before
    assert named
    assert all(target.startswith("/api/documents/new-") for target in named)


def test_token_that_is_refused_is_unverified(definition: Path, kept: Path) -> None:
    app = App({"door": on_request(lambda _: Response(401, (), b"", 0.01))})

    judgement = judged(app, context(definition), "ListDocuments", kept)

    assert worse(judgement) == []
    assert "token was refused" in (judgement.unverified or "")
    assert len(app.requests) < 5


def test_unknown_id_is_unverified_and_not_gone(definition: Path, kept: Path) -> None:
    app = App()
    app.documents.clear()

    judgement = judged(app, context(definition, writes="examples"), "GetDocument", kept)

    assert worse(judgement) == []
    assert "[operations.GetDocument]" in (judgement.unverified or "")


def test_object_is_made_for_a_reading_operation_where_the_list_is_empty(
    definition: Path, kept: Path
) -> None:
    app = App()
    app.documents.clear()

    judgement = judged(app, context(definition), "GetDocument", kept)

    assert (worse(judgement), judgement.unverified) == ([], None)
    assert ("POST", "/api/documents") in {(r.method, r.target) for r in app.requests}


def test_writes_none_sends_nothing_that_changes_state(definition: Path, kept: Path) -> None:
    app, here = App(), context(definition, writes="none")

    judgements = {o.id: judged(app, here, o.id, kept) for o in here.connector.operations}

    sent = {(r.method, r.target) for r in app.requests if r.method != "GET"}
    assert {target for _, target in sent} == {"/api/Hello"}
    assert "--writes is none" in (judgements["CreateDocument"].skipped or "")


def test_writes_examples_sends_only_given_inputs(definition: Path, kept: Path) -> None:
    given = {"CreateDocument": OperationSettings(body={"title": "T", "points": 1}, has_body=True)}
    app, here = App(), context(definition, writes="examples", operations=given)

    for own in here.connector.operations:
        judged(app, here, own.id, kept)

    writing = [r for r in app.requests if r.method != "GET" and "Hello" not in r.target]
    assert [(r.method, json.loads(r.body or b"")) for r in writing] == [
        ("POST", {"title": "T", "points": 1})
    ]


def test_finding_carries_a_request_to_repeat(definition: Path, kept: Path) -> None:
    own, _, drift = DRIFTS["type"]

    (finding,) = worse(judged(App({"type": drift}), context(definition), own, kept))

    assert finding.data["curl"] == (
        "curl -i -X GET https://documents.invalid/api/documents/doc-1 "
        "-H 'Authorization: Bearer <token of alice>'"
    )


def test_object_that_vanishes_meanwhile_is_no_drift(definition: Path, kept: Path) -> None:
    app = App()

    def vanish(request: Request) -> None:
        if request.target == "/api/documents/doc-1":
            app.documents.pop("doc-1", None)

    app.drifts["vanish"] = on_request(vanish)

    judgement = judged(app, context(definition), "GetDocument", kept)

    assert worse(judgement) == []
    assert judgement.unverified is None


def test_refused_guess_is_unverified_and_no_error(tmp_path: Path, kept: Path) -> None:
    document = json.loads(json.dumps(DEFINITION))
    tenant = {"name": "tenant", "in": "query", "type": "string", "required": True}
    document["paths"]["/documents"]["get"]["parameters"].append(tenant)
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    refuses = on_request(
        lambda r: reply(400, {"error": "no such thing"}) if "tenant=" in r.target else None
    )

    judgement = judged(App({"tenant": refuses}), context(path), "ListDocuments", kept)

    assert worse(judgement) == []
    assert "contract.valid-refused" in {f.rule for f in judgement.findings}
    assert "[operations.ListDocuments]" in (judgement.unverified or "")
