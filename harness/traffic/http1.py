"""A small HTTP/1.1 client on asyncio streams: one request after another on kept connections.

General clients spend two milliseconds of processor time on a call; a contract run makes thousands.
What is not needed here is left out: no proxies, no redirects, no cookies, no pipelining. Targets go
out verbatim. Failures are httpx's own, so that callers need not know which client was used.
Sources: RFC 9112 sections 4 (status line), 5 (fields), 6 (message body), 7.1 (chunks), 9 (keeping).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from harness.traffic.exchange import Response

__all__ = ["Http1Client"]

RawHeaders = Sequence[tuple[bytes, bytes]]
LONGEST_HEAD = 256 * 1024
_WITHOUT_BODY = frozenset({204, 304})
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False

    @property
    def is_open(self) -> bool:
        return not self.reader.at_eof() and not self.writer.is_closing()

    def drop(self) -> None:
        """Close at once: a TLS farewell would keep the loop busy for half a minute."""
        self.writer.transport.abort()


@dataclass(slots=True)
class _Head:
    version: bytes
    status: int
    headers: list[tuple[str, str]]

    def first(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


class Http1Client:
    """Sends requests to any number of origins; used from one event loop.

    `tls` is the trust for https origins; times are in seconds, `body_limit` in bytes. Connections
    that are idle are kept, as many as were needed at once.
    """

    def __init__(
        self, tls: ssl.SSLContext | bool, *, connect_s: float, read_s: float, body_limit: int
    ) -> None:
        self._tls = tls
        self._connect_s = connect_s
        self._read_s = read_s
        self._body_limit = body_limit
        self._idle: dict[str, list[_Connection]] = {}

    async def send(
        self, method: str, origin: str, target: bytes, headers: RawHeaders, body: bytes | None
    ) -> Response:
        """The response to one request; its body is cut beyond the limit.

        Raises:
            httpx.TimeoutException: no connection, or no whole answer, in time.
            httpx.ConnectError: no connection.
            httpx.RemoteProtocolError: the connection broke, or what came is not HTTP/1.1.
        """
        message = _message(method, origin, target, headers, body)
        began = time.perf_counter()
        connection = self._kept(origin) or await self._opened(origin)
        try:
            return await self._exchange(connection, origin, method, message, began)
        except _Closed as error:
            if not connection.used or method not in _SAFE_TO_REPEAT:
                raise httpx.RemoteProtocolError(str(error)) from None
        # The server let go of a kept connection just as it was taken up (RFC 9112 section 9.3.1).
        connection = await self._opened(origin)
        try:
            return await self._exchange(connection, origin, method, message, began)
        except _Closed as error:
            raise httpx.RemoteProtocolError(str(error)) from None

    async def aclose(self) -> None:
        """Close every kept connection."""
        kept = [connection for idle in self._idle.values() for connection in idle]
        self._idle.clear()
        for connection in kept:
            connection.drop()
        for connection in kept:
            with contextlib.suppress(OSError):
                await connection.writer.wait_closed()

    def _kept(self, origin: str) -> _Connection | None:
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
            connection.drop()
        return None

    async def _opened(self, origin: str) -> _Connection:
        parts = urlsplit(origin)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        context = self._context() if secure else None
        try:
            async with asyncio.timeout(self._connect_s):
                streams = await asyncio.open_connection(
                    parts.hostname, port, ssl=context, limit=LONGEST_HEAD
                )
        except TimeoutError:
            raise httpx.ConnectTimeout(f"no connection to {origin}") from None
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        return _Connection(*streams)

    def _context(self) -> ssl.SSLContext:
        if isinstance(self._tls, bool):
            self._tls = httpx.create_ssl_context(verify=self._tls)
        return self._tls

    async def _exchange(
        self, connection: _Connection, origin: str, method: str, message: bytes, began: float
    ) -> Response:
        kept = False
        try:
            async with asyncio.timeout(self._read_s):
                connection.writer.write(message)
                head = await _read_head(connection.reader)
                body, truncated = await self._read_body(connection.reader, method, head)
            kept = _keeps(head) and not truncated and connection.is_open
        except TimeoutError:
            raise httpx.ReadTimeout(f"no whole answer within {self._read_s:.0f} s") from None
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError) as error:
            raise httpx.RemoteProtocolError(f"the connection broke: {error}") from None
        except (asyncio.LimitOverrunError, ValueError) as error:
            raise httpx.RemoteProtocolError(f"not an HTTP/1.1 answer: {error}") from None
        finally:
            if kept:
                connection.used = True
                self._idle.setdefault(origin, []).append(connection)
            else:
                connection.drop()
        body, headers = _decoded(body, head)
        seconds = time.perf_counter() - began
        return Response(head.status, tuple(headers), body, seconds, truncated)

    async def _read_body(
        self, reader: asyncio.StreamReader, method: str, head: _Head
    ) -> tuple[bytes, bool]:
        if method == "HEAD" or head.status in _WITHOUT_BODY:
            return b"", False
        if head.first("transfer-encoding").lower().endswith("chunked"):
            return await _read_chunks(reader, self._body_limit)
        length = head.first("content-length").split(",")[0].strip()
        if length:
            size = int(length)
            body = await reader.readexactly(min(size, self._body_limit + 1))
            return body, size > self._body_limit
        body = b""
        while len(body) <= self._body_limit:
            more = await reader.read(65536)
            if not more:
                return body, False
            body += more
        return body, True


class _Closed(Exception):
    """The connection ended before the first byte of an answer."""


def _message(
    method: str, origin: str, target: bytes, headers: RawHeaders, body: bytes | None
) -> bytes:
    lines = [method.encode("ascii") + b" " + target + b" HTTP/1.1"]
    names = {name.lower() for name, _ in headers}
    if b"host" not in names:
        lines.append(b"Host: " + _host(origin))
    lines += [name + b": " + value for name, value in headers]
    if body is not None and b"content-length" not in names and b"transfer-encoding" not in names:
        lines.append(b"Content-Length: %d" % len(body))
    for line in lines:
        # A line break within a field would be a second request (RFC 9112 section 11.1).
        if b"\r" in line or b"\n" in line:
            raise httpx.LocalProtocolError("a header or target holds a line break")
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def _host(origin: str) -> bytes:
    parts = urlsplit(origin)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    netloc = parts.netloc.rpartition("@")[2]
    host = netloc.rpartition(":")[0] if parts.port == default and parts.port else netloc
    return host.encode("idna" if not host.isascii() else "ascii")


async def _read_head(reader: asyncio.StreamReader) -> _Head:
    while True:
        try:
            data = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                raise _Closed("the server closed the connection without an answer") from None
            raise
        except ConnectionError as error:
            raise _Closed(f"the connection was reset: {error}") from None
        head = _parsed(data)
        if head.status >= 200 or head.status == 101:  # others announce the answer proper
            return head


def _parsed(data: bytes) -> _Head:
    start, *lines = data[:-4].split(b"\r\n")
    version, _, rest = start.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise ValueError(f"it begins with {start[:40]!r}")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and headers:  # obs-fold (RFC 9112 section 5.2)
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip().decode('latin-1')}")
            continue
        raw_name, separator, raw_value = line.partition(b":")
        if separator:
            headers.append(
                (raw_name.strip().decode("latin-1"), raw_value.strip().decode("latin-1"))
            )
    return _Head(version, int(rest[:3]), headers)


async def _read_chunks(reader: asyncio.StreamReader, limit: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    while True:
        line = await reader.readuntil(b"\r\n")
        length = int(line.split(b";")[0], 16)
        if length == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass  # trailers
            return b"".join(parts), False
        if size + length > limit:
            parts.append(await reader.readexactly(limit + 1 - size))
            return b"".join(parts), True
        parts.append(await reader.readexactly(length))
        size += length
        await reader.readexactly(2)


def _keeps(head: _Head) -> bool:
    connection = head.first("connection").lower()
    if head.status == 101 or "close" in connection:
        return False
    framed = head.status in _WITHOUT_BODY or head.first("content-length") != ""
    framed = framed or "chunked" in head.first("transfer-encoding").lower()
    return framed and (head.version == b"HTTP/1.1" or "keep-alive" in connection)


def _decoded(body: bytes, head: _Head) -> tuple[bytes, list[tuple[str, str]]]:
    """The body without gzip or deflate, which some servers use although it was not asked for."""
    coding = head.first("content-encoding").strip().lower()
    if coding not in ("gzip", "x-gzip", "deflate") or not body:
        return body, head.headers
    try:
        decoder = zlib.decompressobj(
            47 if coding != "deflate" else -15 if body[0] & 15 != 8 else 15
        )
        return decoder.decompress(body), head.headers
    except zlib.error:
        return body, head.headers
