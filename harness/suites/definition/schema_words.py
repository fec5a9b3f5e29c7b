"""Judging single objects by their words: extensions, formats, enums, references, editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import GET_DOCUMENT, LIST_DOCUMENTS, NEW_DOCUMENT, NEW_TITLE, query
from harness.suites.definition.official_values import shown

__all__ = [
    "COLLECTION_FORMAT",
    "REFERENCE_SIBLINGS",
    "REPEATED_VALUE",
    "UNKNOWN_KEY",
    "VALUE_TYPE",
    "VALUE_UNKNOWN",
    "judge_words",
]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"
EXTENSIONS = "Microsoft, 'OpenAPI extensions for custom connectors'"
SWAGGER = "OpenAPI Specification, version 2.0"

UNKNOWN_KEY = Rule(
    id="definition.unknown-key",
    severity="error",
    title="A key is unknown",
    meaning="A key is none of Swagger 2.0's at its place, and no extension (x-...).",
    why="The official schema allows no other keys; the platform refuses the file.",
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
    severity="error",
    title="A word has a value of the wrong type",
    meaning='For example required: "true", maxLength: "10", required: true at a property.',
    why="The platform refuses the file; a wrong value of an extension, a warning, it ignores.",
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
    severity="error",
    title="A word has an unknown value",
    meaning="type or in is none of its values; as warnings, x-ms-trigger, x-ms-url-encoding or "
    "x-ms-media-kind, or a list of types; as a note, the type null, which comes of samples.",
    why="The platform refuses the file; what is a warning it ignores.",
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
    severity="error",
    title="A list names something twice",
    meaning="required, tags, consumes, produces or schemes repeats an entry.",
    why="The official schema wants each entry once; the platform refuses the file.",
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
    severity="error",
    title="A list is sent in an unknown form",
    meaning="collectionFormat is unknown, or multi outside of query and formData.",
    why="The list is sent in another form than the app expects.",
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
    title="Keywords next to a $ref",
    meaning="A schema has a $ref and keywords next to it that would change something (title, "
    "description and example would not).",
    why="A reference stands for the whole schema; what is next to it may be ignored.",
    remedy="Put the words into the definition, or wrap the reference in allOf.",
    reference=SWAGGER,
    shown_by=(Edit({f"{NEW_TITLE}/$ref": "#/definitions/Person"}),),
    microsoft=("AdditionalPropertyNotAllowedAdjacentToRef",),
)
EDITOR = Rule(
    id="definition.editor",
    severity="note",
    title="The dictionary editor is used for something else",
    meaning="x-ms-editor is dictionary, but the schema is not an object with free properties.",
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
    title="filterFunctions is empty, repeats itself or is used in an input",
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

_FORMATS = (
    "int32 int64 float double byte binary date date-time password date-no-tz email html uri uuid"
)
FORMATS = frozenset(_FORMATS.split())
"""Swagger 2.0's formats and those of Microsoft's schema for connectors."""
FLAGS = frozenset({"x-ms-notification-url", "x-ms-no-generic-test", "x-ms-safe-operation"})
TEXTS = frozenset({"x-ms-summary"})
CHOICES: dict[str, tuple[str, ...]] = {
    "x-ms-trigger": ("single", "batch"),
    "x-ms-url-encoding": ("single", "double"),
    "x-ms-media-kind": ("image", "audio"),
}
FILTERS = "filterFunctions"
HARMLESS_SIBLINGS = frozenset({"$ref", "title", "description", "example"})


def judge_words(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """What single objects say, whatever surrounds them."""
    for shape in shapes:
        yield from _value_types(connector, shape)
        yield from _choices(connector, shape)
        if shape.kind in ("schema", "parameter", "items", "header"):
            yield from _formats(connector, shape)
            yield from _enum_values(connector, shape)
        if shape.kind == "schema":
            yield from _schema_words(connector, shape)
        yield from _filters(connector, shape)


def _value_types(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key, value in shape.node.items():
        wanted = _wanted(shape.kind, str(key))
        if wanted is None or _fits(value, wanted):
            continue
        yield VALUE_TYPE.at(
            connector,
            f"{key} is {shown(value)}, not {wanted}",
            f"{shape.pointer}/{escape(str(key))}",
            expected=wanted,
            observed=shown(value),
            severity="warning",
        )


def _wanted(kind: str, key: str) -> str | None:
    """What an extension's value should be; Swagger's own words are judged by its schema."""
    if kind in ("root", "scheme"):
        return None
    if key in FLAGS:
        return "true or false"
    return "text" if key in TEXTS else None


def _fits(value: Any, wanted: str) -> bool:
    return isinstance(value, bool if wanted == "true or false" else str)


def _choices(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key, allowed in CHOICES.items():
        value = shape.node.get(key)
        if value is None or (isinstance(value, str) and value in allowed):
            continue
        yield VALUE_UNKNOWN.at(
            connector,
            f"{key} is {shown(value)}",
            f"{shape.pointer}/{key}",
            expected=", ".join(allowed),
            observed=shown(value),
            severity="warning",
        )
    kind = shape.node.get("type")
    if shape.kind == "schema" and (isinstance(kind, list) or kind == "null"):
        many = "type is a list of types, which the designer does not know"
        yield VALUE_UNKNOWN.at(
            connector,
            many if isinstance(kind, list) else "type is null, which Swagger 2.0 does not know",
            f"{shape.pointer}/type",
            observed=shown(kind),
            severity="note" if kind == "null" else "warning",
        )


def _formats(connector: Connector, shape: Shape) -> Iterator[Finding]:
    value = shape.node.get("format")
    if isinstance(value, str) and value not in FORMATS:
        message = f"format {value!r} is none that the platform knows"
        yield FORMAT_UNKNOWN.at(connector, message, f"{shape.pointer}/format", observed=value)


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
            yield ENUM_VALUES.at(connector, f"the value {value!r} appears twice", place)
        seen.add(repr(value))
        if isinstance(enum, list) and "value" in row and value not in enum:
            message = f"the value {value!r} is not among the enum's values"
            yield ENUM_VALUES.at(connector, message, place)


def _schema_words(connector: Connector, shape: Shape) -> Iterator[Finding]:
    node = shape.node
    words = node if isinstance(node.get("$ref"), str) else ()
    siblings = sorted(str(k) for k in words if k not in HARMLESS_SIBLINGS)
    if siblings:
        message = f"{', '.join(siblings)} next to $ref: ignored"
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
        message = f"{FILTERS} is in an input, but speaks of answers"
        yield FILTER_FUNCTIONS.at(connector, message, place)
