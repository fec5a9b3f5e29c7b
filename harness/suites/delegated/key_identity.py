"""Whom calls by key run as: a key names nobody, so the function's own answers are compared.

There is no platform behind such a connector that could say who a caller is. Where the settings
name an operation that tells, two users' keys must give two identities, and a user with a
`username` must be named by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.exchanges.context import RunContext
from harness.exchanges.identities import pointed_text
from harness.exchanges.model import Exchange
from harness.findings.model import Finding, Judgement
from harness.suites.delegated.exchanges import of
from harness.suites.delegated.self_descriptions import WRONG_IDENTITY

__all__ = ["judge_key_identity"]

NOTHING_TELLS = (
    "the connector signs in by a key, which names nobody, and no operation is known that says whom "
    'it runs as; name one: [delegated] identity = [{ operation = "…", pointer = "/…" }]'
)


def judge_key_identity(
    context: RunContext, exchanges: Sequence[Exchange]
) -> tuple[Judgement, list[str]]:
    """Whether each user's key runs as that user alone; and notes for the report."""
    told = _told(context, of(exchanges, "identity"))
    pointers = context.settings.delegated.identity
    if not pointers:
        return Judgement(skipped=NOTHING_TELLS), []
    findings = [*_shared(told), *_misnamed(context, told)]
    silent = [name for name in context.settings.users if name not in told]
    unverified = None
    if silent and not findings:
        operations = ", ".join(p.operation for p in pointers)
        unverified = f"{operations} gave {', '.join(silent)} no success answer with an identity"
    elif len(told) == 1 and not findings and not context.settings.users[next(iter(told))].username:
        [name] = told
        unverified = (
            f"one key alone proves nothing about whose call it is: add a second user, or "
            f"[users.{name}] username as the app knows it"
        )
    notes = (
        []
        if findings or unverified
        else [f"identity of {', '.join(told)} proved by the function's own answers, key by key"]
    )
    return Judgement(tuple(findings), unverified), notes


Told = dict[str, tuple[str, Exchange]]


def _told(context: RunContext, exchanges: Sequence[Exchange]) -> Told:
    found: Told = {}
    for exchange in exchanges:
        if exchange.status is None or not 200 <= exchange.status < 300:
            continue
        for pointer in context.settings.delegated.identity or ():
            if pointer.operation != exchange.probe.operation:
                continue
            text = pointed_text(exchange.response, pointer.pointer)
            if text is not None and text.strip():
                found.setdefault(exchange.probe.caller.name, (text.strip(), exchange))
    return found


def _shared(told: Told) -> list[Finding]:
    """Users whose keys give one and the same identity."""
    by_identity: dict[str, list[str]] = {}
    for name, (text, _) in told.items():
        by_identity.setdefault(text.casefold(), []).append(name)
    return [
        WRONG_IDENTITY.finding(
            f"{told[names[0]][1].probe.operation} says the same identity for the keys of "
            f"{' and '.join(names)}",
            operation=told[names[0]][1].probe.operation,
            caller=names[-1],
            expected="an identity of its own for each key",
            observed=f"{told[names[0]][0]!r} for {' and '.join(names)}",
            evidence=tuple(told[name][1].id for name in names),
            remedy="Look the user up by the key of this very call, and keep no user in a global.",
        )
        for names in by_identity.values()
        if len(names) > 1
    ]


def _misnamed(context: RunContext, told: Told) -> list[Finding]:
    """Users who are called by another user's name."""
    names = {n: u.username.casefold() for n, u in context.settings.users.items() if u.username}
    found = []
    for name, (text, exchange) in told.items():
        others = [who for who, other in names.items() if who != name and other in text.casefold()]
        if name in names and names[name] not in text.casefold() and others:
            found.append(
                WRONG_IDENTITY.finding(
                    f"{exchange.probe.operation} called by {name} says it ran as {others[0]}",
                    operation=exchange.probe.operation,
                    caller=name,
                    expected=f"the answer names {name}",
                    observed=f"{text!r}",
                    evidence=(exchange.id,),
                )
            )
    return found
