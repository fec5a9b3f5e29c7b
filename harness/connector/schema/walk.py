"""Walking a definition by its structure: each object with its kind and its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from harness.connector.model import METHODS, Connector
from harness.connector.pointers import escape

__all__ = ["SchemaNode", "Shape", "parts_of", "shapes_of"]

DEEPEST = 12
"""Levels of nested schemas that are followed through references."""
MOST = 2_000
"""Parts of one schema that are looked at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One object of the document as it is written, references not followed.

    `kind` is root, info, contact, license, docs, tag, scheme, path, operation, parameter, response,
    header, schema or items.
    """

    kind: str
    node: Mapping[str, Any]
    pointer: str


@dataclass(frozen=True, slots=True)
class SchemaNode:
    """A schema inside another, references followed: `pointer` is where it is written.

    `required` and `internal` speak of the whole way from the top: required at every step, internal
    at one step at least.
    """

    name: str
    node: Mapping[str, Any]
    pointer: str
    required: bool
    internal: bool
    listed: bool
    depth: int


def shapes_of(document: Mapping[str, Any]) -> Iterator[Shape]:
    """Every object whose kind the specification gives, each once."""
    yield Shape("root", document, "")
    info = document.get("info")
    if isinstance(info, Mapping):
        yield Shape("info", info, "/info")
        for kind in ("contact", "license"):
            yield from _one(kind, info.get(kind), f"/info/{kind}")
    yield from _one("docs", document.get("externalDocs"), "/externalDocs")
    for index, tag in enumerate(_items(document.get("tags"))):
        yield from _one("tag", tag, f"/tags/{index}")
    for name, scheme in _pairs(document.get("securityDefinitions")):
        yield from _one("scheme", scheme, f"/securityDefinitions/{escape(name)}")
    for name, item in _pairs(document.get("paths")):
        if not name.startswith("x-") and isinstance(item, Mapping):
            yield from _path(item, f"/paths/{escape(name)}")
    for name, schema in _pairs(document.get("definitions")):
        yield from _schema(schema, f"/definitions/{escape(name)}")
    for name, parameter in _pairs(document.get("parameters")):
        yield from _parameter(parameter, f"/parameters/{escape(name)}")
    for name, response in _pairs(document.get("responses")):
        yield from _response(response, f"/responses/{escape(name)}")


def _one(kind: str, node: Any, pointer: str) -> Iterator[Shape]:
    if isinstance(node, Mapping):
        yield Shape(kind, node, pointer)


def _items(node: Any) -> list[Any]:
    return node if isinstance(node, list) else []


def _pairs(node: Any) -> list[tuple[str, Any]]:
    return [(str(k), v) for k, v in node.items()] if isinstance(node, Mapping) else []


def _path(item: Mapping[str, Any], pointer: str) -> Iterator[Shape]:
    yield Shape("path", item, pointer)
    for index, parameter in enumerate(_items(item.get("parameters"))):
        yield from _parameter(parameter, f"{pointer}/parameters/{index}")
    content = item.get("x-ms-notification-content")
    if isinstance(content, Mapping):
        yield from _schema(content.get("schema"), f"{pointer}/x-ms-notification-content/schema")
    for key, operation in item.items():
        if str(key).lower() in METHODS and isinstance(operation, Mapping):
            yield from _operation(operation, f"{pointer}/{key}")


def _operation(operation: Mapping[str, Any], pointer: str) -> Iterator[Shape]:
    yield Shape("operation", operation, pointer)
    yield from _one("docs", operation.get("externalDocs"), f"{pointer}/externalDocs")
    for index, parameter in enumerate(_items(operation.get("parameters"))):
        yield from _parameter(parameter, f"{pointer}/parameters/{index}")
    for status, response in _pairs(operation.get("responses")):
        if not status.startswith("x-"):
            yield from _response(response, f"{pointer}/responses/{escape(status)}")


def _parameter(parameter: Any, pointer: str) -> Iterator[Shape]:
    if not isinstance(parameter, Mapping):
        return
    yield Shape("parameter", parameter, pointer)
    yield from _schema(parameter.get("schema"), f"{pointer}/schema")
    yield from _plain_items(parameter.get("items"), f"{pointer}/items")


def _plain_items(node: Any, pointer: str) -> Iterator[Shape]:
    if isinstance(node, Mapping):
        yield Shape("items", node, pointer)
        yield from _plain_items(node.get("items"), f"{pointer}/items")


def _response(response: Any, pointer: str) -> Iterator[Shape]:
    if not isinstance(response, Mapping):
        return
    yield Shape("response", response, pointer)
    yield from _schema(response.get("schema"), f"{pointer}/schema")
    for name, header in _pairs(response.get("headers")):
        yield from _one("header", header, f"{pointer}/headers/{escape(name)}")


def _schema(schema: Any, pointer: str) -> Iterator[Shape]:
    if not isinstance(schema, Mapping):
        return
    yield Shape("schema", schema, pointer)
    for name, inner in _pairs(schema.get("properties")):
        yield from _schema(inner, f"{pointer}/properties/{escape(name)}")
    items = schema.get("items")
    for index, inner in enumerate(_items(items)):
        yield from _schema(inner, f"{pointer}/items/{index}")
    yield from _schema(items, f"{pointer}/items")
    yield from _schema(schema.get("additionalProperties"), f"{pointer}/additionalProperties")
    for index, inner in enumerate(_items(schema.get("allOf"))):
        yield from _schema(inner, f"{pointer}/allOf/{index}")


def parts_of(connector: Connector, schema: Any, pointer: str) -> Iterator[SchemaNode]:
    """A schema and everything inside it, references followed; loops end where they close.

    No more than `MOST` parts: definitions that name each other unfold without end.
    """
    top = SchemaNode("", {}, pointer, required=True, internal=False, listed=True, depth=0)
    yield from islice(_inside(connector, schema, top, frozenset()), MOST)


def _inside(
    connector: Connector, schema: Any, at: SchemaNode, seen: frozenset[str]
) -> Iterator[SchemaNode]:
    if not isinstance(schema, Mapping) or at.depth > DEEPEST:
        return
    ref = schema.get("$ref")
    if isinstance(ref, str):
        if ref not in seen and ref.startswith("#"):
            there = _placed(at, pointer=ref.removeprefix("#"))
            yield from _inside(connector, connector.at(ref), there, seen | {ref})
        return
    internal = at.internal or schema.get("x-ms-visibility") == "internal"
    here = SchemaNode(at.name, schema, at.pointer, at.required, internal, at.listed, at.depth)
    yield here
    required = {name for name in _items(schema.get("required")) if isinstance(name, str)}
    for name, inner in _pairs(schema.get("properties")):
        place = f"{here.pointer}/properties/{escape(name)}"
        listed = name in required
        step = SchemaNode(
            name, {}, place, at.required and listed, internal, listed=listed, depth=at.depth + 1
        )
        yield from _inside(connector, inner, step, seen)
    for index, inner in enumerate(_items(schema.get("allOf"))):
        step = _placed(here, pointer=f"{here.pointer}/allOf/{index}")
        yield from _inside(connector, inner, step, seen)
    element = SchemaNode("", {}, f"{here.pointer}/items", False, internal, True, at.depth + 1)
    yield from _inside(connector, schema.get("items"), element, seen)


def _placed(part: SchemaNode, *, pointer: str) -> SchemaNode:
    return SchemaNode(
        part.name, {}, pointer, part.required, part.internal, part.listed, part.depth + 1
    )
