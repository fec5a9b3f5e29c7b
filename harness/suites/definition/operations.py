"""Judging operations: ids, texts, paths, parameters, responses and pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import METHODS, Connector, Operation, Parameter
from harness.findings.examples import REMOVED, Copied, Edit, Moved
from harness.findings.model import Finding, Rule, Severity
from harness.findings.sample import CREATE_DOCUMENT, GET_DOCUMENT, HELLO, LIST_DOCUMENTS, query
from harness.suites.definition.dynamics import DYNAMIC
from harness.suites.definition.inputs import FILE_PARAMETER

__all__ = ["judge_operations"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"
EXTENSIONS = "Microsoft, 'OpenAPI extensions for custom connectors'"

OPERATION_ID_MISSING = Rule(
    id="definition.operation-id-missing",
    severity="error",
    title="An operation has no operationId",
    meaning="The operation lacks operationId.",
    why="Flows refer to operations by this id; the platform refuses the file.",
    remedy="Give it a unique operationId in PascalCase.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/operationId": REMOVED}),),
    microsoft=("OperationIdRequired",),
)
OPERATION_ID_DUPLICATE = Rule(
    id="definition.operation-id-duplicate",
    severity="error",
    title="Two operations have the same operationId",
    meaning="An operationId is used by more than one operation.",
    why="The platform refuses the file.",
    remedy="Rename one; never rename one that flows already use.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{HELLO}/operationId": "WhoAmI"}),),
    microsoft=("OperationIdNotUnique",),
)
OPERATION_ID_FORM = Rule(
    id="definition.operation-id-form",
    severity="note",
    title="An operationId has unusual characters",
    meaning="It is not made of letters, digits and underscores, or is longer than 80 characters; "
    "with a slash or another character of URLs, a warning.",
    why="The platform replaces such characters, and flows then show another name; made with a "
    "slash, they say that the operation is not in the definition.",
    remedy="Use PascalCase; but keep the id of a connector that is in use.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/operationId": "Get a document"}),),
    microsoft=("OperationIdSanitized", "OperationIdTooLong"),
)
SUMMARY = Rule(
    id="definition.summary",
    severity="note",
    title="An operation has no usable summary",
    meaning="summary is missing, longer than 80 characters, or has one of the characters "
    "[]/\\<>*%&?.",
    why="It is the name that the designer shows.",
    remedy="Give it a short summary without these characters.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/summary": "Get/put"}),),
    microsoft=("OperationSummaryTooLong", "RestrictedCharactersInSummary"),
)
DESCRIPTION = Rule(
    id="definition.description",
    severity="note",
    title="An operation has no description",
    meaning="description is missing at an operation; with `[definition] certification` also at an"
    " input that makers see.",
    why="Makers cannot tell what the operation does.",
    remedy="Write a sentence that says what it does.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{GET_DOCUMENT}/description": REMOVED}),
        Edit(
            {f"{LIST_DOCUMENTS}/parameters/0/description": REMOVED}, facts={"certification": True}
        ),
    ),
    microsoft=("RequiredPropertyMissing",),
)
PARAMETER_SUMMARY = Rule(
    id="definition.parameter-summary",
    severity="note",
    title="An input has no x-ms-summary",
    meaning="A visible parameter of a visible operation lacks x-ms-summary.",
    why="The designer then shows the raw name.",
    remedy="Add x-ms-summary in Title Case.",
    reference=EXTENSIONS,
    shown_by=(Edit({f"{LIST_DOCUMENTS}/parameters/0/x-ms-summary": REMOVED}),),
    microsoft=("RequiredPropertyMissing",),
)
PATH_FORM = Rule(
    id="definition.path-form",
    severity="error",
    title="A path is not valid",
    meaning="A path does not begin with a slash, or holds a query, a fragment or unbalanced "
    "braces; a wildcard or a default in a placeholder is a warning.",
    why="The platform refuses the file.",
    remedy="Write the path alone; declare query parameters as parameters.",
    reference=VALIDATOR,
    shown_by=(
        Edit({"/paths/~1me?x=1": Moved("/paths/~1me")}),
        Edit({"/paths/~1me~1*": Moved("/paths/~1me")}),
        Edit(
            {"/paths/~1documents~1{id=7}": Moved("/paths/~1documents~1{id}")},
            along=("definition.path-parameter-extra", "definition.path-parameter-missing"),
        ),
    ),
    microsoft=(
        "OperationPathMustStartWithSlash",
        "OperationPathMayNotContainQueryOrFragment",
        "OperationPathTemplateNotValid",
        "OperationPathContainsUnsupportedCharacters",
        "OperationPathVariablesContainDefaults",
    ),
)
PATH_DUPLICATE = Rule(
    id="definition.path-duplicate",
    severity="warning",
    title="Two paths match the same calls",
    meaning="Two paths differ in the names of their placeholders only. Where they differ in "
    "capitals only, it is an error (the platform refuses the file); in slashes at the "
    "end, or where they share no method, a note.",
    why="Which one is called is not defined.",
    remedy="Keep one of them.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {
                "/paths/~1documents~1{other}": Copied("/paths/~1documents~1{id}"),
                "/paths/~1documents~1{other}/get/operationId": "GetDocumentAgain",
                "/paths/~1documents~1{other}/put/operationId": "ReplaceDocumentAgain",
                "/paths/~1documents~1{other}/delete/operationId": "DeleteDocumentAgain",
            },
            along=("definition.path-parameter-extra", "definition.path-parameter-missing"),
        ),
        Edit(
            {
                "/paths/~1Documents~1{id}": Copied("/paths/~1documents~1{id}"),
                "/paths/~1Documents~1{id}/get/operationId": "GetDocumentAgain",
                "/paths/~1Documents~1{id}/put/operationId": "ReplaceDocumentAgain",
                "/paths/~1Documents~1{id}/delete/operationId": "DeleteDocumentAgain",
            }
        ),
    ),
    microsoft=("DuplicateOperationPath", "PathRedefined"),
)
PATH_PARAMETER_MISSING = Rule(
    id="definition.path-parameter-missing",
    severity="error",
    title="A placeholder of the path is not declared",
    meaning="The path has a placeholder without a path parameter of that name.",
    why="The platform refuses the file, or sends the braces literally.",
    remedy="Declare it: in: path, required: true.",
    reference=VALIDATOR,
    shown_by=(Edit({"/paths/~1me~1{name}": Moved("/paths/~1me")}),),
    microsoft=("OperationMissingPathParameter",),
)
PATH_PARAMETER_EXTRA = Rule(
    id="definition.path-parameter-extra",
    severity="error",
    title="A path parameter is not in the path",
    meaning="A parameter with in: path has no placeholder of its name.",
    why="Its value is asked for and never sent.",
    remedy="Remove it, or put its placeholder into the path.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {
                "/paths/~1me/get/parameters/-": {
                    "name": "x",
                    "in": "path",
                    "type": "string",
                    "required": True,
                    "x-ms-summary": "X",
                    "x-ms-url-encoding": "single",
                }
            }
        ),
    ),
    microsoft=("PathParameterNotDefinedInTemplate",),
)
PATH_PARAMETER_OPTIONAL = Rule(
    id="definition.path-parameter-optional",
    severity="error",
    title="A path parameter is not required",
    meaning="A parameter with in: path lacks required: true.",
    why="A path cannot be called without it; the platform refuses the file.",
    remedy="Set required: true.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/parameters/0/required": False}),),
    microsoft=("PathParameterMustBeRequired",),
)
PATH_ENCODING = Rule(
    id="definition.path-encoding",
    severity="note",
    title="A path parameter does not say how it is encoded",
    meaning="x-ms-url-encoding is missing on a path parameter. Shown with `[definition] "
    "certification` alone.",
    why="Without it values are encoded once, which breaks on values with slashes only.",
    remedy='Add "x-ms-url-encoding": "single" (or "double" where values hold slashes).',
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {f"{GET_DOCUMENT}/parameters/0/x-ms-url-encoding": REMOVED},
            facts={"certification": True},
        ),
    ),
    microsoft=("PathParameterMissingEncoding",),
)
SEVERAL_BODIES = Rule(
    id="definition.several-bodies",
    severity="error",
    title="An operation has several bodies",
    meaning="It has two body parameters, or a body as well as form fields.",
    why="Only one body can be sent; the platform refuses the file.",
    remedy="Put everything into one body schema.",
    reference=VALIDATOR,
    shown_by=(
        Edit({f"{CREATE_DOCUMENT}/parameters/-": {"name": "b", "in": "body", "schema": {}}}),
    ),
    microsoft=(
        "OperationParametersContainMultipleBodyParameters",
        "PathParametersContainMultipleBodyParameters",
        "ParameterListContainsFormDataAndBody",
    ),
)
BODY_ON_GET = Rule(
    id="definition.body-on-get",
    severity="warning",
    title="A GET or HEAD operation has a body",
    meaning="A body or form field is declared on GET or HEAD.",
    why="Proxies and hosts drop it.",
    remedy="Use query parameters, or POST.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{LIST_DOCUMENTS}/parameters/-": {"name": "b", "in": "body", "schema": {}}}),),
    microsoft=("BodyOrFormDataParameterInFetchOperationNotAllowed",),
)
RESERVED_HEADER = Rule(
    id="definition.reserved-header",
    severity="error",
    title="Authorization is declared as a parameter",
    meaning="A header parameter is called Authorization.",
    why="The wizard refuses it; the token comes from the connection.",
    remedy="Remove the parameter and declare the security instead.",
    reference="Microsoft, 'Custom connector FAQ'",
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/-": {
                    "name": "Authorization",
                    "in": "header",
                    "type": "string",
                    "x-ms-summary": "X",
                }
            }
        ),
    ),
    microsoft=("ReservedParameterIsUsed",),
)
NO_RESPONSE = Rule(
    id="definition.no-response",
    severity="error",
    title="An operation documents no answer",
    meaning="responses is missing or empty. At the registration of a webhook it is a warning: "
    "published connectors have it so, and flows get what is notified.",
    why="The platform refuses the file, and flows get no output.",
    remedy="Document the success answer with its schema.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/responses": {}}),),
    microsoft=("OperationMustHaveResponse",),
)
NO_SUCCESS_RESPONSE = Rule(
    id="definition.no-success-response",
    severity="warning",
    title="An operation documents no success",
    meaning="No 2xx answer is documented.",
    why="Flows get no typed output.",
    remedy="Document the 2xx answer with its schema.",
    reference=VALIDATOR,
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/responses/404/description": "no",
                f"{GET_DOCUMENT}/responses": {"404": {"description": "no"}},
            }
        ),
    ),
    microsoft=("OperationShouldHaveSuccessfulResponse",),
)
RESPONSE_SCHEMA = Rule(
    id="definition.response-schema",
    severity="note",
    title="A success answer has no schema",
    meaning="A documented 200 or 201 answer has neither a schema nor x-ms-dynamic-schema; DELETE,"
    " internal operations and registrations of webhooks are left alone.",
    why="The designer offers no outputs.",
    remedy="Add the schema of the answer.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/responses/200/schema": REMOVED}),),
    microsoft=("SchemaDefinitionSetIncorrectly",),
)
INTERNAL_WITHOUT_DEFAULT = Rule(
    id="definition.internal-without-default",
    severity="error",
    title="A required internal input has no default",
    meaning="An input is required and internal, but has no default.",
    why="Makers cannot fill it in, so the call can never be made.",
    remedy="Give it a default, or make it visible.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {"/paths/~1me/get/parameters/-": query("v", required=True, x_ms_visibility="internal")}
        ),
    ),
)

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BREAKS_FLOWS = re.compile(r"[/\\?#%&:]")
_RESTRICTED = re.compile(r"[/\\<>*%&?]")
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
SUMMARY_LIMIT = 80


def judge_operations(connector: Connector) -> Iterator[Finding]:
    """Everything about single operations."""
    yield from _ids(connector)
    yield from _paths(connector)
    for operation in connector.operations:
        for judge in (_texts, _parameters, _path_parameters, _responses):
            yield from judge(connector, operation)


def _ids(connector: Connector) -> Iterator[Finding]:
    counts = Counter(str(o.raw.get("operationId")) for o in connector.operations)
    for operation in connector.operations:
        given = operation.raw.get("operationId")
        pointer = f"{operation.pointer}/operationId"
        if not isinstance(given, str) or not given:
            message = f"{operation.method} {operation.path} has no operationId"
            yield OPERATION_ID_MISSING.at(
                connector, message, operation.pointer, operation=operation
            )
        elif counts[given] > 1:
            message = f"operationId {given} is used by {counts[given]} operations"
            yield OPERATION_ID_DUPLICATE.at(connector, message, pointer, operation=operation)
        elif not _ID.fullmatch(given) or len(given) > SUMMARY_LIMIT:
            breaks = _BREAKS_FLOWS.search(given) is not None
            message = f"operationId {given!r} is not made of letters, digits and underscores"
            yield OPERATION_ID_FORM.at(
                connector,
                message + (": flows cannot find the operation again" if breaks else ""),
                pointer,
                operation=operation,
                severity="warning" if breaks else None,
            )


def _paths(connector: Connector) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    paths = connector.raw.get("paths")
    paths = paths if isinstance(paths, Mapping) else {}
    for path in paths:
        pointer = "/paths/" + str(path).replace("~", "~0").replace("/", "~1")
        problem = _path_problem(str(path))
        odd = _path_oddity(str(path))
        if problem:
            yield PATH_FORM.at(connector, f"path {path}: {problem}", pointer)
        elif odd:
            message = f"path {path}: {odd}"
            yield PATH_FORM.at(connector, message, pointer, severity="warning")
        shape = _TEMPLATE.sub("{}", str(path)).rstrip("/").lower()
        if shape in seen and connector.kind != "postman":
            message = f"{path} matches the same calls as {seen[shape]}"
            severity = _twin_severity(paths, seen[shape], str(path))
            yield PATH_DUPLICATE.at(connector, message, pointer, severity=severity)
        seen.setdefault(shape, str(path))


def _path_problem(path: str) -> str | None:
    outside = _TEMPLATE.sub("", path)
    if not path.startswith("/"):
        return "must begin with a slash"
    if "{" in outside or "}" in outside:
        return "has unbalanced braces"
    if "?" in outside or "#" in outside:
        return "holds a query or a fragment"
    return None


def _twin_severity(paths: Mapping[str, Any], one: str, other: str) -> Severity | None:
    """How bad it is that two paths match the same calls.

    Paths that differ in capitals alone are refused at import. A slash at the end is a known way to
    give one route two operations: the platform keeps them apart. Where no method stands at both,
    the method tells them apart.
    """
    if one.lower() == other.lower():
        return "error"
    mine, theirs = _methods(paths.get(one)), _methods(paths.get(other))
    return "note" if one.rstrip("/") == other.rstrip("/") or not mine & theirs else None


def _methods(item: Any) -> set[str]:
    return {str(key).lower() for key in item} & set(METHODS) if isinstance(item, Mapping) else set()


def _path_oddity(path: str) -> str | None:
    """What Microsoft's validator refuses, without proof that an import fails."""
    if "*" in path:
        return "holds the wildcard *"
    if any("=" in name for name in _TEMPLATE.findall(path)):
        return "gives a placeholder a default with ="
    return None


