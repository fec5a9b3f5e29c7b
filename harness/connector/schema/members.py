"""What a schema says about itself: its type, its properties, whether null or anything goes.

The one place that reads `properties`, `required`, `additionalProperties` and `allOf` together.
Sources: Swagger 2.0 "Schema Object", JSON Schema draft 4 section 5, Microsoft's page "OpenAPI
extensions for custom connectors" (dynamic schemas).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from harness.connector.model import Connector

__all__ = [
    "DYNAMIC_SCHEMAS",
    "TYPES",
    "Members",
    "all_of",
    "is_dynamic",
    "is_nullable",
    "own_properties",
    "properties_of",
    "required_names",
    "schema_kind",
    "schema_kinds",
]

TYPES = ("string", "integer", "number", "boolean", "array", "object")
"""The types of a Swagger 2.0 schema; `file` and `null` mean something else."""
DYNAMIC_SCHEMAS = ("x-ms-dynamic-schema", "x-ms-dynamic-properties")
"""Extensions that leave a schema to another operation."""


@dataclass(frozen=True, slots=True)
class Members:
    """The properties of an object with those of its `allOf` parts.

    `declared` is name to schema, the object's own before its parts'; `required` holds each name
    once. `closed` says that one part forbids other properties, `extras` are the schemas that parts
    give for them.
    """

    declared: Mapping[str, Any]
    required: tuple[str, ...]
    closed: bool
    extras: tuple[Mapping[str, Any], ...]
    is_open: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said about properties."""
        return not (self.declared or self.required or self.closed or self.extras)


def properties_of(connector: Connector, schema: Any) -> Members:
    """The properties of a schema, references followed and `allOf` parts included.

    An object with parts is closed as a whole: a part's `additionalProperties: false` is meant for
    all parts together, as generators write it, although JSON Schema looks at the part alone.
    """
    declared: dict[str, Any] = {}
    required: dict[str, None] = {}
    extras: list[Mapping[str, Any]] = []
    closed = is_open = False
    for part in _with_parts(connector, schema, frozenset()):
        declared = {**own_properties(part), **declared}
        required |= dict.fromkeys(required_names(part))
        extra = part.get("additionalProperties")
        closed = closed or extra is False
        is_open = is_open or extra is True or isinstance(extra, Mapping)
        extras += [extra] if isinstance(extra, Mapping) and extra else []
    return Members(declared, tuple(required), closed, tuple(extras), is_open)


def _with_parts(
    connector: Connector, schema: Any, seen: frozenset[int]
) -> Iterator[Mapping[str, Any]]:
    """The schema and all its `allOf` parts, the schema first, each once on a way down."""
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping) or id(schema) in seen:
        return
    yield schema
    for part in all_of(schema):
        yield from _with_parts(connector, part, seen | {id(schema)})


def own_properties(schema: Any) -> Mapping[str, Any]:
    """The `properties` of one schema; empty where there are none."""
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def required_names(schema: Any) -> tuple[str, ...]:
    """The names in `required`; empty where it is no list (draft 3 wrote `required: true`)."""
    found = schema.get("required") if isinstance(schema, Mapping) else None
    return tuple(name for name in found if isinstance(name, str)) if _is_list(found) else ()


def all_of(schema: Any) -> list[Mapping[str, Any]]:
    """The parts in `allOf`; empty where there are none."""
    found = schema.get("allOf") if isinstance(schema, Mapping) else None
    return [part for part in found if isinstance(part, Mapping)] if _is_list(found) else []


def is_nullable(schema: Any) -> bool:
    """Whether null is allowed: `x-nullable`, a null in `type` or in `enum`."""
    if not isinstance(schema, Mapping):
        return False
    if str(schema.get("x-nullable", "")).lower() == "true":
        return True
    kind, enum = schema.get("type"), schema.get("enum")
    return (
        kind == "null" or (_is_list(kind) and "null" in kind) or (_is_list(enum) and None in enum)
    )


def is_dynamic(schema: Mapping[str, Any]) -> bool:
    """Whether only another operation can give the schema."""
    return any(key in schema for key in DYNAMIC_SCHEMAS)


def schema_kinds(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that a schema allows; empty where it demands none.

    A schema with `properties` and without `type` describes an object. A type that Swagger does not
    know demands nothing.
    """
    kind = schema.get("type")
    if kind is None and isinstance(schema.get("properties"), Mapping):
        return ("object",)
    listed = kind if _is_list(kind) else [kind]
    kinds = tuple(k for k in listed if isinstance(k, str) and k != "null")
    return kinds if all(k in (*TYPES, "file") for k in kinds) else ()


def schema_kind(schema: Mapping[str, Any]) -> str | None:
    """The one type that a schema demands, or None."""
    kinds = schema_kinds(schema)
    return kinds[0] if len(kinds) == 1 else None


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
