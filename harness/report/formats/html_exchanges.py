"""The exchanges of the HTML page: compact, and cut as far as the page's budget demands.

One JSON island per operation, read only when somebody opens it, and one with the texts that many
exchanges share. If the whole would grow too large, bodies are cut shorter first (those that a
finding cites least), then exchanges that no finding cites are left out; the page says so.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.redaction.visible import clip, decode_base64, describe_binary, visible
from harness.report.reading import header_pairs, mapping, rows, text

__all__ = [
    "Cut",
    "Island",
    "OperationData",
    "finite",
    "operation_islands",
    "read_operations",
    "script_json",
]

Report = Mapping[str, Any]

BUDGET = 12_500_000
"""Bytes that the operations' islands may take together; the rest of the page stays below 2 MB."""

_LONGEST_BODY = 65_536
_HEADER_VALUE = 2_000
_SHARED_FROM = 12
_CITED_TIMES = 8


@dataclass(frozen=True, slots=True)
class Island:
    """One piece of JSON in the page: the id of its script element, and its text."""

    id: str
    json: str


@dataclass(frozen=True, slots=True)
class Cut:
    """How much is kept: characters of a body, exchanges of an operation that nothing cites."""

    bodies: int
    uncited: int

    def limit(self, cited: bool) -> int:
        """How many characters of a body are kept: more where a finding cites it."""
        return min(_LONGEST_BODY, self.bodies * (_CITED_TIMES if cited else 1))


_CUTS = (
    Cut(_LONGEST_BODY, 10_000),
    Cut(16_384, 10_000),
    Cut(8_192, 10_000),
    Cut(4_096, 10_000),
    Cut(2_048, 10_000),
    Cut(1_024, 10_000),
    Cut(768, 10_000),
    Cut(512, 10_000),
    Cut(256, 10_000),
    Cut(256, 8),
    Cut(128, 2),
    Cut(64, 0),
)


@dataclass(frozen=True, slots=True)
class _Body:
    """The start of a body as it is shown, and how many characters of it follow."""

    text: str
    left_out: int = 0

    def shown(self, limit: int) -> str:
        """At most `limit` characters, and how many are left out."""
        left_out = self.left_out + max(0, len(self.text) - limit)
        return self.text[:limit] + (f"… ({left_out:,} more characters)" if left_out else "")


@dataclass(frozen=True, slots=True)
class _Row:
    """One exchange, ready but for its bodies; `assets/data.js` names the columns."""

    columns: list[Any]
    request_headers: list[tuple[str, str]]
    response_headers: list[tuple[str, str]] | None
    request_body: _Body | None
    response_body: _Body | None
    cited: bool


@dataclass(frozen=True, slots=True)
class OperationData:
    """What the page of one operation shows: its island's id, checks, and exchanges."""

    island: str
    part: int
    checks: list[list[Any]]
    rows: list[_Row]

    def kept(self, cut: Cut) -> list[_Row]:
        """Cited exchanges first, then as many of the others as may be kept."""
        cited = [row for row in self.rows if row.cited]
        others = [row for row in self.rows if not row.cited]
        return cited + others[: cut.uncited]


def read_operations(
    number: int, report: Report, names: list[str], origin: str
) -> list[OperationData]:
    """The data of every operation of one part, in the order of `names` ("" is the connector)."""
    cited = {x for f in rows(report, "findings") for x in f.get("evidence") or ()}
    exchanges: dict[str, list[_Row]] = defaultdict(list)
    for exchange in rows(report, "exchanges"):
        exchanges[text(exchange.get("operation"))].append(_row(exchange, cited, origin))
    checks: dict[str, list[list[Any]]] = defaultdict(list)
    for check in rows(report, "checks"):
        checks[text(check.get("operation"))].append(_check(check))
    return [
        OperationData(f"op-{number}-{index}", number, checks[name], exchanges[name])
        for index, name in enumerate(names)
    ]


def operation_islands(operations: list[OperationData]) -> tuple[list[Island], Cut]:
    """The islands (`shared` first) with the most generous cut that fits the budget."""
    costs = _body_costs(operations)
    for cut in _CUTS[:-1]:
        if _estimate(operations, costs, cut) > BUDGET:
            continue
        islands = _islands(operations, cut)
        if sum(len(island.json.encode("utf-8")) for island in islands) <= BUDGET:
            return islands, cut
    return _islands(operations, _CUTS[-1]), _CUTS[-1]


def script_json(value: Any) -> str:
    """JSON that cannot end or disturb a script element, whatever stands in it (HTML, 4.12.1.3)."""
    dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        dumped = dumped.replace(character, f"\\u{ord(character):04x}")
    return dumped


