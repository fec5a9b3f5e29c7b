"""Schemas of OpenAPI 3.0 and 3.1 (JSON Schema 2020-12) as Swagger 2.0 can say them.

Sources: OpenAPI Specification 3.0.4 and 3.1.1 "Schema Object", Swagger 2.0 "Schema Object",
Microsoft's page "OpenAPI extensions for custom connectors" (`x-nullable` is what Microsoft.OpenApi
writes for `nullable`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.connector.openapi.source import Source, extensions, items_of, mapping

__all__ = ["converted_schema", "write_definitions"]

_KEPT = [
    "title",
    "description",
    "default",
    "multipleOf",
    "maximum",
    "minimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "required",
    "format",
    "readOnly",
    "example",
    "externalDocs",
    "xml",
]
_LOST = {
    "not": "not",
    "if": "if/then/else",
    "patternProperties": "patternProperties",
    "propertyNames": "propertyNames",
    "contains": "contains",
    "dependentSchemas": "dependentSchemas",
    "dependentRequired": "dependentRequired",
    "unevaluatedProperties": "unevaluatedProperties",
    "unevaluatedItems": "unevaluatedItems",
    "contentSchema": "contentSchema",
    "writeOnly": "writeOnly",
    "deprecated": "deprecated",
    "$dynamicRef": "$dynamicRef",
}
Schema = dict[str, Any]


def write_definitions(source: Source) -> dict[str, Schema]:
    """Every schema that is referred to, those that definitions themselves refer to included."""
    written: dict[str, Schema] = {}
    while source.waiting:
        pointer = source.waiting.pop(0)
        node, at = source.followed({"$ref": f"#{pointer}"}, pointer)
        written[source.names[pointer]] = converted_schema(source, node, at)
    return dict(sorted(written.items()))


def converted_schema(source: Source, schema: Any, pointer: str) -> Schema:
    """A schema in the words of Swagger 2.0; what cannot be said is left open and noted."""
    if not isinstance(schema, Mapping):
        if schema is False:
            source.lose("a schema that nothing fits is left open", pointer)
        return {}
    if isinstance(schema.get("$ref"), str):
        return _reference(source, schema, pointer)
    found: Schema = {key: schema[key] for key in _KEPT if key in schema} | extensions(schema)
    _type(source, schema, found, pointer)
    _values(schema, found)
    _bounds(schema, found)
    _members(source, schema, found, pointer)
    _alternatives(source, schema, found, pointer)
    _discriminator(source, schema, found, pointer)
    for key, name in _LOST.items():
        if schema.get(key) not in (None, False):
            source.lose(f"{name} of a schema is left out", pointer)
    if found.get("type") == "array":
        found.setdefault("items", {})
    return found


def _reference(source: Source, schema: Mapping[str, Any], pointer: str) -> Schema:
    target, there = source.followed(schema, pointer)
    if not target:
        return {}
    reference = {"$ref": f"#/definitions/{source.definition_name(there)}"}
    more = {key: schema[key] for key in ("description", "default", "title") if key in schema}
    if schema.get("nullable") is True:
        more["x-nullable"] = True
    return {"allOf": [reference], **more} if more else reference


def _type(source: Source, schema: Mapping[str, Any], found: Schema, pointer: str) -> None:
    given = schema.get("type")
    kinds = [kind for kind in (given if isinstance(given, list) else [given]) if kind]
    if "null" in kinds or schema.get("nullable") is True:
        found["x-nullable"] = True
    kinds = [kind for kind in kinds if kind != "null"]
    if len(kinds) == 1:
        found["type"] = kinds[0]
    elif sorted(map(str, kinds)) == ["integer", "number"]:
        found["type"] = "number"
    elif kinds:
        source.lose(f"the types {', '.join(map(str, kinds))}: none is taken", pointer)
    elif isinstance(schema.get("properties"), Mapping):
        found["type"] = "object"
    if schema.get("contentEncoding") in ("base64", "base64url"):
        found.setdefault("format", "byte")
    elif "contentMediaType" in schema and found.get("type") == "string":
        found.setdefault("format", "binary")


def _values(schema: Mapping[str, Any], found: Schema) -> None:
    values = schema.get("enum")
    if "const" in schema:
        values = [schema["const"]]
    if isinstance(values, list):
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            found["x-nullable"] = True
        if known:
            found["enum"] = known
            if "type" not in found and all(isinstance(value, str) for value in known):
                found["type"] = "string"
    if "examples" in schema and "example" not in found and items_of(schema["examples"]):
        found["example"] = schema["examples"][0]
    if found.get("default", 0) is None:
        del found["default"]  # null is what leaving out means


def _bounds(schema: Mapping[str, Any], found: Schema) -> None:
    for key, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        limit = schema.get(exclusive)
        if limit is True and key in found:
            found[exclusive] = True
        elif isinstance(limit, (int, float)) and not isinstance(limit, bool):
            found[key], found[exclusive] = limit, True


def _members(source: Source, schema: Mapping[str, Any], found: Schema, pointer: str) -> None:
    properties = mapping(schema.get("properties"))
    if properties:
        found["properties"] = {
            str(name): converted_schema(source, inner, f"{pointer}/properties/{name}")
            for name, inner in properties.items()
        }
    if not items_of(found.get("required")):
        found.pop("required", None)
    extra = schema.get("additionalProperties")
    if isinstance(extra, bool):
        found["additionalProperties"] = extra
    elif isinstance(extra, Mapping):
        at = f"{pointer}/additionalProperties"
        found["additionalProperties"] = converted_schema(source, extra, at)
    if "items" in schema:
        found["items"] = converted_schema(source, schema["items"], f"{pointer}/items")
    if items_of(schema.get("prefixItems")):
        source.lose("items that differ by position (prefixItems) are left open", pointer)
        found["items"] = {}
    parts = items_of(schema.get("allOf"))
    if parts:
        found["allOf"] = [
            converted_schema(source, part, f"{pointer}/allOf/{n}") for n, part in enumerate(parts)
        ]


def _alternatives(source: Source, schema: Mapping[str, Any], found: Schema, pointer: str) -> None:
    """`oneOf` and `anyOf`: null is `x-nullable`, a single alternative is the schema itself."""
    for key in ("oneOf", "anyOf"):
        choices = [c for c in items_of(schema.get(key)) if isinstance(c, Mapping)]
        real = [choice for choice in choices if not _is_null(choice)]
        if len(real) < len(choices):
            found["x-nullable"] = True
        if len(real) == 1:
            _take_in(found, converted_schema(source, real[0], f"{pointer}/{key}/0"))
        elif real:
            _merge(source, key, real, found, pointer)


def _is_null(choice: Mapping[str, Any]) -> bool:
    return choice.get("type") in ("null", ["null"]) or choice.get("enum") == [None]


def _take_in(found: Schema, single: Schema) -> None:
    if "$ref" in single:
        found["allOf"] = [*found.get("allOf", []), single]
    else:
        for key, value in single.items():
            found.setdefault(key, value)


def _merge(
    source: Source, key: str, choices: list[Mapping[str, Any]], found: Schema, pointer: str
) -> None:
    """One schema that every alternative fits: objects with all properties, one common type."""
    written = [_put_in(source, choice, f"{pointer}/{key}/{n}") for n, choice in enumerate(choices)]
    kinds = {str(schema.get("type") or "") for schema in written}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    kind = (kinds.pop() or None) if len(kinds) == 1 else None
    if kind == "object" and not any("allOf" in schema for schema in written):
        properties: Schema = {}
        for schema in written:
            for name, inner in mapping(schema.get("properties")).items():
                properties[name] = inner if properties.get(name, inner) == inner else {}
        needed = [set(map(str, items_of(schema.get("required")))) for schema in written]
        common = sorted(set.intersection(*needed)) if needed else []
        _take_in(found, {"type": "object", "properties": properties})
        if common:
            found["required"] = [*items_of(found.get("required")), *common]
        how = "one object with the properties of all"
    elif kind is not None and kind != "array":
        found.setdefault("type", kind)
        enums = [schema.get("enum") for schema in written]
        if all(enums):
            values = [value for enum in enums for value in items_of(enum)]
            found["enum"] = [v for n, v in enumerate(values) if v not in values[:n]]
        how = f"any {kind}"
    else:
        found.pop("type", None)
        how = "anything"
    source.lose(f"{key} of {len(choices)} schemas becomes {how}", pointer)


def _put_in(source: Source, choice: Any, pointer: str) -> Schema:
    """An alternative with its reference followed; open where it is one of itself."""
    node, at = source.followed(choice, pointer)
    if at in source.open:
        return {}
    source.open.add(at)
    written = converted_schema(source, node, at)
    source.open.discard(at)
    return written


def _discriminator(source: Source, schema: Mapping[str, Any], found: Schema, pointer: str) -> None:
    name = mapping(schema.get("discriminator")).get("propertyName")
    if not isinstance(name, str):
        return
    declared = name in found.get("properties", {}) and name in items_of(found.get("required"))
    if declared and not ("oneOf" in schema or "anyOf" in schema):
        found["discriminator"] = name
        if mapping(mapping(schema["discriminator"]).get("mapping")):
            source.lose("the mapping of a discriminator is left out", pointer)
        return
    source.lose(f"the discriminator {name} is left out", pointer)
