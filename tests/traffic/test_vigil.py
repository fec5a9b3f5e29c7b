"""An app that says nothing, or is gone, costs a run seconds and not hours."""

from __future__ import annotations

import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from harness.exchanges.model import ANONYMOUS, Probe, Request, Response
from harness.traffic.live import LiveSender
from harness.traffic.pacing import PacingLimits, clock_skew_seconds
from harness.traffic.unpacking import Unpacker
from harness.traffic.vigil import LEAST_PATIENCE_S, Vigil

HURRIED = PacingLimits(first_backoff_s=0.01, cold_start_s=0.1, read_s=0.2, last_look_s=0.01)


class Nobody:
    """Signs nobody in."""

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        raise AssertionError(f"{caller} ({kind}, {refused}) was to be signed in")

    def connection(self, user: str) -> dict[str, str]:
        raise AssertionError(f"{user}'s connection was asked for")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server


def origin_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def probe(key: str, operation: str = "Slow") -> Probe:
    return Probe(key, operation, ANONYMOUS, Request("GET", f"/{key}"), "contract/example")


def test_silent_operation_is_asked_once(listener: socket.socket) -> None:
    sender = LiveSender(origin_of(listener), Nobody(), limits=HURRIED)

    first = sender.send([probe("a")])
    rest = sender.send([probe(f"b{n}") for n in range(50)])
    sender.close()

    assert "no answer within" in (first[0].reason or "")
    assert {e.reason for e in rest} == {"not sent: Slow gave no answer within 0 s before"}
    assert sender.traffic.sent == 1
    assert sender.traffic.silent_s > 0


def test_app_that_is_gone_ends_the_rest_at_once(listener: socket.socket) -> None:
    origin = origin_of(listener)
    listener.close()
    sender = LiveSender(origin, Nobody(), limits=HURRIED)

    exchanges = sender.send([probe(f"a{n}", f"Op{n}") for n in range(8)])
    rest = sender.send([probe(f"b{n}", f"Op{n}") for n in range(200)])
    sender.close()

    assert all(e.response is None for e in exchanges)
    assert all((e.reason or "").startswith("not sent: the app is gone") for e in rest)
    assert sender.traffic.sent <= 8 + 1


def test_app_that_never_starts_is_waited_for_once() -> None:
    answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with Answering(answer) as origin:
        sender = LiveSender(origin, Nobody(), limits=HURRIED)
        sender.send([probe("a", "One")])
        before = sender.traffic.sent
        rest = sender.send([probe(f"b{n}", "Two") for n in range(100)])
        sender.close()

    assert all("did not start" in (e.reason or "") for e in rest)
    assert sender.traffic.sent == before


class Answering:
    """A server in a thread that gives every connection one answer."""

    def __init__(self, answer: bytes) -> None:
        import threading

        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._answer = answer
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self._answer)

    def __enter__(self) -> str:
        self._thread.start()
        return origin_of(self._server)

    def __exit__(self, *_: object) -> None:
        self._server.close()


def test_patience_shrinks_with_the_budget_and_never_to_nothing() -> None:
    vigil = Vigil(180.0)

    told = []
    for n in range(4):
        told.append(vigil.patience_s(125.0))
        vigil.was_silent(probe("a", f"Op{n}"), told[-1])

    assert told == [125.0, 55.0, LEAST_PATIENCE_S, LEAST_PATIENCE_S]


def test_calls_that_waited_together_count_once() -> None:
    vigil = Vigil(180.0)

    for _ in range(8):
        vigil.was_silent(probe("a"), 125.0)

    assert vigil.spent_s == 125.0


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_bomb_is_unpacked_no_further_than_the_limit(coding: str) -> None:
    limit, plain = 1_000_000, bytes(200_000_000)
    packed = gzip.compress(plain) if coding == "gzip" else zlib.compress(plain)
    del plain
    unpacker = Unpacker(coding, limit)

    tracemalloc.start()
    while packed and unpacker.feed(packed[:16_384]):
        packed = packed[16_384:]
    body, cut = unpacker.body()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert cut
    assert limit < len(body) <= limit + 1
    assert peak < 10 * limit


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"one ") + gzip.compress(b"two")),
        ("deflate", zlib.compress(b"one two")),
        ("deflate", zlib.compress(b"one two")[2:-4]),
        ("GZIP", gzip.compress(b"one two") + b"\0" * 8),
        ("identity", b"one two"),
        ("br", b"one two"),
    ],
    ids=["members", "deflate", "raw deflate", "padding", "identity", "unknown"],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_body_is_unpacked_as_it_comes(coding: str, packed: bytes, size: int) -> None:
    unpacker = Unpacker(coding, 1000)

    for start in range(0, len(packed), size):
        assert unpacker.feed(packed[start : start + size])

    assert unpacker.body() == (b"one two", False)


def test_body_that_is_not_packed_as_it_says_is_an_error() -> None:
    with pytest.raises(ValueError, match="not packed as its header says"):
        Unpacker("gzip", 1000).feed(b"hello, world")


@pytest.mark.parametrize(
    ("date", "skew"),
    [
        ("Wed, 25 Nov 2026 12:00:00 GMT", -7200.0),
        ("Wed, 25 Nov 2026 13:59:30 GMT", 0.0),
        ("yesterday", 0.0),
        ("", 0.0),
    ],
    ids=["ahead", "small", "no date", "none"],
)
def test_clock_is_compared_with_the_servers(date: str, skew: float) -> None:
    now = datetime(2026, 11, 25, 14, tzinfo=UTC).timestamp()
    headers = (("Date", date),) if date else ()

    assert clock_skew_seconds(Response(200, headers, b"", 0.0), now) == skew
