"""A reverse proxy to a local Functions host of any language, for `--upstream`."""

from __future__ import annotations

import httpx

from harness.emulator.web import Answer, HttpRequest

__all__ = ["Upstream"]

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
)


class Upstream:
    """Passes calls on, target and headers as they came."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client: httpx.AsyncClient | None = None

    async def handle(self, request: HttpRequest) -> Answer:
        """Serve one request from the host behind."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=230, follow_redirects=False)
        headers = [
            (k.encode("latin-1"), v.encode("latin-1"))
            for k, v in request.headers
            if k.lower() not in HOP_BY_HOP
        ]
        outgoing = httpx.Request(
            request.method,
            f"{self._url}/",
            headers=headers,
            content=request.body or None,
            extensions={"target": request.raw_target},
        )
        try:
            answer = await self._client.send(outgoing)
        except httpx.HTTPError as error:
            text = f"The upstream {self._url} gives no answer: {type(error).__name__}"
            return Answer(502, [("Content-Type", "text/plain")], text.encode("utf-8"))
        kept = [
            (k, v)
            for k, v in answer.headers.multi_items()
            if k.lower() not in HOP_BY_HOP | {"content-encoding"}
        ]
        return Answer(answer.status_code, kept, answer.content)
