"""Judging one operation's exchanges against what the definition promises.

A pure function of connector, settings and exchanges: live and replayed runs are judged alike. The
words of each rule stand in `harness.suites.contract.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.connector.model import Operation
from harness.connector.policies.model import policies_for
from harness.connector.schema.validation import judge_of
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange
from harness.exchanges.silence import mostly_silent
from harness.findings.examples import REMOVED, Fault
from harness.findings.model import Finding, Judgement, Rule
from harness.inputs.platform import as_flow_gets
from harness.inputs.write_policy import contract_exclusions
from harness.suites.contract.answers import (
    BODY,
    NULL,
    answer_sightings,
    front_end,
    header_sightings,
)
from harness.suites.contract.asked import asked_sightings
from harness.suites.contract.causes import Observation, findings_of
from harness.suites.contract.following import following_sightings
from harness.suites.contract.inputs import input_sightings, is_success
from harness.suites.contract.internals import internals_sightings
from harness.suites.contract.presence import GONE_STATUSES, is_absent, presence_sightings
from harness.suites.contract.saved import missing_keys, of_inference
from harness.suites.contract.strictness import strength

__all__ = ["judge_contract"]

STRENGTH = Rule(
    id="contract.strength",
    severity="note",
    title="The definition constrains the answer so little that a green run proves little",
    meaning="The success schema is missing, empty, or has neither required nor closed objects.",
    why="An app that returns `{}` for everything would pass.",
    remedy="List `required` properties in the success schema, or set `strict-responses = true`; "
    "`connector-harness lint --suggest-schemas` proposes schemas from recorded answers.",
    reference='OpenAPI Specification 2.0, "Schema Object"',
    shown_by=(
        Fault(
            operation="WhoAmI",
            definition={
                "/definitions/Person/required": REMOVED,
                "/definitions/Person/additionalProperties": REMOVED,
            },
        ),
    ),
)
POLICY = Rule(
    id="contract.policy",
    severity="note",
    title="A policy makes the platform's call or answer differ from what was tested",
    meaning="apiProperties.json changes host, headers, query, path or body of this operation's "
    "calls.",
    why="The harness calls the function app directly, as the definition says.",
    remedy="Keep in mind that the platform's call differs here; test such operations by hand as "
    "well.",
    reference='Microsoft Learn, "Policy templates for custom connectors"',
    shown_by=(
        Fault(
            operation="WhoAmI",
            properties={
                "/properties/policyTemplateInstances": [
                    {
                        "templateId": "setheader",
                        "title": "Set a header",
                        "parameters": {
                            "x-ms-apimTemplateParameter.name": "X-Region",
                            "x-ms-apimTemplateParameter.value": "@connectionParameters('region')",
                            "x-ms-apimTemplateParameter.existsAction": "override",
                            "x-ms-apimTemplate-policySection": "Request",
                        },
                    }
                ]
            },
        ),
    ),
)

NOT_OURS_TO_SKIP = frozenset({"policy", "script", "connection"})
"""What keeps an operation from being called although it applies: the check proves nothing."""

_ASIDE = (
    "contract/learn",
    "contract/create",
    "contract/clean-up",
    "contract/neighbour",
    "contract/page",
    "contract/deleted",
)
_HINTS = ("login.", "login-", "/.auth/login", "oauth2")


def judge_contract(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> Judgement:
    """Everything in which an operation's answers differ from its definition.

    One finding per cause, each with the smallest request that shows it (`data["curl"]`,
    `data["request"]`). Unverified without a success answer, unless a finding says why.
    """
    notes = tuple(_notes(context, operation))
    left_out = [e for e in contract_exclusions(context, operation) if e.whole]
    own = [e for e in exchanges if e.probe.purpose not in _ASIDE]
    if left_out and not own:
        reasons = "; ".join(e.reason for e in left_out)
        if any(e.kind in NOT_OURS_TO_SKIP for e in left_out):
            return Judgement(notes, unverified=reasons)
        return Judgement(notes, skipped=reasons)
    found = findings_of(context, operation, _sightings(context, operation, exchanges, own))
    findings = (*found, *notes)
    explained = any(finding.severity == "error" for finding in found)
    valid = [e for e in own if e.probe.meta.get("mode") == "positive"]
    succeeded = any(is_success(e) or _is_documented_redirect(operation, e) for e in valid)
    if explained:
        return Judgement(findings)
    if succeeded:
        return Judgement(findings, unverified=mostly_silent(own))
    return Judgement(findings, unverified=_why(operation, exchanges, own))


def _sightings(
    context: RunContext,
    operation: Operation,
    exchanges: Sequence[Exchange],
    own: Sequence[Exchange],
) -> Iterator[Observation]:
    """What the exchanges show; only warnings where the definition is inferred from saved calls."""
    found = _all_sightings(context, operation, exchanges, own)
    if context.connector.kind != "postman":
        yield from found
        return
    yield from of_inference(found)
    yield from missing_keys(operation, own)


def _all_sightings(
    context: RunContext,
    operation: Operation,
    exchanges: Sequence[Exchange],
    own: Sequence[Exchange],
) -> Iterator[Observation]:
    connector = context.connector
    judge = judge_of(connector, strict=context.settings.contract.strict_responses)
    yield from presence_sightings(operation, exchanges)
    absent = is_absent(own)
    for exchange in own:
        # What answers in the place of an operation that is gone has no contract to keep.
        if _is_turned_away(exchange) or (absent and exchange.status in GONE_STATUSES):
            continue
        seen = as_flow_gets(context, operation, exchange)
        for sighting in answer_sightings(connector, judge, operation, seen or exchange):
            if seen is not None or sighting.rule not in (BODY, NULL):
                yield sighting
    yield from header_sightings(judge, operation, own)
    yield from input_sightings(connector, operation, own)
    yield from asked_sightings(operation, own)
    yield from internals_sightings(own)
    yield from following_sightings(context, operation, exchanges)


def _is_turned_away(exchange: Exchange) -> bool:
    """Whether the sign-in in front of the app refused the call (a redirect to sign in)."""
    response = exchange.response
    if response is None or not 300 <= response.status < 400:
        return False
    target = (response.header("location") or "").partition("?")[0]
    return any(hint in target for hint in _HINTS)


def _is_documented_redirect(operation: Operation, exchange: Exchange) -> bool:
    status = exchange.status
    return status is not None and 300 <= status < 400 and str(status) in operation.responses


def _why(operation: Operation, exchanges: Sequence[Exchange], own: Sequence[Exchange]) -> str:
    """Why no success answer came, and what to do about it."""
    valid = [e for e in own if e.probe.meta.get("mode") == "positive"]
    if not valid:
        created = [e for e in exchanges if e.probe.purpose == "contract/create"]
        if created:
            got = created[0].status or created[0].reason
            maker = created[0].probe.meta.get("of", "its creator")
            return f"no object to work on: {maker} answered {got}"
        return "nothing was sent"
    reasons = [e.reason for e in valid if e.response is None and e.reason]
    statuses = sorted({e.status for e in valid if e.status is not None})
    if any(_is_turned_away(e) for e in valid) or (statuses and set(statuses) <= {401, 403}):
        if valid[0].probe.caller.kind == "anonymous":
            return "nobody is signed in: add [users.NAME] to the settings"
        return f"the token was refused ({', '.join(map(str, statuses))}): see the tokens suite"
    if not statuses:
        return f"no answer: {reasons[0] if reasons else 'unknown reason'}"
    if is_absent(own):
        table = f"[operations.{operation.id}] parameters"
        return f"no object with the id that was sent (404); give a real one under {table}"
    if all(front_end(status) or status == 429 for status in statuses):
        return f"the platform's front end answered {', '.join(map(str, statuses))} throughout"
    hint = f"give values that the app takes under [operations.{operation.id}]"
    return f"no success answer; came: {', '.join(map(str, statuses))}; {hint}"


def _notes(context: RunContext, operation: Operation) -> Iterator[Finding]:
    connector = context.connector
    place = connector.place(operation.pointer)
    measured = strength(connector, operation)
    if measured.is_weak and not context.settings.contract.strict_responses:
        yield STRENGTH.finding(
            f"The contract is weak: {measured.sentence}",
            operation=operation.id,
            expected="required properties in the success schema",
            observed=measured.sentence,
            place=place,
            data={"strength": measured.to_plain()},
        )
    for policy in policies_for(connector, operation):
        template, section, target = policy.template, policy.section, policy.text("name")
        yield POLICY.finding(
            f"The policy {template} applies: {policy.title}",
            operation=operation.id,
            expected="the call as the definition says",
            observed=" ".join(part for part in (template, section, target) if part),
            place=place,
            data={"template": template, "section": section},
        )
