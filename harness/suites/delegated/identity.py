"""Whom calls ran as: the function's own answer, the platform's, and the access table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.connector.pointers import find
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.exchanges.identities import (
    Claims,
    claim_values,
    mentioned,
    plain_name,
    pointed_text,
    whose,
)
from harness.exchanges.model import Exchange, Probe, Response
from harness.exchanges.records import json_body, values_in
from harness.findings.examples import Fault
from harness.findings.model import Finding, Judgement, Rule
from harness.inputs.connection import signs_in_by_entra
from harness.settings.values import BodyExpectation, IdentityPointer
from harness.suites.delegated.exchanges import ADD_USER, of, one_per_cause
from harness.suites.delegated.key_identity import judge_key_identity
from harness.suites.delegated.plan import access_probes
from harness.suites.delegated.proof import is_success, refused_token
from harness.suites.delegated.self_descriptions import (
    APP_IDENTITY,
    WRONG_IDENTITY,
    judge_self_descriptions,
    proof_of,
    proposed_row,
)

_NAME_AN_OPERATION = "name an operation in [delegated] identity"

__all__ = ["judge_access", "judge_identity"]

ACCESS = Rule(
    id="delegated.access",
    severity="error",
    title="The access table does not hold",
    meaning="A caller got another status than the access table says.",
    why="The table is what was promised about who may call what.",
    remedy="Fix the function's check, or the row if the promise has changed.",
    reference="the access table of the settings, [[delegated.access]]",
    shown_by=(Fault("get-not-checked", "GetDocument", along=("delegated.foreign-object",)),),
)
PLATFORM_IDENTITY = Rule(
    id="delegated.platform-identity",
    severity="error",
    title="App Service sees another user than the one who signed in",
    meaning="After client-directed sign-in, /.auth/me lists claims of somebody else than the "
    "token's user.",
    why="The function is then handed the wrong principal.",
    remedy="Check the identity provider's settings and any proxy that answers in the app's place.",
    reference="App Service, 'Customize sign-ins and sign-outs': client-directed sign-in",
    shown_by=(Fault("auth-me-someone-else"),),
)


def judge_identity(
    context: RunContext, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> tuple[Judgement, list[str]]:
    """Whether each user has a proof of identity, by the function or by the platform; and notes."""
    delegated = context.settings.delegated
    if delegated.identity is None:
        return Judgement(skipped='[delegated] identity = "none" gives the proof up'), [
            "the proof of whom calls run as is given up by the settings"
        ]
    if not context.settings.users:
        return Judgement(unverified="no user is configured: add [users.NAME]"), []
    if not signs_in_by_entra(context):
        return judge_key_identity(context, exchanges)
    findings: list[Finding] = []
    proved: dict[str, str] = {}
    for exchange in of(exchanges, "identity"):
        finding, proof = _identity_of(context, exchange, claims_by_user)
        if finding is not None:
            findings.append(finding)
        elif proof is not None:
            proved.setdefault(exchange.probe.caller.name, proof)
    findings += judge_self_descriptions(context, of(exchanges, "identity"), claims_by_user)
    for exchange in of(exchanges, "platform"):
        finding = _platform_identity(exchange, claims_by_user)
        if finding is not None:
            findings.append(finding)
        elif exchange.status == 200:
            proved.setdefault(exchange.probe.caller.name, "the platform (/.auth/me)")
    missing = [name for name in context.settings.users if name not in proved]
    asked = of(exchanges, "identity")
    unverified = None
    if not findings:
        unverified = _named_but_silent(context, asked) or _by_display_name(
            context, asked, claims_by_user
        )
    if unverified is None and missing and not any(finding.is_error for finding in findings):
        row = proposed_row(context, of(exchanges, "identity"))
        where = f"set [delegated] identity = [{row}]" if row else _NAME_AN_OPERATION
        unverified = (
            f"nothing tells whom calls of {', '.join(missing)} run as: {where}, switch the token "
            'store on (then /.auth/me tells), or give the proof up with identity = "none"'
        )
    return Judgement(one_per_cause(findings), unverified), _identity_notes(proved, context)


def _named_but_silent(context: RunContext, exchanges: Sequence[Exchange]) -> str | None:
    """Which operation that the settings name gave its user no success answer.

    What the platform knows proves nothing about it: it was named to be asked.
    """
    named = {p.operation for p in context.settings.delegated.identity or ()}
    failed = [e for e in exchanges if e.probe.operation in named and not is_success(e)]
    if not failed:
        return None
    first = failed[0]
    told = f"answered {first.status}" if first.status else f"gave no answer: {first.reason}"
    return refused_token(failed) or (
        f"{first.probe.operation}, which [delegated] identity names, {told} to "
        f"{first.probe.caller.name}: give it input under [operations.{first.probe.operation}], or "
        "name another operation"
    )


def _by_display_name(
    context: RunContext, exchanges: Sequence[Exchange], claims_by_user: Claims
) -> str | None:
    """Where an answer holds the user's display name, although the settings compare another claim.

    App Service puts it into X-MS-CLIENT-PRINCIPAL-NAME for some shapes of tokens.
    """
    for exchange in exchanges:
        for pointer in context.settings.delegated.identity or ():
            name, asked = exchange.probe.caller.name, exchange.probe.operation
            told = pointed_text(exchange.response, pointer.pointer)
            claims = claims_by_user.get(name, {})
            if asked == pointer.operation and _is_display_name(told, pointer, claims):
                return (
                    f'{asked} names {name} by the display name: set claim = "name" in '
                    f"[delegated] identity instead of {pointer.claim!r}, or let the function "
                    "answer with an id"
                )
    return None


def _is_display_name(told: str | None, pointer: IdentityPointer, claims: Mapping[str, Any]) -> bool:
    shown = str(claims.get("name") or "").strip().casefold()
    return bool(shown) and pointer.claim != "name" and (told or "").strip().casefold() == shown


def _identity_notes(proved: dict[str, str], context: RunContext) -> list[str]:
    by_proof: dict[str, list[str]] = {}
    for name, proof in proved.items():
        by_proof.setdefault(proof, []).append(name)
    notes = [f"identity of {', '.join(names)} proved by {how}" for how, names in by_proof.items()]
    if len(context.settings.users) == 1:
        notes.append(f"separation of users was not tried: it {ADD_USER}")
    return notes


def _identity_of(
    context: RunContext, exchange: Exchange, claims_by_user: Claims
) -> tuple[Finding | None, str | None]:
    """A finding, or what the proof is, or neither where the answer does not tell."""
    name = exchange.probe.caller.name
    if exchange.status is None or not 200 <= exchange.status < 300 or name not in claims_by_user:
        return None, None
    pointers = [
        p
        for p in context.settings.delegated.identity or ()
        if p.operation == exchange.probe.operation
    ]
    if not pointers:
        operation = context.connector.operation(str(exchange.probe.operation))
        return None, proof_of(operation, exchange, claims_by_user)
    response, claims = exchange.response, claims_by_user[name]
    if any(_is_display_name(pointed_text(response, p.pointer), p, claims) for p in pointers):
        return None, None
    for pointer in pointers:
        finding = _compare(context, exchange, pointer, claims_by_user)
        if finding is not None:
            return finding, None
    return None, f"the function's own answer ({exchange.probe.operation})"


def _compare(
    context: RunContext, exchange: Exchange, pointer: IdentityPointer, claims_by_user: Claims
) -> Finding | None:
    name = exchange.probe.caller.name
    told = pointed_text(exchange.response, pointer.pointer)
    expected = claim_values(claims_by_user[name], pointer.claim)
    if told is not None and {told.strip().casefold(), plain_name(told)} & expected:
        return None
    if told is not None and any(value in told.casefold() for value in expected if len(value) > 5):
        return None
    if told is not None and told in context.settings.delegated.app_identities:
        return None
    others = [
        who
        for who, claims in claims_by_user.items()
        if who != name
        and told is not None
        and {told.casefold(), plain_name(told)} & claim_values(claims, pointer.claim)
    ]
    rule = WRONG_IDENTITY if others or told is None else APP_IDENTITY
    whom = others[0] if others else "nobody" if told is None else whose(told, claims_by_user)
    return rule.finding(
        f"{exchange.probe.operation} called by {name} says it ran as {whom}",
        operation=exchange.probe.operation,
        caller=name,
        expected=f"{pointer.pointer or 'the body'} names {name} ({pointer.claim})",
        observed=f"{pointer.pointer or 'the body'} is "
        + ("missing" if told is None else whose(told, claims_by_user)),
        evidence=(exchange.id,),
    )


def _platform_identity(exchange: Exchange, claims_by_user: Claims) -> Finding | None:
    name = exchange.probe.caller.name
    if exchange.status != 200 or name not in claims_by_user:
        return None
    seen = mentioned(exchange.response, claims_by_user)
    if name in seen:
        return None
    return PLATFORM_IDENTITY.finding(
        f"/.auth/me says that the session of {name} belongs to "
        f"{', '.join(sorted(seen)) or 'nobody known'}",
        caller=name,
        expected=f"the claims of {name}",
        observed=f"claims of {', '.join(sorted(seen)) or 'somebody else'}",
        evidence=(exchange.id,),
    )


def judge_access(context: RunContext, exchanges: Sequence[Exchange]) -> Judgement:
    """Whether every row of the access table held for every caller."""
    rows = context.settings.delegated.access
    if not rows:
        return Judgement(skipped="there is no access table ([[delegated.access]]) in the settings")
    try:
        asked = access_probes(context)
    except SettingsError as error:
        return Judgement(unverified=str(error))
    answers = {_row_key(e.probe): e for e in of(exchanges, "access")}
    findings, missing = [], []
    for probe in asked:
        expected = list(probe.meta["expect"])
        who, operation = probe.caller.name, probe.operation
        exchange = answers.get(_row_key(probe))
        if exchange is None or exchange.status is None:
            reason = "was not recorded" if exchange is None else exchange.reason
            missing.append(f"{operation} as {who}: {reason}")
        elif _is_turned_away(exchange, expected):
            missing.append(f"{operation} as {who}: {refused_token([exchange])}")
        elif exchange.status not in expected and not _refused_anonymously(exchange, expected):
            findings.append(
                ACCESS.finding(
                    f"{operation} answers {who} with {exchange.status}",
                    operation=operation,
                    caller=who,
                    expected=" or ".join(map(str, expected)),
                    observed=str(exchange.status),
                    evidence=(exchange.id,),
                )
            )
        else:
            wanted = rows[int(probe.meta["row"])].bodies.get(who)
            findings += _bodies(exchange, wanted) if wanted is not None else []
    return Judgement(tuple(findings), "; ".join(missing) or None)


def _is_turned_away(exchange: Exchange, expected: Sequence[int]) -> bool:
    """Whether a user's token was refused, where the row is about what the function says."""
    refused = exchange.status == 401 and exchange.probe.caller.kind in ("user", "app")
    return refused and 401 not in expected


