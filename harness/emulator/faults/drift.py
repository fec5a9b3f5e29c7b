"""Faults of an app that drifted from its definition: other routes, statuses, types and bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from harness.emulator.faults.registry import Family
from harness.emulator.faults.switches import Faults
from harness.emulator.web import Answer, Handler, HttpRequest

__all__ = ["DriftFaults"]

TEXT_KEYS = ("title", "displayName", "name", "status", "userPrincipalName")
COLD_CALLS = 2
HUGE_BYTES = 8_500_000
ROWS: Family[Callable[[dict[str, Any]], None]] = Family()
"""Changes of a record in a success answer."""
ANSWERS: Family[Callable[[Answer], None]] = Family()
"""Changes of a success answer as a whole."""
REFUSALS: Family[Callable[[Answer], None]] = Family()
"""Changes of a refusal."""
INSTEAD: Family[Callable[[HttpRequest], Answer | None]] = Family()
"""Answers in the function's place."""


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
        for name, instead in INSTEAD:
            early = instead(request) if faults.has(name, operation) else None
            if early is not None:
                return early
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
        if answer.status >= 400:
            for name, tell in REFUSALS:
                if faults.has(name, operation):
                    tell(answer)
        if not 200 <= answer.status < 300:
            return answer
        for name, change in ROWS:
            if faults.has(name, operation):
                answer.body = _rewritten(answer.body, change)
        for name, replace in ANSWERS:
            if faults.has(name, operation):
                replace(answer)
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


@ROWS.fault("missing-property", "a property is missing from the answer")
def _missing(row: dict[str, Any]) -> None:
    row.pop(_first_text(row), None)


@ROWS.fault("type-changed", "a text became a number in the answer")
def _retyped(row: dict[str, Any]) -> None:
    row[_first_text(row)] = 17


@ROWS.fault("enum-changed", "a value is none of the documented ones")
def _other_enum(row: dict[str, Any]) -> None:
    if "status" in row:
        row["status"] = "maintenance"


@ROWS.fault("null-value", "a value that may not be null is null")
def _null(row: dict[str, Any]) -> None:
    row[_first_text(row)] = None


@ROWS.fault("format-changed", "a date-time has no time zone")
def _no_zone(row: dict[str, Any]) -> None:
    for key in ("createdAt", "postedAt"):
        if isinstance(row.get(key), str):
            row[key] = row[key].removesuffix("Z")


@ROWS.fault("array-to-object", "an array became an object")
def _array_to_object(document: dict[str, Any]) -> None:
    for key, value in document.items():
        if isinstance(value, list):
            document[key] = {str(index): row for index, row in enumerate(value)}


@ROWS.fault("extra-property", "the answer has a property that is not documented")
def _extra(row: dict[str, Any]) -> None:
    row["internalNote"] = "not documented"


@ANSWERS.fault("status-changed", "success is answered with 202")
def _other_status(answer: Answer) -> None:
    answer.status = 202


@ANSWERS.fault("header-missing", "the answer has no Content-Type")
def _no_content_type(answer: Answer) -> None:
    answer.set_header("Content-Type", None)


@ANSWERS.fault("public-cache", "answers allow shared caches to keep them")
def _shared_cache(answer: Answer) -> None:
    answer.set_header("Cache-Control", "public, max-age=60")


@ANSWERS.fault("header-dropped", "the answer lacks the headers of the function's own")
def _no_own_header(answer: Answer) -> None:
    answer.set_header("X-Total-Count", None)


@REFUSALS.fault("stack-trace", "refusals carry a stack trace")
def _stack_trace(answer: Answer) -> None:
    message = "Traceback (most recent call last): File function_app.py, line 1"
    answer.body = json.dumps({"error": {"code": "badRequest", "message": message}}).encode("utf-8")


@ANSWERS.fault("page-dead", "the link to the next page leads nowhere")
def _dead_page(answer: Answer) -> None:
    answer.body = _with_dead_link(answer.body)


@ANSWERS.fault("content-type-changed", "the answer is text/html")
def _html(answer: Answer) -> None:
    answer.set_header("Content-Type", "text/html; charset=utf-8")


@ANSWERS.fault("huge", "answers are larger than a connector takes")
def _huge(answer: Answer) -> None:
    answer.body = _rewritten(answer.body, lambda row: row.update(padding="x" * HUGE_BYTES))


@INSTEAD.fault("operation-gone", "the operation answers 404")
def _gone(_request: HttpRequest) -> Answer | None:
    return Answer(404)


@INSTEAD.fault("server-error", "documented input is answered with 500")
def _fails(request: HttpRequest) -> Answer | None:
    return Answer(500) if _is_success_input(request) else None


@INSTEAD.fault("still-there", "a deletion is answered with success, and nothing is deleted")
def _keeps(request: HttpRequest) -> Answer | None:
    return Answer(204) if request.method == "DELETE" else None


@INSTEAD.fault("valid-refused", "valid input is refused")
def _refuses(_request: HttpRequest) -> Answer | None:
    return _error(400, "refused")


@INSTEAD.fault("undocumented-required", "an input that is not documented is demanded")
def _demands(request: HttpRequest) -> Answer | None:
    return None if "x-tenant" in _names(request) else _error(400, "header X-Tenant is required")


def _is_success_input(request: HttpRequest) -> bool:
    return request.extra.get("claims") is not None


def _names(request: HttpRequest) -> set[str]:
    return {name.lower() for name, _ in request.headers}


def _error(status: int, message: str) -> Answer:
    document = {"error": {"code": "badRequest", "message": message}}
    return Answer(
        status, [("Content-Type", "application/json")], json.dumps(document).encode("utf-8")
    )
