"""Judging single objects by their words: unknown keys, values of the wrong type, formats, enums."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import METHODS, Shape
from harness.findings.model import Finding, Severity
from harness.suites.definition.context import found

__all__ = ["judge_words"]

_VALUE = (
    "type format items collectionFormat default maximum exclusiveMaximum minimum exclusiveMinimum "
    "maxLength minLength pattern maxItems minItems uniqueItems enum multipleOf"
)
_KEYS = {
    "root": "swagger info host basePath schemes consumes produces paths definitions parameters "
    "responses security securityDefinitions tags externalDocs",
    "info": "title version description termsOfService contact license",
    "contact": "name url email",
    "license": "name url",
    "tag": "name description externalDocs",
    "docs": "url description",
    "scheme": "type description name in flow authorizationUrl tokenUrl scopes",
    "path": f"$ref parameters {' '.join(METHODS)}",
    "operation": "tags summary description externalDocs operationId produces consumes parameters "
    "responses schemes deprecated security",
    "response": "$ref description schema headers examples",
    "header": f"description {_VALUE}",
    "items": _VALUE,
    "parameter": f"$ref name in description required schema allowEmptyValue example {_VALUE}",
    "schema": f"$ref title description required properties additionalProperties allOf readOnly "
    f"discriminator xml externalDocs example maxProperties minProperties {_VALUE}",
}
ELSEWHERE = frozenset({"oneOf", "anyOf", "not", "nullable", "const", "patternProperties", "if"})
"""What definition.keyword names."""
SEVERITIES: dict[str, Severity] = {"path": "error", "schema": "note"}
KEYS = {kind: frozenset(words.split()) for kind, words in _KEYS.items()}
_FORMATS = (
    "int32 int64 float double byte binary date date-time password date-no-tz email html uri uuid"
)
FORMATS = frozenset(_FORMATS.split())
"""Swagger 2.0's formats and those of Microsoft's schema for connectors."""
TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "file"})
FLAGS = frozenset(
    {"deprecated", "readOnly", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum"}
    | {"allowEmptyValue", "x-ms-notification-url", "x-ms-no-generic-test", "x-ms-safe-operation"}
)
TEXTS = frozenset({"description", "summary", "operationId", "title", "x-ms-summary", "pattern"})
NUMBERS = frozenset({"minimum", "maximum", "multipleOf"})
COUNTS = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
)
CHOICES: dict[str, tuple[str, ...]] = {
    "x-ms-trigger": ("single", "batch"),
    "x-ms-url-encoding": ("single", "double"),
    "x-ms-media-kind": ("image", "audio"),
}
LISTS = ("required", "tags", "consumes", "produces", "schemes")
LOCATIONS = ("path", "query", "header", "body", "formData")
FILTERS = "filterFunctions"
HARMLESS_SIBLINGS = frozenset({"$ref", "title", "description", "example"})


def judge_words(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """What single objects say, whatever surrounds them."""
    for shape in shapes:
        yield from _keys(connector, shape)
        yield from _value_types(connector, shape)
        yield from _choices(connector, shape)
        yield from _lists(connector, shape)
        if shape.kind in ("schema", "parameter", "items", "header"):
            yield from _formats(connector, shape)
            yield from _enum_values(connector, shape)
        if shape.kind == "schema":
            yield from _schema_words(connector, shape)
        yield from _filters(connector, shape)


def _keys(connector: Connector, shape: Shape) -> Iterator[Finding]:
    known = KEYS.get(shape.kind)
    if known is None:
        return
    for key in shape.node:
        name = str(key)
        method = name.lower() in METHODS and shape.kind == "path"
        other = method or (name in ELSEWHERE and shape.kind == "schema")
        if name not in known and not name.lower().startswith("x-") and not other:
            yield found(
                connector,
                "unknown-key",
                f"{name!r} is no key of {_a(shape.kind)}, and no extension (x-...)",
                f"{shape.pointer}/{escape(name)}",
                observed=name,
                severity=SEVERITIES.get(shape.kind),
            )


def _a(kind: str) -> str:
    names = {"root": "the definition", "docs": "externalDocs", "scheme": "a security scheme"}
    article = "an" if kind[0] in "aeiou" else "a"
    return names.get(kind, f"{article} {kind}")


def _value_types(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key, value in shape.node.items():
        wanted = _wanted(shape.kind, str(key))
        if wanted is None or _fits(value, wanted):
            continue
        yield found(
            connector,
            "value-type",
            f"{key} is {_shown(value)}, not {wanted}",
            f"{shape.pointer}/{escape(str(key))}",
            expected=wanted,
            observed=_shown(value),
        )


def _wanted(kind: str, key: str) -> str | None:
    if kind in ("root", "scheme"):
        return None
    if key in FLAGS or (key == "required" and kind == "parameter"):
        return "true or false"
    if key == "required" and kind == "schema":
        return "a list"
    if key == "enum":
        return "a list"
    if key in TEXTS:
        return "text"
    if key in NUMBERS:
        return "a number"
    return "a whole number" if key in COUNTS else None


def _fits(value: Any, wanted: str) -> bool:
    if wanted == "true or false":
        return isinstance(value, bool)
    if wanted == "a list":
        return isinstance(value, list)
    if wanted == "text":
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return wanted == "a number" or float(value).is_integer()


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."


def _choices(connector: Connector, shape: Shape) -> Iterator[Finding]:
    rows: list[tuple[str, tuple[str, ...]]] = list(CHOICES.items())
    if shape.kind in ("schema", "parameter", "items", "header"):
        rows.append(("type", tuple(sorted(TYPES))))
    if shape.kind == "parameter":
        rows.append(("in", LOCATIONS))
    for key, allowed in rows:
        value = shape.node.get(key)
        if value is None or (isinstance(value, str) and value in allowed):
            continue
        if isinstance(value, list) and key == "type":
            message = "type is a list of types, which Swagger 2.0 does not know"
        else:
            message = f"{key} is {_shown(value)}"
        yield found(
            connector,
            "value-unknown",
            message,
            f"{shape.pointer}/{key}",
            expected=", ".join(allowed),
            observed=_shown(value),
            severity="note" if value == "null" else None,
        )


def _lists(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key in LISTS:
        value = shape.node.get(key)
        if not isinstance(value, list) or len(value) < 2:
            continue
        for text, count in Counter(v for v in value if isinstance(v, str)).items():
            if count > 1:
                message = f"{key} lists {text!r} {count} times"
                yield found(connector, "repeated-value", message, f"{shape.pointer}/{key}")


def _formats(connector: Connector, shape: Shape) -> Iterator[Finding]:
    value = shape.node.get("format")
    if isinstance(value, str) and value not in FORMATS:
        message = f"format {value!r} is none that the platform knows"
        yield found(connector, "format-unknown", message, f"{shape.pointer}/format", observed=value)
    collection = shape.node.get("collectionFormat")
    place = f"{shape.pointer}/collectionFormat"
    if collection is None:
        return
    if collection not in ("csv", "ssv", "tsv", "pipes", "multi"):
        message = f"collectionFormat is {_shown(collection)}"
        expected = "csv, ssv, tsv, pipes or multi"
        yield found(connector, "collection-format", message, place, expected=expected)
    elif collection == "multi" and shape.node.get("in") not in ("query", "formData"):
        message = "collectionFormat multi is for query and formData alone"
        yield found(connector, "collection-format", message, place)


def _enum_values(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """`x-ms-enum-values`: what the designer shows for each value of the enum."""
    rows = shape.node.get("x-ms-enum-values")
    enum = shape.node.get("enum")
    if not isinstance(rows, list):
        return
    seen: set[str] = set()
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            continue
        place = f"{shape.pointer}/x-ms-enum-values/{index}"
        value = row.get("value")
        if not row.get("displayName"):
            message = f"the value {value!r} has no displayName"
            yield found(connector, "enum-values", message, place)
        if repr(value) in seen:
            yield found(connector, "enum-values", f"the value {value!r} stands twice", place)
        seen.add(repr(value))
        if isinstance(enum, list) and "value" in row and value not in enum:
            message = f"the value {value!r} is not among the enum's values"
            yield found(connector, "enum-values", message, place)


def _schema_words(connector: Connector, shape: Shape) -> Iterator[Finding]:
    node = shape.node
    words = node if isinstance(node.get("$ref"), str) else ()
    siblings = sorted(str(k) for k in words if k not in HARMLESS_SIBLINGS)
    if siblings:
        message = f"{', '.join(siblings)} beside $ref count for nothing"
        yield found(connector, "reference-siblings", message, shape.pointer)
    if node.get("x-ms-editor") == "dictionary":
        closed = node.get("additionalProperties") is False
        if node.get("type", "object") != "object" or closed:
            message = "x-ms-editor is dictionary, but the schema is no open object"
            yield found(connector, "editor", message, f"{shape.pointer}/x-ms-editor")
    name = node.get("discriminator")
    if name is None:
        return
    properties, required = node.get("properties"), node.get("required")
    held = properties.get(name) if isinstance(properties, Mapping) and isinstance(name, str) else {}
    held = connector.resolve(held) if isinstance(held, Mapping) else {}
    kind = held.get("type") if isinstance(held, Mapping) else None
    listed = isinstance(required, list) and name in required
    if not listed or kind != "string":
        message = f"discriminator {name!r} is not a required property of type string"
        yield found(connector, "discriminator", message, f"{shape.pointer}/discriminator")


def _filters(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """`filterFunctions` of `x-ms-capabilities`: what a field of a table can be filtered by."""
    capabilities = shape.node.get("x-ms-capabilities")
    if not isinstance(capabilities, Mapping) or FILTERS not in capabilities:
        return
    value = capabilities[FILTERS]
    place = f"{shape.pointer}/x-ms-capabilities/{FILTERS}"
    if not isinstance(value, list) or not value:
        yield found(connector, "filter-functions", f"{FILTERS} is empty or no list", place)
    elif len({repr(v) for v in value}) < len(value):
        yield found(connector, "filter-functions", f"{FILTERS} repeats a value", place)
    if "/parameters/" in shape.pointer:
        message = f"{FILTERS} stands in an input, but speaks of answers"
        yield found(connector, "filter-functions", message, place)
