"""Rewriting a Swagger 2.0 schema as JSON Schema 2020-12, so that a library can validate with it.

What Swagger and Power Platform mean differently is written out: `x-nullable`, schemas that another
operation gives, `discriminator`, `additionalProperties` next to `allOf`, formats. Keywords that
Swagger 2.0 lacks, and values that a keyword cannot have, are left out: the definition rules report
them. Sources: Swagger 2.0 "Schema Object", JSON Schema draft 4 and 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard

import jsonschema_rs

from harness.connector.model import Connector
from harness.connector.schema.formats import NUMBER_BOUNDS, TEXT_FORMATS
from harness.connector.schema.members import (
    Members,
    all_of,
    is_dynamic,
    is_nullable,
    own_properties,
    properties_of,
    required_names,
    schema_kinds,
)
from harness.connector.schema.problems import type_name

__all__ = ["DISCRIMINATOR", "Translator"]

DISCRIMINATOR = "discriminator"
"""`$comment` of the enum that stands for a discriminator."""
_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
JsonSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """How one schema is rewritten.

    `closing` says that it stands alone, not as an `allOf` part; `choosing` that its discriminator
    has not chosen yet.
    """

    closing: bool = True
    choosing: bool = True

    @property
    def as_part(self) -> _Form:
        return _Form(closing=False, choosing=self.choosing)

    @property
    def chosen(self) -> _Form:
        return _Form(closing=self.closing, choosing=False)


class Translator:
    """Rewrites the schemas of one connector; each shared definition once.

    `strict` makes declared properties required and forbids others. `sending` is for what goes to
    the app: `readOnly` properties need not be there.
    """

    def __init__(self, connector: Connector, *, strict: bool = False, sending: bool = False):
        self._connector = connector
        self._strict = strict
        self._sending = sending
        self._names: dict[tuple[int, _Form], str] = {}
        self._named: dict[str, tuple[Mapping[str, Any], _Form]] = {}
        self._definitions: dict[str, JsonSchema] = {}

    def document(self, schemas: Mapping[str, Any]) -> JsonSchema:
        """A document that stands alone: each schema as a property, with all that they refer to."""
        properties = {name: self._schema(schema, _Form()) for name, schema in schemas.items()}
        reached: dict[str, JsonSchema] = {}
        waiting = list(_references(properties))
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached[name] = self._definition(name)
                waiting.extend(_references(reached[name]))
        return {"properties": properties, "$defs": reached}

    def _schema(self, schema: Any, form: _Form, *, apart: bool = False) -> JsonSchema:
        """Inline schemas are written out; referenced ones become a definition of the document.

        So do those that are to be written `apart`, because they may lead back to themselves.
        """
        target, nullable = self._followed(schema)
        if not isinstance(target, Mapping) or not target or is_dynamic(target):
            return {}
        if target is schema and not apart:
            found = self._body(target, form)
        else:
            found = {"$ref": f"#/$defs/{self._name(target, form)}"}
        return {"if": {"type": "null"}, "else": found} if nullable and found else found

    def _followed(self, schema: Any) -> tuple[Any, bool]:
        """What a schema refers to in the end, and whether a step on the way allows null."""
        target = self._connector.resolve(schema)
        nullable = is_nullable(target)
        seen: list[Any] = []
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
            if any(schema is known for known in seen):
                break
            seen.append(schema)
            nullable = nullable or is_nullable(schema)
            schema = self._connector.at(schema["$ref"])
        return target, nullable

    def _name(self, target: Mapping[str, Any], form: _Form) -> str:
        key = (id(target), form)  # the connector keeps its document, so the id stays its own
        if key not in self._names:
            self._names[key] = f"d{len(self._names)}"
            self._named[self._names[key]] = (target, form)
        return self._names[key]

    def _definition(self, name: str) -> JsonSchema:
        """Written when it is asked for: a chain of definitions may be longer than the stack."""
        if name not in self._definitions:
            self._definitions[name] = self._body(*self._named[name])
        return self._definitions[name]

    def _body(self, schema: Mapping[str, Any], form: _Form) -> JsonSchema:
        kinds = schema_kinds(schema)
        if "file" in kinds:
            return {}
        chooser = self._chooser(schema, form) if form.choosing else None
        if chooser is not None:
            return chooser
        found = {**_scalar_keywords(schema, kinds), **self._item_keywords(schema)}
        found |= self._object_keywords(schema, form)
        parts = [self._schema(part, form.as_part) for part in all_of(schema)]
        parts += _number_format(schema, kinds)
        if any(parts):
            found["allOf"] = [part for part in parts if part]
        return found

    def _item_keywords(self, schema: Mapping[str, Any]) -> JsonSchema:
        items = schema.get("items")
        if isinstance(items, list):  # draft 4: one schema for each position
            first = [self._schema(item, _Form()) for item in items]
            return {"prefixItems": first} if any(first) else {}
        inner = self._schema(items, _Form())
        return {"items": inner} if inner else {}

    def _object_keywords(self, schema: Mapping[str, Any], form: _Form) -> JsonSchema:
        own = own_properties(schema)
        members = properties_of(self._connector, schema)
        properties = {name: self._schema(inner, _Form()) for name, inner in own.items()}
        needed = self._needed(schema, own, members)
        found: JsonSchema = {"required": needed} if needed else {}
        others = self._others(members) if form.closing else None
        if others is not None:
            # what the parts declare is known here, and judged there
            properties = {**{name: {} for name in members.declared}, **properties}
            found["additionalProperties"] = others
        return {**found, "properties": properties} if properties else found

    def _needed(
        self, schema: Mapping[str, Any], own: Mapping[str, Any], members: Members
    ) -> list[str]:
        names = [*(own if self._strict else ()), *required_names(schema)]
        if self._sending:
            names = [name for name in names if not self._is_read_only(members.declared.get(name))]
        return list(dict.fromkeys(names))

    def _is_read_only(self, schema: Any) -> bool:
        seen = (schema, self._connector.resolve(schema))
        return any(isinstance(s, Mapping) and s.get("readOnly") is True for s in seen)

    def _others(self, members: Members) -> JsonSchema | bool | None:
        """What properties beyond the declared ones have to be; None where anything goes."""
        if members.closed or (self._strict and members.declared and not members.is_open):
            return False
        written = (self._schema(extra, _Form(), apart=True) for extra in members.extras)
        extras = [inner for inner in written if inner]
        if not extras:
            return None
        return extras[0] if len(extras) == 1 else {"allOf": extras}

    def _chooser(self, base: Mapping[str, Any], form: _Form) -> JsonSchema | None:
        """The base and the definition that its discriminator names; None where none extends it."""
        name = base.get("discriminator")
        kinds = self._derived(base) if isinstance(name, str) else {}
        if len(kinds) < 2:
            return None
        choices = [
            {
                "if": {"required": [name], "properties": {name: {"const": value}}},
                "then": {"$ref": f"#/$defs/{self._name(schema, form.chosen)}"},
            }
            for value, schema in kinds.items()
        ]
        known = {"enum": sorted(kinds), "$comment": DISCRIMINATOR}
        named = {"properties": {name: {"if": {"type": "string"}, "then": known}}}
        common = {"$ref": f"#/$defs/{self._name(base, _Form(closing=False, choosing=False))}"}
        return {"allOf": [common, *choices, named]}

    def _derived(self, base: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """The definitions that a discriminator may name: the base's own and those built on it."""
        definitions = self._connector.raw.get("definitions")
        kinds: dict[str, Mapping[str, Any]] = {}
        for name, schema in definitions.items() if isinstance(definitions, Mapping) else ():
            if isinstance(schema, Mapping) and self._is_based(schema, base, frozenset()):
                kinds[str(schema.get("x-ms-discriminator-value", name))] = schema
        return kinds

    def _is_based(self, schema: Any, base: Mapping[str, Any], seen: frozenset[int]) -> bool:
        schema = self._connector.resolve(schema)
        if schema is base:
            return True
        if not isinstance(schema, Mapping) or id(schema) in seen:
            return False
        return any(self._is_based(p, base, seen | {id(schema)}) for p in all_of(schema))


