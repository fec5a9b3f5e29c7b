from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from harness.cli import main
from harness.connector.loading import load_connector

HELLO = {
    "get": {
        "operationId": "Hello",
        "summary": "Hello",
        "description": "Says hello.",
        "responses": {"200": {"description": "OK", "content": {"application/json": {}}}},
    }
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Greeting", "description": "Greets.", "version": "1"},
    "servers": [{"url": "https://myapp.azurewebsites.net/api"}],
    "paths": {"/hello": HELLO},
}


def written(folder: Path, document: Any = DOCUMENT) -> Path:
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


class _App(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(str(self.headers.get("Authorization")))
        found = self.path == "/api/openapi.json"
        body = json.dumps({**DOCUMENT, "servers": [{"url": "/api"}]}).encode("utf-8")
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(body if found else b"no")

    def log_message(self, *_args: Any) -> None:
        return


@pytest.fixture
def app() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _App)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_definition_is_written_and_loads(tmp_path: Path, capsys: Any) -> None:
    output = tmp_path / "apiDefinition.swagger.json"

    assert main(["import-openapi", str(written(tmp_path)), "-o", str(output)]) == 0

    connector = load_connector(output)
    assert (connector.host, connector.base_path) == ("myapp.azurewebsites.net", "/api")
    assert [operation.id for operation in connector.operations] == ["Hello"]
    assert main(["lint", str(output)]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out


def test_what_lint_would_say_is_said_at_once(tmp_path: Path, capsys: Any) -> None:
    assert main(["import-openapi", str(written(tmp_path, {**DOCUMENT, "servers": []}))]) == 0
    said = capsys.readouterr().err

    assert "the host is not known" in said
    assert "lint: warning: host is missing (target.host-left-over)" in said


def test_url_is_fetched_and_gives_the_host(app: str, capsys: Any) -> None:
    assert main(["import-openapi", f"{app}/api/openapi.json"]) == 0

    swagger = json.loads(capsys.readouterr().out)
    assert f"http://{swagger['host']}" == app
    assert swagger["basePath"] == "/api"
    assert _App.seen[-1] == "None"


def test_url_that_answers_no_document_is_one_line(app: str, capsys: Any) -> None:
    assert main(["import-openapi", f"{app}/nowhere"]) == 4
    said = capsys.readouterr().err

    assert "answered 404" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"info": {}}, "this is no OpenAPI document"),
        ({"openapi": "3.0.0"}, "has no `paths`"),
        ({**DOCUMENT, "openapi": "4.0.0"}, "OpenAPI 4.0.0 is not known"),
        ([], "this is no OpenAPI document"),
    ],
)
def test_what_is_no_openapi_is_one_line(
    tmp_path: Path, capsys: Any, document: Any, said: str
) -> None:
    assert main(["import-openapi", str(written(tmp_path, document))]) == 4
    assert said in capsys.readouterr().err


def test_swagger_2_is_taken_as_it_is(tmp_path: Path, capsys: Any) -> None:
    swagger = {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": {"/a": {}}}

    assert main(["import-openapi", str(written(tmp_path, swagger))]) == 0

    output, said = capsys.readouterr()
    assert json.loads(output) == swagger
    assert "this is Swagger 2.0 already" in said


def test_against_shows_what_the_connector_lacks_and_has_too_much(
    tmp_path: Path, capsys: Any
) -> None:
    output = tmp_path / "apiDefinition.swagger.json"
    source = written(tmp_path)
    main(["import-openapi", str(source), "-o", str(output)])
    capsys.readouterr()

    assert main(["import-openapi", str(source), "--against", str(output)]) == 0
    assert "the connector has every route" in capsys.readouterr().out
    moved = {**DOCUMENT, "paths": {"/goodbye": HELLO}}
    assert main(["import-openapi", str(written(tmp_path, moved)), "--against", str(output)]) == 0
    said = capsys.readouterr().out
    assert "The app has /goodbye (GET), which the connector does not describe" in said
    assert "has no route for GET /hello" in said
