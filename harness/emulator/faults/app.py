"""Faults of an app that forgets whose call it serves, at the seam between Easy Auth and the app."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import Any

from harness.emulator.faults.switches import Faults
from harness.emulator.identities import DOMAIN
from harness.emulator.web import Answer, Handler, HttpRequest

__all__ = ["AppFaults"]

SERVICE = {
    "preferred_username": f"documents-app@{DOMAIN}",
    "name": "documents-app",
    "oid": "5e441ce0-0000-4000-8000-00000000000a",
    "scp": "user_impersonation",
}
QUERY_NAMES = ("user", "userId", "upn", "email", "username", "owner")
HEADER_NAMES = ("x-ms-client-principal-name", "x-user", "x-user-id")
NOT_FOUND = (403, 404)


class AppFaults:
    """Changes the principal that the app sees, or whose answer a caller gets."""

    def __init__(self, faults: Faults, app: Handler) -> None:
        self._faults = faults
        self._app = app
        self._people: dict[str, dict[str, Any]] = {}
        self._first: dict[str, Any] | None = None
        self._cache: dict[tuple[str, bytes], Answer] = {}
        self._waiting: dict[str, _Waiting] = {}

    async def handle(self, request: HttpRequest) -> Answer:
        """Serve one request, with whatever identity the faults leave it."""
        claims = request.extra.get("claims")
        if claims is None:
            return await self._app(request)
        if claims.get("scp"):  # an app is nobody whose answers a user could get
            self._people.setdefault(str(claims.get("oid")), claims)
        self._first = self._first or claims
        self._substitute(request, claims)
        operation = request.extra.get("operation")
        if self._faults.has("cached-per-url", operation) and request.method == "GET":
            return await self._cached(request)
        if self._faults.has("swapped-under-concurrency", operation) and request.method == "GET":
            return await self._swapped(request, str(claims.get("oid")))
        answer = await self._app(request)
        return await self._unchecked(request, answer, str(claims.get("oid")))

    def _substitute(self, request: HttpRequest, claims: dict[str, Any]) -> None:
        operation, faults = request.extra.get("operation"), self._faults
        if faults.has("runs-as-app", operation):
            become(request, SERVICE)
        elif faults.has("first-user-cached", operation):
            become(request, self._first or claims)
        elif faults.has("whoami-someone-else", operation) and operation == "WhoAmI":
            if not claims.get("scp"):
                return  # an app: what the function says to those is another fault's matter
            other = [p for p in self._people.values() if p.get("oid") != claims.get("oid")]
            become(request, other[0] if other else SERVICE)
        elif faults.has("identity-from-header", operation):
            sent = [*request.extra.get("sent_identity", []), *request.headers]
            self._become_named(request, [v for k, v in sent if k.lower() in HEADER_NAMES])
        elif faults.has("identity-from-query", operation):
            query = request.query
            self._become_named(request, [query[n] for n in QUERY_NAMES if n in query])

    def _become_named(self, request: HttpRequest, names: list[str]) -> None:
        for name in names:
            for person in self._people.values():
                if name.lower() in (str(v).lower() for v in person.values()):
                    if person is not request.extra.get("claims"):
                        become(request, person)
                    return

    async def _unchecked(self, request: HttpRequest, answer: Answer, caller: str) -> Answer:
        """Missing checks: the call is made again as whoever gets further."""
        operation, faults = request.extra.get("operation"), self._faults
        by_method = {"GET": "get", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
        fault = f"{by_method.get(request.method, 'none')}-not-checked"
        others = [p for oid, p in self._people.items() if oid != caller]
        named = fault in ("get-not-checked", "update-not-checked", "delete-not-checked")
        if named and faults.has(fault, operation) and answer.status in NOT_FOUND:
            for person in others:
                again = await self._as(request, person)
                if again.status not in NOT_FOUND:
                    return again
        is_list = request.method == "GET" and answer.status == 200
        if is_list and faults.has("list-not-filtered", operation):
            for person in others:
                answer = _merged(answer, await self._as(request, person))
        return answer

    async def _as(self, request: HttpRequest, person: dict[str, Any]) -> Answer:
        again = HttpRequest(
            request.method,
            request.raw_target,
            list(request.headers),
            request.body,
            request.scheme,
            dict(request.extra),
        )
        become(again, person)
        return await self._app(again)

    async def _cached(self, request: HttpRequest) -> Answer:
        key = (request.method, request.raw_target)
        if key not in self._cache:
            self._cache[key] = await self._app(request)
        kept = self._cache[key]
        return Answer(kept.status, list(kept.headers), kept.body)

    async def _swapped(self, request: HttpRequest, caller: str) -> Answer:
        """Two users' concurrent calls to the same URL get each other's answer."""
        key = request.raw_path
        mine = await self._app(request)
        waiting = self._waiting.get(key)
        if waiting is not None and waiting.caller != caller and not waiting.partner.done():
            del self._waiting[key]
            waiting.partner.set_result(mine)
            return waiting.answer
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[key] = _Waiting(caller, mine, future)
        try:
            return await asyncio.wait_for(future, 0.05)
        except TimeoutError:
            return mine
        finally:
            if key in self._waiting and self._waiting[key].partner is future:
                del self._waiting[key]


@dataclass(slots=True)
class _Waiting:
    """A call that waits for another user's, to swap answers with it."""

    caller: str
    answer: Answer
    partner: asyncio.Future[Answer]


def become(request: HttpRequest, claims: dict[str, Any]) -> None:
    """Put another principal into a request."""
    pairs = [{"typ": name, "val": str(value)} for name, value in claims.items()]
    document = {"auth_typ": "aad", "claims": pairs, "name_typ": "name", "role_typ": "roles"}
    encoded = base64.b64encode(json.dumps(document).encode("utf-8")).decode("ascii")
    name = claims.get("preferred_username") or claims.get("upn") or claims.get("name")
    request.headers = [
        (k, v) for k, v in request.headers if not k.lower().startswith("x-ms-client-principal")
    ]
    request.headers += [
        ("X-MS-CLIENT-PRINCIPAL", encoded),
        ("X-MS-CLIENT-PRINCIPAL-ID", str(claims.get("oid"))),
        ("X-MS-CLIENT-PRINCIPAL-NAME", str(name)),
        ("X-MS-CLIENT-PRINCIPAL-IDP", "aad"),
    ]
    request.extra["claims"] = claims


def _merged(left: Answer, right: Answer) -> Answer:
    """Two lists in one answer."""
    try:
        mine, theirs = json.loads(left.body), json.loads(right.body)
    except ValueError:
        return left
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return left
    for key, value in mine.items():
        other = theirs.get(key)
        if isinstance(value, list) and isinstance(other, list):
            mine[key] = value + [row for row in other if row not in value]
    return Answer(left.status, list(left.headers), json.dumps(mine).encode("utf-8"))
