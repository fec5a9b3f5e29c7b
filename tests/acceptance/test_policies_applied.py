"""Whole runs against an app that only answers what the platform would send."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import Runner

ITEM = {
    "type": "object",
    "required": ["id", "labels"],
    "properties": {
        "id": {"type": "string"},
        "labels": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
            },
        },
    },
}
PATHS = {
    "/items": {
        "get": {
            "operationId": "ListItems",
            "summary": "List items",
            "description": "Lists items.",
            "responses": {
                "200": {"description": "Items", "schema": {"type": "array", "items": ITEM}}
            },
        }
    },
    "/old/items/{id}": {
        "get": {
            "operationId": "GetItem",
            "summary": "Get item",
            "description": "Gets an item.",
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "responses": {
                "200": {"description": "Item", "schema": ITEM},
                "404": {"description": "No such item"},
            },
        }
    },
}
PREFIX = "x-ms-apimTemplateParameter."


def policy(template: str, section: str = "Request", *, only: str = "", **values: str) -> Any:
    parameters: dict[str, Any] = {f"{PREFIX}{name}": value for name, value in values.items()}
    parameters["x-ms-apimTemplate-policySection"] = section
    if only:
        parameters["x-ms-apimTemplate-operationName"] = [only]
    return {"templateId": template, "title": template, "parameters": parameters}


POLICIES = [
    policy("dynamicHostUrl", urlTemplate="https://@connectionParameters('site').example/v2/"),
    policy("routerequesttoendpoint", only="GetItem", newPath="/things/{id}"),
    policy("setheader", name="X-Region", value="@connectionParameters('region','eu')"),
    policy("setqueryparameter", name="api-version", value="3", existsAction="override"),
    policy(
        "convertobjecttoarray",
        "Response",
        only="GetItem",
        propertyParentPath="@body()",
        propertySubPath="labels",
        newPropertyPath="@body().labels",
        keyName="name",
    ),
    policy(
        "convertobjecttoarray",
        "Response",
        only="ListItems",
        propertyParentPath="@body()",
        propertySubPath="labels",
        newPropertyPath="@item().labels",
        keyName="name",
    ),
]


class App:
    """Answers `/v2/items` and `/v2/things/7` with the key, the region and the version."""

    def __init__(self) -> None:
        app = self
        self.seen: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                app.seen.append(f"{self.command} {self.path}")
                status, document = app.answer(self)
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler) -> tuple[int, Any]:
        parts = urlsplit(request.path)
        if request.headers.get("X-Api-Key") not in ("alice-key-0123456789", "bob-key-0123456789"):
            return 401, {"error": "a key is needed"}
        if request.headers.get("X-Region") != "north":
            return 400, {"error": "a region is needed"}
        if parse_qs(parts.query).get("api-version") != ["3"]:
            return 400, {"error": "a version is needed"}
        item = {"id": "7", "labels": {"red": {}, "blue": {}}}
        if request.command not in ("GET", "HEAD"):
            return 405, {}
        if parts.path == "/v2/items":
            return 200, [item]
        if parts.path == "/v2/things/7":
            return 200, item
        return 404, {"error": "no such thing"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    running = App()
    definition = {
        "swagger": "2.0",
        "info": {"title": "Things", "version": "1", "description": "Things."},
        "host": "api.example",
        "basePath": "/api",
        "schemes": ["https"],
        "produces": ["application/json"],
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
        "security": [{"key": []}],
        "paths": PATHS,
    }
    properties = {
        "properties": {
            "connectionParameters": {
                "api_key": {"type": "securestring"},
                "site": {"type": "string"},
                "region": {"type": "string"},
            },
            "iconBrandColor": "#112233",
            "capabilities": [],
            "policyTemplateInstances": POLICIES,
        }
    }
    for name, content in (
        ("apiDefinition.swagger.json", definition),
        ("apiProperties.json", properties),
    ):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "connector-harness.toml").write_text(
        """
[connection]
site = "contoso"
region = "north"
[users.alice]
connection = { api_key = "alice-key-0123456789" }
[users.bob]
connection = { api_key = "bob-key-0123456789" }
[operations.GetItem]
parameters = { id = "7" }
[delegated]
identity = "none"
""",
        encoding="utf-8",
    )
    yield running
    running.server.shutdown()
    running.server.server_close()


LIVE = "anonymous or tokens or contract"


def test_app_is_not_blamed_for_what_policies_do(run_pytest: Runner, app: App) -> None:
    ran = run_pytest("--function-app", app.url, "-m", LIVE)

    assert ran.rules() == set(), ran.output
    assert ran.status == 0, ran.output
    assert any(line.startswith("GET /v2/things/7?api-version=3") for line in app.seen)
    assert not [line for line in app.seen if "/old/" in line or "/api/items" in line]
    flows = [e["request"]["flow"]["url"] for e in ran.report["exchanges"] if "flow" in e["request"]]
    assert any(url.endswith("/api/old/items/7") for url in flows)


def test_missing_connection_value_is_unverified_with_the_line_that_helps(
    run_pytest: Runner, app: App, tmp_path: Path
) -> None:
    path = tmp_path / "connector-harness.toml"
    text = path.read_text(encoding="utf-8").replace('site = "contoso"\n', "")
    path.write_text(text, encoding="utf-8")

    ran = run_pytest("--function-app", app.url, "-m", LIVE)

    assert ran.status == 6, ran.output
    assert ran.rules() == set()
    assert "@connectionParameters('site')" in ran.output
    assert '[connection] site = "…"' in ran.output
