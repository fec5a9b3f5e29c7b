"""Eight drifts on a ten-operation API: what this tool and Schemathesis find, and at what cost.

Usage: python benchmarks/contract_peers.py

The API and the drifts are those of the survey that preceded the project. Each drift is switched on
alone; it counts as found when a report names what the clean app's report does not. What is reported
about the clean app is a false alarm.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contract_speed import SETTINGS, Server, count, timed_output, token

DRIFTS = ("type", "missing", "status", "gone", "ctype", "enum", "noauth", "500", "all")
STATES = ["ok", "degraded"]
ITEM = {
    "type": "object",
    "required": ["id", "name", "points"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string", "minLength": 1, "maxLength": 40},
        "points": {"type": "integer", "minimum": 0, "maximum": 100},
    },
}
NEW = {
    "type": "object",
    "required": ["name"],
    "properties": {k: v for k, v in ITEM["properties"].items() if k != "id"},
}
DEFINITIONS = {
    "Item": ITEM,
    "NewItem": NEW,
    "Change": {"type": "object", "properties": NEW["properties"]},
    "User": {
        "type": "object",
        "required": ["upn", "oid"],
        "properties": {"upn": {"type": "string"}, "oid": {"type": "string"}},
    },
    "Status": {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string", "enum": STATES}},
    },
    "Stats": {
        "type": "object",
        "required": ["items"],
        "properties": {"items": {"type": "integer"}},
    },
    "Query": {
        "type": "object",
        "required": ["q"],
        "properties": {"q": {"type": "string", "minLength": 1, "example": "first"}},
    },
    "Name": {"type": "object", "properties": {"name": {"type": "string", "example": "Marc"}}},
    "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{name}"}


def operation(
    name: str, schema: Any, *, status: str = "200", body: str = "", own: bool = False, **more: Any
) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = []
    if own:
        parameters.append(
            {"name": "id", "in": "path", "required": True, "type": "string", "x-example": "item-1"}
        )
    if body:
        parameters.append({"name": "body", "in": "body", "required": True, "schema": ref(body)})
    success = {"description": "done"} | ({"schema": schema} if schema else {})
    refusals = {
        code: {"description": "refused", "schema": ref("Error")} for code in ("400", "401", "404")
    }
    return {
        "operationId": name,
        "summary": name,
        "parameters": parameters,
        "responses": {status: success, **refusals},
        **more,
    }


def definition() -> dict[str, Any]:
    items = {"type": "array", "items": ref("Item")}
    safe = {"x-ms-safe-operation": True}
    hello = operation("Hello", {"type": "string"}, body="Name", **safe)
    hello["produces"] = ["text/plain", "application/json"]
    return {
        "swagger": "2.0",
        "info": {"title": "Peers", "version": "1"},
        "host": "127.0.0.1",
        "basePath": "/api",
        "schemes": ["http"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {
            "token": {"type": "apiKey", "in": "header", "name": "Authorization"}
        },
        "security": [{"token": []}],
        "paths": {
            "/Hello": {"post": hello},
            "/Me": {"get": operation("Me", ref("User"))},
            "/Items": {
                "get": operation("ListItems", items),
                "post": operation("CreateItem", ref("Item"), status="201", body="NewItem"),
            },
            "/Items/{id}": {
                "get": operation("GetItem", ref("Item"), own=True),
                "patch": operation("ChangeItem", ref("Item"), own=True, body="Change"),
                "delete": operation("RemoveItem", None, status="204", own=True),
            },
            "/Search": {"post": operation("Search", items, body="Query", **safe)},
            "/Status": {"get": operation("Status", ref("Status"))},
            "/Stats": {"get": operation("Stats", ref("Stats"))},
        },
        "definitions": DEFINITIONS,
    }


class Peers(Server):
    """The API, with drifts by name."""

    def __init__(self, drift: str) -> None:
        super().__init__(0.0)
        self.drifts = set(DRIFTS) if drift == "all" else {drift}
        self.rows: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, target: str, body: bytes, authorised: bool) -> tuple[int, Any]:
        path = target.partition("?")[0].removeprefix("/api")
        open_door = "noauth" in self.drifts and path == "/Me"
        if not authorised and not open_door:
            return 401, {"error": "sign in"}
        if path.startswith("/Items/"):
            return self.one(method, path.removeprefix("/Items/"), body)
        handler = {
            ("POST", "/Hello"): self.hello,
            ("GET", "/Me"): self.me,
            ("GET", "/Items"): self.listing,
            ("POST", "/Items"): self.create,
            ("POST", "/Search"): self.search,
            ("GET", "/Status"): self.status,
            ("GET", "/Stats"): self.stats,
        }.get((method, path))
        known = path in ("/Hello", "/Me", "/Items", "/Search", "/Status", "/Stats")
        if handler is None:
            return self.refused(path) if known else (404, {"error": "no route"})
        return handler(body)

    @staticmethod
    def refused(path: str) -> tuple[int, Any]:
        allowed = {"/Hello": "POST", "/Search": "POST", "/Items": "GET, POST"}.get(path, "GET")
        return 405, {"error": "method", "allow": allowed}

    def item(self, own: str) -> dict[str, Any]:
        row = {"id": own, "name": "first", "points": 1, **self.rows.get(own, {})}
        if "type" in self.drifts:
            row["points"] = str(row["points"])
        return row

    def one(self, method: str, own: str, body: bytes) -> tuple[int, Any]:
        if method not in ("GET", "PATCH", "DELETE"):
            return 405, {"error": "method", "allow": "GET, PATCH, DELETE"}
        fields = item_fields(body) if method == "PATCH" else {}
        if fields is None:
            return 400, {"error": "invalid"}
        if own != "item-1" and own not in self.rows:
            return 404, {"error": "no such item"}
        if method == "DELETE":
            self.rows.pop(own, None)
            return 204, None
        self.rows.setdefault(own, {}).update(fields)
        return 200, self.item(own)

    def hello(self, body: bytes) -> tuple[int, Any]:
        data = mapping(body)
        if data is None or not isinstance(data.get("name", ""), str):
            return 400, {"error": "invalid"}
        html = "ctype" in self.drifts
        return 200, Text(f"Hello, {data.get('name', '')}", "text/html" if html else "text/plain")

    def me(self, _body: bytes) -> tuple[int, Any]:
        return 200, {"upn": "ann"} if "missing" in self.drifts else {"upn": "ann", "oid": "1"}

    def listing(self, _body: bytes) -> tuple[int, Any]:
        return 200, [self.item(own) for own in ("item-1", *list(self.rows)[:5])]

    def create(self, body: bytes) -> tuple[int, Any]:
        fields = item_fields(body)
        if fields is None or "name" not in fields:
            return 400, {"error": "invalid"}
        self.created += 1
        own = f"new-{self.created}"
        self.rows[own] = fields
        return (202 if "status" in self.drifts else 201), self.item(own)

    def search(self, body: bytes) -> tuple[int, Any]:
        data = mapping(body)
        text = data.get("q") if data else None
        if not isinstance(text, str) or not text:
            return 400, {"error": "invalid"}
        if "500" in self.drifts and not text.isascii():
            return 500, {"error": "oops"}
        return 200, [self.item("item-1")]

    def status(self, _body: bytes) -> tuple[int, Any]:
        return 200, {"status": "maintenance" if "enum" in self.drifts else "ok"}

    def stats(self, _body: bytes) -> tuple[int, Any]:
        if "gone" in self.drifts:
            return 404, Text("not found", "text/plain")
        return 200, {"items": 1 + len(self.rows)}


class Text(str):
    """A plain body with its media type."""

    media_type: str

    def __new__(cls, text: str, media_type: str) -> Text:
        made = super().__new__(cls, text)
        made.media_type = media_type
        return made


def mapping(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def item_fields(body: bytes) -> dict[str, Any] | None:
    data = mapping(body)
    if data is None:
        return None
    name, points = data.get("name", "x"), data.get("points", 1)
    fits = isinstance(name, str) and 1 <= len(name) <= 40
    whole = isinstance(points, (int, float)) and not isinstance(points, bool)
    if not fits or not whole or points != int(points) or not 0 <= points <= 100:
        return None
    given = {k: data[k] for k in ("name", "points") if k in data}
    return given | ({"points": int(points)} if "points" in given else {})


async def serve(drift: str) -> None:
    app = Peers(drift)
    server = await asyncio.start_server(app.connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def ours(url: str, folder: Path) -> tuple[set[str], float]:
    command = [sys.executable, "-m", "pytest", "-q", "--function-app", url, "--writes", "all"]
    command += ["-m", "contract or anonymous"]
    _, seconds = timed_output(command, folder)
    report = json.loads((folder / "reports" / "report.json").read_text(encoding="utf-8"))
    found = {
        f"{f['rule']} {f['operation']} {f['message']}"
        for f in report["findings"]
        if f["severity"] != "note" and f["rule"].split(".")[0] in ("contract", "anonymous")
    }
    return found, seconds


def theirs(url: str, folder: Path) -> tuple[set[str], float]:
    command = [str(Path(sys.executable).parent / "st"), "run", "--url", f"{url}/api"]
    command += [
        "-H",
        f"Authorization: Bearer {token()}",
        "--no-color",
        "--phases",
        "examples,coverage",
    ]
    command += ["--continue-on-failure", "apiDefinition.swagger.json"]
    text, seconds = timed_output(command, folder)
    found, heading = set(), ""
    for line in text.splitlines():
        title = re.match(r"_+ ([A-Z]+ /\S*) _+$", line)
        heading = title[1] if title else heading
        failure = re.match(r"\s*- (.+)$", line)
        if failure and heading:
            found.add(f"{heading} {failure[1]}")
    return found, seconds


def measured(drift: str, folder: Path) -> list[tuple[set[str], float, int]]:
    command = [sys.executable, __file__, "--serve", drift]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        rows = []
        for tool in (ours, theirs):
            before = count(port)
            found, seconds = tool(f"http://127.0.0.1:{port}", folder)
            rows.append((found, seconds, count(port) - before))
        return rows
    finally:
        server.kill()


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["--serve"]:
        asyncio.run(serve(arguments[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = json.dumps(definition())
        (folder / "apiDefinition.swagger.json").write_text(text, encoding="utf-8")
        settings = SETTINGS.replace("<token>", token())
        (folder / "connector-harness.toml").write_text(settings, encoding="utf-8")
        began = time.perf_counter()
        clean = measured("none", folder)
        for tool, (found, seconds, sent) in zip(("ours", "st"), clean, strict=True):
            print(f"clean   {tool:5} {len(found)} reported, {sent} requests, {seconds:.2f} s")
            for each in sorted(found):
                print("          ", each)
        for drift in DRIFTS:
            for tool, row, base in zip(("ours", "st"), measured(drift, folder), clean, strict=True):
                found, seconds, sent = row
                new = sorted(found - base[0])
                verdict = f"{'found' if new else 'MISSED'} ({len(new)})"
                cost = f"{sent} requests, {seconds:.2f} s"
                print(f"{drift:7} {tool:5} {verdict}, {cost}: {'; '.join(new)[:150]}", flush=True)
        print(f"{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main(sys.argv[1:])