def _texts(connector: Connector, operation: Operation) -> Iterator[Finding]:
    summary = operation.summary
    if _is_hidden(operation):
        return
    if not summary or len(summary) > SUMMARY_LIMIT or _RESTRICTED.search(summary):
        why = "is missing" if not summary else "is too long or has a restricted character"
        yield SUMMARY.at(
            connector,
            f"the summary of {operation.id} {why}",
            f"{operation.pointer}/summary" if summary else operation.pointer,
            operation=operation,
            observed=summary,
        )
    description = operation.raw.get("description")
    if not isinstance(description, str) or not description.strip():
        yield DESCRIPTION.at(
            connector,
            f"{operation.id} has no description",
            operation.pointer,
            operation=operation,
        )


def _parameters(connector: Connector, operation: Operation) -> Iterator[Finding]:
    bodies = operation.parameters_in("body")
    forms = operation.parameters_in("formData")
    if len(bodies) > 1 or (bodies and forms):
        message = f"{operation.id} has {len(bodies)} bodies and {len(forms)} form fields"
        yield SEVERAL_BODIES.at(connector, message, operation.pointer, operation=operation)
    if operation.method in ("GET", "HEAD") and (bodies or forms):
        message = f"{operation.method} {operation.path} has a body"
        yield BODY_ON_GET.at(connector, message, operation.pointer, operation=operation)
    for parameter in operation.parameters:
        yield from _parameter(connector, operation, parameter)


