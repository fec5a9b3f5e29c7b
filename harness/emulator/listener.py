"""Listeners on free ports: TLS by a throw-away CA, and plain http on the very same port.

The first byte of a connection tells: 0x16 opens a TLS handshake (RFC 8446 5.1), anything else is
plain http. Requests reach the handler with their target's very bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from harness.emulator.web import Handler, asgi

__all__ = ["Listener"]

HANDSHAKE = 0x16


class Listener:
    """One listening socket of the emulator."""

    def __init__(self, tls: ssl.SSLContext, handler: Handler, plain: Handler | None = None) -> None:
        self._tls = tls
        self._handler = handler
        self._plain = plain
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self._socket.setblocking(False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._states: list[ServerState] = []
        self.port: int = self._socket.getsockname()[1]

    async def serve(self) -> None:
        """Accept connections until cancelled."""
        loop = asyncio.get_running_loop()
        secure = self._factory(self._handler)
        open_ = None if self._plain is None else self._factory(self._plain)
        try:
            while True:
                accepted, _ = await loop.sock_accept(self._socket)
                task = loop.create_task(self._welcome(accepted, secure, open_))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            self._socket.close()
            for state in self._states:
                for connection in list(state.connections):
                    transport = getattr(connection, "transport", None)
                    if transport is not None:
                        transport.abort()

    async def _welcome(
        self,
        accepted: socket.socket,
        secure: Callable[[], Any],
        open_: Callable[[], Any] | None,
    ) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop = asyncio.get_running_loop()
        try:
            first = await asyncio.wait_for(_peek(accepted), 30)
            if first == HANDSHAKE:
                await loop.connect_accepted_socket(secure, accepted, ssl=self._tls)
            elif first is not None and open_ is not None:
                await loop.connect_accepted_socket(open_, accepted)
            else:
                accepted.close()
        except (OSError, ssl.SSLError, TimeoutError):
            accepted.close()

    def _factory(self, handler: Handler) -> Callable[[], Any]:
        config = Config(
            asgi(handler),
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=75,
            lifespan="off",
            h11_max_incomplete_event_size=65536,
        )
        config.load()
        state = ServerState()
        self._states.append(state)
        return lambda: H11Protocol(config, state, {})


async def _peek(accepted: socket.socket) -> int | None:
    """The first byte of a connection, left where it is; None when the peer went away."""
    loop = asyncio.get_running_loop()
    while True:
        with contextlib.suppress(BlockingIOError, InterruptedError):
            seen = accepted.recv(1, socket.MSG_PEEK)
            return seen[0] if seen else None
        ready = loop.create_future()
        try:
            loop.add_reader(accepted, _resolve, ready)
        except NotImplementedError:
            # The proactor loop of Windows has no readers: look again shortly.
            await asyncio.sleep(0.005)
            continue
        try:
            await ready
        finally:
            loop.remove_reader(accepted)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
