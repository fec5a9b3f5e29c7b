"""Judging what stands anywhere in the document: schemas, references, extensions, secrets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard
from urllib.parse import unquote

from harness.connector.model import Connector
from harness.findings.examples import REMOVED, Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import GET_DOCUMENT, LIST_DOCUMENTS, NEW_DOCUMENT, NEW_TITLE, query

__all__ = ["TYPES", "VISIBILITIES", "is_a", "judge_everywhere", "meant_extension"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"
EXTENSIONS = "Microsoft, 'OpenAPI extensions for custom connectors'"

REFERENCE_MISSING = Rule(
    id="definition.reference-missing",
    severity="error",
    title="A $ref leads nowhere",
    meaning="A reference names a part that is not in the file.",
    why="The platform refuses the file, or the designer shows no fields.",
    remedy="Add the missing part, or correct the reference.",
    reference=VALIDATOR,
    shown_by=(
        Edit({NEW_TITLE: {"$ref": "#/definitions/Nope"}}),
        Edit({NEW_TITLE: {"$ref": "#definitions/Person"}}, along=("definition.reference-place",)),
    ),
    microsoft=(
        "SchemaReferenceNotFound",
        "ParameterReferenceNotFound",
        "ResponseReferenceNotFound",
        "JsonPointerNotValid",
    ),
)
REFERENCE_EXTERNAL = Rule(
    id="definition.reference-external",
    severity="error",
    title="A $ref leads out of the file",
    meaning="A reference names another file or a URL.",
    why="The platform follows local references only.",
    remedy="Copy the part into definitions.",
    reference=VALIDATOR,
    shown_by=(Edit({NEW_TITLE: {"$ref": "other.json#/definitions/X"}}),),
    microsoft=("SchemaReferenceNotValid",),
)
EXTENSION_MISSPELT = Rule(
    id="definition.extension-misspelt",
    severity="warning",
    title="An extension is misspelt",
    meaning="A key looks like one of Microsoft's extensions, but is not.",
    why="The platform ignores it without a word.",
    remedy="Correct the spelling.",
    reference=EXTENSIONS,
    shown_by=(Edit({f"{GET_DOCUMENT}/x-ms-visibilty": "important"}),),
)
VISIBILITY_VALUE = Rule(
    id="definition.visibility-value",
    severity="warning",
    title="x-ms-visibility has an unknown value",
    meaning="It is none of important, advanced, internal and none.",
    why="The platform ignores it.",
    remedy="Use one of the known values, in lower case.",
    reference=EXTENSIONS,
    shown_by=(Edit({f"{GET_DOCUMENT}/x-ms-visibility": "Advanced"}),),
    microsoft=("JsonValueNotInEnum",),
)
DEFAULT_MISMATCH = Rule(
    id="definition.default-mismatch",
    severity="error",
    title="A default does not fit its own type",
    meaning="The default is not of the declared type; as a warning, it is not one of the enum's "
    "values.",
    why="The platform refuses it or sends what the app refuses.",
    remedy="Correct the default.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{LIST_DOCUMENTS}/parameters/2/default": "ten"}),),
    microsoft=("DefaultValueMustMatchType",),
)
BOUNDS = Rule(
    id="definition.bounds",
    severity="warning",
    title="A schema's bounds contradict each other",
    meaning="A minimum is larger than its maximum, negative, or exclusive without a bound.",
    why="No value fits.",
    remedy="Correct the bounds.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{NEW_TITLE}/minLength": 300}),
        Edit({f"{NEW_TITLE}/multipleOf": 0}),
        Edit({f"{NEW_TITLE}/maxProperties": -1}),
    ),
    microsoft=(
        "MinimumShouldBeLessThanOrEqualToMaximum",
        "MinLengthShouldBeLessThanOrEqualToMaxLength",
        "MinItemsShouldBeLessThanOrEqualToMaxItems",
        "ExclusiveMaximumRequiresMaximum",
        "ExclusiveMinimumRequiresMinimum",
        "MinLengthMustBeGreaterThanOrEqualToZero",
        "MaxLengthMustBeGreaterThanOrEqualToZero",
        "MinItemsMustBeGreaterThanOrEqualToZero",
        "MaxItemsMustBeGreaterThanOrEqualToZero",
        "MinPropertiesMustBeGreaterThanOrEqualToZero",
        "MaxPropertiesMustBeGreaterThanOrEqualToZero",
        "MultipleOfMustBeGreaterThanZero",
    ),
)
PATTERN = Rule(
    id="definition.pattern",
    severity="warning",
    title="A pattern is not a regular expression",
    meaning="pattern cannot be compiled.",
    why="The platform refuses the file.",
    remedy="Correct the pattern.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/pattern": "[a-"}),),
    microsoft=("PatternShouldBeValidRegularExpression",),
)
ENUM_EMPTY = Rule(
    id="definition.enum-empty",
    severity="warning",
    title="An enum is empty or repeats a value",
    meaning="enum has no element, or the same one twice.",
    why="Nothing can be chosen, or one thing twice.",
    remedy="Correct the list.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/enum": []}), Edit({f"{NEW_TITLE}/enum": ["a", "a"]})),
    microsoft=("EnumMustContainAtLeastOneElement", "ArrayDuplicateValue"),
)
ENUM_TYPE = Rule(
    id="definition.enum-type",
    severity="warning",
    title="An enum has a value of another type",
    meaning="enum has a value that the schema's type excludes.",
    why="Makers can choose a value that is refused.",
    remedy="Correct the value, or the type.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/enum": ["a", 1]}),),
    microsoft=("InvalidEnumValue",),
    formerly="definition.enum-empty",
)
ARRAY_ITEMS = Rule(
    id="definition.array-items",
    severity="warning",
    title="An array does not say what it holds",
    meaning="type: array without items.",
    why="The designer cannot offer its elements.",
    remedy="Add items.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/type": "array", f"{NEW_TITLE}/example": REMOVED}),),
    microsoft=("ArrayHasNoItems",),
)
REQUIRED_UNKNOWN = Rule(
    id="definition.required-unknown",
    severity="warning",
    title="required names a property that is not there",
    meaning="A name in required is not among the properties of a schema that has some, or "
    "required is empty.",
    why="Every body is refused by whoever checks it.",
    remedy="Declare the property, or take the name out.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{NEW_DOCUMENT}/required": ["title", "colour"]}),
        Edit({f"{NEW_DOCUMENT}/required": []}),
    ),
    microsoft=("RequiredPropertyDefinitionMissing", "RequiredPropertyArrayEmpty"),
)
REQUIRED_PLACE = Rule(
    id="definition.required-place",
    severity="note",
    title="required is used where there are no properties",
    meaning="required is next to a type that is not object.",
    why="It says nothing there; what was meant to be required is not.",
    remedy="Move it to the object whose properties it names.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/required": ["x"]}),),
    microsoft=("RequiredPropertyNotOnObject",),
    formerly="definition.required-unknown",
)
KEYWORD = Rule(
    id="definition.keyword",
    severity="error",
    title="A keyword is not part of Swagger 2.0",
    meaning="oneOf, anyOf, not, nullable or another word of later versions is used in a schema.",
    why="The platform refuses or ignores it.",
    remedy="Express it with Swagger 2.0's own words (x-nullable for null).",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/nullable": True}),),
    microsoft=("SwaggerKeywordNotSupported",),
)
SECRET = Rule(
    id="definition.secret",
    severity="error",
    title="The files hold what looks like a live secret",
    meaning="A function key, a shared access signature, a token or a client secret is in the file.",
    why="Everybody who can read the file or the repository can use it.",
    remedy="Revoke it now, then take it out: secrets belong into the connection.",
    reference="Microsoft, 'Azure Functions: function access keys'",
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/-": query(
                    "code", default="Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7=="
                )
            }
        ),
    ),
)

_KNOWN = """
summary visibility trigger trigger-hint trigger-metadata notification notification-url
notification-content dynamic-values dynamic-list dynamic-schema dynamic-properties dynamic-tree
url-encoding api-annotation operation-context capabilities pageable connector-metadata docs
deployment-version no-generic-test safe-operation test-value enum-values enum media-kind editor
editor-options openai-data openai-manifest require-user-confirmation agentic-protocol
parameter-location skip-url-encoding keywords localizedefaultvalue long-running-operation
mutability secret discriminator-value client-name identifiers client-flatten paths azure-resource
examples header-collection-prefix odata error-response permission title name-mapping
property-name-alias content parameter-grouping long-running-operation-options ai-sensitivity
api-version openai-published-to-copilots generated-by explicit-consent
"""
KNOWN_EXTENSIONS = frozenset(f"x-ms-{name}" for name in _KNOWN.split()) | {"x-nullable"}
MISSPELT = {"x-summary": "x-ms-summary", "x-visibility": "x-ms-visibility"}
VISIBILITIES = ("important", "advanced", "internal", "none", "")
SCHEMA_HOLDERS = ("schema", "items", "additionalProperties")
_FUNCTION_KEY = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_SIGNATURE = re.compile(r"(?:^|[?&;])sig=([A-Za-z0-9%+/_=-]{43,})")
_HASH = re.compile(r"[A-Za-z0-9+/_-]{43}")
"""An SHA-256 in base64, as Logic Apps and Azure Storage sign URLs."""
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")
_ENTRA_SECRET = re.compile(r"[A-Za-z0-9_.-]{3}[78]Q~[A-Za-z0-9_.~-]{31,34}")
JSON_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def judge_everywhere(connector: Connector) -> Iterator[Finding]:
    """Walk the whole document once."""
    yield from _walk(connector, connector.raw, "", in_sample=False)


def _walk(connector: Connector, node: Any, pointer: str, *, in_sample: bool) -> Iterator[Finding]:
    if isinstance(node, Mapping):
        if not in_sample:
            yield from _object(connector, node, pointer)
        for key, value in node.items():
            name = str(key)
            escaped = name.replace("~", "~0").replace("/", "~1")
            sample = in_sample or _is_sample(name, pointer)
            yield from _walk(connector, value, f"{pointer}/{escaped}", in_sample=sample)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _walk(connector, value, f"{pointer}/{index}", in_sample=in_sample)
    elif isinstance(node, str) and len(node) > 20:
        yield from _secret(connector, node, pointer)


def _is_sample(name: str, pointer: str) -> bool:
    """Whether what follows is data, not definition (a property called `default` is not)."""
    if pointer.endswith(("/properties", "/definitions", "/parameters", "/responses")):
        return False
    return name in ("example", "examples", "default", "enum", "x-ms-test-value", "x-example")


def _object(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    names_only = pointer.endswith(("/properties", "/definitions", "/paths"))
    if not names_only:
        yield from _reference(connector, node, pointer)
        yield from _spelling(connector, node, pointer)
        if _looks_like_schema(node):
            yield from _schema(connector, node, pointer)


def _reference(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    ref = node.get("$ref")
    if not isinstance(ref, str):
        return
    if not ref.startswith("#"):
        message = f"$ref {ref} leads out of the file"
        yield REFERENCE_EXTERNAL.at(connector, message, f"{pointer}/$ref")
    elif connector.at(ref) is None:
        message = f"$ref {ref} leads nowhere"
        yield REFERENCE_MISSING.at(connector, message, f"{pointer}/$ref")


def _spelling(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    for key in node:
        if not isinstance(key, str):
            continue
        near = meant_extension(key, pointer)
        if near is not None:
            yield EXTENSION_MISSPELT.at(
                connector,
                f"{key} looks like {near}, and is ignored",
                f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}",
                expected=near,
                observed=key,
            )
    value = node.get("x-ms-visibility")
    if value is not None and (not isinstance(value, str) or value not in VISIBILITIES):
        yield VISIBILITY_VALUE.at(
            connector,
            f"x-ms-visibility is {value!r}",
            f"{pointer}/x-ms-visibility",
            expected="important, advanced, internal or none",
            observed=repr(value),
        )


def meant_extension(key: str, pointer: str) -> str | None:
    """The extension that a misspelt key of the object at a pointer means, or None."""
    if not key.startswith("x-") or key.lower() in KNOWN_EXTENSIONS:
        return None
    return (None if _is_path(pointer) else MISSPELT.get(key.lower())) or _near(key)


def _is_path(pointer: str) -> bool:
    """Whether a pointer leads to a path, whose summary Microsoft.OpenApi writes as x-summary."""
    return pointer.startswith("/paths/") and pointer.count("/") == 2


def _near(key: str) -> str | None:
    if not key.lower().startswith("x-ms"):
        return None
    close = difflib.get_close_matches(key.lower(), KNOWN_EXTENSIONS, n=1, cutoff=0.88)
    return close[0] if close else None


def _looks_like_schema(node: Mapping[str, Any]) -> bool:
    return isinstance(node.get("type"), str) or "enum" in node or "properties" in node


def _schema(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    yield from _default(connector, node, pointer)
    yield from _bounds(connector, node, pointer)
    pattern = node.get("pattern")
    if isinstance(pattern, str):
        try:
            re.compile(_as_python(pattern))
        except re.error as error:
            message = f"pattern {pattern!r} is no regular expression: {error}"
            yield PATTERN.at(connector, message, f"{pointer}/pattern")
    enum = node.get("enum")
    if isinstance(enum, list):
        kind = str(node.get("type"))
        odd = [v for v in enum if v is not None and kind in TYPES and not is_a(v, kind)]
        if odd:
            message = f"enum contains {JSON_KINDS[type(odd[0])]}, but the type is {kind}"
            yield ENUM_TYPE.at(connector, message, f"{pointer}/enum", expected=kind)
    if node.get("type") == "array" and "items" not in node:
        yield ARRAY_ITEMS.at(connector, "an array without items", pointer)
    yield from _required(connector, node, pointer)


def _as_python(pattern: str) -> str:
    """ECMA-262 spellings that Python does not know, in Python's."""
    return re.sub(r"\\[pP]\{[^}]*\}", "\\\\w", pattern).replace(r"\/", "/").replace(r"\d", "[0-9]")


