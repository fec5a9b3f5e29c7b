"""The app's side of the emulator: Easy Auth, faults, and the functions behind, in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.emulator.easy_auth import EasyAuth
from harness.emulator.entra import Entra
from harness.emulator.faults import Faults
from harness.emulator.faults.app import AppFaults
from harness.emulator.faults.drift import DriftFaults
from harness.emulator.functions_host import FunctionsHost
from harness.emulator.key_door import KeyDoor
from harness.emulator.upstream import Upstream
from harness.emulator.web import Answer, HttpRequest

__all__ = ["AppStack"]


class AppStack:
    """What stands behind the app's host name."""

    def __init__(
        self,
        upstream: FunctionsHost | Upstream,
        settings: Mapping[str, Any],
        entra: Entra,
        faults: Faults,
        *,
        login_page: str = "redirect",
        by_keys: bool = False,
    ) -> None:
        self._host = upstream if isinstance(upstream, FunctionsHost) else None
        self._faults = faults
        app = AppFaults(faults, upstream.handle)
        self._drift = DriftFaults(faults, app.handle)
        door = KeyDoor if by_keys else EasyAuth
        self._door = door(settings, entra, faults, self._drift.handle, login_page=login_page)

    async def handle(self, request: HttpRequest) -> Answer:
        """Serve one request."""
        self._describe(request)
        self._relocate(request)
        transport = await self._drift.transport(request)
        if transport is not None:
            return transport
        answer = self._preflight(request) or await self._door.handle(request)
        if request.header("origin") and self._faults.has("cors-wildcard-credentials"):
            answer.set_header("Access-Control-Allow-Origin", request.header("origin"))
            answer.set_header("Access-Control-Allow-Credentials", "true")
        return answer

    def _relocate(self, request: HttpRequest) -> None:
        """Moved operations: `path-moved` answers at the path's other number (document, documents),
        `method-changed` to POST instead of GET and PUT instead of anything else."""
        if self._host is None:
            return
        path = _plain_path(request.path)
        for route in self._host.routes:
            if self._faults.has("path-moved", route.name):
                plain = _other_number(path)
                if request.method in route.methods and route.pattern.fullmatch(plain):
                    self._send_to(request, route.name, request.method, plain)
                    return
            if self._faults.has("method-changed", route.name):
                [method] = sorted(route.methods)[:1]
                if request.method == _other_method(method) and route.pattern.fullmatch(path):
                    if not self._is_taken(request.method, path):
                        self._send_to(request, route.name, method, path)
                    return

    def _is_taken(self, method: str, path: str) -> bool:
        assert self._host is not None
        return self._host.function_for(method, path) is not None

    def _send_to(self, request: HttpRequest, name: str, method: str, path: str) -> None:
        query = request.raw_target.partition(b"?")[2]
        request.method = method
        request.raw_target = path.encode("ascii") + (b"?" + query if query else b"")
        request.extra |= {"operation": name, "relocated": True}

    def _preflight(self, request: HttpRequest) -> Answer | None:
        """CORS preflight is answered ahead of Easy Auth where CORS is configured."""
        wanted = request.header("access-control-request-method")
        if request.method != "OPTIONS" or wanted is None or not request.header("origin"):
            return None
        if not self._faults.has("cors-wildcard-credentials"):
            return None
        return Answer(204, [("Access-Control-Allow-Methods", wanted)])

    def _describe(self, request: HttpRequest) -> None:
        """Which operation a call is about, whatever trick its path plays."""
        if self._host is None:
            return
        path = _plain_path(request.path)
        routes = [r for r in self._host.routes if r.pattern.fullmatch(path)]
        request.extra["master_key"] = self._host.master_key
        if not routes:
            return
        fitting = next((r for r in routes if request.method in r.methods), routes[0])
        if len(routes) == 1 or request.method in fitting.methods:
            # A method that none of several operations on a path answers belongs to none of them.
            request.extra["operation"] = fitting.name
        request.extra["methods"] = frozenset().union(*(r.methods for r in routes))
        request.extra["spelled"] = _spelled(fitting.pattern.pattern, path)


def _other_number(path: str) -> str:
    """The path with the last segment in the other number: documents for document."""
    head, _, last = path.rpartition("/")
    return f"{head}/{last.removesuffix('s') if last.endswith('s') else last + 's'}"


def _other_method(method: str) -> str:
    """What a method was changed to."""
    return {"GET": "POST"}.get(method, "PUT" if method != "PUT" else "PATCH")


def _plain_path(path: str) -> str:
    kept: list[str] = []
    for part in re.sub(r"/{2,}", "/", path).split("/"):
        if part == "..":
            kept = kept[:-1] or [""]
        elif part != ".":
            kept.append(part)
    return "/".join(kept).rstrip("/") or "/"


def _spelled(pattern: str, path: str) -> str:
    """The path with the literal parts spelled as the route has them."""
    literal = re.sub(r"\(\?P<[^>]+>[^)]*\)", "\0", pattern).replace("\\", "")
    parts = literal.split("/")
    given = path.split("/")
    if len(parts) != len(given):
        return path
    return "/".join(g if "\0" in p else p for p, g in zip(parts, given, strict=True))
