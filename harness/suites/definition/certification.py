"""Judging what only Microsoft's certification asks for: texts, metadata, designer's wishes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.model import Finding
from harness.suites.definition.context import found

__all__ = ["CERTIFICATION_ONLY", "judge_certification"]

CERTIFICATION_ONLY = frozenset(
    f"definition.{name}"
    for name in (
        "title",
        "metadata",
        "info-description",
        "categories",
        "several-schemas",
        "path-similar",
        "status-ahead",
        "revision-name",
        "path-encoding",
        "query-encoding",
        "media-type-supported",
        "empty-value",
    )
)
"""Rules that are silent unless `[definition] certification` is on."""

TITLE_LIMIT = 30
DESCRIPTION_RANGE = (30, 500)
TITLE_WORDS = ("api", "connector", "power apps", "power automate", "logic apps")
DESCRIPTION_WORDS = ("power apps", "power automate", "logic apps")
SUPPORTED = (
    "application/json",
    "text/plain",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
)
"""The media types that Microsoft's page lists at MimeTypeNotValid."""
CATEGORIES = (
    "AI",
    "Business Management",
    "Business Intelligence",
    "Collaboration",
    "Commerce",
    "Communication",
    "Content and Files",
    "Finance",
    "Data",
    "Human Resources",
    "Internet of Things",
    "IT Operations",
    "Lifestyle and Entertainment",
    "Marketing",
    "Productivity",
    "Sales and CRM",
    "Security",
    "Social Media",
    "Website",
)
EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
TEMPLATE = re.compile(r"\{[^{}]*\}")
TEXTS = ("summary", "description", "x-ms-summary", "title", "operationId")
METADATA = "x-ms-connector-metadata"


