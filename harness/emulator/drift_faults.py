"""Faults of an app that drifted from its definition: other routes, statuses, types and bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from harness.emulator.faults import Faults
from harness.emulator.web import Answer, Handler, HttpRequest

__all__ = ["DriftFaults"]

TEXT_KEYS = ("title", "displayName", "name", "status", "userPrincipalName")
COLD_CALLS = 2
HUGE_BYTES = 8_500_000


class DriftFaults:
    """Changes calls and answers of single operations."""

    def __init__(self, faults: Faults, app: Handler) -> None:
        self._faults = faults
        self._app = app
        self._cold = 0
        self._calls = 0

    async def transport(self, request: HttpRequest) -> Answer | None:
        """What happens ahead of everything: cold start, throttling, broken connections."""
        operation, faults = request.extra.get("operation"), self._faults
        if faults.has("cold-start") and self._cold < COLD_CALLS:
            self._cold += 1
            return Answer(503, [("Content-Type", "text/plain")], b"Function host is not running.")
        if faults.has("throttle", operation) and operation is not None:
            self._calls += 1
            if self._calls % 3 == 0:
                return Answer(429, [("Retry-After", "0")])
        if faults.has("reset", operation) and operation is not None:
            return Answer(abort=True)
        return None

    async def handle(self, request: HttpRequest) -> Answer:
        """Serve one request of the signed-in part."""
        operation, faults = request.extra.get("operation"), self._faults
        early = self._instead(request, operation)
        if early is not None:
            return early
        answer = await self._app(request)
        argument = faults.argument("slow")
        if argument and faults.has(f"slow:{argument}"):
            await asyncio.sleep(float(argument))
        if operation is None:
            return answer
        if faults.has("token-echoed", operation):
            token = request.header("authorization") or ""
            answer.body = _rewritten(answer.body, lambda row: row.update(status=token))
        return self._changed(answer, operation)

    def _instead(self, request: HttpRequest, operation: str | None) -> Answer | None:
        faults = self._faults
        if faults.has("base-path-moved"):
            if request.path.startswith("/api/"):
                return Answer(404)
            request.raw_target = b"/api" + request.raw_target
        moved = self._moved(request)
        if moved is not None:
            return moved
        if operation is None:
            return None
        if faults.has("operation-gone", operation):
            return Answer(404)
        if faults.has("server-error", operation) and _is_success_input(request):
            return Answer(500)
        if faults.has("still-there", operation) and request.method == "DELETE":
            return Answer(204)
        if faults.has("valid-refused", operation):
            return _error(400, "refused")
        if faults.has("undocumented-required", operation) and "x-tenant" not in _names(request):
            return _error(400, "header X-Tenant is required")
        self._loosen(request, operation)
        return None

    def _moved(self, request: HttpRequest) -> Answer | None:
        """The old place of a moved operation is empty."""
        faults, operation = self._faults, request.extra.get("operation")
        if request.extra.get("relocated"):
            return None
        if operation is not None and faults.has("path-moved", operation):
            return Answer(404)
        if operation is not None and faults.has("method-changed", operation):
            return Answer(404)
        return None

    def _loosen(self, request: HttpRequest, operation: str) -> None:
        """Missing or invalid input is replaced by good input, so that the app accepts it."""
        faults = self._faults
        if faults.has("filter-ignored", operation) and operation == "ListDocuments":
            for status in (b"draft", b"published", b"archived"):
                request.raw_target = request.raw_target.replace(b"status=" + status, b"")
        missing = faults.has("required-ignored", operation)
        invalid = faults.has("invalid-accepted", operation)
        if not (missing or invalid):
            return
        if operation == "SearchDocuments" and not request.query.get("text"):
            request.raw_target = request.raw_target.partition(b"?")[0] + b"?text=report"
        if operation in ("CreateDocument", "ReplaceDocument"):
            body = request.json()
            kept = body if isinstance(body, dict) else {}
            title = kept.get("title")
            fine = isinstance(title, str) and 0 < len(title) <= 200
            request.body = json.dumps({"title": title if fine else "Untitled"}).encode("utf-8")
        if operation == "ListDocuments" and invalid:
            request.raw_target = request.raw_target.partition(b"?")[0]

    def _changed(self, answer: Answer, operation: str) -> Answer:
        faults = self._faults
        if not 200 <= answer.status < 300:
            return answer
        if faults.has("status-changed", operation):
            answer.status = 202
        if faults.has("header-missing", operation):
            answer.set_header("Content-Type", None)
        if faults.has("public-cache", operation):
            answer.set_header("Cache-Control", "public, max-age=60")
        if faults.has("header-dropped", operation):
            answer.set_header("X-Total-Count", None)
        for name, change in BODY_CHANGES.items():
            if faults.has(name, operation):
                answer.body = _rewritten(answer.body, change)
        if faults.has("page-dead", operation):
            answer.body = _with_dead_link(answer.body)
        if faults.has("content-type-changed", operation):
            answer.set_header("Content-Type", "text/html; charset=utf-8")
        if faults.has("huge", operation):
            answer.body = _rewritten(answer.body, lambda row: row.update(padding="x" * HUGE_BYTES))
        return answer


def _with_dead_link(body: bytes) -> bytes:
    document = json.loads(body)
    return json.dumps({**document, "nextLink": "/api/gone"}).encode("utf-8")


def _rewritten(body: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    try:
        document = json.loads(body)
    except ValueError:
        return body
    rows = document.get("value") if isinstance(document, dict) else None
    if isinstance(rows, list) and change is not _array_to_object:
        for row in rows:
            if isinstance(row, dict):
                change(row)
    elif isinstance(document, dict):
        change(document)
    return json.dumps(document).encode("utf-8")


def _first_text(row: dict[str, Any]) -> str:
    return next((key for key in TEXT_KEYS if isinstance(row.get(key), str)), next(iter(row)))


def _missing(row: dict[str, Any]) -> None:
    row.pop(_first_text(row), None)


def _retyped(row: dict[str, Any]) -> None:
    row[_first_text(row)] = 17


def _other_enum(row: dict[str, Any]) -> None:
    if "status" in row:
        row["status"] = "maintenance"


def _null(row: dict[str, Any]) -> None:
    row[_first_text(row)] = None


def _no_zone(row: dict[str, Any]) -> None:
    for key in ("createdAt", "postedAt"):
        if isinstance(row.get(key), str):
            row[key] = row[key].removesuffix("Z")


def _array_to_object(document: dict[str, Any]) -> None:
    for key, value in document.items():
        if isinstance(value, list):
            document[key] = {str(index): row for index, row in enumerate(value)}


def _extra(row: dict[str, Any]) -> None:
    row["internalNote"] = "not documented"


BODY_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "missing-property": _missing,
    "type-changed": _retyped,
    "enum-changed": _other_enum,
    "null-value": _null,
    "format-changed": _no_zone,
    "array-to-object": _array_to_object,
    "extra-property": _extra,
}


def _is_success_input(request: HttpRequest) -> bool:
    return request.extra.get("claims") is not None


def _names(request: HttpRequest) -> set[str]:
    return {name.lower() for name, _ in request.headers}


def _error(status: int, message: str) -> Answer:
    document = {"error": {"code": "badRequest", "message": message}}
    return Answer(
        status, [("Content-Type", "application/json")], json.dumps(document).encode("utf-8")
    )