def _bodies(exchange: Exchange, wanted: BodyExpectation) -> list[Finding]:
    """What the body of a row's answer lacks, or holds although it must not."""
    who, operation, response = (
        exchange.probe.caller.name,
        exchange.probe.operation,
        exchange.response,
    )
    if response is None:
        return []
    text = _readable(response).casefold()
    wrong = [(f"{part!r} in the body", "it is not there") for part in wanted.contains]
    wrong = [
        w for w, part in zip(wrong, wanted.contains, strict=True) if part.casefold() not in text
    ]
    wrong += [
        (f"no {part!r} in the body", "it is there")
        for part in wanted.not_contains
        if part.casefold() in text
    ]
    if wanted.pointer is not None:
        found = find(json_body(response), wanted.pointer)
        if found != wanted.value:
            wrong.append((f"{wanted.value!r} at {wanted.pointer!r}", f"{found!r}"))
    return [
        ACCESS.finding(
            f"the body of {operation} for {who} is not what the access table says",
            operation=operation,
            caller=who,
            expected=expected,
            observed=observed,
            evidence=(exchange.id,),
        )
        for expected, observed in wrong
    ]


def _readable(response: Response) -> str:
    """The body with JSON's escapes undone, so that texts are found however they are written."""
    document = json_body(response)
    texts = [str(value) for value in values_in(document)] if document is not None else []
    return "\n".join([response.text, *texts])


def _row_key(probe: Probe) -> tuple[str | None, str, str]:
    """What makes an answer that of a row of the table, whatever the row expects by now."""
    return probe.operation, probe.caller.name, str(probe.meta.get("inputs"))


def _refused_anonymously(exchange: Exchange, expected: Sequence[int]) -> bool:
    """An anonymous 401 may come as a redirect to the sign-in, and the reverse."""
    refusals = {301, 302, 401, 403}
    anonymous = exchange.probe.caller.kind == "anonymous"
    return anonymous and exchange.status in refusals and bool(refusals & set(expected))
