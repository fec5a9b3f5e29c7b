"""Whether a user is shown an object that this run made a minute ago as another user."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange
from harness.exchanges.records import json_body, record_ids
from harness.findings.examples import Fault
from harness.findings.model import Finding, Rule, Severity
from harness.inputs.related_operations import names_objects
from harness.suites.delegated.exchanges import of
from harness.suites.delegated.leaks import LEAK, same_matter
from harness.suites.delegated.leave import may_see, severity_for, share_row
from harness.suites.delegated.own_objects_plan import label_of

__all__ = ["FOREIGN_OBJECT", "judge_own_objects"]

FOREIGN_OBJECT = Rule(
    id="delegated.foreign-object",
    severity="warning",
    title="A user can read another user's object by its id",
    meaning="An id that only one user's list shows is answered with the object when another user "
    "asks. It is an error where the operation is listed as private, the access table "
    "forbids it, or the run made the object a minute ago and the user's list does not show it.",
    why="Ids are guessed, logged and shared; an unchecked one opens other people's data.",
    remedy="Check the object's owner (or its sharing) against the caller before answering; "
    "answer 404 or 403.",
    reference="OWASP API Security Top 10 2023, API1 Broken Object Level Authorization",
    shown_by=(Fault("get-not-checked", "GetDocument", along=("delegated.access",)),),
)


def judge_own_objects(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> list[Finding]:
    """Findings on a minute-old object of one user that another is shown.

    The app itself is the witness: what one operation shows a user whom the object's list or GET
    keeps from it is an error. Where all agree that the user may see it, it is shared.
    """
    shown = of(exchanges, "shown")
    owners = [e for e in shown if e.probe.caller.name == e.probe.meta["owner"]]
    viewers = [e for e in shown if e not in owners]
    if not owners or len(viewers) < 2:
        return []
    owner, viewer = owners[0].probe.caller.name, viewers[0].probe.caller.name
    if may_see(context, operation, viewer, owner):
        return []
    label = label_of(operation, owner)
    if names_objects(operation):
        seen = all(_same_object(owners[0], viewer) for viewer in viewers)
    else:
        seen = _sees(owners[0], label) and all(_sees(e, label) for e in viewers)
    if not seen and not _moved(of(exchanges, "same"), owners[0], viewers):
        return []
    verdicts = dict(_witnesses(exchanges, owner, label))
    severity = _severity(context, operation, viewer, verdicts)
    if severity is None:
        return []
    return [_finding(operation, owners[0], viewers[0], exchanges, severity, verdicts)]


def _sees(exchange: Exchange, label: str) -> bool:
    """Whether an answer shows the object: its id among the records, or its words."""
    response = exchange.response
    if response is None or not 200 <= response.status < 300:
        return False
    own = str(exchange.probe.meta["id"])
    if own in record_ids(response) or label in response.text:
        return True
    return len(own) > 5 and re.search(rf"(?<!\w){re.escape(own)}(?!\w)", response.text) is not None


def _same_object(owner: Exchange, viewer: Exchange) -> bool:
    """Whether both are answered with the object that they name: files have no id in them."""
    statuses = (owner.status or 0, viewer.status or 0)
    return all(200 <= s < 300 for s in statuses) and same_matter(owner.response, viewer.response)


def _moved(same: Sequence[Exchange], owner: Exchange, viewers: Sequence[Exchange]) -> bool:
    """Whether the object moved a number of the viewer's as it moved the owner's, and stays so."""
    before = {e.probe.caller.name: _numbers(e) for e in same}
    mine, theirs = before.get(owner.probe.caller.name), before.get(viewers[0].probe.caller.name)
    after, first, second = _numbers(owner), _numbers(viewers[0]), _numbers(viewers[1])
    if mine is None or theirs is None:
        return False
    return any(
        place in mine
        and after[place] == mine[place] + 1
        and place in theirs
        and first.get(place) == theirs[place] + 1
        and second.get(place) == first.get(place)
        for place in after
    )


def _numbers(exchange: Exchange) -> dict[str, float]:
    """Every number of a success answer by its place, moments left out; also a bare one."""
    response = exchange.response
    if response is None or not 200 <= response.status < 300:
        return {}
    document = json_body(response)
    return dict(_numbers_in(document if document is not None else response.text.strip(), ""))


def _numbers_in(value: Any, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers_in(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value[:50]):
            yield from _numbers_in(inner, f"{place}/{index}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield place, value
    elif isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
        yield place, int(value)


def _witnesses(exchanges: Sequence[Exchange], owner: str, label: str) -> Iterator[tuple[str, bool]]:
    """What list and GET of the object say: whether they show it to the viewer.

    Only those that show it to its owner count: a long list may hold it on a later page.
    """
    for kind in ("listed", "opened"):
        told = of(exchanges, kind)
        mine = [e for e in told if e.probe.caller.name == owner]
        theirs = [e for e in told if e.probe.caller.name != owner]
        if not mine or not theirs or not _sees(mine[0], label):
            continue
        status = theirs[0].status
        if status is not None and (200 <= status < 300 or status in (401, 403, 404, 410)):
            yield str(theirs[0].probe.meta["of"]), _sees(theirs[0], label)


def _severity(
    context: RunContext, operation: Operation, viewer: str, verdicts: Mapping[str, bool]
) -> Severity | None:
    if not all(verdicts.values()) or severity_for(context, operation, viewer) == "error":
        return "error"
    if names_objects(operation):
        return None if verdicts else "warning"
    return "note"


def _finding(
    operation: Operation,
    owner: Exchange,
    viewer: Exchange,
    exchanges: Sequence[Exchange],
    severity: Severity,
    verdicts: Mapping[str, bool],
) -> Finding:
    who, whose = viewer.probe.caller.name, owner.probe.caller.name
    against = [name for name, shows in verdicts.items() if not shows]
    rule = FOREIGN_OBJECT if names_objects(operation) else LEAK
    told = f", which {' and '.join(against)} keeps from {who}" if against else ""
    told = told or (", as the object's other operations do" if verdicts else "")
    return rule.finding(
        f"{operation.id} shows {who} an object that {whose} made a minute ago{told}",
        operation=operation.id,
        caller=who,
        expected=f"nothing of what {whose} made",
        observed=f"{viewer.status} with the object {viewer.probe.meta['id']}, or counting it",
        remedy=f"Filter by the caller's identity. If {who} may see it, say [users.{who}] sees = "
        f'["{whose}"]; if the answers are the caller\'s alone, [delegated] private = '
        f'["{operation.id}"].',
        severity=severity,
        evidence=tuple(e.id for e in (*of(exchanges, "create"), owner, viewer)),
        data={"row": share_row(operation, who, whose)},
    )
