"""Comparing schemas structurally: inputs and outputs, whatever their definitions are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.connector.model import Connector

__all__ = ["DYNAMIC", "Change", "schema_changes"]

DEEPEST = 12
DYNAMIC = (
    "x-ms-dynamic-values",
    "x-ms-dynamic-list",
    "x-ms-dynamic-schema",
    "x-ms-dynamic-properties",
    "x-ms-dynamic-tree",
)
UPPER = ("maximum", "maxLength", "maxItems")
LOWER = ("minimum", "minLength", "minItems")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the rule's name, the field (`/items/0/id`), what was and what is."""

    rule: str
    field: str
    was: str = ""
    now: str = ""


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
    kind = "output" if output else "input"
    before, after = _type(was), _type(now)
    if before and after and before != after:
        if not output and (before, after) == ("integer", "number"):
            return
        yield Change(f"{kind}-retyped", field, before, after)
        return
    yield from _values(was, now, field, output)
    if any(was.get(name) != now.get(name) for name in DYNAMIC):
        yield Change("dynamic", field)
    if not output:
        yield from _bounds(was, now, field)
        if was.get("default") != now.get("default") and "default" in was:
            yield Change("input-default", field, repr(was.get("default")), repr(now.get("default")))
    elif now.get("x-nullable") is True and was.get("x-nullable") is not True:
        yield Change("output-nullable", field, "never null", "may be null")
    if isinstance(was.get("properties"), Mapping) or isinstance(now.get("properties"), Mapping):
        yield from _properties(old, new, field, output, depth)
    if "items" in was and "items" in now:
        inner = (old.at(was["items"]), new.at(now["items"]))
        yield from _compare(*inner, f"{field}/items", output, depth + 1)


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else ""


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
            yield Change("output-widened", field, "", ", ".join(more[:5]) or "any value")
        return
    if gone or (old is None and new is not None):
        yield Change("input-narrowed", field, ", ".join(gone[:5]) or "any value", "")
    elif more or (old is not None and new is None):
        yield Change("input-widened", field, "", ", ".join(more[:5]) or "any value")


def _bounds(was: Mapping[str, Any], now: Mapping[str, Any], field: str) -> Iterator[Change]:
    for names, narrower in ((UPPER, _smaller), (LOWER, _larger)):
        for name in names:
            if narrower(now.get(name), was.get(name)):
                yield Change(
                    "input-bounds", field, f"{name} {was.get(name)}", f"{name} {now[name]}"
                )
    if "pattern" in now and now["pattern"] != was.get("pattern"):
        yield Change("input-bounds", field, str(was.get("pattern", "")), str(now["pattern"]))


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
    for name in before:
        path = f"{field}/{name}"
        if name not in after:
            yield Change("output-removed" if output else "input-removed", path)
            continue
        yield from _compare(old.at(before[name]), new.at(after[name]), path, output, depth + 1)
        if not output:
            yield from _requirement(name in had, name in has, new.at(after[name]).flat, path)
            yield from _sight(old.at(before[name]).flat, new.at(after[name]).flat, path)
    for name in after:
        if name in before:
            continue
        path = f"{field}/{name}"
        if output:
            yield Change("output-added", path)
        elif name in has and "default" not in new.at(after[name]).flat:
            yield Change("input-added-required", path)
        else:
            yield Change("input-added", path)


def _names(schema: Mapping[str, Any]) -> set[str]:
    required = schema.get("required")
    return {n for n in required if isinstance(n, str)} if isinstance(required, list) else set()


def _requirement(had: bool, has: bool, schema: Mapping[str, Any], path: str) -> Iterator[Change]:
    if has and not had and "default" not in schema:
        yield Change("input-required", path)
    elif had and not has:
        yield Change("input-optional", path)


def _sight(was: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[Change]:
    before, after = was.get("x-ms-visibility"), now.get("x-ms-visibility")
    if before != after:
        rule = "hidden" if after == "internal" else "visibility"
        yield Change(rule, path, str(before or "none"), str(after or "none"))
    if was.get("x-ms-summary") != now.get("x-ms-summary"):
        yield Change(
            "text", path, str(was.get("x-ms-summary", "")), str(now.get("x-ms-summary", ""))
        )
