"""Judging whether calls ran as the signed-in user: identity, access table, separation, bleed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.connector.model import Operation
from harness.probes.records import record_ids
from harness.rules.delegated_rules import (
    ACCESS,
    APP_IDENTITY,
    BLEED,
    CACHEABLE,
    FOREIGN_OBJECT,
    FOREIGN_WRITE,
    LEAK,
    PLATFORM_IDENTITY,
    RULES,
    SPOOFED,
    WRONG_IDENTITY,
)
from harness.rules.model import Finding, Judgement, Severity
from harness.rules.people import Claims, claim_values, mentioned, names_whom, pointed_text
from harness.settings import IdentityPointer
from harness.situation import Situation
from harness.traffic.exchange import Exchange, Response

__all__ = ["RULES", "judge_access", "judge_bleed", "judge_identity", "judge_separation"]

ADD_USER = "needs two users: add [users.NAME] with a second test account to the settings"


def of(exchanges: Iterable[Exchange], purpose: str) -> list[Exchange]:
    """The exchanges of one purpose."""
    return [e for e in exchanges if e.probe.purpose == f"delegated/{purpose}"]


# ---------------------------------------------------------------------- identity


def judge_identity(
    situation: Situation, exchanges: Sequence[Exchange], everybody: Claims
) -> tuple[Judgement, list[str]]:
    """Whether each user has a proof of identity, by the function or by the platform; and notes."""
    delegated = situation.settings.delegated
    if delegated.identity is None:
        return Judgement(skipped='[delegated] identity = "none" gives the proof up'), [
            "the proof of whom calls run as is given up by the settings"
        ]
    if not situation.settings.users:
        return Judgement(unverified="no user is configured: add [users.NAME]"), []
    findings: list[Finding] = []
    proved: dict[str, str] = {}
    for exchange in of(exchanges, "identity"):
        finding, proof = _identity_of(situation, exchange, everybody)
        if finding is not None:
            findings.append(finding)
        elif proof is not None:
            proved.setdefault(exchange.probe.caller.name, proof)
    for exchange in of(exchanges, "platform"):
        finding = _platform_identity(exchange, everybody)
        if finding is not None:
            findings.append(finding)
        elif exchange.status == 200:
            proved.setdefault(exchange.probe.caller.name, "the platform (/.auth/me)")
    missing = [name for name in situation.settings.users if name not in proved]
    unverified = None
    if missing and not findings:
        unverified = (
            f"nothing tells whom calls of {', '.join(missing)} run as: name an operation in "
            "[delegated] identity, switch the token store on (then /.auth/me tells), or give the "
            'proof up with identity = "none"'
        )
    return Judgement(_one_per_cause(findings), unverified), _identity_notes(proved, situation)


def _identity_notes(proved: dict[str, str], situation: Situation) -> list[str]:
    by_proof: dict[str, list[str]] = {}
    for name, proof in proved.items():
        by_proof.setdefault(proof, []).append(name)
    notes = [f"identity of {', '.join(names)} proved by {how}" for how, names in by_proof.items()]
    if len(situation.settings.users) == 1:
        notes.append(f"separation of users was not tried: it {ADD_USER}")
    return notes


def _identity_of(
    situation: Situation, exchange: Exchange, everybody: Claims
) -> tuple[Finding | None, str | None]:
    """A finding, or what the proof is, or neither where the answer does not tell."""
    name = exchange.probe.caller.name
    if exchange.status is None or not 200 <= exchange.status < 300 or name not in everybody:
        return None, None
    pointers = [
        p
        for p in situation.settings.delegated.identity or ()
        if p.operation == exchange.probe.operation
    ]
    if not pointers:
        seen = mentioned(exchange.response, everybody)
        proof = f"identity seen in {exchange.probe.operation}" if seen == {name} else None
        return None, proof
    for pointer in pointers:
        finding = _compare(situation, exchange, pointer, everybody)
        if finding is not None:
            return finding, None
    return None, f"the function's own answer ({exchange.probe.operation})"


def _compare(
    situation: Situation, exchange: Exchange, pointer: IdentityPointer, everybody: Claims
) -> Finding | None:
    name = exchange.probe.caller.name
    told = pointed_text(exchange.response, pointer.pointer)
    expected = claim_values(everybody[name], pointer.claim)
    if told is not None and told.casefold() in expected:
        return None
    if told is not None and any(value in told.casefold() for value in expected if len(value) > 5):
        return None
    if told is not None and told in situation.settings.delegated.app_identities:
        return None
    others = [
        who
        for who, claims in everybody.items()
        if who != name
        and told is not None
        and told.casefold() in claim_values(claims, pointer.claim)
    ]
    rule = WRONG_IDENTITY if others or told is None else APP_IDENTITY
    whom = others[0] if others else "nobody" if told is None else f"{told!r}"
    return rule.finding(
        f"{exchange.probe.operation} called by {name} says it ran as {whom}",
        operation=exchange.probe.operation,
        caller=name,
        expected=f"{pointer.pointer or 'the body'} names {name} ({pointer.claim})",
        observed=f"{pointer.pointer or 'the body'} is {told!r}",
        evidence=(exchange.id,),
    )


def _platform_identity(exchange: Exchange, everybody: Claims) -> Finding | None:
    name = exchange.probe.caller.name
    if exchange.status != 200 or name not in everybody:
        return None
    seen = mentioned(exchange.response, everybody)
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


# ---------------------------------------------------------------------- access table


def judge_access(situation: Situation, exchanges: Sequence[Exchange]) -> Judgement:
    """Whether every row of the access table held for every caller."""
    rows = situation.settings.delegated.access
    if not rows:
        return Judgement(skipped="there is no access table ([[delegated.access]]) in the settings")
    findings, missing = [], []
    for exchange in of(exchanges, "access"):
        expected = list(exchange.probe.meta["expect"])
        who, operation = exchange.probe.caller.name, exchange.probe.operation
        if exchange.status is None:
            missing.append(f"{operation} as {who}: {exchange.reason}")
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
    return Judgement(tuple(findings), "; ".join(missing) or None)


def _refused_anonymously(exchange: Exchange, expected: Sequence[int]) -> bool:
    """An anonymous 401 may come as a redirect to the sign-in, and the reverse."""
    refusals = {301, 302, 401, 403}
    anonymous = exchange.probe.caller.kind == "anonymous"
    return anonymous and exchange.status in refusals and bool(refusals & set(expected))


# ---------------------------------------------------------------------- separation


def judge_separation(
    situation: Situation, operation: Operation, exchanges: Sequence[Exchange], everybody: Claims
) -> tuple[Judgement, list[str]]:
    """Whether one user's answers hold what belongs to another; and notes."""
    settings = situation.settings
    if len(settings.users) < 2:
        return Judgement(skipped=ADD_USER), []
    if operation.id in settings.anonymous.public:
        return Judgement(skipped="open on purpose ([anonymous] public)"), []
    if not exchanges:
        return Judgement(skipped=_why_not(operation)), []
    findings = [
        *_leaks(situation, operation, exchanges, everybody),
        *_foreign_objects(situation, operation, exchanges),
        *_foreign_writes(situation, operation, exchanges),
        *_spoofs(operation, exchanges, everybody),
        *_cacheable(operation, exchanges),
    ]
    answered = [e for e in exchanges if e.status is not None]
    unverified = None if answered else f"no answer: {exchanges[0].reason}"
    skipped = None
    if not of(exchanges, "same") and not of(exchanges, "foreign") and not of(exchanges, "intrude"):
        skipped = "no object to ask for: the list showed nothing that is one user's alone"
    return Judgement(_one_per_cause(findings), unverified, skipped), []