def _parameter(
    connector: Connector, operation: Operation, parameter: Parameter
) -> Iterator[Finding]:
    if parameter.location == "header" and parameter.name.lower() == "authorization":
        message = f"{operation.id} declares the header Authorization as an input"
        yield RESERVED_HEADER.at(connector, message, parameter.pointer, operation=operation)
    unset = parameter.required and not parameter.has_default and parameter.location != "body"
    if parameter.visibility == "internal" and unset:
        message = f"{parameter.name} of {operation.id} is internal, required, without default"
        yield INTERNAL_WITHOUT_DEFAULT.at(
            connector,
            message,
            parameter.pointer,
            operation=operation,
        )
    named = parameter.raw.get("x-ms-summary")
    shown = parameter.visibility != "internal" and not _is_hidden(operation)
    if parameter.location != "body" and shown and not named:
        message = f"{parameter.name} of {operation.id} has no x-ms-summary"
        yield PARAMETER_SUMMARY.at(connector, message, parameter.pointer, operation=operation)
    if parameter.raw.get("type") == "file" and parameter.location != "formData":
        message = f"{parameter.name} of {operation.id} is a file in {parameter.location}"
        yield FILE_PARAMETER.at(connector, message, parameter.pointer, operation=operation)


def _path_parameters(connector: Connector, operation: Operation) -> Iterator[Finding]:
    placeholders = set(_TEMPLATE.findall(operation.path))
    declared = {p.name: p for p in operation.parameters_in("path")}
    for name in sorted(placeholders - declared.keys()):
        message = f"{{{name}}} in {operation.path} is not declared"
        yield PATH_PARAMETER_MISSING.at(connector, message, operation.pointer, operation=operation)
    for name, parameter in declared.items():
        if name not in placeholders:
            message = f"{name} is declared as a path parameter, but {operation.path} lacks it"
            yield PATH_PARAMETER_EXTRA.at(
                connector, message, parameter.pointer, operation=operation
            )
        if parameter.raw.get("required") is not True:
            message = f"{name} of {operation.id} is a path parameter, but not required"
            yield PATH_PARAMETER_OPTIONAL.at(
                connector, message, parameter.pointer, operation=operation
            )
        if "x-ms-url-encoding" not in parameter.raw and connector.kind != "postman":
            message = f"{name} of {operation.id} has no x-ms-url-encoding"
            yield PATH_ENCODING.at(connector, message, parameter.pointer, operation=operation)


