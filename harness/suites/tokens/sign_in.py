"""Judging sign-ins: failed ones, tokens that do not fit the app, the connector's registration."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.callers.choosing import is_confidential
from harness.callers.registration_facts import CheckedRegistration, RegistrationCheck
from harness.connector.auth_settings import AuthSettings, read_auth_settings, token_version
from harness.connector.properties import expected_scope, is_placeholder
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.findings.examples import TenantAnswer
from harness.findings.model import Finding, Judgement, Rule
from harness.suites.tokens.fitness import Expectations, Unfit, token_fitness
from harness.suites.tokens.sign_in_failures import CLOCK

__all__ = [
    "expectations_of",
    "judge_fitness",
    "judge_registration",
    "judge_user_tokens",
]

CODES = "Microsoft Entra authentication and authorization error codes"
CLAIMS = "Microsoft identity platform: Access token claims reference"
BROKEN = "The connector itself cannot get tokens: its connections fail for every user."

CACHE_AGEING = Rule(
    id="sign-in.cache-ageing",
    severity="warning",
    title="The handed-in sign-in is about to age out",
    meaning="A refresh token of CONNECTOR_HARNESS_TOKEN_CACHE nears its 90 days.",
    why="The nightly run will stop signing in without anything having changed.",
    remedy="Run `connector-harness login --export FILE` and renew the secret.",
    reference="Microsoft identity platform: Refresh tokens",
    shown_by=(TenantAnswer(situation="cached sign-in of 85 days"),),
)
SEPARATE_CLIENT = Rule(
    id="sign-in.separate-client",
    severity="note",
    title="Users sign in with another client than the connector's",
    meaning="client-id is a test client; connector-client-id names the connector's registration.",
    why="Consent, appid/azp and the app's allow-list are then met as the test client meets "
    "them, not as the connector will.",
    remedy="Where it is allowed, sign in with the connector's own registration (client-secret "
    "and password users), or read this suite's registration check next to it.",
    reference=CLAIMS,
    shown_by=(
        TenantAnswer(
            claims={"azp": "99999999-0000-4000-8000-000000000000"}, situation="test client"
        ),
    ),
)
TOKEN_UNFIT = Rule(
    id="sign-in.token-unfit",
    severity="error",
    title="The users' token does not fit the app",
    meaning="Audience, issuer, tenant, scope, client or lifetime of the token are not what the "
    "app expects; as a warning where that is not certain.",
    why="Every call of the connector would be refused, or run as nobody.",
    remedy="Compare the token's claims (`connector-harness token USER`) with the app's identity "
    "provider and the API's registration.",
    reference=CLAIMS,
    shown_by=(TenantAnswer(claims={"aud": "api://another"}),),
)
CONNECTOR_SECRET = Rule(
    id="sign-in.connector-secret",
    severity="error",
    title="The connector's client secret does not work",
    meaning="The authority refuses the secret of the connector's registration.",
    why=BROKEN,
    remedy="Make a new secret and save it in the connector; connections must then be renewed.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "invalid_client", "AADSTS7000215: Invalid client secret provided.", about="secret"
        ),
    ),
)
CONNECTOR_CONSENT = Rule(
    id="sign-in.connector-consent",
    severity="error",
    title="Consent for the connector is missing",
    meaning="Nobody has consented that the connector's registration may call the API for its "
    "users.",
    why=BROKEN,
    remedy="Grant admin consent to the connector's registration.",
    reference="Microsoft identity platform: Scopes, permissions, and consent",
    shown_by=(
        TenantAnswer(
            "invalid_grant",
            "AADSTS65001: The user or administrator has not consented.",
            about="consent",
        ),
    ),
)
CONNECTOR_REDIRECT = Rule(
    id="sign-in.connector-redirect",
    severity="error",
    title="The connector's redirect URL is not registered",
    meaning="The authority does not know the redirect URL of the connector's connections (50011).",
    why="Nobody can create a connection: the sign-in window shows an error.",
    remedy="Add the URL to the connector's registration: Authentication, platform Web.",
    reference="Microsoft: Create a custom connector with Microsoft Entra ID authentication",
    shown_by=(
        TenantAnswer(
            "invalid_request", "AADSTS50011: The redirect URI does not match.", about="redirect"
        ),
    ),
)

PART_RULES = {
    "secret": CONNECTOR_SECRET,
    "consent": CONNECTOR_CONSENT,
    "redirect": CONNECTOR_REDIRECT,
}
REMARKS = {rule.id: rule for rule in (CACHE_AGEING, CLOCK)}


def judge_user_tokens(
    context: RunContext,
    claims: Mapping[str, Mapping[str, Any]],
    now: float | None = None,
    skews: Mapping[str, float] | None = None,
) -> Judgement:
    """Whether each user's token fits what the app expects, one finding per cause for the run.

    `skews` says by user how many seconds our clock is behind the server's (negative: ahead): a
    token's time is the server's, and a wrong clock of ours is a finding of its own.
    """
    expected = expectations_of(context)
    moment = time.time() if now is None else now
    is_replay = context.settings.cassettes_mode == "replay"
    misfits = {
        user: token_fitness(
            held,
            expected,
            _issued(held) if is_replay else moment + (skews or {}).get(user, 0.0),
            is_app=context.settings.signs_in_as_app(user),
        )
        for user, held in claims.items()
    }
    return Judgement((*judge_fitness(misfits), *_separate_client(context)))


def _issued(claims: Mapping[str, Any]) -> float:
    issued = claims.get("iat")
    return float(issued) if isinstance(issued, int | float) else 0.0


def judge_fitness(misfits: Mapping[str, Sequence[Unfit]]) -> list[Finding]:
    """One finding for each misfit, however many users' tokens have it."""
    users: dict[Unfit, list[str]] = {}
    for user, found in misfits.items():
        for unfit in found:
            users.setdefault(unfit, []).append(user)
    return [_misfit(unfit, who) for unfit, who in users.items()]