def _why_not(operation: Operation) -> str:
    if operation.is_trigger:
        return "a trigger: calling it would subscribe"
    if operation.changes_state:
        return "changes state: separation of changes is tried with --writes all, on own objects"
    return "needs an id that no operation lists: give one in [operations." + operation.id + "]"


def severity_for(situation: Situation, operation: Operation) -> Severity:
    """An error where the answers are private or the access table speaks, else a warning."""
    delegated = situation.settings.delegated
    spoken = any(row.operation == operation.id and _forbids(row.expect) for row in delegated.access)
    return "error" if operation.id in delegated.private or spoken else "warning"


def _forbids(expect: object) -> bool:
    values = expect.values() if isinstance(expect, dict) else ()
    return any(all(status >= 400 for status in statuses) for statuses in values)


def _leaks(
    situation: Situation, operation: Operation, exchanges: Sequence[Exchange], everybody: Claims
) -> list[Finding]:
    """Answers to the plain call that hold another user's identifiers or, if private, records."""
    same = [e for e in of(exchanges, "same") if e.status is not None and 200 <= e.status < 300]
    findings = []
    private = operation.id in situation.settings.delegated.private
    for exchange in same:
        name = exchange.probe.caller.name
        others = mentioned(exchange.response, everybody) - {name}
        for other in sorted(others):
            findings.append(
                LEAK.finding(
                    f"the answer to {name} carries identifiers of {other}",
                    operation=operation.id,
                    caller=name,
                    expected=f"only data of {name}",
                    observed=f"identifiers of {other} in the body",
                    severity="error" if private else "warning",
                    evidence=(exchange.id, *(e.id for e in same if e is not exchange)),
                    data={"row": access_row(operation, name, other)},
                )
            )
    if private and not findings:
        findings += _shared_records(operation, same)
    return findings


