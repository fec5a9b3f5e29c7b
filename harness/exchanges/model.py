"""The words for one call: who makes it, what is sent, what for, and what came back.

A *probe* is one call to make; an *exchange* is a probe with its response, or with the reason why
there is none. Everything here is plain data: it travels between xdist workers, into cassettes and
into the report through `to_plain` and `from_plain`, and tokens never travel with it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from harness.settings.secret import Secret

__all__ = ["ANONYMOUS", "API_CLIENT", "Caller", "Exchange", "Probe", "Request", "Response", "user"]

CallerKind = Literal["anonymous", "user", "app", "forgery"]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call: anonymous, a signed-in user, an app without a user, or a forgery.

    `name` is what reports show (`anonymous`, `alice`, `app`, `forged:none`). A forgery carries its
    hostile token here; a user's token is fetched when the probe is sent.
    """

    name: str
    kind: CallerKind
    token: Secret | None = field(default=None, repr=False, compare=False)


ANONYMOUS = Caller("anonymous", "anonymous")
API_CLIENT = "connector-harness"
"""The `User-Agent` of calls that are made as a program, not as a browser."""


def user(name: str) -> Caller:
    """The caller that signs in as the user of that name in the settings."""
    return Caller(name, "user")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; `target` is the request line's path and query, percent-encoded and verbatim.

    Neither `origin` (scheme, host, port; None: the function app's) nor the token is part of it: the
    sender adds both. A literal `{token}` in a header value, the target or the body stands for the
    caller's bearer token; where there is none and no `Authorization` header either, the sender
    adds `Authorization: Bearer {token}` for users, apps and forgeries, unless `bearer` is False:
    the connector signs in otherwise. `{connection:NAME}` stands for a value of the caller's
    connection, `{basic:USER:PASSWORD}` for two of them as HTTP Basic credentials. `headers` keep
    order and repetition. `flow` is method and target as the flow asks, where a policy changes them.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    origin: str | None = None
    bearer: bool = True
    flow: tuple[str, str] | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return _first(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. `seconds` is the time to the last byte; `truncated` says the body was cut."""

    status: int
    headers: Headers
    body: bytes
    seconds: float
    truncated: bool = False

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return _first(self.headers, name)

    def all_headers(self, name: str) -> tuple[str, ...]:
        """Every header of that name, in order."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def media_type(self) -> str:
        """The media type in lower case without parameters, or "" (RFC 9110 8.3)."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text by its declared charset, undecodable bytes replaced."""
        content_type = self.header("content-type") or ""
        charset = "utf-8"
        for part in content_type.split(";")[1:]:
            key, _, value = part.partition("=")
            if key.strip().lower() == "charset":
                charset = value.strip().strip("\"'") or charset
        try:
            decoded = self.body.decode(charset, errors="replace")
        except (LookupError, ValueError):  # no such charset, or one that decodes nothing (idna)
            decoded = self.body.decode("utf-8", errors="replace")
        # utf-7 and others can yield lone surrogates, which no file can hold
        return decoded.encode("utf-8", errors="replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Probe:
    """One call to make.

    `key` is unique and stable within suite and operation (cassettes match on it); `purpose` is
    `suite/kind` as the report shows it; `meta` is plain data that judgement needs (mode, the
    parameter that was falsified ...); `repeatable` says that sending it twice does no harm.
    """

    key: str
    operation: str | None
    caller: Caller
    request: Request
    purpose: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Exchange:
    """A probe with its response, or with the `reason` why there is none.

    `at` is seconds since the epoch; `attempts` counts sends (retries included); `replayed` says it
    comes from a recording. `id` (`x17`) is given when the exchange enters the run's journal.
    """

    probe: Probe
    response: Response | None
    reason: str | None = None
    at: float = 0.0
    attempts: int = 1
    replayed: bool = False
    id: str = ""

    @property
    def status(self) -> int | None:
        """The response's status, or None where there is no response."""
        return None if self.response is None else self.response.status

    def with_id(self, exchange_id: str) -> Exchange:
        """The same exchange under the id that the report cites."""
        return replace(self, id=exchange_id)


def _first(headers: Headers, name: str) -> str | None:
    lowered = name.lower()
    return next((value for key, value in headers if key.lower() == lowered), None)


def _encode(body: bytes | None) -> str | None:
    return None if body is None else base64.b64encode(body).decode("ascii")


def _decode(body: str | None) -> bytes | None:
    return None if body is None else base64.b64decode(body)


def _pairs(headers: Any) -> Headers:
    return tuple((str(name), str(value)) for name, value in headers)


def platform_details(request: Request) -> dict[str, Any]:
    """What the platform does with a request beyond sending it, where there is anything."""
    details: dict[str, Any] = {} if request.bearer else {"bearer": False}
    if request.flow is not None:
        details["flow"] = list(request.flow)
    return details


def platform_details_from(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Request` that `platform_details` wrote."""
    flow = plain.get("flow")
    named = (str(flow[0]), str(flow[1])) if isinstance(flow, list) and len(flow) == 2 else None
    return {"bearer": plain.get("bearer") is not False, "flow": named}


def to_plain(exchange: Exchange) -> dict[str, Any]:
    """An exchange as JSON-plain data, bodies in base64, without the caller's token."""
    probe, request, response = exchange.probe, exchange.probe.request, exchange.response
    return {
        "id": exchange.id,
        "key": probe.key,
        "operation": probe.operation,
        "caller": [probe.caller.name, probe.caller.kind],
        "purpose": probe.purpose,
        "meta": dict(probe.meta),
        "repeatable": probe.repeatable,
        "request": {
            "method": request.method,
            "target": request.target,
            "headers": [list(pair) for pair in request.headers],
            "body": _encode(request.body),
            "origin": request.origin,
            **platform_details(request),
        },
        "response": None
        if response is None
        else {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers],
            "body": _encode(response.body),
            "seconds": response.seconds,
            "truncated": response.truncated,
        },
        "reason": exchange.reason,
        "at": exchange.at,
        "attempts": exchange.attempts,
        "replayed": exchange.replayed,
    }


def from_plain(plain: Mapping[str, Any]) -> Exchange:
    """The exchange that `to_plain` wrote."""
    sent, got = plain["request"], plain["response"]
    name, kind = plain["caller"]
    request = Request(
        sent["method"],
        sent["target"],
        _pairs(sent["headers"]),
        _decode(sent["body"]),
        sent.get("origin"),
        **platform_details_from(sent),
    )
    response = None
    if got is not None:
        body = _decode(got["body"]) or b""
        response = Response(
            got["status"], _pairs(got["headers"]), body, got["seconds"], got["truncated"]
        )
    probe = Probe(
        plain["key"],
        plain["operation"],
        Caller(name, kind),
        request,
        plain["purpose"],
        plain["meta"],
        plain["repeatable"],
    )
    return Exchange(
        probe,
        response,
        plain["reason"],
        plain["at"],
        plain["attempts"],
        plain["replayed"],
        plain["id"],
    )
