from __future__ import annotations

import asyncio
import socket

import pytest

from harness.errors import OfflineError
from harness.traffic.offline import no_network


@pytest.mark.parametrize("family", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_connect_is_refused_and_names_who_tried(family: socket.SocketKind) -> None:
    with (
        no_network(),
        socket.socket(socket.AF_INET, family) as opened,
        pytest.raises(OfflineError, match=r"test_offline_guard\.py"),
    ):
        opened.connect(("127.0.0.1", 9))


def test_name_look_up_is_refused() -> None:
    with no_network(), pytest.raises(OfflineError, match="getaddrinfo"):
        socket.getaddrinfo("app.example", 443)


def test_datagram_is_refused() -> None:
    with (
        no_network(),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened,
        pytest.raises(OfflineError, match="sendto"),
    ):
        opened.sendto(b"x", ("127.0.0.1", 9))


def test_event_loop_still_starts() -> None:
    async def answer() -> int:
        return 42

    with no_network():
        assert asyncio.run(answer()) == 42


def test_connections_work_again_afterwards() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with no_network():
            pass
        with socket.create_connection(listener.getsockname(), timeout=5) as opened:
            assert opened.getpeername() == listener.getsockname()
