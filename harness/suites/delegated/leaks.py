"""Whether the answer to one user's plain call holds what belongs to another."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.identities import Claims, mentioned, names_whom
from harness.exchanges.model import Exchange, Response
from harness.exchanges.records import common_records, json_body, records, text_rows
from harness.findings.examples import Fault
from harness.findings.model import Finding, Rule
from harness.suites.delegated.exchanges import of
from harness.suites.delegated.leave import may_see, severity_for, share_row

__all__ = ["judge_leaks", "same_matter"]

LEAK = Rule(
    id="delegated.leak",
    severity="warning",
    title="An answer to one user carries what belongs to another",
    meaning="An answer holds another user's unique identifiers, or a record that belongs to the "
    "other. It is an error where the operation is listed as private or a row of the "
    "access table forbids it, and a note where everybody gets the same: that can be "
    "sharing.",
    why="If it is not shared on purpose, the connector gives users data that they could not reach.",
    remedy="Filter by the caller's identity. If the caller may see it, say so: [users.NAME] "
    "sees, or a row of the access table with the success status; if the answers are the "
    "caller's alone, list the operation in [delegated] private.",
    reference="OWASP API Security Top 10 2023, API1 Broken Object Level Authorization",
    shown_by=(Fault("list-not-filtered:ListDocuments", "ListDocuments"),),
)

_OWN_WORDS = frozenset({"my", "mine", "me", "own", "myself"})


def judge_leaks(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> list[Finding]:
    """Findings on answers that hold another user's identifiers, or records of both.

    The same answer for everybody is sharing as far as anybody can tell: a note that says how to
    make it an error, unless the settings or the operation's own name call it the caller's.
    """
    same = [e for e in of(exchanges, "same") if e.status is not None and 200 <= e.status < 300]
    findings: list[Finding] = []
    shared: list[tuple[Exchange, Exchange, str]] = []
    for exchange in same:
        viewer = exchange.probe.caller.name
        for other in same:
            owner = other.probe.caller.name
            if owner == viewer or may_see(context, operation, viewer, owner):
                continue
            named = owner in mentioned(exchange.response, claims_by_user)
            # What the other one may see of the viewer's is in both answers by right.
            rightly = may_see(context, operation, owner, viewer)
            common = () if rightly else _common(exchange.response, other.response)
            if severity_for(context, operation, viewer) == "error":
                if named or common:
                    findings.append(_leak(operation, exchange, other, named, common, "error"))
            elif named and not _is_shared(operation, exchange, other, viewer, claims_by_user):
                if not _names_both(exchange.response, viewer, owner, claims_by_user):
                    findings.append(_leak(operation, exchange, other, True, (), "warning"))
            elif named or common:
                shared.append((exchange, other, _told(owner, named, common)))
    findings = _once_per_pair(findings)
    if shared and not findings and not _fills_lists(operation):
        findings.append(_sharing(operation, *shared[-1]))
    return findings


def _fills_lists(operation: Operation) -> bool:
    """Whether only the designer calls it, to fill a list that makers choose from."""
    return str(operation.raw.get("x-ms-visibility", "")).lower() == "internal"


def _once_per_pair(findings: list[Finding]) -> list[Finding]:
    """Records that both users get are one thing, not one for each of them."""
    kept: list[Finding] = []
    pairs: set[frozenset[str]] = set()
    for finding in findings:
        pair = finding.data.get("pair")
        if pair is None or frozenset(pair) not in pairs:
            kept.append(finding)
            pairs |= {frozenset(pair)} if pair else set()
    return kept


def same_matter(left: Response | None, right: Response | None) -> bool:
    """Whether two answers speak of the same thing: the same body, or records of the same ids."""
    if left is None or right is None:
        return False
    return left.body == right.body or bool(common_records(left, right))


def _common(left: Response | None, right: Response | None) -> tuple[str, ...]:
    """What two answers share that one user alone should have: records, or rows of a table.

    The same count, an empty list, or a table that is only its header are equal by chance.
    """
    both = common_records(left, right)
    rows = set(text_rows(left)) & set(text_rows(right))
    return tuple(both) or tuple(sorted(rows))


def _is_shared(
    operation: Operation, exchange: Exchange, other: Exchange, viewer: str, claims: Claims
) -> bool:
    """Whether both users get the same, so that nothing tells whose it is."""
    left, right = exchange.response, other.response
    if left is None or right is None:
        return False
    equal = left.body == right.body or _rows_of(left) == _rows_of(right)
    own = bool(_words(operation) & _OWN_WORDS) and viewer not in mentioned(left, claims)
    return equal and not own


def _rows_of(response: Response) -> list[str] | None:
    document = json_body(response)
    if document is None:
        return sorted(text_rows(response)) or None
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in records(document))


def _names_both(response: Response | None, viewer: str, owner: str, claims: Claims) -> bool:
    """Whether every record that names the other names the viewer as well: it is of both."""
    rows = [json.dumps(row, default=str) for row in records(json_body(response))]
    named = [whom for row in rows if owner in (whom := names_whom(row, claims))]
    return bool(named) and all(viewer in whom for whom in named)


def _words(operation: Operation) -> set[str]:
    """The words of an operation's id and path, in lower case."""
    text = re.sub(r"\{[^{}]*\}", " ", operation.path) + " " + operation.id
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)
    return {part.lower() for part in parts}


def _told(owner: str, named: bool, common: Sequence[str]) -> str:
    if common:
        return f"{', '.join(common[:3])} in both answers"
    return f"identifiers of {owner} in the body" if named else "the same answer"


def _leak(
    operation: Operation,
    exchange: Exchange,
    other: Exchange,
    named: bool,
    common: Sequence[str],
    severity: str,
) -> Finding:
    viewer, owner = exchange.probe.caller.name, other.probe.caller.name
    carried = f"identifiers of {owner}" if named else f"records that {owner} gets as well"
    return LEAK.finding(
        f"the answer to {viewer} carries {carried}",
        operation=operation.id,
        caller=viewer,
        expected=f"only data of {viewer}",
        observed=_told(owner, named, () if named else common),
        remedy=f"Filter by the caller's identity. If {viewer} may see it, say so: "
        f'[users.{viewer}] sees = ["{owner}"], or a row of the access table with '
        f'operation = "{operation.id}", expect = {{ {viewer} = 200 }}.',
        severity="error" if severity == "error" else "warning",
        evidence=(exchange.id, other.id),
        data={
            "row": share_row(operation, viewer, owner),
            **({} if named else {"pair": [viewer, owner]}),
        },
    )


def _sharing(operation: Operation, exchange: Exchange, other: Exchange, told: str) -> Finding:
    viewer, owner = exchange.probe.caller.name, other.probe.caller.name
    return LEAK.finding(
        f"{viewer} and {owner} get the same from {operation.id}; whose it is cannot be told",
        operation=operation.id,
        caller=viewer,
        expected="sharing on purpose",
        observed=told,
        remedy="If these answers are the caller's alone, say [delegated] private = "
        f'["{operation.id}"]: then this is an error.',
        severity="note",
        evidence=(exchange.id, other.id),
    )
