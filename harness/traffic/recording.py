"""Writing cassettes at the end of a recording run: redacted, checked, and put in place whole.

Workers hand exchanges to the controlling process, which alone writes. A check that did not run (or
broke off) keeps what was recorded of it before.
"""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from harness import __version__
from harness.errors import CassetteError
from harness.settings import Settings
from harness.traffic.behaviour import behaviour_changes
from harness.traffic.cassette import Cassette, cassette_path, dump_cassette, read_cassette
from harness.traffic.exchange import Exchange, Headers, Request, Response, from_plain
from harness.traffic.redaction import Redactor
from harness.traffic.tokens import without_token
from harness.whole_files import write_whole

__all__ = ["LOGIN_STAND_IN", "Recorder", "stand_ins_of", "tenant_stand_in"]

LOGIN_STAND_IN = "https://login.demo.invalid"
FIXED_AT = 1767225600.0
"""2026-01-01T00:00:00Z: the time of normalised recordings, in seconds since the epoch."""

FIXED_DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
NAMESPACE = uuid.UUID("6f1c2a54-6f0e-4d0e-9c58-0a4f6e0b7a11")
VOLATILE_CLAIMS = frozenset({"uti", "aio", "rh", "sid", "xms_ftd", "jti", "nonce", "at_hash"})
TIME_CLAIMS = ("iat", "nbf", "exp", "auth_time")
NAME_CLAIMS = ("upn", "preferred_username", "unique_name", "email", "verified_primary_email")
_TRACE_HEADER = re.compile(r"(request|trace|correlation|activity|operation)-?id$", re.IGNORECASE)
_SESSION_ID = re.compile(r"sid:[0-9a-f]{32}")
SESSION_PURPOSES = ("delegated/session", "delegated/platform")
_NONCE = re.compile(r"[0-9a-f]{32}_[0-9]{14}")


def tenant_stand_in() -> str:
    """The tenant id that recordings show where identities are hidden."""
    return str(uuid.uuid5(NAMESPACE, "tenant"))


def stand_ins_of(claims: Mapping[str, Mapping[str, Any]], settings: Settings) -> dict[str, str]:
    """Real identity → stand-in, for every user whose claims are known, and the tenant."""
    if not settings.redact.identities:
        return {}
    found: dict[str, str] = {}
    for name, of_user in sorted(claims.items()):
        for claim in NAME_CLAIMS:
            _hide(found, of_user.get(claim), f"{name}@users.invalid")
        for claim in ("oid", "sub", "puid"):
            _hide(found, of_user.get(claim), str(uuid.uuid5(NAMESPACE, f"{name}/{claim}")))
        _hide(found, of_user.get("name"), f"{name.capitalize()} Stand-In")
        username = settings.users[name].username if name in settings.users else None
        _hide(found, username, f"{name}@users.invalid")
        _hide(found, of_user.get("tid"), tenant_stand_in())
    _hide(found, settings.entra.tenant_id, tenant_stand_in())
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _hide(found: dict[str, str], value: Any, stand_in: str) -> None:
    if isinstance(value, str) and len(value) >= 4 and value not in ("common", "organizations"):
        found.setdefault(value, stand_in)
        if quote(value, safe="") != value:
            found.setdefault(quote(value, safe=""), quote(stand_in, safe=""))


@dataclass(frozen=True, slots=True)
class _Place:
    """A real origin and the symbolic one that takes its place, in all their spellings."""

    real: str
    symbolic: str

    def pairs(self) -> list[tuple[str, str]]:
        real, symbolic = urlsplit(self.real).netloc, urlsplit(self.symbolic).netloc
        forms = [
            (self.real, self.symbolic),
            (quote(self.real, safe=""), quote(self.symbolic, safe="")),
        ]
        double = (quote(forms[1][0], safe=""), quote(forms[1][1], safe=""))
        return [*forms, double, (real, symbolic), (quote(real, safe=""), quote(symbolic, safe=""))]


