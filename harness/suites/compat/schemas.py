"""Comparing schemas structurally: inputs and outputs, whatever their definitions are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.connector.model import Connector
from harness.connector.schema.members import schema_kind
from harness.findings.examples import REMOVED, Edit, Versions
from harness.findings.model import Rule
from harness.findings.sample import DOCUMENT, GET_DOCUMENT, LIST_DOCUMENTS, NEW_DOCUMENT, query
from harness.suites.compat.change import BREAKS, HARMLESS, MAY_BREAK, VERSIONING, Change
from harness.suites.compat.renames import constant_lost, renamed, renamed_to

__all__ = ["DYNAMIC_KEYS", "schema_changes"]

INPUT_RETYPED = Rule(
    id="compat.input-retyped",
    severity="error",
    title="The type has been changed for the input",
    meaning="The type has been changed for the input. Existing flows send the old type and break.",
    why=BREAKS,
    remedy="Keep the type, or add another input.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{NEW_DOCUMENT}/properties/pages/type": "string"})),),
)
INPUT_NARROWED = Rule(
    id="compat.input-narrowed",
    severity="error",
    title="Values have been removed from the input's list",
    meaning="Values have been removed from the input's list. Existing flows that use them break.",
    why=BREAKS,
    remedy="Keep accepting the old values.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/0/enum": ["draft", "published"]})),),
)
INPUT_WIDENED = Rule(
    id="compat.input-widened",
    severity="note",
    title="Values have been added to the input's list",
    meaning="Values have been added to the input's list.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/0/enum/-": "deleted"})),),
)
INPUT_BOUNDS = Rule(
    id="compat.input-bounds",
    severity="warning",
    title="The input's bounds are narrower",
    meaning="The input's bounds are narrower. Values of existing flows may be refused.",
    why=MAY_BREAK,
    remedy="Keep the old bounds.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/2/maximum": 10})),),
)
INPUT_DEFAULT = Rule(
    id="compat.input-default",
    severity="warning",
    title="The default has been changed",
    meaning="The default has been changed. Flows that leave the input to its default behave "
    "otherwise.",
    why=MAY_BREAK,
    remedy="Keep the default, or say so in the release notes.",
    reference=VERSIONING,
    shown_by=(
        Versions(
            Edit({f"{LIST_DOCUMENTS}/parameters/2/default": 20}),
            old=Edit({f"{LIST_DOCUMENTS}/parameters/2/default": 10}),
        ),
    ),
)
INPUT_ADDED_REQUIRED = Rule(
    id="compat.input-added-required",
    severity="error",
    title="A required input has been added",
    meaning="A required input has been added. Existing flows do not send it and break.",
    why=BREAKS,
    remedy="Make it optional, or give it a default.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/-": query("team", required=True)})),),
)
INPUT_ADDED = Rule(
    id="compat.input-added",
    severity="note",
    title="An optional input has been added",
    meaning="An optional input has been added.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/-": query("team")})),),
)
INPUT_REMOVED = Rule(
    id="compat.input-removed",
    severity="warning",
    title="An input has been removed",
    meaning="An input has been removed. What existing flows send in it is lost or refused.",
    why=MAY_BREAK,
    remedy="Keep it, with x-ms-visibility: internal where it should not show.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{NEW_DOCUMENT}/properties/pages": REMOVED})),),
)
INPUT_REQUIRED = Rule(
    id="compat.input-required",
    severity="error",
    title="An input has become required",
    meaning="An input has become required. Existing flows that leave it out break.",
    why=BREAKS,
    remedy="Keep it optional, or give it a default.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/0/required": True})),),
)
INPUT_OPTIONAL = Rule(
    id="compat.input-optional",
    severity="note",
    title="An input has become optional",
    meaning="An input has become optional.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{NEW_DOCUMENT}/required": []})),),
)
OUTPUT_REMOVED = Rule(
    id="compat.output-removed",
    severity="error",
    title="The output field has been removed",
    meaning="The output field has been removed. Existing flows that use it break.",
    why=BREAKS,
    remedy="Keep the field.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{DOCUMENT}/properties/pages": REMOVED})),),
)
OUTPUT_ADDED = Rule(
    id="compat.output-added",
    severity="note",
    title="An output field has been added",
    meaning="An output field has been added.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{DOCUMENT}/properties/size": {"type": "integer"}})),),
)
OUTPUT_RETYPED = Rule(
    id="compat.output-retyped",
    severity="error",
    title="The type has been changed for the output field",
    meaning="The type has been changed for the output field. Existing flows may be broken.",
    why=BREAKS,
    remedy="Keep the type, or add another field.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{DOCUMENT}/properties/pages/type": "string"})),),
)
OUTPUT_NULLABLE = Rule(
    id="compat.output-nullable",
    severity="warning",
    title="The output field may now be null",
    meaning="The output field may now be null. Flows that expect a value may fail.",
    why=MAY_BREAK,
    remedy="Keep sending a value.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{DOCUMENT}/properties/title/x-nullable": True})),),
)
OUTPUT_WIDENED = Rule(
    id="compat.output-widened",
    severity="warning",
    title="The output field has new values",
    meaning="The output field has new values. Flows that switch on it do not know them.",
    why=MAY_BREAK,
    remedy="Say so in the release notes.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{DOCUMENT}/properties/status/enum/-": "deleted"})),),
)
DYNAMIC = Rule(
    id="compat.dynamic",
    severity="warning",
    title="The source of dynamic values or fields has been changed",
    meaning="The source of dynamic values or fields has been changed.",
    why=MAY_BREAK,
    remedy="Open existing flows in the designer and check that their values are still found.",
    reference=VERSIONING,
    shown_by=(
        Versions(Edit({f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-values/value-title": "author"})),
    ),
)
VISIBILITY = Rule(
    id="compat.visibility",
    severity="note",
    title="The visibility has been changed",
    meaning="The visibility has been changed. Existing flows go on as they are.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/2/x-ms-visibility": "advanced"})),),
)
HIDDEN = Rule(
    id="compat.hidden",
    severity="warning",
    title="An input has become internal",
    meaning="An input has become internal. Makers can no longer change it in existing flows.",
    why=MAY_BREAK,
    remedy="Keep it visible, or make sure that its default fits everybody.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{LIST_DOCUMENTS}/parameters/2/x-ms-visibility": "internal"})),),
)
TEXT = Rule(
    id="compat.text",
    severity="note",
    title="The name that the designer shows has been changed",
    meaning="The name that the designer shows has been changed.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{GET_DOCUMENT}/summary": "Fetch a document"})),),
)

DEEPEST = 12
DYNAMIC_KEYS = (
    "x-ms-dynamic-values",
    "x-ms-dynamic-list",
    "x-ms-dynamic-schema",
    "x-ms-dynamic-properties",
    "x-ms-dynamic-tree",
)
UPPER = ("maximum", "maxLength", "maxItems")
LOWER = ("minimum", "minLength", "minItems")


def schema_changes(
    old: tuple[Connector, Any], new: tuple[Connector, Any], *, output: bool
) -> Iterator[Change]:
    """Every change between two schemas; each comes with the connector that it belongs to."""
    yield from _compare(_Side(*old), _Side(*new), "", output, 0)


@dataclass(frozen=True, slots=True)
class _Side:
    connector: Connector
    schema: Any

    @property
    def flat(self) -> Mapping[str, Any]:
        """The schema with its reference followed and `allOf` merged."""
        schema = self.connector.resolve(self.schema)
        if not isinstance(schema, Mapping):
            return {}
        parts = schema.get("allOf")
        if not isinstance(parts, list):
            return schema
        merged: dict[str, Any] = {k: v for k, v in schema.items() if k != "allOf"}
        for part in parts:
            inner = _Side(self.connector, part).flat
            properties = {**inner.get("properties", {}), **merged.get("properties", {})}
            required = [*inner.get("required", []), *merged.get("required", [])]
            merged = {**inner, **merged, "properties": properties, "required": required}
        return merged

    def at(self, schema: Any) -> _Side:
        return _Side(self.connector, schema)


def _compare(old: _Side, new: _Side, field: str, output: bool, depth: int) -> Iterator[Change]:
    if depth > DEEPEST:
        return
    was, now = old.flat, new.flat
    before, after = schema_kind(was) or "", schema_kind(now) or ""
    if before and after and before != after:
        if not output and (before, after) == ("integer", "number"):
            return
        yield Change(OUTPUT_RETYPED if output else INPUT_RETYPED, field, before, after)
        return
    yield from _values(was, now, field, output)
    if any(was.get(name) != now.get(name) for name in DYNAMIC_KEYS):
        yield Change(DYNAMIC, field)
    if not output:
        yield from _bounds(was, now, field)
        if was.get("default") != now.get("default") and "default" in was:
            yield Change(INPUT_DEFAULT, field, repr(was.get("default")), repr(now.get("default")))
    elif now.get("x-nullable") is True and was.get("x-nullable") is not True:
        yield Change(OUTPUT_NULLABLE, field, "never null", "may be null")
    if isinstance(was.get("properties"), Mapping) or isinstance(now.get("properties"), Mapping):
        yield from _properties(old, new, field, output, depth)
    if "items" in was and "items" in now:
        inner = (old.at(was["items"]), new.at(now["items"]))
        yield from _compare(*inner, f"{field}/items", output, depth + 1)


def _values(
    was: Mapping[str, Any], now: Mapping[str, Any], field: str, output: bool
) -> Iterator[Change]:
    before, after = was.get("enum"), now.get("enum")
    if not isinstance(before, list) and not isinstance(after, list):
        return
    old = {repr(v) for v in before} if isinstance(before, list) else None
    new = {repr(v) for v in after} if isinstance(after, list) else None
    gone = sorted(old - new) if old is not None and new is not None else []
    more = sorted(new - old) if old is not None and new is not None else []
    if output:
        if more or (old is not None and new is None):
            yield Change(OUTPUT_WIDENED, field, "", ", ".join(more[:5]) or "any value")
        return
    if gone or (old is None and new is not None):
        assert new is not None
        listed = [str(value) for value in after] if isinstance(after, list) else []
        yield _narrowed(field, [value.strip("'") for value in gone], listed)
    elif more or (old is not None and new is None):
        yield Change(INPUT_WIDENED, field, "", ", ".join(more[:5]) or "any value")


def _narrowed(field: str, gone: list[str], listed: list[str]) -> Change:
    """What an input takes less, in words: free text became a list, or values are gone."""
    now = ", ".join(listed[:8]) + (" ..." if len(listed) > 8 else "")
    if not gone:
        sentence = f"Free text became a list. The input now takes only: {now}; existing flows that "
        return Change(INPUT_NARROWED, field, "any value", now, sentence + "send others break.")
    lost = ", ".join(gone[:5])
    sentence = f"Values have been removed: {lost}. Existing flows that use them break."
    return Change(INPUT_NARROWED, field, lost, f"now takes only: {now}", sentence)


def _bounds(was: Mapping[str, Any], now: Mapping[str, Any], field: str) -> Iterator[Change]:
    for names, narrower in ((UPPER, _smaller), (LOWER, _larger)):
        for name in names:
            if narrower(now.get(name), was.get(name)):
                yield Change(INPUT_BOUNDS, field, f"{name} {was.get(name)}", f"{name} {now[name]}")
    if "pattern" in now and now["pattern"] != was.get("pattern"):
        yield Change(INPUT_BOUNDS, field, str(was.get("pattern", "")), str(now["pattern"]))


def _smaller(now: Any, was: Any) -> bool:
    return _is_number(now) and (not _is_number(was) or now < was)


def _larger(now: Any, was: Any) -> bool:
    return _is_number(now) and (now > was if _is_number(was) else now > 0)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _properties(old: _Side, new: _Side, field: str, output: bool, depth: int) -> Iterator[Change]:
    was, now = old.flat, new.flat
    before = was.get("properties") if isinstance(was.get("properties"), Mapping) else {}
    after = now.get("properties") if isinstance(now.get("properties"), Mapping) else {}
    assert isinstance(before, Mapping)
    assert isinstance(after, Mapping)
    had, has = _names(was), _names(now)
    others: dict[str, str] = {}
    if not output:
        flats = [
            {n: side.at(s).flat for n, s in here.items() if n not in there}
            for side, here, there in ((old, before, after), (new, after, before))
        ]
        others = renamed_to(*flats)
    for name in before:
        path = f"{field}/{name}"
        if name in others:
            yield renamed(path, name, others[name])
            inner = old.at(before[name]), new.at(after[others[name]])
            yield from _compare(*inner, path, output, depth + 1)
            continue
        if name not in after:
            yield Change(OUTPUT_REMOVED if output else INPUT_REMOVED, path)
            continue
        yield from _compare(old.at(before[name]), new.at(after[name]), path, output, depth + 1)
        if not output:
            lost = None
            if name in had and name in has:
                lost = constant_lost(old.at(before[name]).flat, new.at(after[name]).flat, path)
            if lost is not None:
                yield lost
                continue
            yield from _requirement(name in had, name in has, new.at(after[name]).flat, path)
            yield from _sight(old.at(before[name]).flat, new.at(after[name]).flat, path)
    for name in after:
        if name in before or name in others.values():
            continue
        path = f"{field}/{name}"
        if output:
            yield Change(OUTPUT_ADDED, path)
        elif name in has and "default" not in new.at(after[name]).flat:
            yield Change(INPUT_ADDED_REQUIRED, path)
        else:
            yield Change(INPUT_ADDED, path)


def _names(schema: Mapping[str, Any]) -> set[str]:
    required = schema.get("required")
    return {n for n in required if isinstance(n, str)} if isinstance(required, list) else set()


def _requirement(had: bool, has: bool, schema: Mapping[str, Any], path: str) -> Iterator[Change]:
    if has and not had and "default" not in schema:
        yield Change(INPUT_REQUIRED, path)
    elif had and not has:
        yield Change(INPUT_OPTIONAL, path)


def _sight(was: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[Change]:
    before, after = was.get("x-ms-visibility"), now.get("x-ms-visibility")
    if before != after:
        rule = HIDDEN if after == "internal" else VISIBILITY
        yield Change(rule, path, str(before or "none"), str(after or "none"))
    if was.get("x-ms-summary") != now.get("x-ms-summary"):
        yield Change(TEXT, path, str(was.get("x-ms-summary", "")), str(now.get("x-ms-summary", "")))
