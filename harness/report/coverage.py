"""What a run really exercised of each operation, and what it did not, with the reason.

A parameter counts as exercised when a call that carried it got past the door: answered to a
signed-in user, or to anybody with success.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.connector.model import Connector, Operation, Parameter
from harness.exchanges.model import Exchange, Request

__all__ = ["complete_coverage", "exercised_parameters", "merged_coverage"]

_LISTS = ("callers", "statuses", "parameters", "not_exercised")
_SHUT = frozenset({401, 403})
_NOT_CARRIED = ": no call that was let in carried it"
_NEVER_ANSWERED = ": documented, never answered"
_NO_USER = "users: no signed-in user called it"
_WHOLE = "the whole operation: "


def exercised_parameters(connector: Connector, exchange: Exchange) -> list[str]:
    """The documented parameters that a call carried past the door; of a body, its properties."""
    status = exchange.status
    operation = next((o for o in connector.operations if o.id == exchange.probe.operation), None)
    if operation is None:
        return []
    if status is None or status in _SHUT:
        return []
    if exchange.probe.caller.kind != "user" and status >= 300:
        return []
    sent = _Sent(exchange.probe.request, connector)
    return [name for parameter in operation.parameters for name in sent.names_of(parameter)]


def complete_coverage(
    seen: Mapping[str, Mapping[str, Any]],
    connector: Connector,
    checks: Sequence[Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """The coverage of every operation of the connector, in the definition's order.

    `seen` is what the checks gathered; what the definition documents beyond it is listed under
    `not_exercised`, for operations that nothing called with the reason that their checks gave.
    """
    complete: dict[str, dict[str, Any]] = {}
    row: dict[str, Any]
    for operation in connector.operations:
        row = {key: list(seen.get(operation.id, {}).get(key, ())) for key in _LISTS}
        gaps = (
            _gaps(connector, operation, row) if row["callers"] else [_why_not(operation.id, checks)]
        )
        row["not_exercised"] = list(dict.fromkeys([*row["not_exercised"], *gaps]))
        about = {"method": operation.method, "path": operation.path, "summary": operation.summary}
        complete[operation.id] = {**row, **about}
    for name, other in seen.items():
        complete.setdefault(name, {key: list(other.get(key, ())) for key in _LISTS})
    return complete


def merged_coverage(
    parts: Sequence[Mapping[str, Mapping[str, Any]]], checks: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The coverage of one run from those of its parts; `checks` are those of all parts.

    What one part exercised is no gap of the whole, and a part that never called an operation
    knows no gap of it.
    """
    names = dict.fromkeys(name for part in parts for name in part)
    return {
        name: _merged_row(name, [part[name] for part in parts if name in part], checks)
        for name in names
    }


def _merged_row(
    name: str, rows: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    merged = {
        key: sorted({v for row in rows for v in row.get(key, ())}, key=lambda v: (str(type(v)), v))
        for key in ("callers", "statuses", "parameters")
    }
    told = [row.get("not_exercised", ()) for row in rows]
    own = sorted({line for lines in told for line in lines if not _is_gap(line)})
    calling = [row.get("not_exercised", ()) for row in rows if row.get("callers")]
    if calling:
        gaps = [g for g in calling[0] if _is_gap(g) and all(g in lines for lines in calling)]
    else:
        gaps = [_why_not(name, checks)]
    return {**rows[0], **merged, "not_exercised": list(dict.fromkeys([*own, *gaps]))}


def _is_gap(line: str) -> bool:
    ends = line.endswith((_NOT_CARRIED, _NEVER_ANSWERED))
    return ends or line == _NO_USER or line.startswith(_WHOLE)


class _Sent:
    """The names that one request carried, by where they stood."""

    def __init__(self, request: Request, connector: Connector) -> None:
        self._connector = connector
        asked = request.target if request.flow is None else request.flow[1]
        query = split_url(asked).query
        self._query = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        self._headers = {name.lower() for name, _ in request.headers}
        self._body = request.body
        self._form = _form_names(request)

    def names_of(self, parameter: Parameter) -> list[str]:
        """The parameter's name if it was sent; for a body the documented properties sent."""
        if parameter.location == "body":
            return self._properties(parameter)
        present = {
            "path": True,
            "query": parameter.name in self._query,
            "header": parameter.name.lower() in self._headers,
            "formData": parameter.name in self._form,
        }
        return [parameter.name] if present.get(parameter.location, False) else []

    def _properties(self, parameter: Parameter) -> list[str]:
        if not self._body:
            return []
        documented = _documented_names(self._connector, parameter)
        try:
            sent = parse_json(self._body)
        except ValueError:
            return []
        if documented == [parameter.name]:
            return documented
        return [name for name in documented if isinstance(sent, dict) and name in sent]


def _documented_names(connector: Connector, parameter: Parameter) -> list[str]:
    """A parameter's name; for an object in the body its properties' names."""
    schema = connector.resolve(parameter.schema)
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if parameter.location == "body" and isinstance(properties, Mapping) and properties:
        return [str(name) for name in properties]
    return [parameter.name]


def _form_names(request: Request) -> frozenset[str]:
    """Names in a urlencoded or multipart body (RFC 7578 4.2), read as far as names go."""
    kind = (request.header("content-type") or "").lower()
    if not request.body:
        return frozenset()
    text = request.body.decode("utf-8", errors="replace")
    if kind.startswith("application/x-www-form-urlencoded"):
        return frozenset(name for name, _ in parse_qsl(text, keep_blank_values=True))
    if kind.startswith("multipart/form-data"):
        pieces = text.split('name="')[1:]
        return frozenset(piece.split('"', 1)[0] for piece in pieces)
    return frozenset()


def _gaps(connector: Connector, operation: Operation, row: Mapping[str, Any]) -> Iterable[str]:
    missing = [
        name
        for parameter in operation.parameters
        for name in _documented_names(connector, parameter)
        if name not in row["parameters"]
    ]
    for name in dict.fromkeys(missing):
        yield f"parameter {name}{_NOT_CARRIED}"
    seen = {str(status) for status in row["statuses"]}
    for status in operation.responses:
        if status.isdigit() and status not in seen:
            yield f"status {status}{_NEVER_ANSWERED}"
    if all(c in ("anonymous", "app") or c.startswith("forged:") for c in row["callers"]):
        yield _NO_USER


def _why_not(operation: str, checks: Sequence[Mapping[str, Any]]) -> str:
    reasons = [
        str(check["reason"]).splitlines()[0]
        for check in checks
        if check["operation"] == operation and check["reason"] and check["outcome"] != "failed"
    ]
    return f"{_WHOLE}{reasons[0] if reasons else 'not called'}"
