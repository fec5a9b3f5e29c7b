"""What is taken out of exchanges before they are kept: secrets, identities, and what chance chose.

The demo's address becomes a symbolic one, and (on request) dates and trace ids become fixed ones.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.exchanges.model import Exchange, Headers, Request, Response
from harness.redaction.redactor import Redactor
from harness.redaction.tokens import without_token
from harness.settings.values import Settings

__all__ = ["LOGIN_STAND_IN", "Cleaner"]

LOGIN_STAND_IN = "https://login.demo.invalid"
FIXED_AT = 1767225600.0
"""2026-01-01T00:00:00Z: the time of normalised recordings, in seconds since the epoch."""

FIXED_DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
VOLATILE_CLAIMS = frozenset({"uti", "aio", "rh", "sid", "xms_ftd", "jti", "nonce", "at_hash"})
TIME_CLAIMS = ("iat", "nbf", "exp", "auth_time")
_TRACE_HEADER = re.compile(r"(request|trace|correlation|activity|operation)-?id$", re.IGNORECASE)
_SESSION_ID = re.compile(r"sid:[0-9a-f]{32}")
SESSION_PURPOSES = ("delegated/session", "delegated/platform")
_NONCE = re.compile(r"[0-9a-f]{32}_[0-9]{14}")


@dataclass(frozen=True, slots=True)
class _Place:
    """A real origin and the symbolic one that takes its place, in all their spellings."""

    real: str
    symbolic: str

    def pairs(self) -> list[tuple[str, str]]:
        real, symbolic = split_url(self.real).netloc, split_url(self.symbolic).netloc
        forms = [
            (self.real, self.symbolic),
            (quote(self.real, safe=""), quote(self.symbolic, safe="")),
        ]
        double = (quote(forms[1][0], safe=""), quote(forms[1][1], safe=""))
        return [*forms, double, (real, symbolic), (quote(real, safe=""), quote(symbolic, safe=""))]


class Cleaner:
    """Makes exchanges and facts fit to be kept: no secret, no identity, no chance."""

    def __init__(self, settings: Settings, redactor: Redactor) -> None:
        self._redactor = redactor
        self._symbolic = settings.symbolic_origin is not None
        self._normalise = self._symbolic or settings.cassettes.normalise
        self._places: list[tuple[str, str]] = []
        if settings.symbolic_origin is not None:
            origin = settings.target_url
            self._places += _Place(origin, settings.symbolic_origin).pairs()
            self._places += _Place(settings.entra.authority, LOGIN_STAND_IN).pairs()
        parts = split_url(settings.symbolic_origin or settings.target_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"

    def time(self, at: float) -> float:
        """A time of the recording, or the fixed one."""
        return FIXED_AT if self._normalise else round(at, 3)

    def recorded(self, at: float) -> float:
        """When a file was recorded: the truth but for the demo, since freshness is judged by it."""
        return FIXED_AT if self._symbolic else round(at, 3)

    def text(self, text: str) -> str:
        """A text without secrets, identities, and where it came from by chance."""
        for real, symbolic in self._places:
            text = text.replace(real, symbolic)
        text = self._redactor.body_text(text)
        return _NONCE.sub("0" * 32 + "_20260101000000", text) if self._normalise else text

    def exchange(self, exchange: Exchange) -> Exchange:
        """An exchange as it is kept."""
        probe = exchange.probe
        request = probe.request
        if probe.caller.kind != "anonymous":
            request = without_token(request, probe.caller.name)
        kept = replace(
            probe,
            request=Request(
                request.method,
                self.text(request.target),
                self._headers(request.headers),
                self._body(request.body),
                None if request.origin is None else self.text(request.origin),
            ),
            meta=self.plain(probe.meta),
            caller=replace(probe.caller, token=None),
        )
        response = exchange.response
        if response is not None and self._normalise and probe.purpose in SESSION_PURPOSES:
            response = replace(response, body=without_chance(response.body))
        return replace(
            exchange,
            probe=kept,
            response=None if response is None else self._response(response),
            reason=None if exchange.reason is None else self.text(exchange.reason),
            at=self.time(exchange.at),
            attempts=1 if self._normalise else exchange.attempts,
            id="",
        )

    def _response(self, response: Response) -> Response:
        seconds = round(response.seconds) if self._normalise else round(response.seconds, 3)
        return replace(
            response,
            headers=self._headers(response.headers),
            body=self._body(response.body) or b"",
            seconds=float(seconds),
        )

    def _headers(self, headers: Headers) -> Headers:
        shown = self._redactor.shown_headers(
            tuple((name, self._placed(value)) for name, value in headers)
        )
        if not self._normalise:
            return shown
        return tuple((name, self._fixed(name, value)) for name, value in shown)

    def _placed(self, value: str) -> str:
        for real, symbolic in self._places:
            value = value.replace(real, symbolic)
        return value

    def _fixed(self, name: str, value: str) -> str:
        if name.lower() in ("date", "last-modified"):
            return FIXED_DATE
        if _TRACE_HEADER.search(name):
            return str(uuid.UUID(int=0))
        return _NONCE.sub("0" * 32 + "_20260101000000", value)

    def _body(self, body: bytes | None) -> bytes | None:
        if not body:
            return body
        try:
            return self.text(body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return self._redactor.data(body)

    def facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """A check's facts as they are kept: claims without what differs from run to run."""
        kept = dict(facts)
        if "claims" in kept:
            kept["claims"] = {n: self._claims(c) for n, c in sorted(kept["claims"].items())}
        if "genuine" in kept:
            own = dict(kept["genuine"])
            own["claims"] = self._claims(own["claims"])
            own["header"] = {k: v for k, v in own["header"].items() if k in ("alg", "typ", "kid")}
            if self._normalise:
                own["header"].pop("kid", None)
            kept["genuine"] = own
        if self._normalise and "tls" in kept:
            kept["tls"] = {**kept["tls"], "checked_at": FIXED_AT, "not_after": None}
        plain = self.plain(kept)
        assert isinstance(plain, dict)
        return plain

    def _claims(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        kept = {k: v for k, v in sorted(claims.items()) if k not in VOLATILE_CLAIMS}
        if self._normalise and isinstance(kept.get("iat"), int | float):
            shift = int(FIXED_AT) - int(kept["iat"])
            for name in TIME_CLAIMS:
                if isinstance(kept.get(name), int | float):
                    kept[name] = int(kept[name]) + shift
        return kept

    def plain(self, node: Any) -> Any:
        """JSON-plain data with every text cleaned."""
        if isinstance(node, str):
            return self.text(node)
        if isinstance(node, Mapping):
            return {str(key): self.plain(value) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return [self.plain(value) for value in node]
        return node


def without_chance(body: bytes) -> bytes:
    """What client-directed sign-in and `/.auth/me` answer, without session ids and times."""
    try:
        document = parse_json(body)
    except ValueError:
        return body
    for row in document if isinstance(document, list) else []:
        row["expires_on"] = "2026-01-01T01:00:00Z"
        row["user_claims"] = [
            claim
            for claim in row.get("user_claims", [])
            if claim.get("typ") not in (*TIME_CLAIMS, *VOLATILE_CLAIMS)
        ]
    return _SESSION_ID.sub("sid:" + "0" * 32, json.dumps(document)).encode("utf-8")
