"""Judging what stands anywhere in the document: schemas, references, extensions, secrets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from harness.connector.model import Connector
from harness.findings.model import Finding
from harness.suites.definition.context import found

__all__ = ["judge_everywhere"]

_KNOWN = """
x-ms-summary x-ms-visibility x-ms-trigger x-ms-trigger-hint x-ms-trigger-metadata x-ms-
notification x-ms-notification-url x-ms-notification-content x-ms-dynamic-values x-ms-dynamic-
list x-ms-dynamic-schema x-ms-dynamic-properties x-ms-dynamic-tree x-ms-url-encoding x-ms-api-
annotation x-ms-operation-context x-ms-capabilities x-ms-pageable x-ms-connector-metadata x-ms-
docs x-ms-deployment-version x-ms-no-generic-test x-ms-safe-operation x-ms-test-value x-ms-enum-
values x-ms-enum x-ms-media-kind x-ms-editor x-ms-editor-options x-ms-openai-data x-ms-openai-
manifest x-ms-require-user-confirmation x-ms-agentic-protocol x-ms-parameter-location x-ms-skip-
url-encoding x-ms-keywords x-ms-localizedefaultvalue x-ms-long-running-operation x-ms-mutability
x-ms-secret x-ms-discriminator-value x-ms-client-name x-ms-identifiers x-ms-client-flatten x-ms-
paths x-ms-azure-resource x-ms-examples x-ms-header-collection-prefix x-ms-odata x-ms-error-
response x-ms-permission x-ms-title x-ms-name-mapping x-ms-property-name-alias x-ms-content
x-ms-parameter-grouping x-ms-long-running-operation-options x-ms-ai-sensitivity x-ms-api-version
x-ms-openai-published-to-copilots x-ms-generated-by x-ms-explicit-consent x-nullable
"""
EXTENSIONS = frozenset(_KNOWN.split())
MISSPELT = {"x-summary": "x-ms-summary", "x-visibility": "x-ms-visibility"}
VISIBILITIES = ("important", "advanced", "internal", "none", "")
UNSUPPORTED = ("oneOf", "anyOf", "not", "nullable", "const", "patternProperties", "if")
SCHEMA_HOLDERS = ("schema", "items", "additionalProperties")
_FUNCTION_KEY = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_SIGNATURE = re.compile(r"(?:^|[?&;])sig=[A-Za-z0-9%+/_-]{20,}")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")
_ENTRA_SECRET = re.compile(r"[A-Za-z0-9_.-]{3}[78]Q~[A-Za-z0-9_.~-]{31,34}")
COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
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
        yield found(connector, "reference-external", message, f"{pointer}/$ref")
    elif connector.at(ref) is None:
        message = f"$ref {ref} leads nowhere"
        yield found(connector, "reference-missing", message, f"{pointer}/$ref")


def _spelling(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    for key in node:
        if not isinstance(key, str) or not key.startswith("x-") or key.lower() in EXTENSIONS:
            continue
        near = MISSPELT.get(key.lower()) or _near(key)
        if near is not None:
            yield found(
                connector,
                "extension-misspelt",
                f"{key} looks like {near}, and is ignored",
                f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}",
                expected=near,
                observed=key,
            )
    value = node.get("x-ms-visibility")
    if value is not None and (not isinstance(value, str) or value not in VISIBILITIES):
        yield found(
            connector,
            "visibility-value",
            f"x-ms-visibility is {value!r}",
            f"{pointer}/x-ms-visibility",
            expected="important, advanced, internal or none",
            observed=repr(value),
        )


def _near(key: str) -> str | None:
    if not key.lower().startswith("x-ms"):
        return None
    close = difflib.get_close_matches(key.lower(), EXTENSIONS, n=1, cutoff=0.88)
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
            yield found(connector, "pattern", message, f"{pointer}/pattern")
    enum = node.get("enum")
    if isinstance(enum, list):
        texts = [repr(value) for value in enum]
        if not enum or len(set(texts)) < len(texts):
            message = "enum is empty" if not enum else "enum repeats a value"
            yield found(connector, "enum-empty", message, f"{pointer}/enum")
        kind = str(node.get("type"))
        odd = [v for v in enum if v is not None and kind in TYPES and not _is_a(v, kind)]
        if odd:
            message = f"enum has {type(odd[0]).__name__}, the type is {kind}"
            yield found(connector, "enum-empty", message, f"{pointer}/enum", expected=kind)
    if node.get("type") == "array" and "items" not in node:
        yield found(connector, "array-items", "an array without items", pointer)
    yield from _required(connector, node, pointer)
    for word in UNSUPPORTED:
        if word in node and not pointer.endswith("/properties"):
            message = f"{word} is not part of Swagger 2.0"
            yield found(connector, "keyword", message, f"{pointer}/{word}")


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
    wrong_type = isinstance(kind, str) and kind in TYPES and not _is_a(value, kind)
    outside = isinstance(enum, list) and enum and value not in enum and value not in ("", None)
    if wrong_type and value is not None:
        shown = type(value).__name__
        yield found(
            connector,
            "default-mismatch",
            f"the default is {shown}, the type is {kind}",
            f"{pointer}/default",
            expected=str(kind),
            observed=shown,
        )
    elif outside:
        yield found(
            connector,
            "default-mismatch",
            "the default is not one of the enum's values",
            f"{pointer}/default",
        )


def _is_a(value: Any, kind: str) -> bool:
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
            yield found(connector, "bounds", message, f"{pointer}/{low}")
    for name in COUNTS:
        value = node.get(name)
        if _is_number(value) and value < 0:
            yield found(connector, "bounds", f"{name} is negative", f"{pointer}/{name}")
    step = node.get("multipleOf")
    if _is_number(step) and step <= 0:
        message = f"multipleOf is {step}, not larger than zero"
        yield found(connector, "bounds", message, f"{pointer}/multipleOf")
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if node.get(flag) is True and bound not in node:
            message = f"{flag} without {bound}"
            yield found(connector, "bounds", message, f"{pointer}/{flag}")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _required(connector: Connector, node: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    required, properties = node.get("required"), node.get("properties")
    if isinstance(required, list):
        yield from _required_place(connector, node, required, pointer)
    if not isinstance(required, list) or not isinstance(properties, Mapping):
        return
    if "allOf" in node or any(key.startswith("x-ms-dynamic") for key in node):
        return
    for name in required:
        if isinstance(name, str) and name not in properties:
            message = f"required names {name!r}, which is not among the properties"
            yield found(connector, "required-unknown", message, f"{pointer}/required")


def _required_place(
    connector: Connector, node: Mapping[str, Any], required: list[Any], pointer: str
) -> Iterator[Finding]:
    kind = node.get("type", "object")
    place = f"{pointer}/required"
    if kind != "object":
        message = f"required stands at the type {kind}, where it says nothing"
        yield found(connector, "required-unknown", message, place, severity="note")
    elif not required:
        message = "required is empty"
        yield found(connector, "required-unknown", message, place, severity="note")


def _secret(connector: Connector, text: str, pointer: str) -> Iterator[Finding]:
    kind = None
    if _JWT.search(text):
        kind = "a signed token (JWT)"
    elif _SIGNATURE.search(text):
        kind = "a shared access signature (sig=)"
    elif _ENTRA_SECRET.fullmatch(text):
        kind = "a client secret of Entra ID"
    elif pointer.endswith("/default") and _FUNCTION_KEY.fullmatch(text):
        name = _parameter_name(connector, pointer)
        if name in ("code", "sig", "x-functions-key", "ocp-apim-subscription-key"):
            kind = f"a key (default of {name})"
    if kind is not None:
        message = f"{kind} stands in the file"
        yield found(
            connector, "secret", message, pointer, observed=f"{len(text)} characters, not shown"
        )


def _parameter_name(connector: Connector, pointer: str) -> str:
    holder = connector.at(pointer.rpartition("/")[0])
    name = holder.get("name") if isinstance(holder, Mapping) else None
    return str(name).lower() if name is not None else pointer.split("/")[-2].lower()
