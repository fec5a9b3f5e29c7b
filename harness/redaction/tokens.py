"""Putting a caller's bearer token into a request, at the last moment before it is sent."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from harness.exchanges.model import Request

__all__ = [
    "PLACEHOLDER",
    "carries_connection",
    "carries_token",
    "with_connection",
    "with_token",
    "without_connection",
    "without_token",
]

PLACEHOLDER = "{token}"
_MARK = PLACEHOLDER.encode("ascii")
_ENTRY = re.compile(r"\{(?P<kind>connection|basic):(?P<names>[^{}]+)\}")


def carries_token(request: Request) -> bool:
    """Whether the request itself says where the token goes (or brings its own Authorization)."""
    return (
        PLACEHOLDER in request.target
        or any(PLACEHOLDER in value for _, value in request.headers)
        or request.header("authorization") is not None
        or (request.body is not None and _MARK in request.body)
    )


def with_token(request: Request, token: str) -> Request:
    """The request with the token in place of `{token}`, or in a bearer header (RFC 6750 2.1)."""
    if not carries_token(request):
        if not request.bearer:
            return request
        bearer = ("Authorization", f"Bearer {token}")
        return replace(request, headers=(*request.headers, bearer))
    return _fill(request, token)


def without_token(request: Request, caller: str) -> Request:
    """The request as reports and cassettes show it: the token named (`Bearer {alice}`)."""
    return with_token(request, "{" + caller + "}")


def _fill(request: Request, token: str) -> Request:
    body = request.body
    return replace(
        request,
        target=request.target.replace(PLACEHOLDER, token),
        headers=tuple((name, value.replace(PLACEHOLDER, token)) for name, value in request.headers),
        body=None if body is None else body.replace(_MARK, token.encode("ascii")),
    )


def carries_connection(request: Request) -> bool:
    """Whether the request waits for values of a connection."""
    texts = [request.target, *(value for _, value in request.headers)]
    body = request.body or b""
    return any(_ENTRY.search(text) for text in texts) or b"{connection:" in body


def with_connection(request: Request, values: Mapping[str, str]) -> Request:
    """The request with the values of a connection in place of their placeholders.

    What the connection does not hold is left out: the header or query parameter, whole.
    """
    if not carries_connection(request):
        return request
    headers = tuple(
        (name, _filled(value, values, str))
        for name, value in request.headers
        if _is_known(value, values)
    )
    path, mark, query = request.target.partition("?")
    pairs = [
        _filled(pair, values, lambda text: quote(text, safe="~"))
        for pair in query.split("&")
        if pair and _is_known(pair, values)
    ]
    target = _filled(path, values, lambda text: quote(text, safe="~"))
    if mark and (pairs or not query):
        target += "?" + "&".join(pairs)
    body = request.body
    if body is not None and b"{connection:" in body:
        body = _filled(body.decode("utf-8", "replace"), values, str).encode("utf-8")
    return replace(request, target=target, headers=headers, body=body)


def without_connection(request: Request) -> Request:
    """The request as somebody without a connection sends it: no key, no password."""
    return with_connection(request, {})


def _is_known(text: str, values: Mapping[str, str]) -> bool:
    names = [name for match in _ENTRY.finditer(text) for name in match["names"].split(":")]
    return all(name in values for name in names)


def _filled(text: str, values: Mapping[str, str], encode: Callable[[str], str]) -> str:
    def value(match: re.Match[str]) -> str:
        names = match["names"].split(":")
        if match["kind"] == "connection":
            return encode(values.get(match["names"], ""))
        joined = ":".join(values.get(name, "") for name in names)
        return base64.b64encode(joined.encode("utf-8")).decode("ascii")

    return _ENTRY.sub(value, text)
