"""Judging inputs: where parameters stand, what forms and bodies hold, what is never sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.connector.model import Connector, Operation
from harness.connector.schema.walk import Shape, parts_of
from harness.findings.examples import REMOVED, Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import (
    CREATE_DOCUMENT,
    GET_DOCUMENT,
    LIST_DOCUMENTS,
    NEW_DOCUMENT,
    NEW_TITLE,
    query,
)

__all__ = ["judge_inputs"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"
SWAGGER = "OpenAPI Specification, version 2.0"

PARAMETER_DUPLICATE = Rule(
    id="definition.parameter-duplicate",
    severity="error",
    title="A parameter is declared twice",
    meaning="Two parameters of an operation have the same name and place.",
    why="The platform refuses the file.",
    remedy="Remove one.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{LIST_DOCUMENTS}/parameters/-": query("top")}),
        Edit(
            {
                "/paths/~1me/parameters": [
                    {"name": "s", "in": "query", "type": "string", "x-ms-summary": "S"},
                    {"name": "s", "in": "query", "type": "string", "x-ms-summary": "S"},
                ]
            }
        ),
    ),
    microsoft=(
        "OperationParametersAreNotUnique",
        "OperationParametersContainDuplicateParameter",
        "PathParametersContainDuplicateParameter",
    ),
)
FILE_PARAMETER = Rule(
    id="definition.file-parameter",
    severity="error",
    title="A file is not sent as form data",
    meaning="A parameter of type file that is not in formData; or a schema of type file that is "
    "no whole answer (a warning).",
    why="The platform refuses the file.",
    remedy="Use in: formData and consumes: multipart/form-data.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/-": {
                    "name": "f",
                    "in": "query",
                    "type": "file",
                    "x-ms-summary": "X",
                }
            }
        ),
        Edit({f"{NEW_TITLE}/type": "file"}),
    ),
    microsoft=("FileParameterMustBeInFormData", "SchemaTypeFileNotValid"),
)
PARAMETER_SHAPE = Rule(
    id="definition.parameter-shape",
    severity="error",
    title="A parameter is written like one of another place",
    meaning="A body without schema or with a type next to it, a schema outside of the body, or "
    "allowEmptyValue outside of query and formData.",
    why="The platform refuses it, or ignores the word.",
    remedy="A body has schema alone; everything else has type, format, items.",
    reference=SWAGGER,
    shown_by=(
        Edit({f"{CREATE_DOCUMENT}/parameters/0/schema": REMOVED}),
        Edit({f"{CREATE_DOCUMENT}/parameters/0/type": "object"}),
        Edit({f"{LIST_DOCUMENTS}/parameters/-": query("s", schema={"type": "string"})}),
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/-": {
                    "name": "s",
                    "allowEmptyValue": True,
                    "in": "header",
                    "type": "string",
                    "x-ms-summary": "X",
                }
            }
        ),
    ),
    microsoft=(
        "BodyParameterPropertyNotValid",
        "BodyParameterSchemaRequired",
        "NonBodyParameterSchemaNotValid",
        "AllowEmptyValueOnlyValidForQueryFormData",
    ),
)
CONNECTION_ID = Rule(
    id="definition.connection-id",
    severity="warning",
    title="A parameter is called connectionId",
    meaning="A parameter has the name that the platform's own routes use for the connection.",
    why="The two cannot be told apart; the validator refuses it.",
    remedy="Give it another name; x-ms-summary is what makers see.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{LIST_DOCUMENTS}/parameters/-": query("connectionId")}),),
    microsoft=("ConnectionIdParameterNotAllowed",),
)
FORM_MEDIA_TYPE = Rule(
    id="definition.form-media-type",
    severity="warning",
    title="Form fields without a form",
    meaning="An operation has formData, but consumes no form; or sends a file in a URL-encoded "
    "one. Where consumes says nothing at all it is a note.",
    why="The body is not sent as the app expects it.",
    remedy="consumes: multipart/form-data (files) or application/x-www-form-urlencoded.",
    reference=SWAGGER,
    shown_by=(
        Edit(
            {
                f"{CREATE_DOCUMENT}/parameters/0": {
                    "name": "f",
                    "in": "formData",
                    "type": "string",
                    "x-ms-summary": "X",
                },
                f"{CREATE_DOCUMENT}/consumes": ["application/json"],
            }
        ),
        Edit(
            {
                f"{CREATE_DOCUMENT}/parameters/0": {
                    "name": "f",
                    "in": "formData",
                    "type": "string",
                    "x-ms-summary": "X",
                },
                f"{CREATE_DOCUMENT}/consumes": [],
            }
        ),
        Edit(
            {
                f"{CREATE_DOCUMENT}/parameters/0": {
                    "name": "f",
                    "in": "formData",
                    "type": "file",
                    "x-ms-summary": "X",
                },
                f"{CREATE_DOCUMENT}/consumes": ["application/x-www-form-urlencoded"],
            }
        ),
    ),
    microsoft=(
        "MimeTypeNotCompatibleWithRequestContentSchemaType",
        "StringBinaryNotSupportedForFormUrlEncoded",
        "ConsumesMissing",
    ),
)
FORM_NAME = Rule(
    id="definition.form-name",
    severity="warning",
    title="A form field has a name outside of ASCII",
    meaning="The name of a formData parameter has other characters than ASCII.",
    why="The validator refuses it; servers decode it differently.",
    remedy="Use ASCII letters; x-ms-summary is what makers see.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {
                f"{CREATE_DOCUMENT}/consumes": ["multipart/form-data"],
                f"{CREATE_DOCUMENT}/parameters": [
                    {"in": "formData", "type": "string", "x-ms-summary": "X", "name": "größe"}
                ],
            }
        ),
    ),
    microsoft=("InvalidFormDataParameterName",),
)
INTERNAL_OPTIONAL = Rule(
    id="definition.internal-optional",
    severity="note",
    title="A hidden default may not be sent",
    meaning="An input is internal with a default, but not required.",
    why="Only required internal inputs are sure to be put into requests.",
    remedy="Set required, or take the default out.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {
                f"{NEW_DOCUMENT}/properties/link": {
                    "default": "a",
                    "type": "string",
                    "x-ms-visibility": "internal",
                }
            }
        ),
        Edit(
            {f"{LIST_DOCUMENTS}/parameters/-": query("v", default="1", x_ms_visibility="internal")}
        ),
    ),
    microsoft=("InternalPropertyWithDefaultOptional", "PropertyMustBeRequired"),
)
READ_ONLY_REQUIRED = Rule(
    id="definition.read-only-required",
    severity="warning",
    title="An input is read-only and required",
    meaning="A property of a body has readOnly: true and is listed in required.",
    why="Makers cannot fill in what the body must have.",
    remedy="Take it out of required, or give the input a schema of its own.",
    reference=SWAGGER,
    shown_by=(Edit({f"{NEW_TITLE}/readOnly": True}),),
    microsoft=("RequiredReadOnlyPropertyNotAllowedAsInput",),
)
BINARY_PLACE = Rule(
    id="definition.binary-place",
    severity="note",
    title="string/binary is used inside an object",
    meaning="A property or element has type string and format binary.",
    why="JSON has no place for raw bytes; the platform knows it for whole bodies alone.",
    remedy="Use format byte (base64), or make the file the body.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/format": "binary"}),),
    microsoft=("InvalidStringBinaryProperty",),
)
EXAMPLE_MEDIA_TYPE = Rule(
    id="definition.example-media-type",
    severity="note",
    title="An example is of a type that is not produced",
    meaning="examples of an answer names a media type that produces does not list.",
    why="Nobody will ever get such an answer.",
    remedy="Correct the media type of the example, or add it to produces.",
    reference=SWAGGER,
    shown_by=(Edit({f"{GET_DOCUMENT}/responses/200/examples": {"text/html": "<p>"}}),),
    microsoft=("ResponseExampleMustBeProducedByOperation",),
)
QUERY_ENCODING = Rule(
    id="definition.query-encoding",
    severity="note",
    title="A query parameter says how it is encoded",
    meaning="x-ms-url-encoding is on a query parameter. Shown with `[definition] "
    "certification` alone.",
    why="Query parameters are always encoded once; the word is ignored.",
    remedy="Take it out.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {f"{LIST_DOCUMENTS}/parameters/0/x-ms-url-encoding": "single"},
            facts={"certification": True},
        ),
    ),
    microsoft=("QueryParameterEncodingNotSupported",),
)

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
        yield CONNECTION_ID.at(connector, message, place)
    if location == "body":
        yield from _body_shape(connector, shape)
    elif "schema" in node and location is not None:
        message = f"{name} has a schema, but is not the body"
        yield PARAMETER_SHAPE.at(connector, message, f"{place}/schema")
    if "allowEmptyValue" in node and location not in ("query", "formData"):
        message = f"{name} has allowEmptyValue, which {location} does not know"
        yield PARAMETER_SHAPE.at(connector, message, f"{place}/allowEmptyValue")
    if location == "query" and "x-ms-url-encoding" in node:
        message = f"{name} is a query parameter with x-ms-url-encoding"
        yield QUERY_ENCODING.at(connector, message, f"{place}/x-ms-url-encoding")
    if location == "formData" and not name.isascii():
        message = f"the form field {name!r} has characters outside of ASCII"
        yield FORM_NAME.at(connector, message, f"{place}/name")
    internal = node.get("x-ms-visibility") == "internal" and "default" in node
    if internal and location != "path" and node.get("required") is not True:
        message = f"{name} is internal with a default, but not required: it may not be sent"
        yield INTERNAL_OPTIONAL.at(connector, message, place)


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
            message = f"the {key[1]} parameter {key[0]} appears twice at one path"
            place = f"{shape.pointer}/parameters/{index}"
            yield PARAMETER_DUPLICATE.at(connector, message, place)
        seen.add(key)


def _body_shape(connector: Connector, shape: Shape) -> Iterator[Finding]:
    name = str(shape.node.get("name"))
    if not isinstance(shape.node.get("schema"), Mapping):
        message = f"the body {name} has no schema"
        yield PARAMETER_SHAPE.at(connector, message, shape.pointer)
    for key in BODY_TYPE_KEYS:
        if key in shape.node:
            message = f"the body {name} has {key} next to its schema, where it is ignored"
            yield PARAMETER_SHAPE.at(connector, message, f"{shape.pointer}/{key}")


def _file_schema(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """`type: file` is for form fields and whole answers (Swagger 2.0, Response Object)."""
    if shape.node.get("type") != "file":
        return
    whole_answer = "/responses/" in shape.pointer and shape.pointer.endswith("/schema")
    shared_answer = shape.pointer.startswith("/responses/") and shape.pointer.endswith("/schema")
    if not whole_answer and not shared_answer:
        message = "type file is used in a schema that is not a whole answer"
        yield FILE_PARAMETER.at(connector, message, f"{shape.pointer}/type", severity="error")


def _binary(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """`string` with `binary` below the top: JSON cannot hold it."""
    inside = "/properties/" in shape.pointer or shape.pointer.endswith("/items")
    if inside and shape.node.get("format") == "binary" and shape.node.get("type") == "string":
        message = "string/binary is used inside an object or list"
        yield BINARY_PLACE.at(connector, message, f"{shape.pointer}/format")


def _forms(connector: Connector, operation: Operation) -> Iterator[Finding]:
    fields = operation.parameters_in("formData")
    if not fields:
        return
    declared = operation.raw.get("consumes", connector.raw.get("consumes"))
    types = [t.split(";")[0].strip().lower() for t in operation.consumes]
    place = f"{operation.pointer}/consumes" if "consumes" in operation.raw else operation.pointer
    if not declared:
        message = f"{operation.id} takes form fields, but consumes is empty"
        yield FORM_MEDIA_TYPE.at(connector, message, place, operation=operation, severity="note")
    elif MULTIPART not in types and URLENCODED not in types:
        message = f"{operation.id} takes form fields, but consumes {', '.join(types)}"
        yield FORM_MEDIA_TYPE.at(
            connector,
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
                yield FORM_MEDIA_TYPE.at(connector, message, field.pointer, operation=operation)


def _examples(connector: Connector, operation: Operation) -> Iterator[Finding]:
    produced = {t.split(";")[0].strip().lower() for t in operation.produces}
    if not produced:
        return
    for response in operation.responses.values():
        for name in response.examples:
            if "/" in str(name) and str(name).split(";")[0].strip().lower() not in produced:
                message = f"the example is {name}, which {operation.id} does not produce"
                place = f"{response.pointer}/examples"
                yield EXAMPLE_MEDIA_TYPE.at(connector, message, place, operation=operation)


def _body(connector: Connector, operation: Operation) -> Iterator[Finding]:
    body = operation.body
    assert body is not None
    for part in parts_of(connector, body.schema, f"{body.pointer}/schema"):
        if part.node.get("readOnly") is True and part.listed and part.name:
            message = f"{part.name} is read-only and required in what {operation.id} sends"
            yield READ_ONLY_REQUIRED.at(connector, message, part.pointer, operation=operation)
        hidden = part.node.get("x-ms-visibility") == "internal" and "default" in part.node
        if hidden and part.name and not part.listed:
            message = (
                f"{part.name} is internal with a default, but not required: it may not be sent"
            )
            yield INTERNAL_OPTIONAL.at(connector, message, part.pointer)
