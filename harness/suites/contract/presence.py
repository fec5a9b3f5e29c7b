"""Judging whether an operation is there at all: gone, moved, or merely without that object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.connector.model import Operation
from harness.exchanges.model import Exchange
from harness.findings.examples import Fault
from harness.findings.model import Rule
from harness.suites.contract.causes import Observation

__all__ = ["GONE_STATUSES", "is_absent", "presence_sightings"]

BASE_PATH = Rule(
    id="contract.base-path",
    severity="error",
    title="The app answers under another base path",
    meaning="The documented path meets 404, and the same path under another base path answers.",
    why="Every call of the connector fails; the usual cause is `routePrefix` in host.json.",
    remedy="Correct `basePath` in the definition, or `routePrefix` in host.json.",
    reference="Microsoft Learn, Azure Functions host.json reference, `extensions.http.routePrefix`",
    shown_by=(Fault("base-path-moved", "WhoAmI"),),
)
MOVED = Rule(
    id="contract.moved",
    severity="error",
    title="An operation answers under another method or path",
    meaning="The documented call meets 404 or 405, and a neighbour of it answers.",
    why="Every flow that uses the action fails with 404.",
    remedy="Restore the route, or correct method and path in the definition.",
    reference='OpenAPI Specification 2.0, "Operation Object" and "Response Object"',
    shown_by=(Fault("path-moved:WhoAmI", "WhoAmI"),),
)
GONE = Rule(
    id="contract.operation-gone",
    severity="error",
    title="A documented operation does not exist in the app",
    meaning="Every sensible call is answered as the app answers a route that exists nowhere.",
    why="Every flow that uses the action fails with 404.",
    remedy="Deploy the function again, or remove the operation from the definition.",
    reference='OpenAPI Specification 2.0, "Operation Object" and "Response Object"',
    shown_by=(Fault("operation-gone:WhoAmI", "WhoAmI"),),
)

GONE_STATUSES = frozenset({404, 405, 410})
_ALIVE = frozenset({400, 409, 412, 415, 422})


def is_absent(exchanges: Sequence[Exchange]) -> bool:
    """Whether every valid call that was answered met 404, 405 or 410."""
    statuses = {
        e.status
        for e in exchanges
        if e.probe.meta.get("mode") == "positive" and e.status is not None
    }
    return bool(statuses) and statuses <= GONE_STATUSES


def presence_sightings(
    operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[Observation]:
    """A finding where the absence is certain; none where the object may be what is missing."""
    if not is_absent(exchanges):
        return
    valid = [
        e for e in exchanges if e.probe.meta.get("mode") == "positive" and e.status is not None
    ]
    shown = valid[0]
    expected = f"{operation.method} {operation.path} exists"
    observed = f"{shown.status} for every sensible call"
    neighbours = [e for e in exchanges if "neighbour" in e.probe.meta]
    control = next((e for e in neighbours if e.probe.meta["neighbour"] == "control"), None)
    if control is not None and _is_the_functions_own(valid, control):
        return
    for kind, rule in (
        ("base-path", BASE_PATH),
        ("method", MOVED),
        ("path", MOVED),
    ):
        answering = next((e for e in neighbours if _answers(e, kind, control)), None)
        if answering is not None:
            where = f"{answering.probe.request.method} {answering.probe.request.target}"
            message = f"The operation answers at {where} instead ({kind.replace('-', ' ')} changed)"
            data = {"moved": kind, "to": str(answering.probe.meta.get("value", ""))}
            found = f"{observed}, but {answering.status} at {where}"
            yield Observation(rule, kind, message, expected, found, shown, data=data)
            yield Observation(rule, kind, message, expected, found, answering, data=data)
            return
    allowed = _allowed(neighbours)
    if shown.status == 405 and allowed:
        message = f"The operation's path takes {allowed} only (method changed)"
        data = {"moved": "method", "to": allowed}
        yield Observation(MOVED, "method", message, expected, observed, shown, data=data)
        return
    if _is_certain(valid, control):
        message = "The operation does not exist in the app"
        for exchange in valid:
            yield Observation(GONE, "gone", message, expected, observed, exchange)


def _answers(exchange: Exchange, kind: str, control: Exchange | None) -> bool:
    status = exchange.status
    if exchange.probe.meta["neighbour"] != kind or status is None:
        return False
    if control is not None and _signature(exchange) == _signature(control):
        return False
    # With an object in the path, the function's own 404 shows that the route is there.
    named = kind in ("base-path", "path") and exchange.probe.meta.get("ids") != "none"
    if named and status == 404 and control is not None and exchange.response is not None:
        return bool(exchange.response.body)
    return 200 <= status < 300 or status in _ALIVE


def _is_the_functions_own(valid: Sequence[Exchange], control: Exchange) -> bool:
    """An object is named, and its 404 is not the one that a route that exists nowhere gets."""
    named = any(e.probe.meta.get("ids") != "none" for e in valid)
    return named and any(_signature(e) != _signature(control) for e in valid)


def _is_certain(valid: Sequence[Exchange], control: Exchange | None) -> bool:
    """No object is named; or the answer is the one that a route that exists nowhere gets."""
    if all(e.probe.meta.get("ids") == "none" for e in valid) and control is None:
        return True
    if control is None:
        return False
    return all(_signature(e) == _signature(control) for e in valid) or all(
        e.probe.meta.get("ids") == "none" for e in valid
    )


def _signature(exchange: Exchange) -> tuple[int | None, str, bool]:
    response = exchange.response
    if response is None:
        return (None, "", True)
    status = 404 if response.status in GONE_STATUSES else response.status
    return (status, response.media_type, not response.body)


def _allowed(neighbours: Sequence[Exchange]) -> str:
    for exchange in neighbours:
        response = exchange.response
        if response is not None and exchange.probe.meta["neighbour"] in ("allow", "control"):
            allow = response.header("allow")
            if allow:
                return allow
    return ""
