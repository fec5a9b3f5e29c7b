"""Sending to a real socket: cold starts, throttling, and what may be sent a second time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.exchanges.model import ANONYMOUS, Probe, Request
from harness.traffic.live import LiveSender
from harness.traffic.pacing import PacingLimits

COLD = (503, b"Function host is not running.")
PATIENT = PacingLimits(first_backoff_s=0.01, cold_start_s=20.0, read_s=5.0)
Answering = Callable[[str, str], tuple[int, bytes]]


class App:
    """A server whose answers a test decides; remembers what it was asked."""

    def __init__(self, answer: Answering) -> None:
        self.asked: list[str] = []
        app, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                self.rfile.read(int(self.headers.get("content-length") or 0))
                with lock:
                    app.asked.append(f"{self.command} {self.path}")
                    status, body = answer(self.command, self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


class Nobody:
    """Signs nobody in."""

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        raise AssertionError(f"{caller} ({kind}, {refused}) was to be signed in")


@pytest.fixture
def started() -> Iterator[Callable[[Answering], tuple[App, LiveSender]]]:
    running: list[tuple[App, LiveSender]] = []

    def start(answer: Answering) -> tuple[App, LiveSender]:
        app = App(answer)
        running.append((app, LiveSender(app.origin, Nobody(), limits=PATIENT)))
        return running[-1]

    yield start
    for app, sender in running:
        sender.close()
        app.server.shutdown()
        app.server.server_close()


def probe(key: str, method: str = "GET", *, repeatable: bool = True) -> Probe:
    request = Request(method, f"/api/{key}", body=None if method == "GET" else b"{}")
    return Probe(key, "Op", ANONYMOUS, request, "contract/example", {}, repeatable)


def test_calls_that_meet_a_cold_start_wait_it_out_together(
    started: Callable[[Answering], tuple[App, LiveSender]],
) -> None:
    app, sender = started(lambda _m, _p: COLD if len(app.asked) < 13 else (200, b"{}"))
    reads = [probe(f"read{n}") for n in range(6)]

    exchanges = sender.send([*reads, probe("write", "POST", repeatable=False)])

    assert {e.status for e in exchanges} == {200}
    assert app.asked.count("GET /") > 1


def test_write_is_sent_once_where_a_function_may_have_run(
    started: Callable[[Answering], tuple[App, LiveSender]],
) -> None:
    app, sender = started(lambda _method, _path: (503, b"out of order"))

    (exchange,) = sender.send([probe("write", "POST", repeatable=False)])

    assert exchange.status == 503
    assert app.asked == ["POST /api/write"]


def test_throttled_call_is_made_again(
    started: Callable[[Answering], tuple[App, LiveSender]],
) -> None:
    app, sender = started(lambda _m, _p: (429, b"") if len(app.asked) < 3 else (200, b"{}"))

    (exchange,) = sender.send([probe("write", "POST", repeatable=False)])

    assert (exchange.status, exchange.attempts) == (200, 3)
    assert sender.traffic.retried == 2
