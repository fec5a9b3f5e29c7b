"""A Functions host for a Python app written with the real `azure-functions` package.

Routing and statuses as azure-functions-host has them: prefix `api`, case-insensitive routes, 404
with an empty body for an unknown route or method, a bare 401 where a function key is missing.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func

from harness.emulator.web import Answer, HttpRequest

__all__ = ["FunctionsHost", "Route"]

LANDING_PAGE = b"<!doctype html><title>Your Functions app is up and running</title>"
CONSTRAINT = {"int": r"-?\d+", "long": r"-?\d+", "guid": r"[0-9a-fA-F-]{36}", "bool": "true|false"}
_PARAMETER = re.compile(r"\{(\*?)([^{}:?]+)(?::([^{}?]+))?(\?)?\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP function: its name, what it answers to, and the user's code."""

    name: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    level: str
    literal: int
    work: Callable[..., Any]


class FunctionsHost:
    """Runs the functions of a `function_app.py`; keys are random for each host."""

    def __init__(self, app_file: Path) -> None:
        module = _load(app_file)
        app = next((v for v in vars(module).values() if isinstance(v, func.FunctionApp)), None)
        if app is None:
            raise ValueError(f"{app_file}: holds no azure.functions.FunctionApp")
        self._module = module
        self.faults: dict[str, str] = dict(getattr(module, "FAULTS", {}))
        self.prefix = _prefix(app_file.parent / "host.json")
        self.function_key = secrets.token_urlsafe(32)
        self.master_key = secrets.token_urlsafe(32)
        self.routes = sorted(
            (route for function in app.get_functions() if (route := self._route(function))),
            key=lambda route: -route.literal,
        )

    def obey(self, has_fault: Callable[[str], bool]) -> None:
        """Let an app that knows faults of its own ask whether one is on."""
        if self.faults:
            vars(self._module)["has_fault"] = has_fault

    def _route(self, function: Any) -> Route | None:
        trigger = function.get_trigger()
        if trigger is None or trigger.type != "httpTrigger":
            return None
        template = trigger.route if trigger.route is not None else function.get_function_name()
        methods = trigger.methods or (func.HttpMethod.GET, func.HttpMethod.POST)
        level = getattr(trigger.auth_level, "value", trigger.auth_level) or "function"
        return Route(
            function.get_function_name(),
            frozenset(str(getattr(m, "value", m)).upper() for m in methods),
            _compile(self.prefix, template),
            str(level).lower(),
            len(_PARAMETER.sub("", template)),
            function.get_user_function(),
        )

    def function_for(self, method: str, path: str) -> str | None:
        """The name of the function that a call would reach."""
        found = self._match(method, path)
        return None if found is None else found[0].name

    def _match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for route in self.routes:
            match = route.pattern.fullmatch(path.rstrip("/") or "/")
            if match is not None and method in route.methods:
                return route, {k: v for k, v in match.groupdict().items() if v is not None}
        return None

    async def handle(self, request: HttpRequest) -> Answer:
        """Serve one request."""
        path = re.sub(r"/{2,}", "/", _without_dots(request.path))
        if path == "/":
            return Answer(200, [("Content-Type", "text/html")], LANDING_PAGE)
        if path.lower().startswith("/admin"):
            return self._admin(request, path.lower())
        found = self._match(request.method, path)
        if found is None:
            return Answer(404)
        route, parameters = found
        if route.level != "anonymous" and not self._has_key(request, route.level):
            return Answer(401)
        return await self._call(route, request, parameters)

    def _admin(self, request: HttpRequest, path: str) -> Answer:
        if path.rstrip("/") == "/admin/host/ping":
            return Answer(200)
        if not self._has_key(request, "admin"):
            return Answer(401)
        document = {"id": "emulator", "state": "Running", "version": "4.0.0.0"}
        return Answer(200, [("Content-Type", "application/json")], json.dumps(document).encode())

    def _has_key(self, request: HttpRequest, level: str) -> bool:
        given = request.header("x-functions-key") or request.query.get("code") or ""
        keys = [self.master_key] if level == "admin" else [self.master_key, self.function_key]
        return any(secrets.compare_digest(given, key) for key in keys)

    async def _call(self, route: Route, request: HttpRequest, parameters: dict[str, str]) -> Answer:
        incoming = func.HttpRequest(
            method=request.method,
            url=f"https://localhost{request.raw_target.decode('latin-1')}",
            headers={name.lower(): value for name, value in request.headers},
            params=request.query,
            route_params=parameters,
            body=request.body,
        )
        arguments = {next(iter(inspect.signature(route.work).parameters)): incoming}
        try:
            if inspect.iscoroutinefunction(route.work):
                outcome = await route.work(**arguments)
            else:
                outcome = await asyncio.to_thread(route.work, **arguments)
        except Exception:
            return Answer(500)
        return _answer(outcome)


def _answer(outcome: Any) -> Answer:
    if outcome is None:
        return Answer(200)
    if isinstance(outcome, str):
        return Answer(200, [("Content-Type", "text/plain; charset=utf-8")], outcome.encode("utf-8"))
    headers = [(str(name), str(value)) for name, value in outcome.headers.items()]
    if outcome.mimetype and not any(name.lower() == "content-type" for name, _ in headers):
        charset = f"; charset={outcome.charset}" if outcome.charset else ""
        headers.append(("Content-Type", f"{outcome.mimetype}{charset}"))
    body = outcome.get_body()
    if not body and outcome.status_code == 204:
        headers = [(n, v) for n, v in headers if n.lower() != "content-type"]
    return Answer(outcome.status_code, headers, body)


def _compile(prefix: str, template: str) -> re.Pattern[str]:
    """A route template (ASP.NET Core routing) as a pattern for whole paths."""
    pattern, end = "/" + re.escape(prefix) if prefix else "", 0
    text = "/" + template.strip("/")
    for match in _PARAMETER.finditer(text):
        star, name, constraint, optional = match.groups()
        before = re.escape(text[end : match.start()])
        inner = ".*" if star else CONSTRAINT.get(constraint or "", "[^/]+")
        group = _group(name, inner)
        pattern += f"{before.removesuffix('/')}(?:/{group})?" if optional else before + group
        end = match.end()
    return re.compile(pattern + re.escape(text[end:]), re.IGNORECASE)


def _group(name: str, inner: str) -> str:
    clean = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"(?P<{clean}>{inner})"


def _without_dots(path: str) -> str:
    """Dot segments removed, as RFC 3986 5.2.4 has it."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if len(kept) > 1:
                kept.pop()
        elif part != ".":
            kept.append(part)
    return "/".join(kept) or "/"


def _prefix(host_file: Path) -> str:
    if not host_file.is_file():
        return "api"
    document = json.loads(host_file.read_text(encoding="utf-8-sig"))
    http = document.get("extensions", {}).get("http", {})
    return str(http.get("routePrefix", "api")).strip("/")


def _load(app_file: Path) -> ModuleType:
    name = f"_function_app_{secrets.token_hex(4)}"
    spec = importlib.util.spec_from_file_location(name, app_file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{app_file}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