def _shared_records(operation: Operation, same: Sequence[Exchange]) -> list[Finding]:
    lists = {e.probe.caller.name: set(record_ids(e.response)) for e in same}
    names = list(lists)
    if len(names) < 2:
        return []
    both = set.intersection(*lists.values())
    if not both:
        return []
    return [
        LEAK.finding(
            f"{names[0]} and {names[1]} get the same records from a private operation",
            operation=operation.id,
            caller=names[1],
            expected="records of the caller alone",
            observed=f"records {', '.join(sorted(both)[:3])} in both answers",
            severity="error",
            evidence=tuple(e.id for e in same),
        )
    ]


def access_row(operation: Operation, name: str, other: str) -> str:
    """The row to paste where an operation shares on purpose."""
    return (
        f'[[delegated.access]]\noperation = "{operation.id}"\n'
        f"expect = {{ {other} = 200, {name} = 200 }}   # shared on purpose"
    )


def _foreign_objects(
    situation: Situation, operation: Operation, exchanges: Sequence[Exchange]
) -> list[Finding]:
    own = {
        (e.probe.meta["owner"], e.probe.meta["id"]): e
        for e in of(exchanges, "own")
        if e.status is not None and 200 <= e.status < 300
    }
    findings = []
    for exchange in of(exchanges, "foreign"):
        meta = exchange.probe.meta
        control = own.get((meta["owner"], meta["id"]))
        if control is None or exchange.status is None or not 200 <= exchange.status < 300:
            continue
        if not _same_matter(exchange.response, control.response):
            continue
        name, owner = exchange.probe.caller.name, meta["owner"]
        findings.append(
            FOREIGN_OBJECT.finding(
                f"{name} reads an object that only {owner}'s list shows",
                operation=operation.id,
                caller=name,
                expected="404 or 403",
                observed=f"{exchange.status} with the object {meta['id']} "
                f"({meta['listed_by']} shows it to {owner} alone)",
                severity=severity_for(situation, operation),
                evidence=(exchange.id, control.id),
                data={"row": access_row(operation, name, owner)},
            )
        )
    return findings


def _same_matter(left: Response | None, right: Response | None) -> bool:
    """Whether two answers speak of the same object: same records, or the same text."""
    if left is None or right is None:
        return False
    ids = set(record_ids(left)) & set(record_ids(right))
    return bool(ids) or left.body == right.body


def _foreign_writes(
    situation: Situation, operation: Operation, exchanges: Sequence[Exchange]
) -> list[Finding]:
    attacks = of(exchanges, "intrude")
    if not attacks or attacks[0].status is None:
        return []
    attack = attacks[0]
    status = attack.status or 0
    before, after = of(exchanges, "before"), of(exchanges, "after")
    changed = bool(before and after) and _changed(before[0], after[0])
    if not 200 <= status < 300 and not changed:
        return []
    if before and after and not changed and operation.method != "DELETE":
        return []
    name, owner = attack.probe.caller.name, attack.probe.meta["owner"]
    done = "deletes" if operation.method == "DELETE" else "changes"
    return [
        FOREIGN_WRITE.finding(
            f"{name} {done} an object of {owner}",
            operation=operation.id,
            caller=name,
            expected="404 or 403, and the object unchanged",
            observed=f"{status} for the object {attack.probe.meta['id']}"
            + (", which is different afterwards" if changed else ""),
            severity=severity_for(situation, operation),
            evidence=tuple(e.id for e in (*before, attack, *after)),
        )
    ]


def _changed(before: Exchange, after: Exchange) -> bool:
    if before.response is None or after.response is None:
        return False
    return (before.status, before.response.body) != (after.status, after.response.body)


def _spoofs(
    operation: Operation, exchanges: Sequence[Exchange], everybody: Claims
) -> list[Finding]:
    """Calls that pretended: answered as the victim, though the plain call was not."""
    plain = {e.probe.caller.name: e for e in of(exchanges, "same")}
    findings = []
    for exchange in of(exchanges, "spoof"):
        name, victim = exchange.probe.caller.name, exchange.probe.meta["victim"]
        own, theirs = plain.get(name), plain.get(victim)
        if own is None or theirs is None or exchange.status is None or exchange.response is None:
            continue
        if not 200 <= exchange.status < 300 or not _as_victim(exchange, own, theirs, everybody):
            continue
        findings.append(
            SPOOFED.finding(
                f"{name} is answered as {victim} by naming {victim} in "
                f"{exchange.probe.meta['how']}",
                operation=operation.id,
                caller=name,
                expected=f"the answer that {name} gets without pretending",
                observed=f"the answer of {victim}",
                evidence=(exchange.id, own.id, theirs.id),
            )
        )
    return findings


