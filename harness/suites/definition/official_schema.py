"""What the official JSON schema of Swagger 2.0 refuses, in our own words.

API Management, through which the wizard saves a custom connector, checks a definition with that
schema and refuses the file where it fails. Its constraints are written down here from the
specification (OpenAPI Specification 2.0, "Schema"): the keys of each object, which of them must be
there, and what their values look like. A test holds them against the schema itself.

One exception: `responses: {}` at the registration of a webhook. Eight published definitions have
it (Aletheia, MoreApp, Power Textor), and their triggers work: it stays a warning of `no-response`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.model import Finding
from harness.suites.definition.document import PROPERTY_MISSING, SECURITY_VALUE
from harness.suites.definition.inputs import BODY_TYPE_KEYS
from harness.suites.definition.official_tables import KEYS, LATER, NAMES, NEEDED, REMEDIES, TYPES
from harness.suites.definition.official_values import TEXTS, Form, shown
from harness.suites.definition.schema_words import (
    COLLECTION_FORMAT,
    REFERENCE_SIBLINGS,
    REPEATED_VALUE,
    UNKNOWN_KEY,
    VALUE_TYPE,
    VALUE_UNKNOWN,
)
from harness.suites.definition.schemas import BOUNDS, ENUM_EMPTY, KEYWORD, REQUIRED_UNKNOWN

__all__ = ["judge_official_schema"]

RULES = {
    rule.id.removeprefix("definition."): rule
    for rule in (
        BOUNDS,
        COLLECTION_FORMAT,
        ENUM_EMPTY,
        KEYWORD,
        PROPERTY_MISSING,
        REFERENCE_SIBLINGS,
        REPEATED_VALUE,
        REQUIRED_UNKNOWN,
        SECURITY_VALUE,
        UNKNOWN_KEY,
        VALUE_TYPE,
        VALUE_UNKNOWN,
    )
}


def judge_official_schema(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Every place at which the official schema refuses the document; nothing of collections."""
    if connector.kind == "postman":
        return
    for shape in shapes:
        kind = _kind(shape)
        if shape.kind in ("parameter", "response") and "$ref" in shape.node:
            yield from _reference(connector, shape)
        if kind is None:
            continue
        yield from _needed(connector, shape, kind)
        yield from _keys(connector, shape, kind)
        if shape.kind == "schema":
            yield from _schema_type(connector, shape)
        if shape.kind in ("schema", "tag"):
            for key, inner in (("externalDocs", "docs"), ("xml", "xml")):
                node = shape.node.get(key)
                if isinstance(node, Mapping):
                    part = Shape(inner, node, f"{shape.pointer}/{key}")
                    yield from _needed(connector, part, inner)
                    yield from _keys(connector, part, inner)
    yield from _schemes(connector, shapes)


def _kind(shape: Shape) -> str | None:
    """Under which heading of the tables an object stands; None for references and schemes."""
    if shape.kind == "parameter":
        if "$ref" in shape.node:
            return None
        place = shape.node.get("in")
        if place == "body":
            return "body"
        known = isinstance(place, str) and f"{place}-parameter" in KEYS
        return f"{place}-parameter" if known else "parameter"
    if shape.kind == "response" and "$ref" in shape.node:
        return None
    return shape.kind if shape.kind in KEYS else None


