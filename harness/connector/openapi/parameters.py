"""Parameters, form fields and headers: Swagger 2.0 gives them a type of their own, no schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.openapi.schemas import converted_schema
from harness.connector.openapi.source import Source, extensions, items_of, mapping, title_of

__all__ = ["converted_parameters", "form_fields", "plain_type"]

_TYPES = ("string", "integer", "number", "boolean", "array", "file")
_KEYWORDS = [
    "type",
    "format",
    "enum",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
]
_COLLECTIONS = {"spaceDelimited": "ssv", "pipeDelimited": "pipes"}
_NO_PARAMETERS = ("accept", "content-type", "authorization")


def converted_parameters(source: Source, nodes: Any, pointer: str) -> list[dict[str, Any]]:
    """The parameters of an operation or a path."""
    found: list[dict[str, Any]] = []
    for n, raw in enumerate(items_of(nodes)):
        node, at = source.followed(raw, f"{pointer}/{n}")
        if node:
            found += _parameter(source, node, at)
    return found


def _parameter(source: Source, node: Mapping[str, Any], pointer: str) -> Iterator[dict[str, Any]]:
    name, location = str(node.get("name", "")), node.get("in")
    if location not in ("path", "query", "header"):
        source.lose(f"the {location} parameter {name} is left out", pointer)
        return
    if location == "header" and name.lower() in _NO_PARAMETERS:
        source.lose(f"the header {name} is left out: the platform sets it", pointer)
        return
    for key in ("deprecated", "allowReserved"):
        if node.get(key) is True:
            source.lose(f"{key} of the parameter {name} is left out", pointer)
    schema, at = _schema_of(source, node, pointer)
    parts = _exploded(source, node, schema, name, pointer)
    if parts is not None:
        for part, inner, needed in parts:
            yield _written(source, node, part, inner, at, required=needed)
        return
    required = location == "path" or node.get("required") is True
    yield _written(source, node, name, schema, at, required=required)


def _schema_of(
    source: Source, node: Mapping[str, Any], pointer: str
) -> tuple[Mapping[str, Any], str]:
    if "schema" in node:
        return source.followed(node["schema"], f"{pointer}/schema")
    if mapping(node.get("content")):
        media = next(iter(node["content"]))
        source.lose(f"the parameter {node.get('name')} is a text that holds {media}", pointer)
    return {"type": "string"}, pointer


def _exploded(
    source: Source, node: Mapping[str, Any], schema: Mapping[str, Any], name: str, pointer: str
) -> list[tuple[str, Any, bool]] | None:
    """An object in a query, as it goes over the wire: one parameter for each property."""
    written = converted_schema(source, schema, pointer)
    properties = mapping(schema.get("properties"))
    if node.get("in") != "query" or written.get("type") != "object" or not properties:
        return None
    deep = node.get("style") == "deepObject"
    if not deep and node.get("explode") is False:
        return None
    needed = items_of(schema.get("required")) if node.get("required") is True else []
    source.lose(f"the object {name} becomes one parameter for each of its properties", pointer)
    return [
        (f"{name}[{part}]" if deep else str(part), inner, part in needed)
        for part, inner in properties.items()
    ]


def _written(
    source: Source,
    node: Mapping[str, Any],
    name: str,
    schema: Any,
    pointer: str,
    *,
    required: bool,
) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": node["in"], "required": required}
    plain = plain_type(source, schema, pointer, f"the parameter {name}")
    description = node.get("description") or plain.pop("description", None)
    title = plain.pop("title", None)
    found |= plain
    if found["type"] == "array":
        found["collectionFormat"] = _collection_format(node)
    found["x-ms-summary"] = str(title or title_of(name))
    if description:
        found["description"] = description
    if node["in"] == "path":
        found["x-ms-url-encoding"] = "single"
    example = _example(node)
    if example is not None:
        found["x-ms-test-value"] = example
    return found | extensions(node)


def _collection_format(node: Mapping[str, Any]) -> str:
    style = str(node.get("style", ""))
    if style in _COLLECTIONS:
        return _COLLECTIONS[style]
    explodes = node.get("explode", style in ("", "form")) is True
    return "multi" if node.get("in") == "query" and explodes else "csv"


def _example(node: Mapping[str, Any]) -> Any:
    if "example" in node:
        return node["example"]
    first = next(iter(mapping(node.get("examples")).values()), None)
    return mapping(first).get("value")


def plain_type(source: Source, schema: Any, pointer: str, what: str) -> dict[str, Any]:
    """The keywords of a value outside of a body; text where Swagger 2.0 has no words for it."""
    node, at = _single(source, schema, pointer)
    written = converted_schema(source, node, at)
    kind = written.get("type")
    if kind not in _TYPES:
        source.lose(f"{what} is {kind or 'of no single type'}; it becomes text", pointer)
        written = {k: v for k, v in written.items() if k in ("title", "description")}
        kind = "string"
    outer = mapping(schema)
    found = {key: written[key] for key in _KEYWORDS if key in written} | {"type": kind}
    found |= {key: outer[key] for key in ("default",) if outer.get(key) is not None}
    for key in ("title", "description"):
        if outer.get(key) or written.get(key):
            found[key] = outer.get(key) or written[key]
    if kind == "array":
        inner = plain_type(source, node.get("items", {}), f"{at}/items", f"an item of {what}")
        found["items"] = {k: v for k, v in inner.items() if k not in ("title", "description")}
    return found


def _single(source: Source, schema: Any, pointer: str) -> tuple[Mapping[str, Any], str]:
    """The schema itself, or the only one that its `allOf`, `anyOf` or `oneOf` leaves."""
    node, at = source.followed(schema, pointer)
    parts = [
        (part, f"{at}/{key}/{n}")
        for key in ("allOf", "anyOf", "oneOf")
        for n, part in enumerate(items_of(node.get(key)))
        if mapping(part).get("type") != "null"
    ]
    if "type" in node or len(parts) != 1 or at in source.open:
        return node, at
    source.open.add(at)
    found = _single(source, *parts[0])
    source.open.discard(at)
    return found


def form_fields(
    source: Source, schema: Any, pointer: str, *, multipart: bool
) -> list[dict[str, Any]]:
    """The fields of a form: the properties of its schema."""
    node, at = source.followed(schema, pointer)
    needed = items_of(node.get("required"))
    fields = []
    for name, inner in mapping(node.get("properties")).items():
        place = f"{at}/properties/{name}"
        plain = plain_type(source, inner, place, f"the field {name}")
        items = mapping(plain.get("items"))
        if "binary" in (plain.get("format"), items.get("format")) and multipart:
            if plain["type"] == "array":
                source.lose(f"the files {name} become one file", place)
            plain = {"type": "file", **_words(plain)}
        title = plain.pop("title", None)
        fields.append(
            {
                "name": str(name),
                "in": "formData",
                "required": name in needed,
                **plain,
                "x-ms-summary": str(title or title_of(str(name))),
            }
        )
    return fields


def _words(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {key: plain[key] for key in ("title", "description") if key in plain}
