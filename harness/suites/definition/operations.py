"""Judging operations: ids, texts, paths, parameters, responses and pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.connector.schema.walk import METHODS
from harness.findings.model import Finding, Severity
from harness.suites.definition.context import found
from harness.suites.definition.dynamics import DYNAMIC

__all__ = ["judge_operations"]

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESTRICTED = re.compile(r"[/\\<>*%&?]")
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
NEXT_LINKS = ("nextLink", "@odata.nextLink")
SUMMARY_LIMIT = 80


def judge_operations(connector: Connector) -> Iterator[Finding]:
    """Everything about single operations."""
    yield from _ids(connector)
    yield from _paths(connector)
    for operation in connector.operations:
        for judge in (_texts, _parameters, _path_parameters, _responses, _pages):
            yield from judge(connector, operation)


def _ids(connector: Connector) -> Iterator[Finding]:
    counts = Counter(str(o.raw.get("operationId")) for o in connector.operations)
    for operation in connector.operations:
        given = operation.raw.get("operationId")
        pointer = f"{operation.pointer}/operationId"
        if not isinstance(given, str) or not given:
            message = f"{operation.method} {operation.path} has no operationId"
            yield found(
                connector, "operation-id-missing", message, operation.pointer, operation=operation
            )
        elif counts[given] > 1:
            message = f"operationId {given} stands at {counts[given]} operations"
            yield found(connector, "operation-id-duplicate", message, pointer, operation=operation)
        elif not _ID.fullmatch(given) or len(given) > SUMMARY_LIMIT:
            yield found(
                connector,
                "operation-id-form",
                f"operationId {given!r} is not made of letters, digits and underscores",
                pointer,
                operation=operation,
                severity="note",
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
            yield found(connector, "path-form", f"path {path}: {problem}", pointer)
        elif odd:
            message = f"path {path}: {odd}"
            yield found(connector, "path-form", message, pointer, severity="warning")
        shape = _TEMPLATE.sub("{}", str(path)).rstrip("/").lower()
        if shape in seen and connector.kind != "postman":
            message = f"{path} matches the same calls as {seen[shape]}"
            severity = _twin_severity(paths, seen[shape], str(path))
            yield found(connector, "path-duplicate", message, pointer, severity=severity)
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
        yield found(
            connector,
            "summary",
            f"the summary of {operation.id} {why}",
            f"{operation.pointer}/summary" if summary else operation.pointer,
            operation=operation,
            observed=summary,
        )
    description = operation.raw.get("description")
    if not isinstance(description, str) or not description.strip():
        yield found(
            connector,
            "description",
            f"{operation.id} has no description",
            operation.pointer,
            operation=operation,
        )


def _parameters(connector: Connector, operation: Operation) -> Iterator[Finding]:
    bodies = operation.parameters_in("body")
    forms = operation.parameters_in("formData")
    if len(bodies) > 1 or (bodies and forms):
        message = f"{operation.id} has {len(bodies)} bodies and {len(forms)} form fields"
        yield found(connector, "several-bodies", message, operation.pointer, operation=operation)
    if operation.method in ("GET", "HEAD") and (bodies or forms):
        message = f"{operation.method} {operation.path} has a body"
        yield found(connector, "body-on-get", message, operation.pointer, operation=operation)
    for parameter in operation.parameters:
        yield from _parameter(connector, operation, parameter)


def _parameter(
    connector: Connector, operation: Operation, parameter: Parameter
) -> Iterator[Finding]:
    if parameter.location == "header" and parameter.name.lower() == "authorization":
        message = f"{operation.id} declares the header Authorization as an input"
        yield found(connector, "reserved-header", message, parameter.pointer, operation=operation)
    unset = parameter.required and not parameter.has_default and parameter.location != "body"
    if parameter.visibility == "internal" and unset:
        message = f"{parameter.name} of {operation.id} is internal, required, without default"
        yield found(
            connector,
            "internal-without-default",
            message,
            parameter.pointer,
            operation=operation,
        )
    named = parameter.raw.get("x-ms-summary")
    shown = parameter.visibility != "internal" and not _is_hidden(operation)
    if parameter.location != "body" and shown and not named:
        message = f"{parameter.name} of {operation.id} has no x-ms-summary"
        yield found(connector, "parameter-summary", message, parameter.pointer, operation=operation)
    if parameter.raw.get("type") == "file" and parameter.location != "formData":
        message = f"{parameter.name} of {operation.id} is a file in {parameter.location}"
        yield found(connector, "file-parameter", message, parameter.pointer, operation=operation)


def _path_parameters(connector: Connector, operation: Operation) -> Iterator[Finding]:
    placeholders = set(_TEMPLATE.findall(operation.path))
    declared = {p.name: p for p in operation.parameters_in("path")}
    for name in sorted(placeholders - declared.keys()):
        message = f"{{{name}}} in {operation.path} is not declared"
        yield found(
            connector, "path-parameter-missing", message, operation.pointer, operation=operation
        )
    for name, parameter in declared.items():
        if name not in placeholders:
            message = f"{name} is declared as a path parameter, but {operation.path} lacks it"
            rule = "path-parameter-extra"
            yield found(connector, rule, message, parameter.pointer, operation=operation)
        if parameter.raw.get("required") is not True:
            message = f"{name} of {operation.id} is a path parameter, but not required"
            rule = "path-parameter-optional"
            yield found(connector, rule, message, parameter.pointer, operation=operation)
        if "x-ms-url-encoding" not in parameter.raw and connector.kind != "postman":
            message = f"{name} of {operation.id} has no x-ms-url-encoding"
            yield found(connector, "path-encoding", message, parameter.pointer, operation=operation)


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
        yield found(
            connector,
            "no-response",
            message,
            operation.pointer,
            operation=operation,
            severity="warning" if _is_webhook(operation) else None,
        )
        return
    success = [r for s, r in operation.responses.items() if s.startswith("2")]
    if not success:
        if "default" not in operation.responses:
            message = f"{operation.id} documents no success"
            yield found(connector, "no-success-response", message, pointer, operation=operation)
        return
    if operation.method == "DELETE" or _is_webhook(operation) or _is_hidden(operation):
        return  # nobody uses what they answer
    for response in success:
        dynamic = any(key in response.raw for key in DYNAMIC)
        if response.schema is None and not dynamic and response.status in ("200", "201"):
            message = f"answer {response.status} of {operation.id} has no schema"
            yield found(
                connector, "response-schema", message, response.pointer, operation=operation
            )


def _pages(connector: Connector, operation: Operation) -> Iterator[Finding]:
    pageable = operation.raw.get("x-ms-pageable")
    name = pageable.get("nextLinkName") if isinstance(pageable, Mapping) else None
    if name is not None and name not in NEXT_LINKS:
        yield found(
            connector,
            "page-link",
            f"nextLinkName of {operation.id} is {name!r}",
            f"{operation.pointer}/x-ms-pageable/nextLinkName",
            operation=operation,
            expected=" or ".join(NEXT_LINKS),
            observed=repr(name),
        )
