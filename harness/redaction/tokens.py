"""Putting a caller's bearer token into a request, at the last moment before it is sent."""

from __future__ import annotations

from dataclasses import replace

from harness.exchanges.model import Request

__all__ = ["PLACEHOLDER", "carries_token", "with_token", "without_token"]

PLACEHOLDER = "{token}"
_MARK = PLACEHOLDER.encode("ascii")


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
