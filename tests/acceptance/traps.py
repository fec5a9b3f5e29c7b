"""A function app made to be harmed: it takes every body for a good one and counts what changes.

Singletons, /purge, DELETE /all, bulk endpoints, webhooks, backends that overwrite.
Every record stands there before a run; whatever a run leaves changed shows in `checksum`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KINDS = ("items", "tasks", "notes", "subscriptions", "hooks", "named")
READING = ("GET", "HEAD", "OPTIONS")


class Traps:
    """The app's state; every request that may change something is noted."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.state: dict[str, Any] = {
            kind: {f"rec-{n}": {"id": f"rec-{n}", "name": f"old {n}"} for n in range(1, 6)}
            for kind in KINDS
        }
        self.state["settings"] = {"theme": "dark"}
        self.state["me"] = {"name": "Alice"}
        self.writes: list[str] = []
        self.made = 0

    def left(self) -> str:
        """What the app holds that it did not hold at first, and what it lost."""
        now = {f"{kind}/{own}": text for kind, own, text in _flat(self.state)}
        then = {f"{kind}/{own}": text for kind, own, text in _flat(Traps().state)}
        return "\n".join(
            f"{key}: {then.get(key)} -> {now.get(key)}"
            for key in sorted({*now, *then})
            if now.get(key) != then.get(key)
        )

    def checksum(self) -> str:
        """A hash of everything that the app holds."""
        return hashlib.sha256(json.dumps(self.state, sort_keys=True).encode()).hexdigest()

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Do what is asked, whatever it is."""
        with self.lock:
            parts = urlsplit(target)
            segments = [unquote(s) for s in parts.path.split("/") if s][1:]
            if method not in READING:
                self.writes.append(f"{method} {target} {body[:80]!r}")
            try:
                given = json.loads(body) if body else {}
            except ValueError:
                given = {}  # tolerant: what cannot be parsed is taken for empty
            given = given if isinstance(given, dict) else {}
            return self._do(method, segments, given, parse_qs(parts.query))

    def _do(
        self, method: str, path: list[str], given: dict[str, Any], query: dict[str, list[str]]
    ) -> tuple[int, Any]:
        if path in (["settings"], ["me"]):
            if method in ("PUT", "PATCH", "POST"):
                self.state[path[0]] = given
            return 200, self.state[path[0]]
        if path in (["all"], ["purge"]) and method in ("DELETE", "POST"):
            for kind in KINDS:
                self.state[kind].clear()
            return 200, {}
        if path == ["query-delete"] and method == "DELETE":
            self.state["items"].pop((query.get("id") or ["rec-1"])[0], None)
            return 200, {}
        if path == ["bulk"] and method == "POST":
            for each in given.get("ids") or ["rec-4"]:
                self.state["items"].pop(str(each), None)
            return 200, {}
        if len(path) in (1, 2) and path[0] in KINDS:
            return self._records(method, path, given)
        return 404, None

    def _records(self, method: str, path: list[str], given: dict[str, Any]) -> tuple[int, Any]:
        records = self.state[path[0]]
        if len(path) == 1:
            if method == "GET":
                return 200, list(records.values())
            if method == "POST":
                own = str(given.get("id") or self._by_name(path[0], given) or self._new())
                records[own] = {"id": own, "name": given.get("name", "")}
                return 201, records[own]
            if method == "DELETE":
                records.clear()
                return 204, None
            return 405, None
        own = path[1]
        if method in ("PUT", "PATCH"):
            own = str(given.get("id") or own)  # the body's id wins, and a new one is stored
            records[own] = {"id": own, "name": given.get("name", "")}
            return 200, records[own]
        if own not in records:
            return 404, None
        if method == "DELETE":
            del records[own]
            return 204, None
        return 200, records[own]

    def _new(self) -> str:
        self.made += 1
        return f"new-{self.made}"

    def _by_name(self, kind: str, given: dict[str, Any]) -> str | None:
        """The record of that name: this backend knows its records by another key than the id."""
        if kind != "named":
            return None
        records = self.state[kind].values()
        return next((r["id"] for r in records if r["name"] == given.get("name")), None)


def _flat(state: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for kind, records in state.items():
        for own, record in records.items():
            yield kind, own, json.dumps(record)


@contextmanager
def serving(traps: Traps) -> Iterator[str]:
    """The address of a running app."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, answer = traps.answer(self.command, self.path, body)
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what arrives is counted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


