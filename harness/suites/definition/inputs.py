"""Judging inputs: where parameters stand, what forms and bodies hold, what is never sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.connector.model import Connector, Operation
from harness.connector.schema.walk import Shape, parts_of
from harness.findings.model import Finding
from harness.suites.definition.context import found

__all__ = ["judge_inputs"]

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
BODY_TYPE_KEYS = ("type", "format", "items", "enum", "default", "properties", "collectionFormat")


def judge_inputs(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Every input of every operation."""
    for shape in shapes:
        if shape.kind == "parameter":
            yield from _parameter(connector, shape)
        elif shape.kind == "path":
            yield from _shared_twice(connector, shape)
        elif shape.kind == "schema":
            yield from _file_schema(connector, shape)
            yield from _binary(connector, shape)
    for operation in connector.operations:
        yield from _forms(connector, operation)
        yield from _examples(connector, operation)
        if operation.body is not None:
            yield from _body(connector, operation)


def _parameter(connector: Connector, shape: Shape) -> Iterator[Finding]:
    node, place = shape.node, shape.pointer
    name, location = str(node.get("name")), node.get("in")
    if name == "connectionId":
        message = "a parameter is called connectionId"
        yield found(connector, "connection-id", message, place)
    if location == "body":
        yield from _body_shape(connector, shape)
    elif "schema" in node and location is not None:
        message = f"{name} has a schema, but is not the body"
        yield found(connector, "parameter-shape", message, f"{place}/schema")
    if node.get("allowEmptyValue") is True and location not in ("query", "formData"):
        message = f"{name} has allowEmptyValue, which {location} does not know"
        yield found(connector, "parameter-shape", message, f"{place}/allowEmptyValue")
    if location == "query" and "x-ms-url-encoding" in node:
        message = f"{name} is a query parameter with x-ms-url-encoding"
        yield found(connector, "query-encoding", message, f"{place}/x-ms-url-encoding")
    if location == "formData" and not name.isascii():
        message = f"the form field {name!r} has characters outside of ASCII"
        yield found(connector, "form-name", message, f"{place}/name")
    internal = node.get("x-ms-visibility") == "internal" and "default" in node
    if internal and location != "path" and node.get("required") is not True:
        message = f"{name} is internal with a default, but not required: it may not be sent"
        yield found(connector, "internal-optional", message, place)


def _shared_twice(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """Parameters beside the methods that stand there twice (loading notes those of operations)."""
    listed = shape.node.get("parameters")
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        parameter = connector.resolve(entry)
        if not isinstance(parameter, Mapping) or "name" not in parameter:
            continue
        key = (str(parameter["name"]), str(parameter.get("in")))
        if key in seen:
            message = f"the {key[1]} parameter {key[0]} stands twice at one path"
            place = f"{shape.pointer}/parameters/{index}"
            yield found(connector, "parameter-duplicate", message, place)
        seen.add(key)


def _body_shape(connector: Connector, shape: Shape) -> Iterator[Finding]:
    name = str(shape.node.get("name"))
    if not isinstance(shape.node.get("schema"), Mapping):
        message = f"the body {name} has no schema"
        yield found(connector, "parameter-shape", message, shape.pointer)
    for key in BODY_TYPE_KEYS:
        if key in shape.node:
            message = f"the body {name} has {key} beside its schema, where it counts for nothing"
            yield found(connector, "parameter-shape", message, f"{shape.pointer}/{key}")


def _file_schema(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """`type: file` is for form fields and whole answers (Swagger 2.0, Response Object)."""
    if shape.node.get("type") != "file":
        return
    whole_answer = "/responses/" in shape.pointer and shape.pointer.endswith("/schema")
    shared_answer = shape.pointer.startswith("/responses/") and shape.pointer.endswith("/schema")
    if not whole_answer and not shared_answer:
        message = "type file stands in a schema that is no whole answer"
        yield found(
            connector, "file-parameter", message, f"{shape.pointer}/type", severity="warning"
        )


def _binary(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """`string` with `binary` below the top: JSON cannot hold it."""
    inside = "/properties/" in shape.pointer or shape.pointer.endswith("/items")
    if inside and shape.node.get("format") == "binary" and shape.node.get("type") == "string":
        message = "string/binary stands inside of an object or list"
        yield found(connector, "binary-place", message, f"{shape.pointer}/format")


def _forms(connector: Connector, operation: Operation) -> Iterator[Finding]:
    fields = operation.parameters_in("formData")
    if not fields:
        return
    declared = operation.raw.get("consumes", connector.raw.get("consumes"))
    types = [t.split(";")[0].strip().lower() for t in operation.consumes]
    place = f"{operation.pointer}/consumes" if "consumes" in operation.raw else operation.pointer
    if not declared:
        message = f"{operation.id} takes form fields, but consumes is empty"
        yield found(
            connector, "form-media-type", message, place, operation=operation, severity="note"
        )
    elif MULTIPART not in types and URLENCODED not in types:
        message = f"{operation.id} takes form fields, but consumes {', '.join(types)}"
        yield found(
            connector,
            "form-media-type",
            message,
            place,
            operation=operation,
            expected=f"{MULTIPART} or {URLENCODED}",
            observed=", ".join(types),
        )
    elif MULTIPART not in types:
        for field in fields:
            if field.raw.get("type") == "file" or field.raw.get("format") == "binary":
                message = f"{field.name} of {operation.id} is a file in a URL-encoded form"
                yield found(
                    connector, "form-media-type", message, field.pointer, operation=operation
                )


def _examples(connector: Connector, operation: Operation) -> Iterator[Finding]:
    produced = {t.split(";")[0].strip().lower() for t in operation.produces}
    if not produced:
        return
    for response in operation.responses.values():
        for name in response.examples:
            if "/" in str(name) and str(name).split(";")[0].strip().lower() not in produced:
                message = f"the example is {name}, which {operation.id} does not produce"
                place = f"{response.pointer}/examples"
                yield found(connector, "example-media-type", message, place, operation=operation)


def _body(connector: Connector, operation: Operation) -> Iterator[Finding]:
    body = operation.body
    assert body is not None
    for part in parts_of(connector, body.schema, f"{body.pointer}/schema"):
        if part.node.get("readOnly") is True and part.listed and part.name:
            message = f"{part.name} is read-only and required in what {operation.id} sends"
            yield found(connector, "read-only-required", message, part.pointer, operation=operation)
        hidden = part.node.get("x-ms-visibility") == "internal" and "default" in part.node
        if hidden and part.name and not part.listed:
            message = (
                f"{part.name} is internal with a default, but not required: it may not be sent"
            )
            yield found(connector, "internal-optional", message, part.pointer)
