from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from harness.exchanges.model import Response
from harness.traffic.client import AppClient, NoAnswer

T = TypeVar("T")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk(serve: Serve, use: Callable[[AppClient, str], Awaitable[T]], read_s: float = 5.0) -> T:
    """Run a raw server and a client against it, in one loop."""

    handlers: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())  # type: ignore[arg-type]
        await serve(reader, writer)

    async def both() -> T:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        client = AppClient(True, connect_s=5.0, read_s=read_s, body_limit=1000)
        async with server:
            port = server.sockets[0].getsockname()[1]
            try:
                return await use(client, f"http://127.0.0.1:{port}")
            finally:
                await client.aclose()
                await asyncio.gather(*handlers, return_exceptions=True)
                for _ in range(5):
                    await asyncio.sleep(0)  # transports close in a later round of the loop
                server.close()

    return asyncio.run(both())


def answering(raw: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()

    return serve


def answer_to(raw: bytes, method: str = "GET") -> Response:
    return talk(answering(raw), lambda c, o: c.send(method, o, "/x", [], None))


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1;a=b\r\no\r\n1\r\nk\r\n0\r\nTrailer: x\r\n\r\n"
)
ZIPPED = gzip.compress(b"ok")
DEFLATED = zlib.compress(b"ok")


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (PLAIN, b"ok"),
        (CHUNKED, b"ok"),
        (b"HTTP/1.1 200 OK\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b""),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED)
            + ZIPPED,
            b"ok",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + DEFLATED, b"ok"),
    ],
    ids=["length", "chunked", "until close", "1.0", "100", "204", "empty", "gzip", "deflate"],
)
def test_body_is_read_as_it_is_framed(raw: bytes, body: bytes) -> None:
    response = answer_to(raw)

    assert (response.body, response.truncated) == (body, False)


def test_head_has_no_body() -> None:
    response = answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "HEAD")

    assert (response.status, response.body) == (200, b"")


def test_headers_keep_order_and_repetition() -> None:
    response = answer_to(
        b"HTTP/1.1 401 Unauthorized\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
        b"WWW-Authenticate: Bearer\r\n realm=\xe4\r\nContent-Length: 0\r\n\r\n"
    )

    assert response.all_headers("set-cookie") == ("a=1", "b=2")
    assert response.header("www-authenticate") == "Bearer realm=ä"


@pytest.mark.parametrize(
    "head", [b"Content-Length: 5000\r\n", b"", b"Transfer-Encoding: chunked\r\n"]
)
def test_long_body_is_cut(head: bytes) -> None:
    body = b"x" * 5000
    if b"chunked" in head:
        body = b"1388\r\n" + body + b"\r\n0\r\n\r\n"

    response = answer_to(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)

    assert response.truncated
    assert 1000 < len(response.body) <= 70000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    ],
    ids=["nothing", "half a head", "half a body", "no chunk", "not http", "no length"],
)
def test_broken_answer_is_none(raw: bytes) -> None:
    with pytest.raises(NoAnswer, match="the connection broke"):
        answer_to(raw)


def test_silence_ends_at_the_time_limit() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with pytest.raises(NoAnswer, match="no answer within"):
        talk(serve, lambda c, o: c.send("GET", o, "/", [], None), read_s=0.05)


def test_refused_connection_is_a_connect_error() -> None:
    async def use(client: AppClient, _origin: str) -> Response:
        return await client.send("GET", "http://127.0.0.1:9", "/", [], None)

    with pytest.raises(NoAnswer, match="refused or impossible"):
        talk(answering(PLAIN), use)


def test_host_name_that_does_not_resolve_is_told_as_that() -> None:
    async def use(client: AppClient, _origin: str) -> Response:
        return await client.send("GET", "http://name-of-nothing.invalid", "/", [], None)

    with pytest.raises(NoAnswer, match=r"name-of-nothing\.invalid does not resolve"):
        talk(answering(PLAIN), use)


def test_target_and_headers_go_out_verbatim() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(1))
        writer.write(PLAIN)
        writer.close()

    headers = [("X-A", "1"), ("x-a", "2")]
    talk(serve, lambda c, o: c.send("POST", o, "/a//%61/..?q=%2e", headers, b"!"))

    start, host, *rest = seen[0].split(b"\r\n")
    assert start == b"POST /a//%61/..?q=%2e HTTP/1.1"
    assert host.startswith(b"Host: 127.0.0.1:")
    assert rest == [b"X-A: 1", b"X-A: 2", b"Content-Length: 1", b"", b"!"]


def test_line_break_in_a_header_is_not_sent() -> None:
    with pytest.raises(NoAnswer, match="header injection"):
        talk(
            answering(PLAIN),
            lambda c, o: c.send("GET", o, "/", [("a", "b\r\nEvil: 1")], None),
        )


def counted(answers: int) -> tuple[Serve, list[int]]:
    """A server that answers so often on a connection and then closes it without a word."""
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        mine = len(connections) - 1
        while connections[mine] < answers:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            connections[mine] += 1
            writer.write(PLAIN)
        writer.close()

    return serve, connections


def test_connection_is_kept() -> None:
    serve, connections = counted(10)

    async def use(client: AppClient, origin: str) -> None:
        for _ in range(5):
            await client.send("GET", origin, "/", [], None)

    talk(serve, use)

    assert connections == [5]


def test_connection_that_the_server_let_go_is_replaced() -> None:
    serve, connections = counted(1)

    async def use(client: AppClient, origin: str) -> list[int]:
        return [(await client.send("GET", origin, "/", [], None)).status for _ in range(4)]

    assert talk(serve, use) == [200] * 4
    assert connections == [1, 1, 1, 1]


def test_proxy_of_the_environment_is_used_and_gets_the_target_verbatim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(PLAIN)
        writer.close()

    async def use(client: AppClient, origin: str) -> Response:
        monkeypatch.setenv("http_proxy", origin)
        monkeypatch.setenv("no_proxy", "other.invalid")
        return await client.send("GET", "http://app.invalid", "/a/%61", [], None)

    assert talk(serve, use).status == 200
    assert seen[0].startswith(b"GET http://app.invalid/a/%61 HTTP/1.1\r\n")


def test_no_proxy_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(client: AppClient, origin: str) -> Response:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        return await client.send("GET", origin, "/", [], None)

    assert talk(answering(PLAIN), use).status == 200
