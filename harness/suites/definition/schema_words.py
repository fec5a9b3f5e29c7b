"""Judging single objects by their words: unknown keys, values of the wrong type, formats, enums."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import METHODS, Shape
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule, Severity
from harness.findings.sample import GET_DOCUMENT, LIST_DOCUMENTS, NEW_DOCUMENT, NEW_TITLE, query

__all__ = ["judge_words"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"
EXTENSIONS = "Microsoft, 'OpenAPI extensions for custom connectors'"
SWAGGER = "OpenAPI Specification, version 2.0"

UNKNOWN_KEY = Rule(
    id="definition.unknown-key",
    severity="warning",
    title="A key is unknown",
    meaning="A key is none of Swagger 2.0's at its place, and no extension. Beside the methods of"
    " a path it is an error, since the platform refuses to import such a file; in a "
    "schema a note.",
    why="What it says is ignored, or the file is refused.",
    remedy="Move it to its place, correct it, or begin it with x-.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{GET_DOCUMENT}/tag": "documents"}),
        Edit({"/paths/~1me/securityDefinitions": {}}),
        Edit({f"{NEW_TITLE}/minlength": 3}),
    ),
    microsoft=("AdditionalPropertyNotAllowed", "ExtensionNameNotValid"),
)
VALUE_TYPE = Rule(
    id="definition.value-type",
    severity="warning",
    title="A word has a value of the wrong type",
    meaning='For example required: "true", maxLength: "10", required: true at a property.',
    why="The platform refuses or ignores it.",
    remedy="Give it a value of the right type.",
    reference=SWAGGER,
    shown_by=(
        Edit({f"{LIST_DOCUMENTS}/parameters/0/required": "true"}),
        Edit({f"{NEW_TITLE}/maxLength": "10"}),
        Edit({f"{NEW_TITLE}/required": True}),
    ),
    microsoft=("JsonTypeIncorrect",),
)
VALUE_UNKNOWN = Rule(
    id="definition.value-unknown",
    severity="warning",
    title="A word has an unknown value",
    meaning="type, in, x-ms-trigger, x-ms-url-encoding or x-ms-media-kind is none of its values "
    "(the type null, which comes of samples, is a note).",
    why="The platform refuses or ignores it.",
    remedy="Use one of the known values.",
    reference=SWAGGER,
    shown_by=(
        Edit({f"{NEW_TITLE}/type": "text"}),
        Edit({f"{NEW_TITLE}/type": ["string", "null"]}),
        Edit({f"{GET_DOCUMENT}/x-ms-trigger": "once"}),
    ),
    microsoft=("JsonValueNotInEnum",),
)
REPEATED_VALUE = Rule(
    id="definition.repeated-value",
    severity="note",
    title="A list names something twice",
    meaning="required, tags, consumes, produces or schemes repeats an entry.",
    why="Validators refuse it; it changes nothing.",
    remedy="Remove the second one.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/tags": ["a", "a"]}),),
    microsoft=("ArrayDuplicateValue",),
)
FORMAT_UNKNOWN = Rule(
    id="definition.format-unknown",
    severity="note",
    title="A format is unknown",
    meaning="format is none of Swagger 2.0's, nor one of Microsoft's (uri, uuid, email, html ...).",
    why="The designer ignores it.",
    remedy="Correct it, or leave it out.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/format": "text"}),),
    microsoft=("UnrecognizedTypeFormat",),
)
COLLECTION_FORMAT = Rule(
    id="definition.collection-format",
    severity="warning",
    title="A list is sent in an unknown form",
    meaning="collectionFormat is unknown, or multi outside of query and formData.",
    why="The list is sent otherwise than the app expects.",
    remedy="Use csv, ssv, tsv, pipes, or multi in query and formData.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{LIST_DOCUMENTS}/parameters/-": query("c", collectionFormat="spaces")}),
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/-": {
                    "name": "c",
                    "collectionFormat": "multi",
                    "in": "header",
                    "type": "string",
                    "x-ms-summary": "X",
                }
            }
        ),
    ),
    microsoft=("CollectionFormatValueNotSupported",),
)
ENUM_VALUES = Rule(
    id="definition.enum-values",
    severity="warning",
    title="x-ms-enum-values does not fit its enum",
    meaning="An entry has no displayName, repeats a value, or has one that the enum lacks.",
    why="The designer's list shows the wrong thing, or offers what is refused.",
    remedy="One entry with value and displayName for each value of the enum.",
    reference=EXTENSIONS,
    shown_by=(
        Edit({f"{NEW_TITLE}/x-ms-enum-values": [{"value": "a"}]}),
        Edit(
            {
                f"{NEW_TITLE}/x-ms-enum-values": [
                    {"value": "a", "displayName": "A"},
                    {"value": "a", "displayName": "A"},
                ]
            }
        ),
        Edit(
            {
                f"{NEW_TITLE}/enum": ["b"],
                f"{NEW_TITLE}/x-ms-enum-values": [{"value": "a", "displayName": "A"}],
            }
        ),
    ),
    microsoft=(
        "DuplicateEnumValuesInExtension",
        "InvalidEnumValuesExtensionValue",
        "MissingEnumValuesDisplayName",
    ),
)
REFERENCE_SIBLINGS = Rule(
    id="definition.reference-siblings",
    severity="note",
    title="Words beside a $ref",
    meaning="A schema has a $ref and words beside it that would change something (title, "
    "description and example would not).",
    why="A reference stands for the whole schema; what is beside it need not count.",
    remedy="Put the words into the definition, or wrap the reference in allOf.",
    reference=SWAGGER,
    shown_by=(Edit({f"{NEW_TITLE}/$ref": "#/definitions/Person"}),),
    microsoft=("AdditionalPropertyNotAllowedAdjacentToRef",),
)
EDITOR = Rule(
    id="definition.editor",
    severity="note",
    title="The dictionary editor stands at something else",
    meaning="x-ms-editor is dictionary, but the schema is no object with free properties.",
    why="The designer ignores it.",
    remedy="Use type: object with additionalProperties.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/x-ms-editor": "dictionary"}),),
    microsoft=("InvalidCustomEditorExtensionDictionaryValue",),
)
DISCRIMINATOR = Rule(
    id="definition.discriminator",
    severity="note",
    title="A discriminator names no required text",
    meaning="discriminator is not a required property of type string.",
    why="Nobody can tell by it which schema is meant.",
    remedy="Declare the property as string and require it.",
    reference=SWAGGER,
    shown_by=(Edit({f"{NEW_DOCUMENT}/discriminator": "status"}),),
    microsoft=("DiscriminatorMustBeARequiredStringProperty",),
)
FILTER_FUNCTIONS = Rule(
    id="definition.filter-functions",
    severity="note",
    title="filterFunctions is empty, repeats itself or stands in an input",
    meaning="x-ms-capabilities has a list of filter functions that cannot be used.",
    why="Canvas apps then filter on the client, row by row.",
    remedy="List each function once, in the schema of an answer.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{NEW_TITLE}/x-ms-capabilities": {"filterFunctions": []}}),
        Edit({f"{NEW_TITLE}/x-ms-capabilities": {"filterFunctions": ["eq", "eq"]}}),
    ),
    microsoft=(
        "FilterFunctionsPropertyEmpty",
        "FilterFunctionsPropertyHasDuplicates",
        "FilterFunctionsPropertyInInputSchema",
    ),
)

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
            yield UNKNOWN_KEY.at(
                connector,
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
        yield VALUE_TYPE.at(
            connector,
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
        yield VALUE_UNKNOWN.at(
            connector,
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
                yield REPEATED_VALUE.at(connector, message, f"{shape.pointer}/{key}")


def _formats(connector: Connector, shape: Shape) -> Iterator[Finding]:
    value = shape.node.get("format")
    if isinstance(value, str) and value not in FORMATS:
        message = f"format {value!r} is none that the platform knows"
        yield FORMAT_UNKNOWN.at(connector, message, f"{shape.pointer}/format", observed=value)
    collection = shape.node.get("collectionFormat")
    place = f"{shape.pointer}/collectionFormat"
    if collection is None:
        return
    if collection not in ("csv", "ssv", "tsv", "pipes", "multi"):
        message = f"collectionFormat is {_shown(collection)}"
        expected = "csv, ssv, tsv, pipes or multi"
        yield COLLECTION_FORMAT.at(connector, message, place, expected=expected)
    elif collection == "multi" and shape.node.get("in") not in ("query", "formData"):
        message = "collectionFormat multi is for query and formData alone"
        yield COLLECTION_FORMAT.at(connector, message, place)


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
            yield ENUM_VALUES.at(connector, message, place)
        if repr(value) in seen:
            yield ENUM_VALUES.at(connector, f"the value {value!r} stands twice", place)
        seen.add(repr(value))
        if isinstance(enum, list) and "value" in row and value not in enum:
            message = f"the value {value!r} is not among the enum's values"
            yield ENUM_VALUES.at(connector, message, place)


def _schema_words(connector: Connector, shape: Shape) -> Iterator[Finding]:
    node = shape.node
    words = node if isinstance(node.get("$ref"), str) else ()
    siblings = sorted(str(k) for k in words if k not in HARMLESS_SIBLINGS)
    if siblings:
        message = f"{', '.join(siblings)} beside $ref count for nothing"
        yield REFERENCE_SIBLINGS.at(connector, message, shape.pointer)
    if node.get("x-ms-editor") == "dictionary":
        closed = node.get("additionalProperties") is False
        if node.get("type", "object") != "object" or closed:
            message = "x-ms-editor is dictionary, but the schema is no open object"
            yield EDITOR.at(connector, message, f"{shape.pointer}/x-ms-editor")
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
        yield DISCRIMINATOR.at(connector, message, f"{shape.pointer}/discriminator")


def _filters(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """`filterFunctions` of `x-ms-capabilities`: what a field of a table can be filtered by."""
    capabilities = shape.node.get("x-ms-capabilities")
    if not isinstance(capabilities, Mapping) or FILTERS not in capabilities:
        return
    value = capabilities[FILTERS]
    place = f"{shape.pointer}/x-ms-capabilities/{FILTERS}"
    if not isinstance(value, list) or not value:
        yield FILTER_FUNCTIONS.at(connector, f"{FILTERS} is empty or no list", place)
    elif len({repr(v) for v in value}) < len(value):
        yield FILTER_FUNCTIONS.at(connector, f"{FILTERS} repeats a value", place)
    if "/parameters/" in shape.pointer:
        message = f"{FILTERS} stands in an input, but speaks of answers"
        yield FILTER_FUNCTIONS.at(connector, message, place)