def _reference(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """A reference to a shared parameter or answer stands alone."""
    if not isinstance(shape.node["$ref"], str):
        message = f"$ref is {shown(shape.node['$ref'])}, not text"
        yield VALUE_TYPE.at(connector, message, f"{shape.pointer}/$ref", severity="error")
    others = [str(key) for key in shape.node if key != "$ref"]
    if others:
        message = f"{', '.join(others)} next to the $ref of a {shape.kind}"
        remedy = f"Move it into the shared {shape.kind}, or write the {shape.kind} out."
        yield REFERENCE_SIBLINGS.at(
            connector,
            message,
            shape.pointer,
            severity="error",
            remedy=remedy,
        )


def _needed(connector: Connector, shape: Shape, kind: str) -> Iterator[Finding]:
    for key in NEEDED.get(kind, ()):
        if key not in shape.node:
            message = f"{_a(kind)} has no {key}"
            yield PROPERTY_MISSING.at(
                connector,
                message,
                shape.pointer,
                expected=key,
                severity="error",
            )


def _a(kind: str) -> str:
    if kind in NAMES:
        return NAMES[kind]
    name = kind.replace("-", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _keys(connector: Connector, shape: Shape, kind: str) -> Iterator[Finding]:
    known = KEYS.get(kind)
    if known is None:
        return
    for key, value in shape.node.items():
        name = str(key)
        form = known.get(name)
        place = f"{shape.pointer}/{escape(name)}"
        if form is not None:
            yield from _value(connector, name, value, form, place)
        elif not name.startswith("x-"):
            yield from _unknown(connector, shape.kind, kind, name, place)


def _unknown(
    connector: Connector, shape: str, kind: str, name: str, place: str
) -> Iterator[Finding]:
    elsewhere = BODY_TYPE_KEYS if kind == "body" else ("schema",)
    if shape == "parameter" and name in (*elsewhere, "allowEmptyValue"):
        return  # parameter-shape says it
    remedy = REMEDIES.get((shape, name), "") or _near_key(name, kind)
    if shape == "schema" and name in LATER:
        message = f"{name} is not part of Swagger 2.0"
        yield KEYWORD.at(connector, message, place, severity="error", remedy=remedy)
        return
    yield UNKNOWN_KEY.at(
        connector,
        f"{name!r} is no key of {_a(kind)}, and no extension (x-...)",
        place,
        observed=name,
        severity="error",
        remedy=remedy,
    )


def _near_key(name: str, kind: str) -> str:
    """A remedy where the key is one of the known ones, misspelt or in other capitals."""
    lowered = {key.lower(): key for key in KEYS[kind]}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.8)
    return f"Write {lowered[close[0]]}." if close and lowered[close[0]] != name else ""


def _value(connector: Connector, key: str, value: Any, form: Form, place: str) -> Iterator[Finding]:
    problem = form.problem(key, value)
    if problem is None or (key == "type" and value == "file" and "/parameters/" in place):
        return  # definition.file-parameter says the latter
    if key == "parameters" and problem.rule == "repeated-value":
        return  # definition.parameter-duplicate says it
    rule = "collection-format" if key == "collectionFormat" else problem.rule
    yield RULES[rule].at(
        connector,
        problem.message,
        place,
        expected=form.words,
        observed=problem.observed,
        severity="error",
        remedy=problem.remedy,
    )


def _schema_type(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """A schema's own type: one of JSON's, a list of them, or file where it is a whole answer."""
    kind = shape.node.get("type")
    if "type" not in shape.node or kind == "file":
        return  # definition.file-parameter says where a file may be
    listed = kind if isinstance(kind, list) else [kind]
    odd = [k for k in listed if k not in (*TYPES, "object", "null")]
    if odd or (isinstance(kind, list) and not kind):
        shown = "empty" if not odd else ", ".join(map(repr, odd))
        yield VALUE_UNKNOWN.at(
            connector,
            f"type is {shown}",
            f"{shape.pointer}/type",
            expected=", ".join((*TYPES, "object")),
            severity="error",
        )


def _schemes(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """`security` rows hold lists of texts; `schemes` hold known ones."""
    for shape in shapes:
        if shape.kind not in ("root", "operation"):
            continue
        listed = shape.node.get("schemes")
        for scheme in listed if isinstance(listed, list) and shape.kind == "operation" else ():
            if scheme not in ("http", "https", "ws", "wss"):
                message = f"schemes has {scheme!r}"
                place = f"{shape.pointer}/schemes"
                yield VALUE_UNKNOWN.at(connector, message, place, severity="error")
        rows = shape.node.get("security")
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, Mapping):
                yield from _requirement(connector, row, f"{shape.pointer}/security/{index}")


def _requirement(connector: Connector, row: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    for name, scopes in row.items():
        problem = TEXTS.problem(str(name), scopes)
        if problem is not None:
            message = f"the requirement {name!r} has no list of scopes (an empty one is fine)"
            if problem.rule == "repeated-value":
                message = f"the requirement {problem.message}"
            place = f"{pointer}/{escape(str(name))}"
            observed = problem.observed
            yield SECURITY_VALUE.at(connector, message, place, observed=observed, severity="error")