RECORD = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
}
FROM_EXAMPLE = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "string", "example": "rec-4"},
        "name": {"type": "string", "example": "old 4"},
    },
}


def _body(schema: dict[str, Any] = FROM_EXAMPLE) -> dict[str, Any]:
    return {"name": "body", "in": "body", "required": True, "schema": schema}


def _operation(name: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    answers = {
        code: {"description": "ok", **({"schema": RECORD} if code != "204" else {})}
        for code in ("200", "201", "204", "404", "405")
    }
    return {"operationId": name, "responses": answers, "parameters": [*parameters], **more}


def _crud(kind: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    one = {"name": "id", "in": "path", "required": True, "type": "string", "x-example": "rec-3"}
    listed = _operation(f"List-{kind}")
    listed["responses"]["200"]["schema"] = {"type": "array", "items": RECORD}
    return {
        f"/{kind}": {
            "get": listed,
            "post": _operation(f"Create-{kind}", _body(schema), **more),
        },
        f"/{kind}/{{id}}": {
            "get": _operation(f"Get-{kind}", one),
            "put": _operation(f"Put-{kind}", one, _body(schema)),
            "patch": _operation(f"Patch-{kind}", one, _body(schema)),
            "delete": _operation(f"Delete-{kind}", one),
        },
    }


BY_NAME = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "example": "old 2"}},
}
WEBHOOK = {
    "type": "object",
    "properties": {"url": {"type": "string", "x-ms-notification-url": True}},
}
UNMARKED = {
    "type": "object",
    "properties": {"callbackUrl": {"type": "string"}, "name": {"type": "string"}},
}
NOTES = {k: v for k, v in _crud("notes", FROM_EXAMPLE).items() if k == "/notes"}
DEFINITION: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Traps", "version": "1"},
    "host": "traps.example",
    "basePath": "/api",
    "schemes": ["https"],
    "securityDefinitions": {
        "oauth": {
            "type": "oauth2",
            "flow": "accessCode",
            "authorizationUrl": "https://login.microsoftonline.com/common/oauth2/authorize",
            "tokenUrl": "https://login.microsoftonline.com/common/oauth2/token",
            "scopes": {},
        }
    },
    "security": [{"oauth": []}],
    "paths": {
        **_crud("items", FROM_EXAMPLE),
        **_crud("named", BY_NAME),
        **_crud("tasks", FROM_EXAMPLE, **{"x-ms-no-generic-test": True}),
        **_crud("subscriptions", WEBHOOK),
        **_crud("hooks", UNMARKED),
        **NOTES,
        "/settings": {
            "get": _operation("GetSettings"),
            "put": _operation("PutSettings", _body()),
            "patch": _operation("PatchSettings", _body()),
        },
        "/me": {"get": _operation("GetMe"), "patch": _operation("PatchMe", _body())},
        "/all": {"delete": _operation("DeleteAll")},
        "/purge": {"post": _operation("Purge")},
        "/query-delete": {
            "delete": _operation(
                "QueryDelete",
                {"name": "id", "in": "query", "type": "string", "default": "rec-1"},
            )
        },
        "/bulk": {
            "post": _operation(
                "Bulk",
                _body(
                    {
                        "type": "object",
                        "required": ["ids"],
                        "properties": {
                            "ids": {
                                "type": "array",
                                "items": {"type": "string"},
                                "example": ["rec-4"],
                            }
                        },
                    }
                ),
            )
        },
    },
}
