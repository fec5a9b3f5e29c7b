"""Judging webhooks: the notification URL, what it tells, and triggers that wait for it."""

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
from harness.suites.definition.dynamics import DYNAMIC_OPERATION

__all__ = ["judge_webhooks"]

EXTENSIONS = "Microsoft, 'OpenAPI extensions for custom connectors'"

WEBHOOK = Rule(
    id="definition.webhook",
    severity="error",
    title="A webhook trigger is incomplete",
    meaning="A notification URL is declared without x-ms-notification-content, or the reverse.",
    why="The trigger gives no typed output, or never registers.",
    remedy="Add x-ms-notification-content next to the methods, and x-ms-notification-url in the "
    "body.",
    reference="Microsoft, 'Use a webhook as a trigger'",
    shown_by=(
        Edit(
            {
                f"{CREATE_DOCUMENT}/x-ms-trigger": "single",
                "/paths/~1documents/x-ms-notification-content": {"schema": {"type": "object"}},
                f"{NEW_DOCUMENT}/properties/link": {"type": "string"},
            }
        ),
        Edit(
            {
                f"{CREATE_DOCUMENT}/x-ms-trigger": "single",
                f"{NEW_TITLE}/x-ms-notification-url": True,
            },
            along=("definition.notification-url",),
        ),
    ),
    microsoft=(
        "OperationMustHaveNotificationContentExtension",
        "WebhookOperationsMissingNotificationUrlProperty",
    ),
)
NOTIFICATION_FETCH = Rule(
    id="definition.notification",
    severity="warning",
    title="x-ms-notification does not fit its trigger",
    meaning="It is on something that is not a trigger or is a webhook itself, names no webhook, "
    "or the two operations have inputs of one name that differ.",
    why="The trigger is never told of changes.",
    remedy="Put it at a fetching trigger, and name the operation that takes the notification URL.",
    reference=EXTENSIONS,
    shown_by=(
        Edit({f"{GET_DOCUMENT}/x-ms-notification": {"operationId": "ListDocuments"}}),
        Edit(
            {
                f"{CREATE_DOCUMENT}/x-ms-trigger": "single",
                f"{CREATE_DOCUMENT}/x-ms-notification": {"operationId": "CreateDocument"},
                "/paths/~1documents/x-ms-notification-content": {"schema": {"type": "object"}},
                f"{NEW_DOCUMENT}/properties/link": {
                    "type": "string",
                    "x-ms-visibility": "internal",
                    "x-ms-notification-url": True,
                },
            },
            along=("definition.notification-url",),
        ),
    ),
    microsoft=(
        "NotificationExtensionNotSupportedInWebhookOperation",
        "NotificationExtensionSupportedForTriggerOnly",
        "NotificationOperationMustBeWebhook",
        "ParamtersWithSameNameMustHaveSameTypeAndVisibility",
    ),
)
NOTIFICATION_URL = Rule(
    id="definition.notification-url",
    severity="note",
    title="The notification URL is not written as the platform wants it",
    meaning="It is not internal or not required all the way (notes), not a string, or is "
    "outside of an input body (warnings).",
    why="Makers are asked for an address that only the platform knows, or it is not sent.",
    remedy="type: string, x-ms-visibility: internal, and required, it and what it is part of.",
    reference="Microsoft, 'Use a webhook as a trigger'",
    shown_by=(
        Edit(
            {
                f"{CREATE_DOCUMENT}/x-ms-trigger": "single",
                "/paths/~1documents/x-ms-notification-content": {"schema": {"type": "object"}},
                f"{NEW_DOCUMENT}/properties/link": {
                    "type": "integer",
                    "x-ms-visibility": "internal",
                    "x-ms-notification-url": True,
                },
            }
        ),
        Edit(
            {
                f"{CREATE_DOCUMENT}/x-ms-trigger": "single",
                "/paths/~1documents/x-ms-notification-content": {"schema": {"type": "object"}},
                f"{NEW_DOCUMENT}/properties/link": {
                    "type": "string",
                    "x-ms-visibility": "advanced",
                    "x-ms-notification-url": True,
                },
            }
        ),
        Edit({f"{LIST_DOCUMENTS}/parameters/-": query("u", x_ms_notification_url=True)}),
    ),
    microsoft=(
        "NotificationUrlNotAllowedInThisPosition",
        "NotificationUrlNotInternal",
        "NotificationUrlNotRequired",
        "NotificationUrlNotString",
    ),
)
WEBHOOK_DELETE = Rule(
    id="definition.webhook-delete",
    severity="note",
    title="No operation removes the hook again",
    meaning="A webhook trigger registers a hook, and the connector has no DELETE operation.",
    why="The platform removes a hook by calling DELETE at the Location header of the "
    "registration's answer; else hooks pile up in the app.",
    remedy="Answer the registration with Location, and declare the DELETE operation of that path "
    "(x-ms-visibility: internal).",
    reference="Microsoft, 'Use a webhook as a trigger'",
    shown_by=(
        Edit(
            {
                "/paths/~1documents~1{id}/delete": REMOVED,
                f"{CREATE_DOCUMENT}/x-ms-trigger": "single",
                "/paths/~1documents/x-ms-notification-content": {"schema": {"type": "object"}},
                "/definitions/NewDocument/properties/link": {
                    "type": "string",
                    "x-ms-visibility": "internal",
                    "x-ms-notification-url": True,
                },
                "/definitions/NewDocument/required/-": "link",
            },
        ),
    ),
)

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
    yield from _removal(connector)
    for shape in shapes:
        yield from _misplaced(connector, shape)


