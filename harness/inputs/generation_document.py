"""One operation as a small, clean Swagger document that a generator can work from.

Published definitions hold much that generators stumble over (odd path names, enums that their type
rules out, masks used as patterns), and much that a caller cannot choose (constants, read-only
properties, security). Cleaning one operation at a time keeps a bad one from taking its siblings
along. Calling the generator is left to `harness.inputs.generation`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.inputs.requests import body_media_type
from harness.inputs.values import (
    is_constant_property,
    is_left_alone,
    is_workflow_expression,
)

__all__ = [
    "GenerationDocument",
    "generation_document",
    "is_free_form",
    "is_listed_elsewhere",
    "varied_inputs",
]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_FORMATS = {
    "date-time": "date-time",
    "date": "date",
    "uuid": "uuid",
    "guid": "uuid",
    "uri": "uri",
    "url": "uri",
    "email": "email",
    "byte": "byte",
    "binary": "binary",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
}
_PLAIN_KEYS = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "uniqueItems",
    "multipleOf",
    "collectionFormat",
    "x-nullable",
)
_LOCAL_TIME = "^20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:[0-5][0-9]:[0-5][0-9]$"
_SAFE_INTEGER = 2**53 - 1
_DYNAMIC_VALUES = ("x-ms-dynamic-values", "x-ms-dynamic-list", "x-ms-dynamic-tree")
_UNSENDABLE = ("xml",)


@dataclass(frozen=True, slots=True)
class GenerationDocument:
    """A document of one operation; `names` maps location and name there to the own name.

    `empty` says that there is nothing to vary, `negatable` that a wrong value exists at all.
    """

    document: Mapping[str, Any]
    path: str
    method: str
    names: Mapping[tuple[str, str], str]
    empty: bool
    negatable: bool


def generation_document(
    connector: Connector, operation: Operation, pinned: frozenset[str] = frozenset()
) -> GenerationDocument:
    """The document of what may be varied; `pinned` names inputs whose values are fixed."""
    cleaner = _Cleaner(connector)
    parameters: list[dict[str, Any]] = []
    names: dict[tuple[str, str], str] = {}
    path = "/operation"
    media_type = body_media_type(operation)
    for parameter in operation.parameters:
        if _is_fixed(connector, parameter, pinned, media_type):
            continue
        name = parameter.name
        if parameter.location == "path":
            # Names such as `webhook.id` break generators that format the path.
            name = f"p{len(names)}"
            path += "/{" + name + "}"
        names[parameter.location, name] = parameter.name
        parameters.append(_declared(cleaner, parameter, name))
    operation_object = {
        "operationId": "operation",
        "parameters": parameters,
        "consumes": [media_type],
        "produces": ["application/json"],
        "responses": {"200": {"description": ""}},
    }
    document = {
        "swagger": "2.0",
        "info": {"title": "one operation", "version": "1"},
        "paths": {path: {operation.method.lower(): operation_object}},
        "definitions": cleaner.definitions,
    }
    negatable = any(_is_negatable(parameter) for parameter in parameters)
    return GenerationDocument(document, path, operation.method, names, not parameters, negatable)


def varied_inputs(
    connector: Connector, operation: Operation, pinned: frozenset[str] = frozenset()
) -> frozenset[tuple[str, str]]:
    """Location and name of the inputs that a generator is given to vary."""
    media_type = body_media_type(operation)
    return frozenset(
        (p.location, p.name)
        for p in operation.parameters
        if not _is_fixed(connector, p, pinned, media_type)
    )


def is_free_form(schema: Mapping[str, Any]) -> bool:
    """Whether any text will do: a string without enum, format, pattern or length."""
    limits = ("enum", "format", "pattern", "minLength", "maxLength")
    return schema.get("type", "string") == "string" and not any(key in schema for key in limits)


def is_listed_elsewhere(schema: Mapping[str, Any]) -> bool:
    """Whether only another operation knows the allowed values."""
    return any(key in schema for key in _DYNAMIC_VALUES)


def _is_fixed(
    connector: Connector, parameter: Parameter, pinned: frozenset[str], media_type: str
) -> bool:
    if parameter.name in pinned or parameter.is_constant or is_left_alone(connector, parameter):
        return True
    if is_listed_elsewhere(parameter.raw) or parameter.raw.get("x-ms-notification-url"):
        return True
    if parameter.location == "body":
        return any(word in media_type for word in _UNSENDABLE)
    return parameter.location == "path" and is_free_form(parameter.schema)


def _declared(cleaner: _Cleaner, parameter: Parameter, name: str) -> dict[str, Any]:
    base = {"name": name, "in": parameter.location, "required": parameter.required}
    if parameter.location == "body":
        return base | {"schema": cleaner.schema(parameter.schema)}
    schema = cleaner.schema({**parameter.raw, **parameter.schema})
    schema.setdefault("type", "string")
    if parameter.schema.get("type") == "file" and parameter.location == "formData":
        schema = {"type": "file"}
    return base | schema


def _is_negatable(parameter: Mapping[str, Any]) -> bool:
    """Whether a wrong value exists: a free text in path, query or header is never wrong."""
    return parameter["in"] == "body" or parameter["type"] != "string" or not is_free_form(parameter)


class _Cleaner:
    """Copies schemas without what a generator cannot honour, and collects the definitions used."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._names: dict[str, str] = {}
        self.definitions: dict[str, Any] = {}

    def schema(self, schema: Any) -> dict[str, Any]:
        """A clean copy of a schema."""
        if not isinstance(schema, Mapping):
            return {}
        ref = schema.get("$ref")
        if isinstance(ref, str):
            return self._reference(ref)
        clean: dict[str, Any] = {k: schema[k] for k in _PLAIN_KEYS if k in schema}
        kind = _kind(schema)
        if kind is not None:
            clean["type"] = kind
        clean |= _limits(schema, kind)
        clean |= _values(schema, kind, clean)
        if isinstance(schema.get("items"), Mapping) and schema["items"]:
            clean["items"] = self.schema(schema["items"])
        elif kind == "array":
            clean["items"] = {"type": "string"}
        clean |= self._object(schema)
        return clean

    def _reference(self, ref: str) -> dict[str, Any]:
        if ref not in self._names:
            name = self._names[ref] = f"D{len(self._names)}"
            self.definitions[name] = {}
            self.definitions[name] = self.schema(self._connector.at(ref))
        return {"$ref": f"#/definitions/{self._names[ref]}"}

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        parts = schema.get("allOf")
        if isinstance(parts, list) and parts:
            clean["allOf"] = [self.schema(part) for part in parts]
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            kept = {k: v for k, v in properties.items() if not self._is_unsent(v)}
            clean["properties"] = {name: self.schema(inner) for name, inner in kept.items()}
            listed = schema.get("required")
            names = listed if isinstance(listed, list) else []
            needed = [name for name in names if isinstance(name, str) and name in kept]
            if needed:
                clean["required"] = needed
        extra = schema.get("additionalProperties")
        if isinstance(extra, bool):
            clean["additionalProperties"] = extra
        elif isinstance(extra, Mapping):
            clean["additionalProperties"] = self.schema(extra)
        return clean

    def _is_unsent(self, schema: Any) -> bool:
        inner = self._connector.resolve(schema)
        if not isinstance(inner, Mapping):
            return True
        return inner.get("readOnly") is True or is_constant_property(inner)


