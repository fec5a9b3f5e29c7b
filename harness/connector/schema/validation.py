"""Judging a JSON value against a schema of the definition, with a pointer and kind per problem.

Schemas are compiled once into plain functions, because a run judges thousands of answers. Swagger
2.0 has no null: `x-nullable` is honoured, and a null elsewhere is a kind of its own. Schemas that
only another operation can give (`x-ms-dynamic-schema`) accept everything. Sources: Swagger 2.0
"Schema Object", JSON Schema draft 4, Microsoft's page "OpenAPI extensions for custom connectors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.connector.model import Connector
from harness.connector.schema.scalars import (
    Check,
    Path,
    Problem,
    is_dynamic,
    is_list,
    is_nullable,
    scalar_checks,
    schema_kind,
    shown,
    typed,
)

__all__ = ["Problem", "SchemaJudge", "is_dynamic", "is_nullable", "shown"]

MOST_PROBLEMS = 200


class SchemaJudge:
    """Compiled schemas of one connector; `strict` makes declared properties required and alone."""

    def __init__(self, connector: Connector, *, strict: bool = False) -> None:
        self._connector = connector
        self._strict = strict
        self._compiled: dict[tuple[int, bool, bool], Check] = {}
        self._kept: list[Any] = []  # keeps schemas alive, since their ids are keys

    def problems(self, schema: Any, value: Any) -> list[Problem]:
        """Every problem of a value, at most a few hundred; empty means that it conforms."""
        found: list[Problem] = []
        self._check(schema)(value, (), found)
        return found

    def _check(self, schema: Any, *, closing: bool = True, choosing: bool = True) -> Check:
        key = (id(schema), closing, choosing)
        known = self._compiled.get(key)
        if known is not None:
            return known
        self._kept.append(schema)
        # Recursive schemas meet themselves here, before their own check is ready.
        self._compiled[key] = lambda value, path, out: self._compiled[key](value, path, out)
        check = self._compile(schema, closing, choosing)
        self._compiled[key] = check
        return check

    def _compile(self, schema: Any, closing: bool, choosing: bool) -> Check:
        nullable = is_nullable(schema)
        schema = self._connector.resolve(schema)
        if not isinstance(schema, Mapping) or not schema or is_dynamic(schema):
            return _anything
        kind = schema_kind(schema)
        if kind == "file":
            return _anything
        checks = [*scalar_checks(schema, kind)]
        if kind == "array":
            checks += self._array_checks(schema)
        parts = _parts(schema)
        checks += [self._check(part, closing=False, choosing=choosing) for part in parts]
        if kind in ("object", None):
            checks += self._object_checks(schema, closing)
        if choosing and isinstance(schema.get("discriminator"), str):
            checks.append(self._discriminator_check(schema))
        allowed_null = nullable or is_nullable(schema) or not (kind or parts or "enum" in schema)
        return typed(kind, allowed_null, tuple(checks))

    def _array_checks(self, schema: Mapping[str, Any]) -> list[Check]:
        items = schema.get("items")
        if not isinstance(items, Mapping) or not items:
            return []
        check = self._check(items)

        def each(value: Any, path: Path, out: list[Problem]) -> None:
            for index, item in enumerate(value):
                if len(out) >= MOST_PROBLEMS:
                    return
                check(item, (*path, index), out)

        return [each]

    def _object_checks(self, schema: Mapping[str, Any], closing: bool) -> list[Check]:
        declared, closed = self._shape(schema)
        own = schema.get("properties")
        own = own if isinstance(own, Mapping) else {}
        checks = {name: self._check(inner) for name, inner in own.items()}
        if self._strict and own:
            needed = tuple(declared) if closing else tuple(own)
        else:
            listed = schema.get("required")
            needed = tuple(n for n in listed if isinstance(n, str)) if is_list(listed) else ()
        extra = schema.get("additionalProperties")
        extra_check = self._check(extra) if isinstance(extra, Mapping) and extra else None
        strictly = self._strict and bool(declared) and extra is None
        forbids = closing and (closed or strictly)

        def judge(value: Any, path: Path, out: list[Problem]) -> None:
            if not isinstance(value, dict):
                return
            for name in needed:
                if name not in value:
                    out.append(Problem("required", (*path, name), "present", "missing"))
            for name, inner in value.items():
                check = checks.get(name)
                if check is not None:
                    check(inner, (*path, name), out)
                elif name not in declared and extra_check is not None:
                    extra_check(inner, (*path, name), out)
                elif name not in declared and forbids:
                    out.append(Problem("extra", (*path, name), "no such property", shown(inner)))

        return [judge] if needed or checks or forbids or extra_check else []

    def _shape(self, schema: Any, seen: frozenset[int] = frozenset()) -> tuple[set[str], bool]:
        """The properties that a schema and its `allOf` declare, and whether any part is closed."""
        schema = self._connector.resolve(schema)
        if not isinstance(schema, Mapping) or id(schema) in seen:
            return set(), False
        own = schema.get("properties")
        declared = set(own) if isinstance(own, Mapping) else set()
        closed = schema.get("additionalProperties") is False
        for part in _parts(schema):
            more, shut = self._shape(part, seen | {id(schema)})
            declared, closed = declared | more, closed or shut
        return declared, closed

    def _discriminator_check(self, base: Mapping[str, Any]) -> Check:
        name = str(base["discriminator"])
        kinds = self._derived(base)
        checks = {value: self._check(schema, choosing=False) for value, schema in kinds.items()}

        def choose(value: Any, path: Path, out: list[Problem]) -> None:
            chosen = value.get(name) if isinstance(value, dict) else None
            if not isinstance(chosen, str) or not checks:
                return
            if chosen in checks:
                checks[chosen](value, path, out)
            else:
                known = "one of " + ", ".join(sorted(checks))
                out.append(Problem("discriminator", (*path, name), known, shown(chosen)))

        return choose

    def _derived(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """The definitions that a discriminator may name: the base's own and those built on it."""
        definitions = self._connector.raw.get("definitions")
        kinds: dict[str, Any] = {}
        for name, schema in definitions.items() if isinstance(definitions, Mapping) else ():
            if not isinstance(schema, Mapping):
                continue
            based = any(self._connector.resolve(part) is base for part in _parts(schema))
            if schema is base or based:
                kinds[str(schema.get("x-ms-discriminator-value", name))] = schema
        return kinds if len(kinds) > 1 else {}


def _anything(_value: Any, _path: Path, _out: list[Problem]) -> None:
    return None


def _parts(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = schema.get("allOf")
    return [part for part in parts if isinstance(part, Mapping)] if is_list(parts) else []
