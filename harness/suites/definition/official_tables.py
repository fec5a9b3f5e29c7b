"""The tables of the official Swagger 2.0 schema: what each object holds, and what it must hold.

Written down from the OpenAPI Specification 2.0, "Schema"; `official_schema` judges by them.
"""

from __future__ import annotations

from harness.connector.model import METHODS
from harness.suites.definition.official_values import (
    ANY,
    COUNT,
    FLAG,
    ITEMS,
    MAP,
    MORE,
    NUMBER,
    OBJECT,
    OBJECTS,
    SOME_OBJECTS,
    SOME_TEXTS,
    SOME_VALUES,
    STEP,
    TEXT,
    TEXT_MAP,
    TEXTS,
    Form,
    choice,
)

__all__ = ["KEYS", "LATER", "NAMES", "NEEDED", "REMEDIES", "TYPES"]

TYPES = ("string", "number", "integer", "boolean", "array")
_LISTS = ("csv", "ssv", "tsv", "pipes")
_BOUNDS: dict[str, Form] = {
    "format": TEXT,
    "default": ANY,
    "maximum": NUMBER,
    "exclusiveMaximum": FLAG,
    "minimum": NUMBER,
    "exclusiveMinimum": FLAG,
    "maxLength": COUNT,
    "minLength": COUNT,
    "pattern": TEXT,
    "maxItems": COUNT,
    "minItems": COUNT,
    "uniqueItems": FLAG,
    "enum": SOME_VALUES,
    "multipleOf": STEP,
}
_PLAIN: dict[str, Form] = {
    "type": choice(*TYPES),
    "items": OBJECT,
    "collectionFormat": choice(*_LISTS),
    **_BOUNDS,
}
_PARAMETER: dict[str, Form] = {
    "name": TEXT,
    "in": choice("path", "query", "header", "body", "formData"),
    "description": TEXT,
    "required": FLAG,
}
_MULTI: dict[str, Form] = {
    "collectionFormat": choice(*_LISTS, "multi"),
    "allowEmptyValue": FLAG,
}
_SCHEMA: dict[str, Form] = {
    "$ref": TEXT,
    "title": TEXT,
    "description": TEXT,
    "maxProperties": COUNT,
    "minProperties": COUNT,
    "required": SOME_TEXTS,
    "additionalProperties": MORE,
    "type": ANY,
    "items": ITEMS,
    "allOf": SOME_OBJECTS,
    "properties": MAP,
    "discriminator": TEXT,
    "readOnly": FLAG,
    "xml": OBJECT,
    "externalDocs": OBJECT,
    "example": ANY,
    **_BOUNDS,
}
_OPERATION: dict[str, Form] = {
    "tags": TEXTS,
    "summary": TEXT,
    "description": TEXT,
    "externalDocs": OBJECT,
    "operationId": TEXT,
    "produces": TEXTS,
    "consumes": TEXTS,
    "parameters": OBJECTS,
    "responses": MAP,
    "schemes": TEXTS,
    "deprecated": FLAG,
    "security": OBJECTS,
}
KEYS: dict[str, dict[str, Form]] = {
    "root": {
        "swagger": ANY,
        "info": OBJECT,
        "host": TEXT,
        "basePath": TEXT,
        "schemes": TEXTS,
        "consumes": TEXTS,
        "produces": TEXTS,
        "paths": MAP,
        "definitions": MAP,
        "parameters": MAP,
        "responses": MAP,
        "security": OBJECTS,
        "securityDefinitions": MAP,
        "tags": OBJECTS,
        "externalDocs": OBJECT,
    },
    "info": {
        "title": TEXT,
        "version": TEXT,
        "description": TEXT,
        "termsOfService": TEXT,
        "contact": OBJECT,
        "license": OBJECT,
    },
    "contact": {"name": TEXT, "url": TEXT, "email": TEXT},
    "license": {"name": TEXT, "url": TEXT},
    "tag": {"name": TEXT, "description": TEXT, "externalDocs": OBJECT},
    "docs": {"url": TEXT, "description": TEXT},
    "xml": {
        "name": TEXT,
        "namespace": TEXT,
        "prefix": TEXT,
        "attribute": FLAG,
        "wrapped": FLAG,
    },
    "path": {"$ref": TEXT, "parameters": OBJECTS, **dict.fromkeys(METHODS, OBJECT)},
    "operation": _OPERATION,
    "response": {"description": TEXT, "schema": OBJECT, "headers": MAP, "examples": OBJECT},
    "header": {"description": TEXT, **_PLAIN},
    "items": _PLAIN,
    "schema": _SCHEMA,
    "scheme": {
        "type": ANY,
        "description": TEXT,
        "name": TEXT,
        "in": choice("query", "header"),
        "flow": ANY,
        "authorizationUrl": TEXT,
        "tokenUrl": TEXT,
        "scopes": TEXT_MAP,
    },
    "body": {**_PARAMETER, "schema": OBJECT},
    "parameter": {**_PARAMETER, **_PLAIN, **_MULTI, "schema": OBJECT},
    "path-parameter": {**_PARAMETER, **_PLAIN},
    "header-parameter": {**_PARAMETER, **_PLAIN},
    "query-parameter": {**_PARAMETER, **_PLAIN, **_MULTI},
    "formData-parameter": {
        **_PARAMETER,
        **_PLAIN,
        **_MULTI,
        "type": choice(*TYPES, "file"),
    },
}
NEEDED: dict[str, tuple[str, ...]] = {
    "root": ("swagger", "info", "paths"),
    "info": ("title", "version"),
    "license": ("name",),
    "tag": ("name",),
    "docs": ("url",),
    "response": ("description",),
    "header": ("type",),
    "body": ("name", "in"),
    "parameter": ("name", "in"),
    **{f"{place}-parameter": ("name", "in", "type") for place in ("path", "header")},
    **{f"{place}-parameter": ("name", "in", "type") for place in ("query", "formData")},
}
NAMES = {
    "root": "the definition",
    "docs": "externalDocs",
    "body": "a body",
    "items": "items",
    "info": "info",
    "scheme": "a security scheme",
    "path": "a path",
}
LATER = frozenset(
    {"oneOf", "anyOf", "not", "nullable", "const", "patternProperties", "if", "then", "else"}
    | {"writeOnly", "deprecated"}
)
"""Words of OpenAPI 3 and JSON Schema that generators write into schemas."""
REMEDIES = {
    ("parameter", "example"): "Parameters have no example in Swagger 2.0: write x-ms-test-value "
    "instead, or put the example into the description.",
    ("parameter", "examples"): "Parameters have no examples in Swagger 2.0: write x-ms-test-value "
    "instead, or put them into the description.",
    ("schema", "examples"): "A schema has one example in Swagger 2.0: write it as example.",
    ("schema", "nullable"): "Write x-nullable: true instead.",
    ("schema", "writeOnly"): "Swagger 2.0 has no writeOnly: take it out, or write x-writeOnly.",
    ("response", "content"): "content is of OpenAPI 3: move its schema into schema.",
    ("operation", "requestBody"): "requestBody is of OpenAPI 3: write a parameter with in: body.",
    ("root", "components"): "components is of OpenAPI 3: move its schemas into definitions.",
    ("root", "servers"): "servers is of OpenAPI 3: write host, basePath and schemes.",
}
