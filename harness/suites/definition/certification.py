"""Judging what only Microsoft's certification asks for: texts, metadata, designer's wishes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.examples import REMOVED, Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import NEW_TITLE
from harness.suites.definition.operations import DESCRIPTION

__all__ = ["CERTIFICATION_ONLY", "judge_certification"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"

TITLE = Rule(
    id="definition.title",
    severity="note",
    title="The title would not pass certification",
    meaning="info.title is missing, longer than 30 characters, holds a restricted word, is not in"
    " English letters, or ends with a mark. Shown with `[definition] certification` "
    "alone.",
    why="Certification refuses it.",
    remedy="Use a short product name without API or Connector.",
    reference="Microsoft, 'Prepare connector files for certification'",
    shown_by=(
        Edit(
            {"/info/title": "My very long API connector for documents of all kinds"},
            facts={"certification": True},
        ),
        Edit({"/info/title": "Documents!"}, facts={"certification": True}),
        Edit({"/info/title": "Übersicht"}, facts={"certification": True}),
    ),
    microsoft=(
        "FieldLengthExceeded",
        "ValueContainsRestrictedWords",
        "ValueMustBeInEnglish",
        "ValueMustEndWithAlphanumeric",
    ),
)
METADATA_MISSING = Rule(
    id="definition.metadata",
    severity="note",
    title="Metadata for certification is missing",
    meaning="x-ms-connector-metadata or info.contact is missing or incomplete, or the contact's "
    "email is none. Shown with `[definition] certification` alone.",
    why="Certification refuses it.",
    remedy="Add Website, Privacy policy and Categories, and a contact.",
    reference=VALIDATOR,
    shown_by=(
        Edit({"/x-ms-connector-metadata": REMOVED}, facts={"certification": True}),
        Edit({"/info/contact/email": "nobody"}, facts={"certification": True}),
        Edit({"/x-ms-connector-metadata": []}, facts={"certification": True}),
    ),
    microsoft=("ConnectorMetadataPropertiesMissing", "ContactEmailNotValid"),
)
SEVERAL_SCHEMAS = Rule(
    id="definition.several-schemas",
    severity="note",
    title="An operation documents several schemas",
    meaning="More than one answer has a schema, or default alone has one. Shown with "
    "`[definition] certification` alone.",
    why="The designer uses one of them. For tests of the app, documented errors are a good thing.",
    remedy="For certification: keep the schema of the expected answer.",
    reference=VALIDATOR,
    shown_by=(Edit(facts={"certification": True}),),
    microsoft=("OperationHasManyResponsesWithSchema", "DefaultResponseHasSchema"),
)
PATH_SIMILAR = Rule(
    id="definition.path-similar",
    severity="note",
    title="Two paths match the same call for some value",
    meaning="A placeholder of one path can take the fixed text of the other. Shown with "
    "`[definition] certification` alone.",
    why="A call may reach the other operation.",
    remedy="Give one of them another fixed part.",
    reference=VALIDATOR,
    shown_by=(Edit(facts={"certification": True}),),
    microsoft=("PartialDuplicateOperationPath",),
)
MEDIA_TYPE_SUPPORTED = Rule(
    id="definition.media-type-supported",
    severity="note",
    title="A media type is not on Microsoft's list",
    meaning="consumes or produces has another one than application/json, text/plain, "
    "multipart/form-data and application/x-www-form-urlencoded. Shown with `[definition] "
    "certification` alone.",
    why="Certification may refuse it; published connectors use others.",
    remedy="Use one of the four where the app takes it.",
    reference=VALIDATOR,
    shown_by=(Edit({"/produces": ["application/pdf"]}, facts={"certification": True}),),
    microsoft=("MimeTypeNotSupported",),
)
EMPTY_VALUE = Rule(
    id="definition.empty-value",
    severity="note",
    title="A text is empty",
    meaning="summary, description, x-ms-summary, title or operationId is there without text. "
    "Shown with `[definition] certification` alone.",
    why="Certification refuses it.",
    remedy="Write the text, or leave the word out.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{NEW_TITLE}/description": ""}, facts={"certification": True}),),
    microsoft=("RequiredValueEmpty",),
)
INFO_DESCRIPTION = Rule(
    id="definition.info-description",
    severity="note",
    title="The description would not pass certification",
    meaning="info.description is not of 30 to 500 characters, names a Power Platform product, or "
    "is not in English. Shown with `[definition] certification` alone.",
    why="Certification refuses it.",
    remedy="Say in 30 to 500 characters what the connector is for.",
    reference="Microsoft, 'Prepare connector files for certification'",
    shown_by=(
        Edit({"/info/description": "Short."}, facts={"certification": True}),
        Edit(
            {"/info/description": "For Power Apps and whoever uses them today."},
            facts={"certification": True},
        ),
    ),
    microsoft=("FieldLengthNotInRange", "ValueContainsRestrictedWords", "ValueMustBeInEnglish"),
)
CATEGORY_UNKNOWN = Rule(
    id="definition.categories",
    severity="note",
    title="A category is unknown",
    meaning="x-ms-connector-metadata names a category that Microsoft does not have. Shown with "
    "`[definition] certification` alone.",
    why="Certification refuses it.",
    remedy="Use categories of Microsoft's list.",
    reference="Microsoft, 'Prepare connector files for certification'",
    shown_by=(
        Edit(
            {"/x-ms-connector-metadata/2/propertyValue": "Fun;Data"}, facts={"certification": True}
        ),
    ),
    microsoft=("InvalidConnectorCategory",),
)

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
        yield TITLE.at(connector, "info.title is missing", "/info", observed="missing")
        return
    for problem in (
        f"is longer than {TITLE_LIMIT} characters" if len(title) > TITLE_LIMIT else "",
        _restricted(title, TITLE_WORDS),
        "is not written in English letters" if not title.isascii() else "",
        "does not end with a letter or digit" if not title[-1].isalnum() else "",
    ):
        if problem:
            message = f"info.title {title!r} {problem}"
            yield TITLE.at(connector, message, "/info/title", observed=repr(title))


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
            yield INFO_DESCRIPTION.at(connector, message, "/info/description")


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
        yield METADATA_MISSING.at(connector, f"{' and '.join(missing)} missing", "/info")
    contact = info.get("contact")
    email = contact.get("email") if isinstance(contact, Mapping) else None
    if email is not None and not (isinstance(email, str) and EMAIL.fullmatch(email.strip())):
        message = f"the contact's email is {email!r}"
        yield METADATA_MISSING.at(connector, message, "/info/contact/email", observed=repr(email))
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
            yield METADATA_MISSING.at(connector, message, f"/{METADATA}")
    categories = values.get("categories")
    for word in str(categories or "").replace(",", ";").split(";"):
        if word.strip() and word.strip() not in CATEGORIES:
            message = f"{word.strip()!r} is no category of connectors"
            yield CATEGORY_UNKNOWN.at(
                connector, message, f"/{METADATA}", expected=", ".join(CATEGORIES)
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
                yield PATH_SIMILAR.at(connector, message, one.pointer, operation=one)


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
            yield SEVERAL_SCHEMAS.at(connector, message, place, data={"pointers": pointers})


def _inputs(connector: Connector) -> Iterator[Finding]:
    """Inputs that makers see without a description: the pipeline for pull requests refuses them."""
    for operation in connector.operations:
        if operation.raw.get("x-ms-visibility") == "internal":
            continue
        for parameter in operation.parameters:
            seen = parameter.visibility != "internal" and parameter.location != "body"
            if seen and "description" not in parameter.raw:
                message = f"{parameter.name} of {operation.id} has no description"
                yield DESCRIPTION.at(connector, message, parameter.pointer, operation=operation)


def _empty(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key in TEXTS:
        value = shape.node.get(key)
        if isinstance(value, str) and not value.strip() and shape.kind != "root":
            message = f"{key} of this {shape.kind} is empty"
            yield EMPTY_VALUE.at(connector, message, f"{shape.pointer}/{escape(key)}")


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
            yield MEDIA_TYPE_SUPPORTED.at(connector, message, place, expected=", ".join(SUPPORTED))
