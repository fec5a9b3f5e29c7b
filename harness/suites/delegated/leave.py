"""What the settings say about who may see whose data: `sees`, private operations, access rows."""

from __future__ import annotations

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.findings.model import Severity
from harness.settings.values import AccessRow

__all__ = ["forbids", "has_leave", "is_private", "may_see", "severity_for", "share_row"]


def may_see(context: RunContext, operation: Operation, viewer: str, owner: str) -> bool:
    """Whether one user may be shown another's data by an operation, as the settings have it."""
    user = context.settings.users.get(viewer)
    seen = user.sees if user is not None else ()
    return owner in seen or "everyone" in seen or has_leave(context, operation, viewer)


def has_leave(context: RunContext, operation: Operation, caller: str) -> bool:
    """Whether an access row lets the caller in, and none keeps the caller out.

    A row that says what the caller's answer may not hold gives no leave.
    """
    rows = _rows(context, operation, caller)
    lets_in = any(
        all(200 <= status < 300 for status in row.expect[caller])
        and not (caller in row.bodies and row.bodies[caller].not_contains)
        for row in rows
    )
    return lets_in and not forbids(context, operation, caller)


def forbids(context: RunContext, operation: Operation, caller: str) -> bool:
    """Whether an access row keeps the caller out."""
    rows = _rows(context, operation, caller)
    return any(all(status >= 400 for status in row.expect[caller]) for row in rows)


def is_private(context: RunContext, operation: Operation) -> bool:
    """Whether the settings say that the operation's answers belong to the caller alone."""
    return operation.id in context.settings.delegated.private


def severity_for(context: RunContext, operation: Operation, caller: str) -> Severity:
    """An error where the answers are private or the access table forbids them, else a warning."""
    strict = is_private(context, operation) or forbids(context, operation, caller)
    return "error" if strict else "warning"


def share_row(operation: Operation, name: str, other: str) -> str:
    """The lines to paste where an operation shares on purpose."""
    return (
        f'[[delegated.access]]\noperation = "{operation.id}"\n'
        f"expect = {{ {name} = 200 }}   # may see what is {other}'s"
    )


def _rows(context: RunContext, operation: Operation, caller: str) -> list[AccessRow]:
    rows = context.settings.delegated.access
    return [row for row in rows if row.operation == operation.id and caller in row.expect]
