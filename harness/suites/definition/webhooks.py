"""Judging webhooks: the notification URL, what it tells, and triggers that wait for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.connector.model import Connector, Operation
from harness.connector.schema.walk import Shape, parts_of
from harness.findings.model import Finding
from harness.suites.definition.context import found

__all__ = ["judge_webhooks"]

URL = "x-ms-notification-url"
CONTENT = "x-ms-notification-content"
NOTIFICATION = "x-ms-notification"


def judge_webhooks(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Everything about triggers that the app itself starts."""
    has_urls = any(URL in shape.node for shape in shapes)
    for operation in connector.operations:
        yield from _pair(connector, operation)
        if has_urls:
            yield from _urls(connector, operation)
        yield from _notification(connector, operation)
    for shape in shapes:
        yield from _misplaced(connector, shape)


def _pair(connector: Connector, operation: Operation) -> Iterator[Finding]:
    """A trigger that takes a URL says what it notifies, and the reverse."""
    if not operation.is_trigger:
        return
    url = _takes_url(connector, operation)
    content = CONTENT in operation.path_raw
    if url and not content:
        message = f"{operation.id} takes a notification URL, but {operation.path} has no content"
        yield found(connector, "webhook", message, operation.pointer, operation=operation)
    elif content and not url and operation.method in ("POST", "PUT"):
        message = f"{operation.path} has {CONTENT}, but {operation.id} takes no notification URL"
        yield found(
            connector,
            "webhook",
            message,
            operation.pointer,
            operation=operation,
            severity="warning",
        )


def _takes_url(connector: Connector, operation: Operation) -> bool:
    """Whether an operation is told where to send notifications."""
    if any(parameter.raw.get(URL) for parameter in operation.parameters):
        return True
    body = operation.body
    parts = parts_of(connector, body.schema, body.pointer) if body is not None else ()
    return any(part.node.get(URL) for part in parts)


def _urls(connector: Connector, operation: Operation) -> Iterator[Finding]:
    body = operation.body
    if body is None:
        return
    for part in parts_of(connector, body.schema, f"{body.pointer}/schema"):
        if part.node.get(URL) is not True:
            continue
        problems = []
        if part.node.get("type", "string") != "string":
            problems.append(f"is of type {part.node.get('type')}, not string")
        if not part.required:
            problems.append("is not required all the way")
        if not part.internal:
            problems.append("is not internal, so makers are asked for it")
        for problem in problems:
            message = f"the notification URL {part.name} of {operation.id} {problem}"
            yield found(
                connector,
                "notification-url",
                message,
                part.pointer,
                operation=operation,
                severity="warning" if "type" in problem else None,
            )


def _misplaced(connector: Connector, shape: Shape) -> Iterator[Finding]:
    if shape.node.get(URL) is not True:
        return
    answer = "/responses/" in shape.pointer or f"/{CONTENT}/" in shape.pointer
    if answer or (shape.kind == "parameter" and shape.node.get("in") != "body"):
        message = f"{URL} stands outside of an input body"
        place = f"{shape.pointer}/{URL}"
        yield found(connector, "notification-url", message, place, severity="warning")


def _notification(connector: Connector, operation: Operation) -> Iterator[Finding]:
    """`x-ms-notification`: a trigger that fetches, told when by another one's webhook."""
    extension = operation.raw.get(NOTIFICATION)
    if not isinstance(extension, Mapping):
        return
    place = f"{operation.pointer}/{NOTIFICATION}"
    if not operation.is_trigger:
        message = f"{operation.id} has {NOTIFICATION}, but is no trigger"
        yield found(connector, "notification", message, place, operation=operation)
    if _takes_url(connector, operation):
        message = f"{operation.id} has {NOTIFICATION}, but is a webhook itself"
        yield found(connector, "notification", message, place, operation=operation)
    wanted = extension.get("operationId")
    other = next((o for o in connector.operations if o.raw.get("operationId") == wanted), None)
    if other is None:
        message = f"{NOTIFICATION} of {operation.id} names {wanted!r}, which is not there"
        yield found(connector, "dynamic-operation", message, place, operation=operation)
        return
    if not _takes_url(connector, other):
        message = f"{NOTIFICATION} of {operation.id} names {other.id}, which is no webhook"
        yield found(connector, "notification", message, place, operation=operation)
    yield from _same_inputs(connector, operation, other)


def _same_inputs(connector: Connector, fetch: Operation, subscribe: Operation) -> Iterator[Finding]:
    theirs = {p.name: p for p in subscribe.parameters if p.location != "body"}
    for mine in fetch.parameters:
        other = theirs.get(mine.name)
        if other is None or mine.location == "body":
            continue
        same = mine.schema.get("type") == other.schema.get("type")
        if not same or mine.visibility != other.visibility:
            message = f"{mine.name} differs between {fetch.id} and {subscribe.id}"
            yield found(connector, "notification", message, mine.pointer, operation=fetch)
