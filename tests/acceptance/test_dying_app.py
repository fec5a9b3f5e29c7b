"""An app that dies in the middle of a run ends it soon, and what was not asked is unverified."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .conftest import Runner

OPERATIONS = 40
LIVES_FOR = 60
"""Requests that the app answers before it is gone."""


def dying_app() -> ThreadingHTTPServer:
    """A server whose door is shut, and which is gone after so many answers."""
    answered = 0
    counting = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal answered
            with counting:
                answered += 1
                is_last = answered == LIVES_FOR
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Bearer realm="app"')
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            if is_last:
                threading.Thread(target=leave, daemon=True).start()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    def leave() -> None:
        server.shutdown()
        server.server_close()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


def test_run_ends_soon_after_the_app_is_gone(run_pytest: Runner, tmp_path: Path) -> None:
    server = dying_app()
    paths = {
        f"/things{n}": {
            "get": {"operationId": f"List{n}", "responses": {"200": {"description": "ok"}}}
        }
        for n in range(OPERATIONS)
    }
    definition = {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    (tmp_path / "apiDefinition.swagger.json").write_text(json.dumps(definition), encoding="utf-8")

    ran = run_pytest(
        "--function-app", f"http://127.0.0.1:{server.server_address[1]}", "-m", "anonymous"
    )

    outcomes = [check["outcome"] for check in ran.report["checks"]]
    assert ran.status == 6, ran.output
    assert "failed" not in outcomes
    assert outcomes.count("unverified") > OPERATIONS / 2
    assert ran.report["requests"]["retried"] < 20
    assert "the app is gone" in ran.output
