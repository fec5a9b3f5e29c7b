"""A token endpoint that is not itself: a proxy's page, an error, a broken line."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.callers.http import AuthorityError, AuthorityHttp

PASSWORD = {"grant_type": "password", "username": "alice@contoso.invalid", "password": "s3cret"}
ENVELOPE = "<s:Envelope><o:Password>s3cret</o:Password></s:Envelope>"


@dataclass
class Endpoint:
    """A server that gives every POST one answer, and counts them."""

    status: int = 200
    body: bytes = b"{}"
    asked: list[bytes] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.asked.append(self.rfile.read(int(self.headers.get("content-length") or 0)))
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/tenant/oauth2/v2.0/token"
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(endpoint: Endpoint) -> Iterator[Callable[[object], object]]:
    http = AuthorityHttp(endpoint.url, wait=lambda _seconds: True)
    yield lambda data: http.post(endpoint.url, data=data)
    http.close()


@pytest.mark.parametrize("data", [PASSWORD, ENVELOPE], ids=["form", "WS-Trust"])
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_password_is_sent_once_whatever_comes_back(
    endpoint: Endpoint, ask: Callable[[object], object], status: int, data: object
) -> None:
    endpoint.status = status

    with pytest.raises(AuthorityError):
        ask(data)

    assert len(endpoint.asked) == 1


def test_what_holds_no_password_is_tried_again(
    endpoint: Endpoint, ask: Callable[[object], object]
) -> None:
    endpoint.status = 503

    with pytest.raises(AuthorityError):
        ask({"grant_type": "refresh_token"})

    assert len(endpoint.asked) == 4


@pytest.mark.parametrize("status", [200, 403])
def test_page_of_a_proxy_is_one_line_without_its_body(
    endpoint: Endpoint, ask: Callable[[object], object], status: int
) -> None:
    endpoint.status, endpoint.body = status, b"<html>Blocked by policy s3cret</html>"

    with pytest.raises(AuthorityError, match=r"with a web page, as a proxy's$") as caught:
        ask(PASSWORD)

    assert "Blocked" not in str(caught.value)


def test_msals_logging_reaches_no_terminal(
    ask: Callable[[object], object], capfd: pytest.CaptureFixture[str]
) -> None:
    ask({"grant_type": "refresh_token"})

    for name in ("msal.application", "msal.token_cache", "msal_extensions.persistence"):
        try:
            raise ValueError("s3cret")
        except ValueError:
            logging.getLogger(name).exception("the body was: s3cret")

    assert capfd.readouterr() == ("", "")