def _default(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    if "default" not in node:
        return
    value, kind = node["default"], node.get("type")
    if isinstance(value, str) and value.startswith("@"):
        return
    enum = node.get("enum")
    wrong_type = isinstance(kind, str) and kind in TYPES and not is_a(value, kind)
    outside = isinstance(enum, list) and enum and value not in enum and value not in ("", None)
    if wrong_type and value is not None:
        shown = type(value).__name__
        yield DEFAULT_MISMATCH.at(
            connector,
            f"the default is {shown}, the type is {kind}",
            f"{pointer}/default",
            expected=str(kind),
            observed=shown,
        )
    elif outside:
        yield DEFAULT_MISMATCH.at(
            connector,
            "the default is not one of the enum's values",
            f"{pointer}/default",
            severity="warning",
        )


def is_a(value: Any, kind: str) -> bool:
    """Whether a value is of one of JSON's types; a whole float is an integer too."""
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, TYPES[kind])  # type: ignore[arg-type]


def _bounds(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        least, most = node.get(low), node.get(high)
        if _is_number(least) and _is_number(most) and least > most:
            message = f"{low} {least} is larger than {high} {most}"
            yield BOUNDS.at(connector, message, f"{pointer}/{low}")
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if node.get(flag) is True and bound not in node:
            message = f"{flag} without {bound}"
            yield BOUNDS.at(connector, message, f"{pointer}/{flag}")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _required(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    required, properties = node.get("required"), node.get("properties")
    if isinstance(required, list):
        yield from _required_place(connector, node, pointer)
    if not isinstance(required, list) or not isinstance(properties, Mapping):
        return
    if "allOf" in node or any(key.startswith("x-ms-dynamic") for key in node):
        return
    for name in required:
        if isinstance(name, str) and name not in properties:
            message = f"required names {name!r}, which is not among the properties"
            yield REQUIRED_UNKNOWN.at(connector, message, f"{pointer}/required")


def _required_place(
    connector: Connector, node: Mapping[str, Any], pointer: str
) -> Iterator[Finding]:
    kind = node.get("type", "object")
    place = f"{pointer}/required"
    if kind != "object":
        message = f"required is next to the type {kind}, where it says nothing"
        yield REQUIRED_PLACE.at(connector, message, place)


def _is_signed(text: str) -> bool:
    """Whether a URL has a live signature; a GUID or a placeholder in its place is none."""
    match = _SIGNATURE.search(text)
    value = unquote(match.group(1)).rstrip("=") if match else ""
    kinds = [str.isupper, str.islower, str.isdigit]
    mixed = all(any(is_kind(c) for c in value) for is_kind in kinds)
    return _HASH.fullmatch(value) is not None and mixed and len(set(value)) > 15


def _secret(connector: Connector, text: str, pointer: str) -> Iterator[Finding]:
    kind = None
    if _JWT.search(text):
        kind = "a signed token (JWT)"
    elif _is_signed(text):
        kind = "a shared access signature (sig=)"
    elif _ENTRA_SECRET.fullmatch(text):
        kind = "a client secret of Entra ID"
    elif pointer.endswith("/default") and _FUNCTION_KEY.fullmatch(text):
        name = _parameter_name(connector, pointer)
        if name in ("code", "sig", "x-functions-key", "ocp-apim-subscription-key"):
            kind = f"a key (default of {name})"
    if kind is not None:
        message = f"{kind} is in the file"
        yield SECRET.at(connector, message, pointer, observed=f"{len(text)} characters, not shown")


def _parameter_name(connector: Connector, pointer: str) -> str:
    holder = connector.at(pointer.rpartition("/")[0])
    name = holder.get("name") if isinstance(holder, Mapping) else None
    return str(name).lower() if name is not None else pointer.split("/")[-2].lower()