class Recorder:
    """Gathers what a recording run exchanged, and writes its cassettes."""

    def __init__(self, definition_sha256: str, operations: Sequence[str] = ()) -> None:
        self._sha256 = definition_sha256
        self._operations = tuple(operations)
        self._payloads: list[Mapping[str, Any]] = []
        self.changes: list[str] = []

    def add(self, payload: Mapping[str, Any]) -> None:
        """Take a finished check's exchanges and facts."""
        if payload["exchanges"] or payload["facts"]:
            self._payloads.append(payload)

    def write(self, settings: Settings, redactor: Redactor) -> tuple[list[Path], list[str]]:
        """Write every file that changed; the paths written, and what was refused and why."""
        claims = self._claims()
        cleaner = Cleaner(settings, redactor, stand_ins_of(claims, settings))
        for payload in self._payloads:
            learn_sessions(payload["exchanges"], redactor)
        written, refused = [], []
        for (suite, operation), payloads in sorted(
            self._by_file().items(), key=lambda row: (row[0][0], row[0][1] or "")
        ):
            path = cassette_path(
                settings.cassette_dir, settings.recorded_as, suite, operation, self._operations
            )
            cassette = self._cassette(payloads, path, cleaner)
            problem = leak_in(cassette, redactor)
            if problem is not None:
                refused.append(f"{path.name} was not written: {problem}")
                continue
            put_in_place(path, dump_cassette(cassette))
            written.append(path)
        return written, refused

    def _claims(self) -> dict[str, Mapping[str, Any]]:
        claims: dict[str, Mapping[str, Any]] = {}
        for payload in self._payloads:
            claims.update(payload["facts"].get("claims", {}))
            ingredients = payload["facts"].get("ingredients")
            if ingredients:
                claims.setdefault(ingredients["user"], ingredients["claims"])
        return claims

    def _by_file(self) -> dict[tuple[str, str | None], list[Mapping[str, Any]]]:
        files: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
        for payload in self._payloads:
            check = payload["check"]
            name = check["id"] if check["suite"] == "tests" else check["operation"]
            files.setdefault((check["suite"], name), []).append(payload)
        return files

    def _cassette(
        self,
        payloads: Sequence[Mapping[str, Any]],
        path: Path,
        cleaner: Cleaner,
    ) -> Cassette:
        exchanges: dict[str, tuple[Exchange, ...]] = {}
        facts: dict[str, Mapping[str, Any]] = {}
        with contextlib.suppress(CassetteError):
            before = read_cassette(path)
            exchanges.update(before.exchanges)
            facts.update(before.facts)
        latest = 0.0
        for payload in payloads:
            check = payload["check"]["id"]
            found = [from_plain(plain) for plain in payload["exchanges"]]
            latest = max([latest, *(exchange.at for exchange in found)])
            fresh = tuple(cleaner.exchange(exchange) for exchange in found)
            self.changes += behaviour_changes(exchanges.get(check, ()), fresh)
            exchanges[check] = fresh
            facts[check] = cleaner.facts(payload["facts"])
        about = {
            "definition-sha256": self._sha256,
            "harness": __version__,
            "recorded": cleaner.time(latest),
        }
        return Cassette(exchanges, {k: v for k, v in facts.items() if v}, about)


class Cleaner:
    """Makes exchanges and facts fit to be kept: no secret, no identity, no chance."""

    def __init__(
        self, settings: Settings, redactor: Redactor, stand_ins: Mapping[str, str]
    ) -> None:
        self._redactor = redactor
        self._normalise = settings.symbolic_origin is not None or settings.cassettes.normalise
        self._places: list[tuple[str, str]] = []
        if settings.symbolic_origin is not None:
            origin = settings.target_url
            self._places += _Place(origin, settings.symbolic_origin).pairs()
            self._places += _Place(settings.entra.authority, LOGIN_STAND_IN).pairs()
        redactor.stand_ins.update(stand_ins)

    def time(self, at: float) -> float:
        """A time of the recording, or the fixed one."""
        return FIXED_AT if self._normalise else round(at, 3)

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
            return body

    def facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """A check's facts as they are kept: claims without what differs from run to run."""
        kept = dict(facts)
        if "claims" in kept:
            kept["claims"] = {n: self._claims(c) for n, c in sorted(kept["claims"].items())}
        if "ingredients" in kept:
            own = dict(kept["ingredients"])
            own["claims"] = self._claims(own["claims"])
            own["header"] = {k: v for k, v in own["header"].items() if k in ("alg", "typ", "kid")}
            if self._normalise:
                own["header"].pop("kid", None)
            kept["ingredients"] = own
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
        document = json.loads(body)
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


def learn_sessions(exchanges: Sequence[Mapping[str, Any]], redactor: Redactor) -> None:
    """Remember the session tokens that client-directed sign-in gave, so that they are hidden."""
    for plain in exchanges:
        exchange = from_plain(plain)
        if exchange.probe.purpose != "delegated/session" or exchange.response is None:
            continue
        with contextlib.suppress(ValueError):
            document = json.loads(exchange.response.body)
            if isinstance(document, dict) and isinstance(document.get("authenticationToken"), str):
                redactor.know(document["authenticationToken"], "{session}")


def leak_in(cassette: Cassette, redactor: Redactor) -> str | None:
    """Which field still holds a known secret, or None where the cassette is clean."""
    for check, exchanges in cassette.exchanges.items():
        for exchange in exchanges:
            for name, text in _fields(exchange):
                leaks = redactor.leaks(text)
                if leaks:
                    return f"{name} of {exchange.probe.key} ({check}) holds {', '.join(leaks)}"
    leaks = redactor.leaks(json.dumps(dict(cassette.facts), ensure_ascii=False, default=str))
    return f"the facts hold {', '.join(leaks)}" if leaks else None


def _fields(exchange: Exchange) -> list[tuple[str, str]]:
    request, response = exchange.probe.request, exchange.response
    fields = [
        ("the URL", request.target),
        ("the request's headers", json.dumps(request.headers, ensure_ascii=False)),
        ("the request's body", (request.body or b"").decode("utf-8", errors="replace")),
        ("the probe", json.dumps(dict(exchange.probe.meta), ensure_ascii=False, default=str)),
    ]
    if response is not None:
        fields += [
            ("the response's headers", json.dumps(response.headers, ensure_ascii=False)),
            ("the response's body", response.body.decode("utf-8", errors="replace")),
        ]
    return fields


def put_in_place(path: Path, text: str) -> None:
    """Write a cassette, the old one or the new one, whole.

    Raises:
        CassetteError: it cannot be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise CassetteError(f"{path}: cannot be written: {error.strerror or error}") from None
