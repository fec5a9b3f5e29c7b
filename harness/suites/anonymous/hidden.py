"""Apps that hide: RejectWith404 answers 404 to callers without a valid token.

Such a 404 looks like the host's own for an unknown route, so it proves a shut door only next to
the same call with a user's token, which is answered otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Probe, Response, user
from harness.exchanges.refusal import gateway_refusal
from harness.inputs.harmless import door_request
from harness.inputs.values import example_values

__all__ = ["SIGNED_IN", "signed_in_probe", "why_hidden_proves_nothing"]

SIGNED_IN = "signed-in"
"""The part of the one call that carries a user's token in the anonymous suite."""


def signed_in_probe(
    context: RunContext, operation: Operation, plain: Sequence[Exchange]
) -> Probe | None:
    """The plain call as the default user makes it, where the settings expect 404 and it came."""
    if context.settings.anonymous.expect != "404" or not any(e.status == 404 for e in plain):
        return None
    name = context.settings.default_user
    if name is None:
        return None
    request = door_request(context, operation, example_values(context, operation))
    return Probe(
        "anonymous/signed-in",
        operation.id,
        user(name),
        request,
        "anonymous/signed-in",
        {"part": SIGNED_IN, "leg": SIGNED_IN, "client": "api"},
    )


def why_hidden_proves_nothing(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> str | None:
    """Why a 404 without a token does not show a shut door, or None where it does (or none came)."""
    plain = [e for e in exchanges if e.probe.meta.get("part") in ("plain", "own")]
    missing = [e.response for e in plain if e.response is not None and e.status == 404]
    if context.settings.anonymous.expect != "404" or not missing:
        return None
    where = f"{operation.id}: 404 without a token proves a shut door only next to a signed-in call"
    signed = [e for e in exchanges if e.probe.meta.get("part") == SIGNED_IN]
    if not signed:
        return f"{where}, and no user is configured ([users.NAME])"
    response = signed[-1].response
    if response is None:
        return f"{where}, which got no answer: {signed[-1].reason or 'unknown reason'}"
    behind = gateway_refusal(response)
    if behind is not None:
        return f"{where}: {behind.observed}"
    if response.status in (401, 403):
        return f"{where}, which is refused itself ({response.status})"
    if any(_alike(response, other) for other in missing):
        if operation.changes_state and not context.is_freed(operation):
            return (
                f"{where}; a signed-in GET on the path of {operation.method} gets the same 404, "
                f"and {operation.method} itself is not sent; where it does no harm, declare "
                f"[operations.{operation.id}] safe = true"
            )
        return (
            f"{where}, which gets the same 404; give an input that the app knows under "
            f"[operations.{operation.id}] parameters"
        )
    return None


def _alike(one: Response, other: Response) -> bool:
    """Whether two answers cannot be told apart: status, media type, and whether there is a body."""
    same = (one.status, one.media_type) == (other.status, other.media_type)
    return same and bool(one.body.strip()) == bool(other.body.strip())