def finite(value: Any) -> float | None:
    """A number that JSON can hold; None for anything else."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _row(exchange: Report, cited: set[Any], origin: str) -> _Row:
    request, response = mapping(exchange, "request"), mapping(exchange, "response")
    answered = isinstance(exchange.get("response"), Mapping)
    url = visible(text(request.get("url")))
    is_cited = exchange.get("id") in cited
    return _Row(
        columns=[
            visible(text(exchange.get("id"))),
            visible(text(exchange.get("caller"))),
            visible(text(exchange.get("purpose"))),
            visible(text(request.get("method"))),
            url.removeprefix(origin) if origin else url,
            response.get("status") if isinstance(response.get("status"), int) else None,
            finite(response.get("seconds")),
            visible(text(exchange.get("reason"))) or None,
            finite(exchange.get("attempts")) or 1,
            visible(text(exchange.get("at"))) or None,
            int(is_cited),
            _flow(request, origin),
        ],
        request_headers=_headers(request),
        response_headers=_headers(response) if answered else None,
        request_body=_body(request),
        response_body=_body(response) if answered else None,
        cited=is_cited,
    )


def _flow(request: Report, origin: str) -> str | None:
    """What the user's flow asks, where a policy makes another request of it."""
    flow = mapping(request, "flow")
    url = visible(text(flow.get("url")))
    return f"{visible(text(flow.get('method')))} {url.removeprefix(origin)}" if url else None


def _check(check: Report) -> list[Any]:
    return [
        visible(text(check.get("id"))),
        visible(text(check.get("suite"))),
        text(check.get("outcome")),
        finite(check.get("seconds")),
        visible(text(check.get("reason"))),
    ]


def _headers(message: Report) -> list[tuple[str, str]]:
    pairs = header_pairs(message.get("headers"))
    return [(visible(name), clip(visible(value), _HEADER_VALUE)) for name, value in pairs]


def _body(message: Report) -> _Body | None:
    body = message.get("body")
    if message.get("body_base64"):
        data, size = decode_base64(message["body_base64"]), message.get("body_bytes")
        known = size if isinstance(size, int) else None
        return _Body(describe_binary(data, _media_type(message), known))
    if body is None or body == "":
        return None
    whole = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    size = message.get("body_bytes") if message.get("truncated") else None
    total = size if isinstance(size, int) else len(whole)
    shown = visible(whole[:_LONGEST_BODY])
    return _Body(shown, max(0, total - min(len(whole), _LONGEST_BODY)))


def _media_type(message: Report) -> str:
    pairs = header_pairs(message.get("headers"))
    return next((value for name, value in pairs if name.lower() == "content-type"), "")


class _Shared:
    """Values that many exchanges share, stored once and cited by number."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self.table: list[Any] = []

    def number(self, value: Any) -> int:
        if value not in self._numbers:
            self._numbers[value] = len(self.table)
            self.table.append(value)
        return self._numbers[value]

    def body(self, body: _Body | None, limit: int) -> int | str | None:
        if body is None:
            return None
        shown = body.shown(limit)
        return self.number(shown) if len(shown) >= _SHARED_FROM else shown

    def headers(self, pairs: list[tuple[str, str]] | None) -> list[int] | None:
        return None if pairs is None else [self.number(pair) for pair in pairs]


def _islands(operations: list[OperationData], cut: Cut) -> list[Island]:
    shared = _Shared()
    found = [
        Island(
            operation.island,
            script_json(
                {
                    "checks": operation.checks,
                    "exchanges": [_columns(row, shared, cut) for row in operation.kept(cut)],
                }
            ),
        )
        for operation in operations
    ]
    return [Island("shared", script_json(shared.table)), *found]


def _columns(row: _Row, shared: _Shared, cut: Cut) -> list[Any]:
    limit = cut.limit(row.cited)
    return [
        *row.columns,
        shared.headers(row.request_headers),
        shared.body(row.request_body, limit),
        shared.headers(row.response_headers),
        shared.body(row.response_body, limit),
    ]


def _body_costs(operations: list[OperationData]) -> dict[_Body, int]:
    """Bytes that each distinct body takes in an island."""
    bodies = {
        body
        for operation in operations
        for row in operation.rows
        for body in (row.request_body, row.response_body)
        if body
    }
    return {body: len(script_json(body.text).encode("utf-8")) for body in bodies}


def _estimate(operations: list[OperationData], costs: Mapping[_Body, int], cut: Cut) -> float:
    """About how many bytes the bodies alone take: to pass over cuts that cannot do."""
    limits: dict[_Body, int] = {}
    for operation in operations:
        for row in operation.kept(cut):
            for body in (row.request_body, row.response_body):
                if body:
                    limits[body] = max(limits.get(body, 0), cut.limit(row.cited))
    return sum(costs[body] * min(1, limit / len(body.text)) for body, limit in limits.items())
