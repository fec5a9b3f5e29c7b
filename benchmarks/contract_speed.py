"""The contract suite beside `st run --phases examples,coverage`: time per request, by pairs.

Usage: python benchmarks/contract_speed.py [--operations 100] [--rounds 3] [--latency 0.0]

Both sides talk to the same server (its own process, kept warm) about the same definition. Start-up
(definition loaded, nothing sent) is measured apart and taken off. Figures are medians of the ratios
of neighbouring runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from urllib.request import urlopen

import jwt

BEARER = re.compile(rb"\r\nauthorization: bearer [^\s.]+\.[^\s.]+\.[^\s.]+\r\n", re.I)
STATUSES = ["draft", "published", "archived"]
ITEM = {
    "type": "object",
    "required": ["id", "title", "status", "points"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string", "minLength": 1, "maxLength": 80},
        "status": {"type": "string", "enum": STATUSES},
        "points": {"type": "integer", "minimum": 0, "maximum": 100},
    },
}
NEW = {**ITEM, "required": ["title", "points"], "properties": {
    k: v for k, v in ITEM["properties"].items() if k != "id"}}  # fmt: skip
SETTINGS = """
[entra]
tenant-id = "8c1f9a52-3d74-4be6-a0c5-2f6e8d7b9a10"
client-id = "5f1c2d3e-7a8b-4c9d-8e0f-112233445566"
scope = "api://api/user_impersonation"
[users.ann]
token = "<token>"
"""
ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}


def definition(operations: int) -> dict[str, Any]:
    """Groups of five operations on a collection each, as connectors have them."""
    paths: dict[str, Any] = {}
    for group in range(operations // 5):
        paths |= collection(group)
    return {
        "swagger": "2.0",
        "info": {"title": "Benchmark", "version": "1"},
        "host": "127.0.0.1",
        "basePath": "/api",
        "schemes": ["http"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": {"Item": ITEM, "New": NEW, "Error": ERROR},
    }


def collection(group: int) -> dict[str, Any]:
    def answers(success: str, schema: Any = None) -> dict[str, Any]:
        refusals = {
            code: {"description": "refused", "schema": {"$ref": "#/definitions/Error"}}
            for code in ("400", "401", "404", "405")
        }
        good = {"description": "done"} | ({"schema": schema} if schema else {})
        return {success: good, **refusals}

    item = {"$ref": "#/definitions/Item"}
    own = {"name": "id", "in": "path", "required": True, "type": "string", "x-example": "item-1"}
    body = {
        "name": "body",
        "in": "body",
        "required": True,
        "schema": {"$ref": "#/definitions/New"},
    }
    query = [
        {"name": "status", "in": "query", "type": "string", "enum": STATUSES},
        {"name": "top", "in": "query", "type": "integer", "minimum": 1, "maximum": 50},
    ]
    many = {"type": "array", "items": item}

    def operation(name: str, parameters: list[Any], success: dict[str, Any]) -> dict[str, Any]:
        return {"operationId": f"{name}{group}", "parameters": parameters, "responses": success}

    return {
        f"/items{group}": {
            "get": operation("List", query, answers("200", many)),
            "post": operation("Create", [body], answers("201", item)),
        },
        f"/items{group}/{{id}}": {
            "get": operation("Get", [own], answers("200", item)),
            "put": operation("Put", [own, body], answers("200", item)),
            "delete": operation("Delete", [own], answers("204")),
        },
    }


class Server:
    """A correct app on asyncio streams, quick enough not to be what is measured."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.requests = 0
        self.created = 0
        self.items: dict[str, set[str]] = {}

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"content-length:\s*(\d+)", head, re.I)
                body = await reader.readexactly(int(length[1])) if length else b""
                method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                if target == "/count":
                    status, content = 200, {"requests": self.requests}
                else:
                    self.requests += 1
                    if self.latency:
                        await asyncio.sleep(self.latency)
                    authorised = BEARER.search(head) is not None
                    status, content = self.answer(method, target, body, authorised)
                writer.write(wire(method, status, content))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, method: str, target: str, body: bytes, authorised: bool) -> tuple[int, Any]:
        path, _, query = target.partition("?")
        match = re.fullmatch(r"/api/(items\d+)(?:/([^/]+))?", path)
        if not match:
            return 404, {"error": "no such route"}
        if not authorised:
            return 401, {"error": "sign in"}
        name, own = match.groups()
        items = self.items.setdefault(name, {"item-1"})
        if own is None:
            return self.many(method, query, body, items)
        if method not in ("GET", "PUT", "DELETE"):
            return 405, {"error": "method", "allow": "GET, PUT, DELETE"}
        fields = valid(body) if method == "PUT" else {}
        if fields is None:
            return 400, {"error": "invalid"}
        if own not in items:
            return 404, {"error": "no such item"}
        if method == "DELETE":
            items.discard(own)
            items.add("item-1")
            return 204, None
        return 200, item(own, fields)

    def many(self, method: str, query: str, body: bytes, items: set[str]) -> tuple[int, Any]:
        if method == "POST":
            fields = valid(body)
            if fields is None:
                return 400, {"error": "invalid"}
            self.created += 1
            own = f"item-{self.created + 1}"
            items.add(own)
            return 201, item(own, fields)
        if method != "GET":
            return 405, {"error": "method", "allow": "GET, POST"}
        given = parse_qs(query, keep_blank_values=True)
        top, status = given.get("top", ["10"])[0], given.get("status", ["draft"])[0]
        if status not in STATUSES or not re.fullmatch(r"[1-9]\d?", top) or int(top) > 50:
            return 400, {"error": "invalid"}
        return 200, [item(own, {}) for own in sorted(items)[: int(top)]]