def _is_hidden(operation: Operation) -> bool:
    """Whether makers never see an operation: it fills lists, or is called by the platform."""
    return operation.raw.get("x-ms-visibility") == "internal"


def _is_webhook(operation: Operation) -> bool:
    """Whether an operation registers a webhook: flows get what is notified, not its answer."""
    return "x-ms-notification-content" in operation.path_raw


def _responses(connector: Connector, operation: Operation) -> Iterator[Finding]:
    pointer = f"{operation.pointer}/responses"
    if not operation.responses:
        message = f"{operation.id} documents no answer"
        yield NO_RESPONSE.at(
            connector,
            message,
            operation.pointer,
            operation=operation,
            severity="warning" if _is_webhook(operation) else None,
        )
        return
    success = [r for s, r in operation.responses.items() if s.startswith("2")]
    if not success and "default" not in operation.responses:
        message = f"{operation.id} documents no success"
        yield NO_SUCCESS_RESPONSE.at(connector, message, pointer, operation=operation)
        return
    if operation.method == "DELETE" or _is_webhook(operation) or _is_hidden(operation):
        return  # nobody uses what they answer
    if not success and connector.kind == "postman":
        return  # a collection without saved answers
    for response in success or [operation.responses["default"]]:
        dynamic = any(key in response.raw for key in DYNAMIC)
        if not response.schema and not dynamic and response.status in ("200", "201", "default"):
            empty = "an empty schema" if response.schema is not None else "no schema"
            message = f"answer {response.status} of {operation.id} has {empty}"
            yield RESPONSE_SCHEMA.at(connector, message, response.pointer, operation=operation)
