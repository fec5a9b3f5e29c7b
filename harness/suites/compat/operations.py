"""Comparing operations: which are gone, renamed or new, and what changed in those that stayed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.findings.examples import REMOVED, Edit, Moved, Versions
from harness.findings.model import Rule
from harness.findings.sample import CREATE_DOCUMENT, GET_DOCUMENT, LIST_DOCUMENTS
from harness.suites.compat.change import BREAKS, HARMLESS, MAY_BREAK, VERSIONING, Change
from harness.suites.compat.renames import (
    PARAMETER_ORDER,
    constant_lost,
    renamed,
    renamed_to,
)
from harness.suites.compat.schemas import (
    DYNAMIC,
    DYNAMIC_KEYS,
    HIDDEN,
    INPUT_ADDED,
    INPUT_ADDED_REQUIRED,
    INPUT_OPTIONAL,
    INPUT_REMOVED,
    INPUT_REQUIRED,
    TEXT,
    VISIBILITY,
    schema_changes,
)

__all__ = ["Pair", "operation_changes", "pair_operations"]

ADDRESS = Rule(
    id="compat.address",
    severity="note",
    title="Host, base path or path have been changed",
    meaning="Host, base path or path have been changed. Flows follow the definition.",
    why=HARMLESS,
    remedy="Make sure that the app answers at the new address before the connector is updated.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({"/host": "other.azurewebsites.net"})),),
)
METHOD = Rule(
    id="compat.method",
    severity="note",
    title="The method has been changed",
    meaning="The method has been changed. Flows follow the definition.",
    why=HARMLESS,
    remedy="Make sure that the app answers to the new method before the connector is updated.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({"/paths/~1me/post": Moved("/paths/~1me/get")})),),
)
INPUT_MOVED = Rule(
    id="compat.input-moved",
    severity="error",
    title="The location has been changed for the parameter",
    meaning="The location has been changed for the parameter. Existing flows will continue to "
    "send the parameter in the old location.",
    why=BREAKS,
    remedy="Keep the place of the input.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/2/in": "header"})),),
)
OUTPUT_SCHEMA_REMOVED = Rule(
    id="compat.output-schema-removed",
    severity="error",
    title="The schema of the answer has been removed",
    meaning="The schema of the answer has been removed. Existing flows lose their typed outputs.",
    why=BREAKS,
    remedy="Keep the schema.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{GET_DOCUMENT}/responses/200/schema": REMOVED})),),
)
OUTPUT_SCHEMA_ADDED = Rule(
    id="compat.output-schema-added",
    severity="note",
    title="The answer has got a schema",
    meaning="The answer has got a schema.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit(), old=Edit({f"{GET_DOCUMENT}/responses/200/schema": REMOVED})),),
)
STATUS_REMOVED = Rule(
    id="compat.status-removed",
    severity="warning",
    title="A success status has been removed",
    meaning="A success status has been removed.",
    why=MAY_BREAK,
    remedy="Keep documenting what the app answers.",
    reference=VERSIONING,
    shown_by=(
        Versions(
            Edit({f"{CREATE_DOCUMENT}/responses/201": REMOVED}),
            old=Edit({f"{CREATE_DOCUMENT}/responses/200": {"description": "Was there already."}}),
        ),
    ),
)
STATUS_ADDED = Rule(
    id="compat.status-added",
    severity="note",
    title="A status has been added",
    meaning="A status has been added.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(
        Versions(
            Edit({f"{GET_DOCUMENT}/responses/410": {"description": "The document was deleted."}})
        ),
    ),
)
TRIGGER = Rule(
    id="compat.trigger",
    severity="error",
    title="The kind of trigger has been changed",
    meaning="The kind of trigger has been changed. Existing flows that start on it break.",
    why=BREAKS,
    remedy="Keep the kind; add another trigger.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/x-ms-trigger": "batch"})),),
)
DEPRECATED = Rule(
    id="compat.deprecated",
    severity="note",
    title="The operation is now deprecated: it is hidden from new flows",
    meaning="The operation is now deprecated: it is hidden from new flows.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{GET_DOCUMENT}/deprecated": True})),),
)
SECURITY = Rule(
    id="compat.security",
    severity="warning",
    title="Security has been changed",
    meaning="Security has been changed. Existing connections may have to be made again.",
    why=MAY_BREAK,
    remedy="Try an existing connection after the update.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({"/security": []})),),
)

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
        yield Change(METHOD, "", was.method, now.method)
    if _place(old[0], was)[1] != _place(new[0], now)[1]:
        yield Change(ADDRESS, "", _place(old[0], was)[1], _place(new[0], now)[1])
    yield from _words(was, now)
    yield from _parameters(old, new)
    yield from _responses(old, new)
    yield from _notification(old, new)


def _words(was: Operation, now: Operation) -> Iterator[Change]:
    before, after = was.raw.get("x-ms-trigger"), now.raw.get("x-ms-trigger")
    if before != after:
        yield Change(TRIGGER, "", str(before or "an action"), str(after or "an action"))
    if was.summary != now.summary:
        yield Change(TEXT, "/summary", was.summary, now.summary)
    if was.raw.get("x-ms-visibility") != now.raw.get("x-ms-visibility"):
        yield Change(
            VISIBILITY,
            "",
            str(was.raw.get("x-ms-visibility", "none")),
            str(now.raw.get("x-ms-visibility", "none")),
        )
    if now.raw.get("deprecated") is True and was.raw.get("deprecated") is not True:
        yield Change(DEPRECATED, "")
    if was.raw.get("security") != now.raw.get("security"):
        yield Change(SECURITY, "/security")


def _parameters(
    old: tuple[Connector, Operation], new: tuple[Connector, Operation]
) -> Iterator[Change]:
    was = {_key(p): p for p in old[1].parameters}
    now = {_key(p): p for p in new[1].parameters}
    others = _renames(old[1], new[1])
    for key, parameter in was.items():
        other = now.get(key) or now.get(others.get(key, ""))
        if other is not None:
            if other.name != parameter.name:
                yield renamed(f"/{parameter.name}", parameter.name, other.name)
            yield from _parameter((old[0], parameter), (new[0], other))
            continue
        moved = next(
            (p for p in now.values() if p.name == parameter.name and _key(p) not in was), None
        )
        if moved is not None:
            yield Change(INPUT_MOVED, f"/{parameter.name}", parameter.location, moved.location)
        else:
            yield Change(INPUT_REMOVED, f"/{parameter.name}", parameter.location)
    names = {p.name for p in was.values()}
    for key, parameter in now.items():
        if key in was or key in others.values() or parameter.name in names:
            continue
        needed = parameter.required and not parameter.has_default
        rule = INPUT_ADDED_REQUIRED if needed else INPUT_ADDED
        yield Change(rule, f"/{parameter.name}", "", parameter.location)
    yield from _order(old[1], new[1])


def _order(old: Operation, new: Operation) -> Iterator[Change]:
    """Required inputs that changed places: canvas apps pass them by position."""

    def asked(operation: Operation) -> list[str]:
        return [
            p.name
            for p in operation.parameters
            if p.required and p.visibility != "internal" and p.location != "body"
        ]

    before, after = asked(old), asked(new)
    common = [name for name in before if name in after]
    placed = [name for name in after if name in common]
    if common != placed:
        yield Change(PARAMETER_ORDER, "", ", ".join(common), ", ".join(placed))


def _key(parameter: Parameter) -> str:
    """A body is one thing, whatever it is called."""
    if parameter.location == "body":
        return "body:"
    return f"{parameter.location}:{parameter.name}"


def _renames(old: Operation, new: Operation) -> dict[str, str]:
    """Keys of parameters that have another name now: by their place in the path, else by likeness.

    What only moved to another location is no rename.
    """
    names = [{p.name for p in operation.parameters} for operation in (old, new)]
    found: dict[str, str] = {}
    for location in ("path", "query", "header", "formData"):
        gone = [p for p in old.parameters_in(location) if p.name not in names[1]]
        fresh = [p for p in new.parameters_in(location) if p.name not in names[0]]
        if location == "path" and len(gone) == len(fresh):
            gone.sort(key=lambda p: old.path.find("{" + p.name))
            fresh.sort(key=lambda p: new.path.find("{" + p.name))
            pairs = {b.name: a.name for b, a in zip(gone, fresh, strict=True)}
        else:
            pairs = renamed_to({p.name: p.raw for p in gone}, {p.name: p.raw for p in fresh})
        found |= {f"{location}:{was}": f"{location}:{now}" for was, now in pairs.items()}
    return found


def _parameter(
    old: tuple[Connector, Parameter], new: tuple[Connector, Parameter]
) -> Iterator[Change]:
    was, now = old[1], new[1]
    name = "" if now.location == "body" else f"/{now.name}"
    for change in schema_changes((old[0], was.schema), (new[0], now.schema), output=False):
        yield replace(change, field=f"{name}{change.field}")
    if now.required and not was.required and not now.has_default:
        yield Change(INPUT_REQUIRED, name or "/body")
    elif was.required and not now.required:
        yield Change(INPUT_OPTIONAL, name or "/body")
    if now.location == "body":
        return
    if any(was.raw.get(key) != now.raw.get(key) for key in DYNAMIC_KEYS):
        yield Change(DYNAMIC, name)
    lost = constant_lost(was.raw, now.raw, name) if was.required and now.required else None
    if lost is not None:
        yield lost
        return
    before, after = was.visibility, now.visibility
    if before != after:
        rule = HIDDEN if after == "internal" else VISIBILITY
        yield Change(rule, name, before or "none", after or "none")
    if was.raw.get("x-ms-summary") != now.raw.get("x-ms-summary"):
        yield Change(
            TEXT, name, str(was.raw.get("x-ms-summary", "")), str(now.raw.get("x-ms-summary", ""))
        )


def _responses(
    old: tuple[Connector, Operation], new: tuple[Connector, Operation]
) -> Iterator[Change]:
    was, now = old[1].responses, new[1].responses
    before, after = _success(old[1]), _success(new[1])
    if before is not None and after is not None:
        a, b = before.schema, after.schema
        if a is not None and b is None and not _is_dynamic(after.raw):
            yield Change(OUTPUT_SCHEMA_REMOVED, "")
        elif a is None and b is not None:
            yield Change(OUTPUT_SCHEMA_ADDED, "")
        elif a is not None and b is not None:
            yield from schema_changes((old[0], a), (new[0], b), output=True)
    for status in was:
        if status not in now and status.startswith("2"):
            yield Change(STATUS_REMOVED, f"/responses/{status}", status)
    for status in now:
        if status not in was:
            yield Change(STATUS_ADDED, f"/responses/{status}", "", status)


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
        yield Change(OUTPUT_SCHEMA_REMOVED, "")
        return
    sides = (old[0], was.get("schema", {})), (new[0], now.get("schema", {}))
    yield from schema_changes(*sides, output=True)
