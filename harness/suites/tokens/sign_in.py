"""Judging sign-ins: failed ones, tokens that do not fit the app, the connector's registration."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.callers.choosing import is_confidential
from harness.callers.registration_facts import CheckedRegistration, RegistrationCheck
from harness.connector.properties import expected_scope, is_placeholder
from harness.connector.reading import read_object
from harness.errors import DefinitionError, SignInError
from harness.exchanges.context import RunContext
from harness.findings.model import Finding, Judgement
from harness.suites.tokens.fitness import Expectations, Unfit, token_fitness
from harness.suites.tokens.sign_in_rules import BY_ID, RULES

__all__ = [
    "RULES",
    "expectations_of",
    "finding_for",
    "judge_fitness",
    "judge_registration",
    "judge_user_tokens",
]

PART_RULES = {
    "secret": "sign-in.connector-secret",
    "consent": "sign-in.connector-consent",
    "redirect": "sign-in.connector-redirect",
}


def finding_for(error: SignInError) -> Finding:
    """The finding of a failed sign-in; a warning, since the check itself is unverified."""
    rule = BY_ID.get(error.rule, BY_ID["sign-in.failed"])
    data: dict[str, Any] = {}
    if error.code is not None:
        data["code"] = f"AADSTS{error.code}"
    if error.correlation_id:
        data["correlation_id"] = error.correlation_id
    return rule.finding(
        str(error).splitlines()[0],
        caller=error.user or None,
        expected="a token",
        observed=data.get("code", "no token"),
        remedy=error.remedy,
        data=data,
    )


def judge_user_tokens(
    context: RunContext, claims: Mapping[str, Mapping[str, Any]], now: float | None = None
) -> Judgement:
    """Whether each user's token fits what the app expects, one finding per cause for the run."""
    expected = expectations_of(context)
    moment = time.time() if now is None else now
    is_replay = context.settings.cassettes_mode == "replay"
    misfits = {
        user: token_fitness(held, expected, float(held.get("iat") or 0) if is_replay else moment)
        for user, held in claims.items()
    }
    return Judgement((*judge_fitness(misfits), *_separate_client(context)))


def judge_fitness(misfits: Mapping[str, Sequence[Unfit]]) -> list[Finding]:
    """One finding for each misfit, however many users' tokens have it."""
    users: dict[Unfit, list[str]] = {}
    for user, found in misfits.items():
        for unfit in found:
            users.setdefault(unfit, []).append(user)
    return [_misfit(unfit, who) for unfit, who in users.items()]


def _misfit(unfit: Unfit, users: Sequence[str]) -> Finding:
    whose = " and ".join(users)
    return BY_ID["sign-in.token-unfit"].finding(
        f"The token of {whose} does not fit ({unfit.claim}): {unfit.says}",
        caller=users[0] if len(users) == 1 else None,
        expected=unfit.expected,
        observed=unfit.observed,
        remedy=unfit.remedy,
        severity="error" if unfit.certain else "warning",
        data={"claim": unfit.claim, "users": list(users)},
    )


def expectations_of(context: RunContext) -> Expectations:
    """What settings, properties and the app's own authentication settings expect of a token."""
    entra, properties = context.settings.entra, context.connector.properties
    resource = None if properties is None else properties.resource_uri
    scope = entra.scope or (None if properties is None else expected_scope(properties))
    audiences, clients, version = _easy_auth(context)
    return Expectations(
        tenant_id=entra.tenant_id,
        client_id=entra.client_id,
        connector_client_id=_connector_client(context),
        api_client_id=entra.api_client_id,
        scope=scope,
        resource_uri=None if resource is None or is_placeholder(resource) else resource,
        audiences=audiences,
        clients=clients,
        version=version,
    )


def judge_registration(checked: CheckedRegistration) -> Judgement:
    """What is broken in the connector's registration; unverified where it could not be told."""
    findings = [_broken(part) for part in checked.parts if part.state == "broken"]
    findings += [_remark(rule, user, text) for rule, user, text in checked.remarks]
    unknown = [f"{p.name}: {p.says}" for p in checked.parts if p.state == "unknown"]
    skipped = [f"{p.name}: {p.says}" for p in checked.parts if p.state == "skipped"]
    nothing_done = len(skipped) == len(checked.parts)
    return Judgement(
        tuple(findings),
        unverified="; ".join(unknown) or None,
        skipped="; ".join(skipped) if nothing_done else None,
    )


def _broken(part: RegistrationCheck) -> Finding:
    rule = BY_ID[PART_RULES[part.name]]
    data = {"correlation_id": part.correlation_id} if part.correlation_id else {}
    return rule.finding(
        f"{rule.title}: {part.subject}",
        caller="app" if part.name == "secret" else None,
        expected={"redirect": "a redirect back to the URL"}.get(part.name, "it is accepted"),
        observed=f"AADSTS{part.code}: {part.says}" if part.code else part.says,
        data=data,
    )


def _remark(rule: str, user: str, text: str) -> Finding:
    return BY_ID[rule].finding(text, caller=user or None, observed=text)


def _connector_client(context: RunContext) -> str | None:
    entra, properties = context.settings.entra, context.connector.properties
    named = None if properties is None else properties.client_id
    return entra.connector_client_id or (named if named and not is_placeholder(named) else None)


def _separate_client(context: RunContext) -> Iterator[Finding]:
    """A note on what another client than the connector's cannot prove."""
    entra, connector = context.settings.entra, _connector_client(context)
    if not connector or not entra.client_id or connector.lower() == entra.client_id.lower():
        return
    kind = "a confidential" if is_confidential(entra) else "a public"
    yield BY_ID["sign-in.separate-client"].finding(
        f"Users sign in with {kind} test client, not with the connector's registration: consent, "
        "appid/azp and the allow-list are proved for the test client alone",
        expected=connector,
        observed=entra.client_id,
    )


def _easy_auth(
    context: RunContext,
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None, int | None]:
    """Audiences, allowed clients and token version of the app's `authsettingsV2`, where given."""
    path = context.settings.easy_auth
    if path is None:
        return None, None, None
    try:
        document = read_object(path, "the app's authentication settings").data
    except DefinitionError:
        # The start of the run refuses an unreadable file; here nothing more is known.
        return None, None, None
    provider = _at(
        document.get("properties", document), "identityProviders", "azureActiveDirectory"
    )
    registration, validation = _at(provider, "registration"), _at(provider, "validation")
    own = [text for text in [registration.get("clientId")] if isinstance(text, str)]
    audiences = validation.get("allowedAudiences")
    more = [str(text) for text in audiences] if isinstance(audiences, list) else []
    issuer = str(registration.get("openIdIssuer") or "")
    allowed = _at(validation, "defaultAuthorizationPolicy").get("allowedApplications")
    return (
        (*own, *more) if own or more else None,
        tuple(map(str, allowed)) if isinstance(allowed, list) else None,
        None if not issuer else 2 if issuer.rstrip("/").endswith("/v2.0") else 1,
    )


def _at(node: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}