def wire(method: str, status: int, content: Any) -> bytes:
    media_type = getattr(content, "media_type", "application/json")
    text = content if media_type != "application/json" else json.dumps(content)
    body = b"" if content is None else text.encode("utf-8", "replace")
    head = f"HTTP/1.1 {status} X\r\n"
    if status == 405:
        head += f"Allow: {content['allow']}\r\n"
    if content is not None:
        head += f"Content-Type: {media_type}\r\n"
    if status != 204:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + (b"" if method == "HEAD" else body)


def item(own: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": own, "title": "A title", "status": "draft", "points": 1, **fields}


def valid(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    title, points, status = data.get("title"), data.get("points"), data.get("status", "draft")
    fits = isinstance(title, str) and 1 <= len(title) <= 80 and status in STATUSES
    whole = isinstance(points, int) and not isinstance(points, bool)
    if not fits or not whole or not 0 <= points <= 100:
        return None
    return {"title": title, "points": points, "status": status}


async def serve(latency: float) -> None:
    server = await asyncio.start_server(Server(latency).connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def timed(command: Sequence[str], folder: Path, fine: Sequence[int] = (0, 1)) -> float:
    return timed_output(command, folder, fine)[1]


def timed_output(
    command: Sequence[str], folder: Path, fine: Sequence[int] = (0, 1)
) -> tuple[str, float]:
    """What a command printed, and the seconds that it took."""
    began = time.perf_counter()
    # Without kept bytecode either side would measure the compiler.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    seconds = time.perf_counter() - began
    if done.returncode not in fine:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout, seconds


def per_request(
    run: Sequence[str], start: Sequence[str], port: int, folder: Path
) -> tuple[float, int, float, float]:
    """Milliseconds a request without start-up, requests, seconds of start-up, seconds in all."""
    starting = timed(start, folder, (0, 1, 2, 5))
    before = count(port)
    whole = timed(run, folder)
    sent = count(port) - before
    return (whole - starting) / max(sent, 1) * 1000, sent, starting, whole


def count(port: int) -> int:
    with urlopen(f"http://127.0.0.1:{port}/count") as answer:
        return int(json.load(answer)["requests"])


def prepare(folder: Path, operations: int) -> None:
    text = json.dumps(definition(operations))
    (folder / "apiDefinition.swagger.json").write_text(text, encoding="utf-8")
    (folder / "empty.json").write_text(json.dumps(definition(0)), encoding="utf-8")
    settings = SETTINGS.replace("<token>", token())
    (folder / "connector-harness.toml").write_text(settings, encoding="utf-8")


def token() -> str:
    """A token from elsewhere, as the settings may hand it in; the server looks at none of it."""
    now = int(time.time())
    claims = {"aud": "api", "iat": now, "nbf": now, "exp": now + 86400, "scp": "user_impersonation"}
    return jwt.encode({**claims, "oid": "1", "ver": "2.0"}, "k" * 32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per answer")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(asked.latency))
        return
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--latency", str(asked.latency)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        with tempfile.TemporaryDirectory() as name:
            compare(Path(name), port, asked)
    finally:
        server.kill()


def compare(folder: Path, port: int, asked: argparse.Namespace) -> None:
    prepare(folder, asked.operations)
    url, bins = f"http://127.0.0.1:{port}", Path(sys.executable).parent
    st = [str(bins / "st"), "run", "--url", f"{url}/api", "-H", f"Authorization: Bearer {token()}"]
    st += ["--no-color", "--phases", "examples,coverage", "--continue-on-failure"]
    st += ["--generation-with-security-parameters", "false"]
    ours = [sys.executable, "-m", "pytest", "-q", "--function-app", url, "-m", "contract"]
    ours += ["--writes", "all", "--connector-examples", "0"]
    best = min(
        asked.workers,
        key=lambda w: timed([*st, "-w", str(w), "apiDefinition.swagger.json"], folder),
    )
    rows = []
    for _ in range(asked.rounds):
        own = per_request(ours, [*ours, "--collect-only"], port, folder)
        peer = per_request(
            [*st, "-w", str(best), "apiDefinition.swagger.json"],
            [*st, "empty.json"],
            port,
            folder,
        )
        rows.append((own, peer))
        print(f"ours {own[0]:6.2f} ms x {own[1]:5d} (start {own[2]:.2f} s, all {own[3]:.2f} s)   "
              f"st -w {best} {peer[0]:6.2f} ms x {peer[1]:5d} (start {peer[2]:.2f} s, "
              f"all {peer[3]:.2f} s)   ratio {own[0] / peer[0]:.2f}", flush=True)  # fmt: skip
    ratios = [own[0] / peer[0] for own, peer in rows]
    print(f"median ratio per request {statistics.median(ratios):.2f} "
          f"({asked.operations} operations, latency {asked.latency * 1000:.0f} ms)")  # fmt: skip


if __name__ == "__main__":
    main()