def _misfit(unfit: Unfit, users: Sequence[str]) -> Finding:
    whose = " and ".join(users)
    return TOKEN_UNFIT.finding(
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
    app = _easy_auth(context)
    return Expectations(
        tenant_id=entra.tenant_id,
        client_id=entra.client_id,
        connector_client_id=_connector_client(context),
        api_client_id=entra.api_client_id,
        scope=scope,
        resource_uri=None if resource is None or is_placeholder(resource) else resource,
        audiences=app.accepted_audiences,
        clients=app.clients,
        version=token_version(app.issuer),
        identities=app.identities or None,
        groups=app.groups or None,
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
    rule = PART_RULES[part.name]
    data = {"correlation_id": part.correlation_id} if part.correlation_id else {}
    return rule.finding(
        f"{rule.title}: {part.subject}",
        caller="app" if part.name == "secret" else None,
        expected={"redirect": "a redirect back to the URL"}.get(part.name, "it is accepted"),
        observed=f"AADSTS{part.code}: {part.says}" if part.code else part.says,
        data=data,
    )


def _remark(rule: str, user: str, text: str) -> Finding:
    return REMARKS[rule].finding(text, caller=user or None, observed=text)


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
    yield SEPARATE_CLIENT.finding(
        f"Users sign in with {kind} test client, not with the connector's registration: consent, "
        "appid/azp and the allow-list are proved for the test client alone",
        expected=connector,
        observed=entra.client_id,
    )


def _easy_auth(context: RunContext) -> AuthSettings:
    """The app's own authentication settings, where they were given and can be read."""
    path = context.settings.easy_auth
    if path is None:
        return AuthSettings()
    try:
        return read_auth_settings(path)
    except SettingsError:
        # The preflight and the definition suite report it; here nothing more is known.
        return AuthSettings()
