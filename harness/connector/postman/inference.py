"""Schemas from samples, as the connector wizard infers them: types, and nothing required."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["infer_schema", "merge_schemas"]

_INT32 = range(-(2**31), 2**31)


def infer_schema(value: Any) -> dict[str, Any]:
    """The Swagger 2.0 schema of one JSON value; null says nothing and gives `{}`."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer", "format": "int32" if value in _INT32 else "int64"}
    if isinstance(value, float):
        return {"type": "number", "format": "double"}
    if isinstance(value, str):
        return {"type": "string"}
    if isinstance(value, list):
        return {"type": "array", "items": merge_schemas(infer_schema(item) for item in value)}
    properties = {str(key): infer_schema(member) for key, member in value.items()}
    return {"type": "object", "properties": properties}


def merge_schemas(schemas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A schema that all samples fit: properties of all, wider numbers, no type where they differ.

    A sample that was null leaves the type to the others and makes it `x-nullable`.
    """
    merged: dict[str, Any] | None = None
    for schema in schemas:
        merged = dict(schema) if merged is None else _merge(merged, schema)
    return merged or {}


def _merge(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    if not left or not right:
        known = left or right
        return {**known, "x-nullable": True} if known else {}
    nullable = {"x-nullable": True} if {**left, **right}.get("x-nullable") else {}
    types = {left.get("type"), right.get("type")}
    if types == {"object"}:
        return {"type": "object", "properties": _merge_properties(left, right), **nullable}
    if types == {"array"}:
        items = [schema["items"] for schema in (left, right) if schema.get("items")]
        return {"type": "array", "items": merge_schemas(items), **nullable}
    if types == {"integer"}:
        wide = "int64" in (left.get("format"), right.get("format"))
        return {"type": "integer", "format": "int64" if wide else "int32", **nullable}
    if types == {"integer", "number"}:
        return {"type": "number", "format": "double", **nullable}
    return {**left, **nullable} if len(types) == 1 else {}


def _merge_properties(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    ours, theirs = left.get("properties", {}), right.get("properties", {})
    return {
        name: _merge(ours[name], theirs[name])
        if name in ours and name in theirs
        else ours.get(name, theirs.get(name))
        for name in {**ours, **theirs}
    }