def _kind(schema: Mapping[str, Any]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), None)
    if kind == "file":
        return "string"
    if kind is None and isinstance(schema.get("properties"), Mapping):
        return "object"
    return kind if isinstance(kind, str) and kind in _TYPES else None


def _limits(schema: Mapping[str, Any], kind: str | None) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if _is_number(schema.get(bound)):
            clean[bound] = schema[bound]
            if schema.get(exclusive) is True:
                clean[exclusive] = True
    if kind == "integer":
        bits = {"int32": 2**31 - 1}.get(str(schema.get("format", "")).lower(), _SAFE_INTEGER)
        clean.setdefault("minimum", -bits)
        clean.setdefault("maximum", bits)
    if kind == "string":
        clean |= _text_limits(schema)
    return clean


def _text_limits(schema: Mapping[str, Any]) -> dict[str, Any]:
    name = str(schema.get("format", "")).lower()
    if name == "date-no-tz":
        return {"pattern": _LOCAL_TIME}
    if name in _FORMATS:
        return {"format": _FORMATS[name]}  # a pattern beside it is a mask more often than not
    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        return {}
    try:
        compiled = re.compile(pattern)
    except re.error:
        return {}
    enum = schema.get("enum")
    texts = [v for v in enum if isinstance(v, str)] if isinstance(enum, list) else []
    return {} if texts and not any(compiled.search(v) for v in texts) else {"pattern": pattern}


def _values(
    schema: Mapping[str, Any], kind: str | None, clean: Mapping[str, Any]
) -> dict[str, Any]:
    def fits(value: Any) -> bool:
        if is_workflow_expression(value) or value is None:
            return False
        wanted = _TYPES.get(kind or "")
        boolean = isinstance(value, bool) and kind != "boolean"
        return wanted is None or (isinstance(value, wanted) and not boolean)

    found: dict[str, Any] = {}
    enum = schema.get("enum")
    if isinstance(enum, list):
        kept = [value for value in enum if fits(value)]
        if kept:
            found["enum"] = kept
    for key in ("default", "example", "x-example"):
        value = schema.get(key)
        allowed = "enum" not in found or value in found["enum"]
        if key in schema and fits(value) and allowed and _within(value, clean):
            found[key] = value
    return found


def _within(value: Any, clean: Mapping[str, Any]) -> bool:
    if isinstance(value, str):
        longest, shortest = clean.get("maxLength"), clean.get("minLength")
        pattern = clean.get("pattern")
        fits_pattern = pattern is None or re.search(pattern, value) is not None
        long_enough = not isinstance(shortest, int) or len(value) >= shortest
        return (
            (not isinstance(longest, int) or len(value) <= longest) and long_enough and fits_pattern
        )
    if _is_number(value):
        low, high = clean.get("minimum", value), clean.get("maximum", value)
        return bool(low <= value <= high)
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