def _as_victim(exchange: Exchange, own: Exchange, theirs: Exchange, everybody: Claims) -> bool:
    """Whether the pretending call got what only the victim's plain call gets."""
    victim = exchange.probe.meta["victim"]
    echoed = str(exchange.probe.meta.get("name", "")).casefold()
    response = exchange.response
    assert response is not None
    gained = set(record_ids(response)) - set(record_ids(own.response))
    if gained & set(record_ids(theirs.response)):
        return True
    seen = names_whom(response.text.casefold().replace(echoed, ""), everybody)
    before = names_whom(own.response.text, everybody) if own.response is not None else set()
    if victim in seen and victim not in before:
        return True
    different = own.response is not None and own.response.body != response.body
    same = theirs.response is not None and theirs.response.body == response.body
    return different and same


def _cacheable(operation: Operation, exchanges: Sequence[Exchange]) -> list[Finding]:
    same = [e for e in of(exchanges, "same") if e.status == 200 and e.response is not None]
    bodies = {e.response.body for e in same if e.response is not None}
    if len(bodies) < 2:
        return []
    for exchange in same:
        response = exchange.response
        assert response is not None
        control = (response.header("cache-control") or "").lower()
        vary = (response.header("vary") or "").lower()
        shared = "public" in control or "s-maxage" in control
        if shared and "authorization" not in vary and "*" not in vary:
            return [
                CACHEABLE.finding(
                    f"{operation.id} lets shared caches keep answers that differ by user",
                    operation=operation.id,
                    caller=exchange.probe.caller.name,
                    expected="Cache-Control: private or no-store, or Vary: Authorization",
                    observed=f"Cache-Control: {control}",
                    evidence=(exchange.id,),
                )
            ]
    return []


# ---------------------------------------------------------------------- bleed


def judge_bleed(
    situation: Situation, operation: Operation, exchanges: Sequence[Exchange], everybody: Claims
) -> Judgement:
    """Whether every answer of the interleaved rounds belongs to its caller."""
    if len(situation.settings.users) < 2:
        return Judgement(skipped=ADD_USER)
    alone = {e.probe.caller.name: e for e in of(exchanges, "alone")}
    mixed = of(exchanges, "mixed")
    if not mixed:
        return Judgement(skipped="is not called freely, needs an id, or is open on purpose")
    kept = _kept_for_another(operation, alone, everybody)
    if kept is not None:
        return Judgement((kept,))
    wrong = [e for e in mixed if (o := _other(e, alone)) and _belongs(e, alone, o, everybody)]
    if not wrong:
        lost = [e for e in mixed if e.status is None]
        return Judgement(unverified=f"no answer: {lost[0].reason}" if len(lost) > 2 else None)
    first = wrong[0]
    name = first.probe.caller.name
    other = _other(first, alone)
    assert other is not None
    return Judgement(
        (
            BLEED.finding(
                f"with calls of two users interleaved, {name} got the answer of {other}",
                operation=operation.id,
                caller=name,
                expected=f"the answer that {name} gets alone",
                observed=f"the answer of {other}, {len(wrong)} of {len(mixed)} times",
                evidence=(first.id, *(e.id for e in alone.values())),
            ),
        )
    )


def _kept_for_another(
    operation: Operation, alone: dict[str, Exchange], everybody: Claims
) -> Finding | None:
    """One user's call right after the other's is answered with the other's data: a cache."""
    bodies = {e.response.body for e in alone.values() if e.response is not None}
    for name, exchange in alone.items():
        seen = mentioned(exchange.response, everybody)
        if len(bodies) == 1 and seen and name not in seen and exchange.status == 200:
            other = sorted(seen)[0]
            return BLEED.finding(
                f"{name} gets the answer of {other} after {other} asked",
                operation=operation.id,
                caller=name,
                expected=f"the data of {name}",
                observed=f"the very answer of {other}: something keeps answers by URL",
                evidence=tuple(e.id for e in alone.values()),
            )
    return None


def _other(exchange: Exchange, alone: dict[str, Exchange]) -> str | None:
    return next((name for name in alone if name != exchange.probe.caller.name), None)


def _belongs(exchange: Exchange, alone: dict[str, Exchange], other: str, everybody: Claims) -> bool:
    """Whether an answer holds what only the other user's own answer held."""
    name = exchange.probe.caller.name
    own, theirs = alone[name].response, alone[other].response
    got = exchange.response
    if got is None or own is None or theirs is None or got.body == own.body:
        return False
    foreign = set(record_ids(theirs)) - set(record_ids(own))
    if foreign & set(record_ids(got)):
        return True
    if other in mentioned(got, everybody) and other not in mentioned(own, everybody):
        return True
    return theirs.body != own.body and got.body == theirs.body


def _one_per_cause(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding per rule and operation: the first, with everybody's evidence."""
    kept: dict[tuple[str, str | None], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.rule, finding.operation), finding)
    return tuple(kept.values())
