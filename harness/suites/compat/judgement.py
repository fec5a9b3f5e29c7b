"""What a new version of a connector changes for the flows and apps that use the deployed one."""

from __future__ import annotations

from collections.abc import Iterator

from harness.connector.model import Connector, Operation, Place
from harness.findings.examples import REMOVED, Edit, Versions
from harness.findings.model import Finding, Rule
from harness.findings.sample import GET_DOCUMENT
from harness.suites.compat.change import BREAKS, HARMLESS, VERSIONING, Change
from harness.suites.compat.operations import ADDRESS, SECURITY, operation_changes, pair_operations
from harness.suites.compat.properties import property_changes

__all__ = ["compare"]

OPERATION_REMOVED = Rule(
    id="compat.operation-removed",
    severity="error",
    title="The operation has been deleted",
    meaning="The operation has been deleted. This change breaks existing flows.",
    why=BREAKS,
    remedy="Keep the operation (deprecated: true hides it), or publish another connector.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({"/paths/~1me": REMOVED})),),
)
OPERATION_RENAMED = Rule(
    id="compat.operation-renamed",
    severity="error",
    title="The operationId has been changed",
    meaning="The operationId has been changed. Existing flows refer to the old one and break.",
    why=BREAKS,
    remedy="Keep the operationId; change summary and description instead.",
    reference=VERSIONING,
    shown_by=(Versions(Edit({f"{GET_DOCUMENT}/operationId": "FetchDocument"})),),
)
OPERATION_ADDED = Rule(
    id="compat.operation-added",
    severity="note",
    title="An operation has been added",
    meaning="An operation has been added.",
    why=HARMLESS,
    remedy="Nothing to do.",
    reference=VERSIONING,
    shown_by=(
        Versions(
            Edit({"/paths/~1people": {"get": {"operationId": "ListPeople", "responses": {}}}})
        ),
    ),
)

CHANGE_OF = {"error": "breaking", "warning": "risky", "note": "harmless"}
ORDER = {"error": 0, "warning": 1, "note": 2}


def compare(old: Connector, new: Connector) -> list[Finding]:
    """Every change, breaking ones first.

    A finding's `data` holds `change` (breaking, risky, harmless), `sentence` (what a reviewer would
    write) and `field` (the input or output).
    """
    findings = list(_all(old, new))
    unique = {(f.rule, f.operation, f.data["field"], f.observed): f for f in findings}
    return sorted(unique.values(), key=lambda f: ORDER[f.severity])


def _all(old: Connector, new: Connector) -> Iterator[Finding]:
    for was, now, renamed in pair_operations(old, new):
        if was is not None and now is not None:
            if renamed:
                yield _finding(new, Change(OPERATION_RENAMED, "", was.id, now.id), now, was.id)
            for change in operation_changes((old, was), (new, now)):
                yield _finding(new, change, now, now.id)
        elif was is not None:
            place = Place(old.definition_path.as_posix(), was.pointer)
            yield _finding(new, Change(OPERATION_REMOVED, "", was.id), None, was.id, place)
        elif now is not None:
            yield _finding(new, Change(OPERATION_ADDED, "", "", now.id), now, now.id)
    if (old.host, old.schemes) != (new.host, new.schemes):
        yield _finding(new, Change(ADDRESS, "/host", old.host, new.host), None, None)
    for key in ("securityDefinitions", "security"):
        if old.raw.get(key) != new.raw.get(key):
            yield _finding(new, Change(SECURITY, f"/{key}"), None, None)
    for change in property_changes(old, new):
        properties = new.properties
        assert properties is not None
        place = Place(properties.path.as_posix(), change.field)
        yield _finding(new, change, None, None, place)


def _finding(
    new: Connector,
    change: Change,
    operation: Operation | None,
    name: str | None,
    place: Place | None = None,
) -> Finding:
    rule, sentence = change.rule, change.sentence or change.rule.meaning
    about = f" ({change.field.lstrip('/')})" if change.field else ""
    subject = f"{name}: " if name else ""
    return rule.finding(
        f"{subject}{sentence}{about}",
        operation=None if operation is None and name is None else name,
        expected=change.was,
        observed=change.now,
        place=place or new.place(operation.pointer if operation else change.field),
        data={
            "change": CHANGE_OF[rule.severity],
            "sentence": f"{subject}{sentence}{about}",
            "field": change.field,
        },
    )