def judge_certification(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """What certification asks for beside what makes a connector work."""
    if connector.kind == "postman":
        return
    info = connector.raw.get("info")
    info = info if isinstance(info, Mapping) else {}
    yield from _title(connector, info)
    yield from _description(connector, info)
    yield from _metadata(connector, info)
    yield from _similar_paths(connector)
    yield from _answers(connector)
    yield from _inputs(connector)
    for shape in shapes:
        yield from _empty(connector, shape)
        yield from _supported(connector, shape)


def _title(connector: Connector, info: Mapping[str, Any]) -> Iterator[Finding]:
    title = info.get("title")
    if not isinstance(title, str) or not title.strip():
        yield found(connector, "title", "info.title is missing", "/info", observed="missing")
        return
    for problem in (
        f"is longer than {TITLE_LIMIT} characters" if len(title) > TITLE_LIMIT else "",
        _restricted(title, TITLE_WORDS),
        "is not written in English letters" if not title.isascii() else "",
        "does not end with a letter or digit" if not title[-1].isalnum() else "",
    ):
        if problem:
            message = f"info.title {title!r} {problem}"
            yield found(connector, "title", message, "/info/title", observed=repr(title))


def _restricted(text: str, words: Sequence[str]) -> str:
    held = [w for w in words if re.search(rf"\b{re.escape(w)}\b", text, re.IGNORECASE)]
    return f"has the restricted word {', '.join(held)}" if held else ""


def _description(connector: Connector, info: Mapping[str, Any]) -> Iterator[Finding]:
    text = info.get("description")
    if not isinstance(text, str):
        return
    least, most = DESCRIPTION_RANGE
    letters = [c for c in text if c.isalpha()]
    foreign = [c for c in letters if not c.isascii()]
    for problem in (
        f"has {len(text)} characters, not {least} to {most}"
        if not least <= len(text) <= most
        else "",
        _restricted(text, DESCRIPTION_WORDS),
        "is not written in English" if len(foreign) * 5 > len(letters) else "",
    ):
        if problem:
            message = f"info.description {problem}"
            yield found(connector, "info-description", message, "/info/description")


def _metadata(connector: Connector, info: Mapping[str, Any]) -> Iterator[Finding]:
    rows = connector.raw.get(METADATA)
    missing = [
        name
        for name, there in (
            (METADATA, METADATA in connector.raw),
            ("info.contact", "contact" in info),
        )
        if not there
    ]
    if missing:
        yield found(connector, "metadata", f"{' and '.join(missing)} missing", "/info")
    contact = info.get("contact")
    email = contact.get("email") if isinstance(contact, Mapping) else None
    if email is not None and not (isinstance(email, str) and EMAIL.fullmatch(email.strip())):
        message = f"the contact's email is {email!r}"
        yield found(connector, "metadata", message, "/info/contact/email", observed=repr(email))
    if not isinstance(rows, list):
        return
    values = {
        str(r.get("propertyName")).lower(): r.get("propertyValue")
        for r in rows
        if isinstance(r, Mapping)
    }
    for name in ("Website", "Privacy policy", "Categories"):
        if not values.get(name.lower()):
            message = f"{METADATA} has no {name}"
            yield found(connector, "metadata", message, f"/{METADATA}")
    categories = values.get("categories")
    for word in str(categories or "").replace(",", ";").split(";"):
        if word.strip() and word.strip() not in CATEGORIES:
            message = f"{word.strip()!r} is no category of connectors"
            yield found(
                connector, "categories", message, f"/{METADATA}", expected=", ".join(CATEGORIES)
            )


def _similar_paths(connector: Connector) -> Iterator[Finding]:
    """Paths that match the same call for some value of a placeholder (`/a/{id}`, `/a/me`)."""
    rows = [(o, o.path.strip("/").lower().split("/")) for o in connector.operations]
    for index, (one, mine) in enumerate(rows):
        for other, theirs in rows[:index]:
            if one.method != other.method or len(mine) != len(theirs) or mine == theirs:
                continue
            if all(a == b or "{" in a or "{" in b for a, b in zip(mine, theirs, strict=True)):
                if TEMPLATE.sub("{}", one.path) == TEMPLATE.sub("{}", other.path):
                    continue
                message = f"{one.path} and {other.path} can match the same {one.method} call"
                yield found(connector, "path-similar", message, one.pointer, operation=one)


def _answers(connector: Connector) -> Iterator[Finding]:
    """One finding a connector: whoever documents errors does so everywhere."""
    several = [
        operation
        for operation in connector.operations
        if sum(r.schema is not None for r in operation.responses.values()) > 1
    ]
    alone = [
        operation
        for operation in connector.operations
        if [r.status for r in operation.responses.values() if r.schema is not None] == ["default"]
    ]
    for operations, what in (
        (several, "document schemas for more than one answer"),
        (alone, "document a schema for default alone"),
    ):
        if operations:
            message = f"{len(operations)} operations {what}, {operations[0].id} among them"
            place = f"{operations[0].pointer}/responses"
            pointers = [f"{o.pointer}/responses" for o in operations]
            yield found(connector, "several-schemas", message, place, data={"pointers": pointers})


def _inputs(connector: Connector) -> Iterator[Finding]:
    """Inputs that makers see without a description: the pipeline for pull requests refuses them."""
    for operation in connector.operations:
        if operation.raw.get("x-ms-visibility") == "internal":
            continue
        for parameter in operation.parameters:
            seen = parameter.visibility != "internal" and parameter.location != "body"
            if seen and "description" not in parameter.raw:
                message = f"{parameter.name} of {operation.id} has no description"
                yield found(
                    connector, "description", message, parameter.pointer, operation=operation
                )


def _empty(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key in TEXTS:
        value = shape.node.get(key)
        if isinstance(value, str) and not value.strip() and shape.kind != "root":
            message = f"{key} of this {shape.kind} is empty"
            yield found(connector, "empty-value", message, f"{shape.pointer}/{escape(key)}")


def _supported(connector: Connector, shape: Shape) -> Iterator[Finding]:
    if shape.kind not in ("root", "operation"):
        return
    for key in ("consumes", "produces"):
        listed = shape.node.get(key)
        types = [t for t in listed if isinstance(t, str)] if isinstance(listed, list) else []
        odd = [t for t in types if t.split(";")[0].strip().lower() not in SUPPORTED]
        if odd:
            message = f"{key} has {', '.join(odd)}"
            place = f"{shape.pointer}/{key}"
            yield found(
                connector, "media-type-supported", message, place, expected=", ".join(SUPPORTED)
            )
