"""What the plans of delegated calls share: which operations may be asked, and with what."""

from __future__ import annotations

from typing import Any

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Request
from harness.inputs.requests import NO_BODY, build_request
from harness.inputs.values import Values, example_values

__all__ = ["is_readable", "needs_ids", "request_of", "user_like"]

USER_NAMES = frozenset(
    {"user", "userid", "upn", "email", "username", "owner", "ownerid", "oid", "principal"}
)


def user_like(name: str) -> bool:
    """Whether an input's name looks as if it said who somebody is."""
    return name.lower().replace("_", "").replace("-", "") in USER_NAMES


def is_readable(context: RunContext, operation: Operation) -> bool:
    """Whether an operation may be called freely: no trigger, no state change."""
    quiet = not operation.changes_state or context.is_freed(operation)
    return quiet and not operation.is_trigger and not operation.no_generic_test


def needs_ids(values: Values, operation: Operation) -> bool:
    """Whether a path parameter has no value that somebody gave."""
    names = tuple(p.name for p in operation.path_inputs)
    return bool(values.made_up(names))


def request_of(context: RunContext, operation: Operation, **more: Any) -> Request:
    """The request with the best known values, some of them replaced."""
    values = example_values(context, operation)
    body = values.body if values.has_body else NO_BODY
    return build_request(context, operation, {**values.parameters, **more}, body)
