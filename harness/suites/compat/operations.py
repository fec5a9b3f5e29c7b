"""Comparing operations: which are gone, renamed or new, and what changed in those that stayed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.suites.compat.schemas import DYNAMIC, Change, schema_changes

__all__ = ["Pair", "operation_changes", "pair_operations"]

Pair = tuple[Operation | None, Operation | None, bool]
"""Old operation, new operation, and whether it was renamed."""

LIKE = 0.75


def pair_operations(old: Connector, new: Connector) -> list[Pair]:
    """Operations by operationId; what is left by method and path, then by likeness."""
    here = {o.id: o for o in new.operations}
    pairs: list[Pair] = [(o, here[o.id], False) for o in old.operations if o.id in here]
    known = {o.id for o in old.operations}
    gone = [o for o in old.operations if o.id not in here]
    fresh = [o for o in new.operations if o.id not in known]
    for operation in gone:
        match = next((f for f in fresh if _place(old, operation) == _place(new, f)), None)
        match = match or _alike(operation, fresh)
        if match is not None:
            fresh.remove(match)
        pairs.append((operation, match, match is not None))
    return [*pairs, *((None, operation, False) for operation in fresh)]


def _place(connector: Connector, operation: Operation) -> tuple[str, str]:
    path = connector.base_path.rstrip("/") + operation.path
    return operation.method, _without_names(path).lower().rstrip("/")


def _without_names(path: str) -> str:
    parts = path.split("/")
    return "/".join("{}" if "{" in part else part for part in parts)


def _alike(operation: Operation, fresh: list[Operation]) -> Operation | None:
    """A new operation of the same method, whose id and path are nearly the same."""
    for other in fresh:
        if other.method != operation.method:
            continue
        ids = difflib.SequenceMatcher(None, operation.id.lower(), other.id.lower()).ratio()
        paths = difflib.SequenceMatcher(None, operation.path, other.path).ratio()
        if min(ids, paths) >= LIKE:
            return other
    return None


def operation_changes(
    old: tuple[Connector, Operation], new: tuple[Connector, Operation]
) -> Iterator[Change]:
    """What changed in an operation that both sides have."""
    was, now = old[1], new[1]
    if was.method != now.method:
        yield Change("method", "", was.method, now.method)
    if _place(old[0], was)[1] != _place(new[0], now)[1]:
        yield Change("address", "", _place(old[0], was)[1], _place(new[0], now)[1])
    yield from _words(was, now)
    yield from _parameters(old, new)
    yield from _responses(old, new)
    yield from _notification(old, new)


def _words(was: Operation, now: Operation) -> Iterator[Change]:
    before, after = was.raw.get("x-ms-trigger"), now.raw.get("x-ms-trigger")
    if before != after:
        yield Change("trigger", "", str(before or "an action"), str(after or "an action"))
    if was.summary != now.summary:
        yield Change("text", "/summary", was.summary, now.summary)
    if was.raw.get("x-ms-visibility") != now.raw.get("x-ms-visibility"):
        yield Change(
            "visibility",
            "",
            str(was.raw.get("x-ms-visibility", "none")),
            str(now.raw.get("x-ms-visibility", "none")),
        )
    if now.raw.get("deprecated") is True and was.raw.get("deprecated") is not True:
        yield Change("deprecated", "")
    if was.raw.get("security") != now.raw.get("security"):
        yield Change("security", "/security")


def _parameters(
    old: tuple[Connector, Operation], new: tuple[Connector, Operation]
) -> Iterator[Change]:
    was = {_key(p): p for p in old[1].parameters}
    now = {_key(p): p for p in new[1].parameters}
    paths = _renamed_in_path(old[1], new[1])
    for key, parameter in was.items():
        other = now.get(key) or now.get(paths.get(key, ""))
        if other is not None:
            yield from _parameter((old[0], parameter), (new[0], other))
            continue
        moved = next(
            (p for p in now.values() if p.name == parameter.name and _key(p) not in was), None
        )
        if moved is not None:
            yield Change("input-moved", f"/{parameter.name}", parameter.location, moved.location)
        else:
            yield Change("input-removed", f"/{parameter.name}", parameter.location)
    names = {p.name for p in was.values()}
    for key, parameter in now.items():
        if key in was or key in paths.values() or parameter.name in names:
            continue
        needed = parameter.required and not parameter.has_default
        rule = "input-added-required" if needed else "input-added"
        yield Change(rule, f"/{parameter.name}", "", parameter.location)


def _key(parameter: Parameter) -> str:
    """A body is one thing, whatever it is called."""
    if parameter.location == "body":
        return "body:"
    return f"{parameter.location}:{parameter.name}"


def _renamed_in_path(old: Operation, new: Operation) -> dict[str, str]:
    """Path parameters by their place: their names are not what is sent."""
    before, after = old.parameters_in("path"), new.parameters_in("path")
    if len(before) != len(after):
        return {}

    def order(operation: Operation) -> list[Parameter]:
        return sorted(
            operation.parameters_in("path"), key=lambda p: operation.path.find("{" + p.name)
        )

    return {_key(b): _key(a) for b, a in zip(order(old), order(new), strict=True)}


def _parameter(
    old: tuple[Connector, Parameter], new: tuple[Connector, Parameter]
) -> Iterator[Change]:
    was, now = old[1], new[1]
    name = "" if now.location == "body" else f"/{now.name}"
    for change in schema_changes((old[0], was.schema), (new[0], now.schema), output=False):
        yield Change(change.rule, f"{name}{change.field}", change.was, change.now)
    if now.required and not was.required and not now.has_default:
        yield Change("input-required", name or "/body")
    elif was.required and not now.required:
        yield Change("input-optional", name or "/body")
    if now.location == "body":
        return
    if any(was.raw.get(key) != now.raw.get(key) for key in DYNAMIC):
        yield Change("dynamic", name)
    before, after = was.visibility, now.visibility
    if before != after:
        rule = "hidden" if after == "internal" else "visibility"
        yield Change(rule, name, before or "none", after or "none")
    if was.raw.get("x-ms-summary") != now.raw.get("x-ms-summary"):
        yield Change(
            "text", name, str(was.raw.get("x-ms-summary", "")), str(now.raw.get("x-ms-summary", ""))
        )


def _responses(
    old: tuple[Connector, Operation], new: tuple[Connector, Operation]
) -> Iterator[Change]:
    was, now = old[1].responses, new[1].responses
    before, after = _success(old[1]), _success(new[1])
    if before is not None and after is not None:
        a, b = before.schema, after.schema
        if a is not None and b is None and not _is_dynamic(after.raw):
            yield Change("output-schema-removed", "")
        elif a is None and b is not None:
            yield Change("output-schema-added", "")
        elif a is not None and b is not None:
            yield from schema_changes((old[0], a), (new[0], b), output=True)
    for status in was:
        if status not in now and status.startswith("2"):
            yield Change("status-removed", f"/responses/{status}", status)
    for status in now:
        if status not in was:
            yield Change("status-added", f"/responses/{status}", "", status)


def _success(operation: Operation) -> Any:
    """The answer whose schema flows see: the lowest success that has one."""
    answers = sorted(operation.success_responses(), key=lambda r: (r.schema is None, r.status))
    return answers[0] if answers else None


def _is_dynamic(raw: Mapping[str, Any]) -> bool:
    return any(str(key).startswith("x-ms-dynamic") for key in raw)


def _notification(
    old: tuple[Connector, Operation], new: tuple[Connector, Operation]
) -> Iterator[Change]:
    key = "x-ms-notification-content"
    was, now = old[1].path_raw.get(key), new[1].path_raw.get(key)
    if not isinstance(was, Mapping) or not new[1].is_trigger:
        return
    if not isinstance(now, Mapping):
        yield Change("output-schema-removed", "")
        return
    sides = (old[0], was.get("schema", {})), (new[0], now.get("schema", {}))
    yield from schema_changes(*sides, output=True)