def _removal(connector: Connector) -> Iterator[Finding]:
    """One finding for all hooks: the connector has no operation that removes any."""
    hooks = [o for o in connector.operations if o.is_trigger and CONTENT in o.path_raw]
    if not hooks or any(o.method == "DELETE" for o in connector.operations):
        return
    names = ", ".join(o.id for o in hooks[:3])
    yield WEBHOOK_DELETE.at(
        connector,
        f"{names} registers hooks, and the connector has no DELETE operation to remove them",
        hooks[0].pointer,
        operation=hooks[0],
    )


def _pair(connector: Connector, operation: Operation) -> Iterator[Finding]:
    """A trigger that takes a URL says what it notifies, and the reverse."""
    if not operation.is_trigger:
        return
    url = _takes_url(connector, operation)
    content = CONTENT in operation.path_raw
    if url and not content:
        message = f"{operation.id} takes a notification URL, but {operation.path} has no content"
        yield WEBHOOK.at(connector, message, operation.pointer, operation=operation)
    elif content and not url and operation.method in ("POST", "PUT"):
        message = f"{operation.path} has {CONTENT}, but {operation.id} takes no notification URL"
        yield WEBHOOK.at(
            connector,
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
            yield NOTIFICATION_URL.at(
                connector,
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
        message = f"{URL} is outside of an input body"
        place = f"{shape.pointer}/{URL}"
        yield NOTIFICATION_URL.at(connector, message, place, severity="warning")


def _notification(connector: Connector, operation: Operation) -> Iterator[Finding]:
    """`x-ms-notification`: a trigger that fetches, told when by another one's webhook."""
    extension = operation.raw.get(NOTIFICATION)
    if not isinstance(extension, Mapping):
        return
    place = f"{operation.pointer}/{NOTIFICATION}"
    if not operation.is_trigger:
        message = f"{operation.id} has {NOTIFICATION}, but is no trigger"
        yield NOTIFICATION_FETCH.at(connector, message, place, operation=operation)
    if _takes_url(connector, operation):
        message = f"{operation.id} has {NOTIFICATION}, but is a webhook itself"
        yield NOTIFICATION_FETCH.at(connector, message, place, operation=operation)
    wanted = extension.get("operationId")
    other = next((o for o in connector.operations if o.raw.get("operationId") == wanted), None)
    if other is None:
        message = f"{NOTIFICATION} of {operation.id} names {wanted!r}, which is not there"
        yield DYNAMIC_OPERATION.at(connector, message, place, operation=operation)
        return
    if not _takes_url(connector, other):
        message = f"{NOTIFICATION} of {operation.id} names {other.id}, which is no webhook"
        yield NOTIFICATION_FETCH.at(connector, message, place, operation=operation)
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
            yield NOTIFICATION_FETCH.at(connector, message, mine.pointer, operation=fetch)