def _scalar_keywords(schema: Mapping[str, Any], kinds: tuple[str, ...]) -> JsonSchema:
    """Type, enum, bounds, format and pattern, as far as they can be meant."""
    found: JsonSchema = {"type": list(kinds) if len(kinds) > 1 else kinds[0]} if kinds else {}
    enum = schema.get("enum")
    if isinstance(enum, list):
        fitting = [value for value in enum if value is not None and _fits(value, kinds)]
        # an enum that its own type rules out is the definition's defect, not a drift
        found |= {"enum": fitting} if fitting else {}
    for key in _SIZES:
        size = schema.get(key)
        if _is_number(size) and size >= 0 and size == int(size):
            found[key] = int(size)
    found |= _bound(schema, "minimum", "exclusiveMinimum")
    found |= _bound(schema, "maximum", "exclusiveMaximum")
    step = schema.get("multipleOf")
    found |= {"multipleOf": step} if _is_number(step) and step > 0 else {}
    found |= {"uniqueItems": True} if schema.get("uniqueItems") is True else {}
    name = str(schema.get("format", "")).lower()
    found |= {"format": name} if name in TEXT_FORMATS else {}
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and pattern and _is_pattern(pattern):
        found["pattern"] = pattern
    return found


def _bound(schema: Mapping[str, Any], key: str, exclusive: str) -> JsonSchema:
    """Draft 4 says "exclusive" by a boolean next to the bound, 2020-12 by a bound of its own."""
    limit = schema.get(key)
    if not _is_number(limit):
        return {}
    return {exclusive if schema.get(exclusive) is True else key: limit}


def _number_format(schema: Mapping[str, Any], kinds: tuple[str, ...]) -> list[JsonSchema]:
    name = str(schema.get("format", "")).lower()
    if name not in NUMBER_BOUNDS or kinds not in ((), ("integer",)):
        return []
    low, high = NUMBER_BOUNDS[name]
    return [{"minimum": low, "maximum": high, "$comment": f"format {name}"}]


def _fits(value: Any, kinds: tuple[str, ...]) -> bool:
    name = type_name(value)
    # 1.0 is an integer to JSON Schema since draft 6 and to every JSON reader that matters here
    whole = isinstance(value, float) and value.is_integer()
    names = {name, *(("number",) if name == "integer" else ()), *(("integer",) if whole else ())}
    return not kinds or bool(names & set(kinds))


def _is_number(value: Any) -> TypeGuard[float]:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) < float("inf")
    )


@lru_cache(maxsize=1_000)
def _is_pattern(text: str) -> bool:
    """Whether it is an ECMA 262 regular expression, which JSON Schema asks for."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text})
    except ValueError:
        return False
    return True


def _references(node: Any) -> Iterator[str]:
    """The definitions that a rewritten schema refers to."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if isinstance(here.get("$ref"), str):
                yield here["$ref"].rpartition("/")[2]
            schemas = (v for k, v in here.items() if not (k == "enum" and isinstance(v, list)))
            waiting.extend(schemas)
        elif isinstance(here, list):
            waiting.extend(here)
