"""Judging versions of operations: `x-ms-api-annotation` with its families and replacements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Operation
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import GET_DOCUMENT, LIST_DOCUMENTS

__all__ = ["judge_revisions"]

VERSIONS = "Microsoft, 'Operational versioning'"

REPLACEMENT = Rule(
    id="definition.replacement",
    severity="warning",
    title="A replacement is incomplete or too early",
    meaning="x-ms-api-annotation has a replacement without api or operationId, or is at an "
    "operation that is not deprecated.",
    why="Makers are not led to the new operation.",
    remedy="Set deprecated: true, and give both api and operationId.",
    reference=VERSIONS,
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/x-ms-api-annotation": {
                    "replacement": {"operationId": "ListDocuments"}
                }
            }
        ),
        Edit(
            {
                f"{GET_DOCUMENT}/x-ms-api-annotation": {
                    "replacement": {"api": "documents", "operationId": "Health"}
                }
            }
        ),
    ),
    microsoft=(
        "ApiAnnotationExtensionReplacementInfoForNonDeprecatedOperations",
        "ApiAnnotationExtensionReplacementInfoMissingApiProperty",
        "ApiAnnotationExtensionReplacementInfoMissingOperationIdProperty",
    ),
)
REVISION = Rule(
    id="definition.revision",
    severity="warning",
    title="A family of operations has muddled revisions",
    meaning="Two of a family have the same revision or none; as notes: one has none, or several "
    "are active (more than two, or more than one in production).",
    why="Makers see several operations of one name.",
    remedy="Number the revisions, and deprecate the older ones.",
    reference=VERSIONS,
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/x-ms-api-annotation": {"family": "d", "revision": 1},
                f"{GET_DOCUMENT}/x-ms-api-annotation": {"family": "d", "revision": 1},
            }
        ),
        Edit(
            {
                f"{LIST_DOCUMENTS}/x-ms-api-annotation": {"family": "d"},
                f"{GET_DOCUMENT}/x-ms-api-annotation": {"family": "d"},
            }
        ),
        Edit(
            {
                f"{LIST_DOCUMENTS}/x-ms-api-annotation": {"family": "d", "revision": 1},
                f"{GET_DOCUMENT}/x-ms-api-annotation": {"family": "d"},
            }
        ),
    ),
    microsoft=(
        "OperationFamilyHasDuplicateRevisions",
        "OperationFamilyHasManyActiveOperations",
        "OperationFamilyHasManyActiveProductionOperations",
        "OperationFamilyHasManyEmptyRevisions",
        "OperationRevisionEmpty",
    ),
)
REVISION_NAME = Rule(
    id="definition.revision-name",
    severity="note",
    title="An operationId does not show its revision",
    meaning="An operation of revision 2 or more does not end with V and the number. Shown with "
    "`[definition] certification` alone.",
    why="Certification asks for it.",
    remedy="Name the new operation so; never rename one that flows use.",
    reference=VERSIONS,
    shown_by=(
        Edit(
            {f"{GET_DOCUMENT}/x-ms-api-annotation": {"family": "d", "revision": 2}},
            facts={"certification": True},
        ),
    ),
    microsoft=("OperationIdShouldEndWithRevision",),
)
STATUS_AHEAD = Rule(
    id="definition.status-ahead",
    severity="note",
    title="An operation is in production before its connector",
    meaning="x-ms-api-annotation says Production at an operation and Preview at info. Shown with "
    "`[definition] certification` alone.",
    why="Certification refuses it.",
    remedy="Set both to the same status.",
    reference=VERSIONS,
    shown_by=(
        Edit(
            {
                "/info/x-ms-api-annotation": {"status": "Preview"},
                f"{GET_DOCUMENT}/x-ms-api-annotation": {"status": "Production"},
            },
            facts={"certification": True},
        ),
    ),
    microsoft=("OperationStatusAheadOfConnector",),
)

ANNOTATION = "x-ms-api-annotation"
ACTIVE_LIMIT = 2
Note = tuple[Operation, Mapping[str, Any]]


def judge_revisions(connector: Connector) -> Iterator[Finding]:
    """Families of operations and their revisions (Microsoft, 'Operational versioning')."""
    families: dict[str, list[Note]] = {}
    for operation in connector.operations:
        annotation = operation.raw.get(ANNOTATION)
        if not isinstance(annotation, Mapping):
            continue
        yield from _replacement(connector, operation, annotation)
        yield from _status(connector, operation, annotation)
        family = annotation.get("family")
        if isinstance(family, str) and family:
            families.setdefault(family, []).append((operation, annotation))
    for family, members in families.items():
        yield from _family(connector, family, members)


def _replacement(
    connector: Connector, operation: Operation, annotation: Mapping[str, Any]
) -> Iterator[Finding]:
    replacement = annotation.get("replacement")
    if not isinstance(replacement, Mapping):
        return
    place = f"{operation.pointer}/{ANNOTATION}/replacement"
    if operation.raw.get("deprecated") is not True:
        message = f"{operation.id} names a replacement, but is not deprecated"
        yield REPLACEMENT.at(connector, message, place, operation=operation)
    for key in ("api", "operationId"):
        if not replacement.get(key):
            message = f"the replacement of {operation.id} has no {key}"
            yield REPLACEMENT.at(connector, message, place, operation=operation)


def _status(
    connector: Connector, operation: Operation, annotation: Mapping[str, Any]
) -> Iterator[Finding]:
    info = connector.raw.get("info")
    own = info.get(ANNOTATION) if isinstance(info, Mapping) else None
    whole = own.get("status") if isinstance(own, Mapping) else None
    if whole == "Preview" and annotation.get("status") == "Production":
        message = f"{operation.id} is in production, but the connector is in preview"
        place = f"{operation.pointer}/{ANNOTATION}/status"
        yield STATUS_AHEAD.at(connector, message, place, operation=operation)


def _family(connector: Connector, family: str, members: list[Note]) -> Iterator[Finding]:
    place = f"{members[0][0].pointer}/{ANNOTATION}"
    revisions = Counter(str(a["revision"]) for _, a in members if a.get("revision") is not None)
    for revision, count in revisions.items():
        if count > 1:
            message = f"the family {family} has revision {revision} {count} times"
            yield REVISION.at(connector, message, place)
    empty = [o for o, a in members if a.get("revision") is None]
    if len(empty) > 1:
        names = ", ".join(o.id for o in empty)
        message = f"{len(empty)} operations of the family {family} have no revision: {names}"
        yield REVISION.at(connector, message, place)
    elif empty and len(members) > 1:
        message = f"{empty[0].id} is of the family {family}, but has no revision"
        pointer = f"{empty[0].pointer}/{ANNOTATION}"
        yield REVISION.at(connector, message, pointer, severity="note")
    active = [(o, a) for o, a in members if o.raw.get("deprecated") is not True]
    produced = [o for o, a in active if a.get("status") == "Production"]
    if len(active) > ACTIVE_LIMIT or len(produced) > 1:
        kind = "active" if len(active) > ACTIVE_LIMIT else "in production"
        listed = [o for o, _ in active] if kind == "active" else produced
        names = ", ".join(o.id for o in listed)
        message = f"several operations of the family {family} are {kind}: {names}"
        yield REVISION.at(connector, message, place, severity="note")
    for operation, annotation in members:
        yield from _suffix(connector, operation, annotation.get("revision"))


def _suffix(connector: Connector, operation: Operation, revision: Any) -> Iterator[Finding]:
    if not isinstance(revision, int) or revision < 2:
        return
    if not operation.id.lower().endswith(f"v{revision}"):
        message = f"{operation.id} is revision {revision}, but does not end with V{revision}"
        place = f"{operation.pointer}/operationId"
        yield REVISION_NAME.at(connector, message, place, operation=operation)
