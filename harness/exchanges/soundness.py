"""Whether an exchange that was read from a file is one: every part of the type it should have.

A recording that somebody edited, or that a merge damaged, is found out when it is read, and not
where a judge trips over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.exchanges.model import Exchange, Response

__all__ = ["checked_exchange", "checked_facts"]

_NUMBER = (int, float)
_TEXT_OR_NONE = (str, type(None))
_BODY = (bytes, type(None))


def checked_exchange(exchange: Exchange) -> Exchange:
    """The same exchange.

    Raises:
        ValueError: a part of it has another type than it should; the message names the part.
    """
    probe, request = exchange.probe, exchange.probe.request
    _check("the probe's key", probe.key, str)
    _check("operation", probe.operation, *_TEXT_OR_NONE)
    _check("caller", probe.caller.name, str)
    _check("the caller's kind", probe.caller.kind, str)
    _check("purpose", probe.purpose, str)
    _check("meta", probe.meta, Mapping)
    _check("repeatable", probe.repeatable, bool)
    _check("method", request.method, str)
    _check("the target", request.target, str)
    _check("the request's body", request.body, *_BODY)
    _check("origin", request.origin, *_TEXT_OR_NONE)
    _check_headers("the request's headers", request.headers)
    _check("reason", exchange.reason, *_TEXT_OR_NONE)
    _check("at", exchange.at, *_NUMBER)
    _check("attempts", exchange.attempts, int)
    if exchange.response is not None:
        _check_response(exchange.response)
    return exchange


def checked_facts(facts: Any) -> Mapping[str, Mapping[str, Any]]:
    """The facts of a recording: check id to name to value.

    Raises:
        ValueError: they are none.
    """
    _check("facts", facts, Mapping)
    for check, own in facts.items():
        _check("a check of the facts", check, str)
        _check(f"the facts of {check}", own, Mapping)
        claims = own.get("claims", {})
        _check(f"the claims of {check}", claims, Mapping)
        for user, each in claims.items():
            _check(f"the claims of {user}", each, Mapping)
    return facts  # type: ignore[no-any-return]


def _check_response(response: Response) -> None:
    _check("status", response.status, int)
    _check("the response's body", response.body, bytes)
    _check("seconds", response.seconds, *_NUMBER)
    _check("truncated", response.truncated, bool)
    _check_headers("the response's headers", response.headers)


def _check_headers(what: str, headers: Any) -> None:
    for name, value in headers:
        _check(what, name, str)
        _check(what, value, str)


def _check(what: str, value: Any, *types: type) -> None:
    is_flag = isinstance(value, bool) and bool not in types
    if is_flag or not isinstance(value, types):
        raise ValueError(f"{what} is damaged: it is {type(value).__name__}")
