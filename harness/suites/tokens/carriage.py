"""Odd ways to carry a good token: which of them may count, and which must not.

RFC 6750 section 2 names three ways; App Service Authentication takes the Authorization header
alone, and a token in a URL ends in logs (RFC 6750 section 5.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from harness.exchanges.model import Request
from harness.redaction.tokens import PLACEHOLDER

__all__ = ["CARRIAGES", "Carriage"]


@dataclass(frozen=True, slots=True)
class Carriage:
    """One way to carry a token. `may_count`: being let in with it is no mistake.

    The request holds the placeholder of `harness.redaction.tokens`, never the token.
    """

    name: str
    pace: Literal["night", "once"]
    how: str
    apply: Callable[[Request], Request]
    may_count: bool = False


def _headers(*pairs: tuple[str, str]) -> Callable[[Request], Request]:
    def apply(request: Request) -> Request:
        return replace(request, headers=(*request.headers, *pairs))

    return apply


def _in_query(request: Request) -> Request:
    mark = "&" if "?" in request.target else "?"
    return replace(request, target=f"{request.target}{mark}access_token={PLACEHOLDER}")


CARRIAGES: tuple[Carriage, ...] = (
    Carriage("query-token", "night", "in the query string", _in_query),
    Carriage(
        "cookie-token",
        "night",
        "in a cookie",
        _headers(
            ("Cookie", f"access_token={PLACEHOLDER}; AppServiceAuthSession={PLACEHOLDER}"),
        ),
    ),
    Carriage(
        "other-scheme",
        "once",
        "under the scheme Token",
        _headers(("Authorization", f"Token {PLACEHOLDER}")),
    ),
    Carriage(
        "other-header",
        "once",
        "in X-MS-TOKEN-AAD-ACCESS-TOKEN and X-ZUMO-AUTH",
        _headers(("X-MS-TOKEN-AAD-ACCESS-TOKEN", PLACEHOLDER), ("X-ZUMO-AUTH", PLACEHOLDER)),
    ),
    Carriage(
        "duplicate-header",
        "once",
        "in the second of two Authorization headers",
        _headers(
            ("Authorization", "Bearer not-a-token"), ("Authorization", f"Bearer {PLACEHOLDER}")
        ),
    ),
    Carriage(
        "lower-case-scheme",
        "once",
        "under the scheme bearer, in lower case",
        _headers(("Authorization", f"bearer {PLACEHOLDER}")),
        may_count=True,
    ),
)
