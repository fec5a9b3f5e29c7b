"""The little of HTTP that the emulator needs on top of ASGI: requests in, answers out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

__all__ = ["Answer", "Handler", "HttpRequest", "asgi", "html", "json_answer"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]


@dataclass(slots=True)
class HttpRequest:
    """A request as it came; `raw_target` is the very bytes of the request line."""

    method: str
    raw_target: bytes
    headers: Headers
    body: bytes = b""
    scheme: str = "https"
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def raw_path(self) -> str:
        """The path as it was sent, without the query."""
        return self.raw_target.partition(b"?")[0].decode("latin-1")

    @property
    def path(self) -> str:
        """The percent-decoded path."""
        return unquote(self.raw_path)

    @property
    def query_string(self) -> str:
        """The query as it was sent."""
        return self.raw_target.partition(b"?")[2].decode("latin-1")

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, the last of each name."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """A form body's fields."""
        text = self.body.decode("utf-8", errors="replace")
        return dict(parse_qsl(text, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        lowered = name.lower()
        return next((v for k, v in self.headers if k.lower() == lowered), None)

    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(slots=True)
class Answer:
    """An answer; `abort` closes the connection without one."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    abort: bool = False

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        lowered = name.lower()
        return next((v for k, v in self.headers if k.lower() == lowered), None)

    def set_header(self, name: str, value: str | None) -> None:
        """Replace (or, with None, remove) a header."""
        self.headers = [(k, v) for k, v in self.headers if k.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))


Handler = Callable[[HttpRequest], Awaitable[Answer]]


def json_answer(document: Any, status: int = 200, headers: Headers | None = None) -> Answer:
    """A JSON answer."""
    body = json.dumps(document).encode("utf-8")
    return Answer(
        status, [("Content-Type", "application/json; charset=utf-8"), *(headers or [])], body
    )


def html(text: str, status: int = 200, headers: Headers | None = None) -> Answer:
    """An HTML page."""
    content_type = ("Content-Type", "text/html; charset=utf-8")
    return Answer(status, [content_type, *(headers or [])], text.encode("utf-8"))


def asgi(handler: Handler) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """An ASGI application around a handler."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        target = scope.get("raw_path") or scope["path"].encode("utf-8")
        if scope["query_string"]:
            target = target + b"?" + scope["query_string"]
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
        request = HttpRequest(scope["method"], target, headers, bytes(body), scope["scheme"])
        answer = await handler(request)
        if answer.abort:
            # A head without the body that it announces: the server can only close then.
            broken = [(b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": broken})
            raise ConnectionAbortedError("the emulator was told to break the connection")
        own = [(k, v) for k, v in answer.headers if k.lower() != "content-length"]
        length = ("Content-Length", str(len(answer.body)))
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (k.encode("latin-1"), v.encode("latin-1"))
                    for k, v in ([*own, length] if answer.status not in (204, 304) else own)
                ],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    return application
