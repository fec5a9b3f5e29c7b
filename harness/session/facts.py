"""What suites need beside probes and rules: facts of the run, and judgements without a call.

Facts (users' claims, TLS, whether the registration works) are found out once and live; a recording
keeps them with the exchanges, so that a replay judges by what was true then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.connector.auth_settings import read_auth_settings
from harness.errors import HarnessError, SignInError
from harness.findings.model import Finding, Judgement
from harness.session.check import Check, Run
from harness.session.outcomes import CheckUnverified

if TYPE_CHECKING:
    from harness.callers.token import Token
    from harness.suites.definition.judgement import DefinitionFacts
    from harness.suites.tokens.plan import GenuineTokens
    from harness.traffic.tls import TlsFacts

__all__ = [
    "claims_of_users",
    "compat_judgement",
    "connection_of_default_user",
    "definition_judgement",
    "fitness_judgement",
    "ingredients_of",
    "registration_judgement",
    "skips_of",
    "tls_facts",
    "token_of_user",
]


def claims_of_users(check: Check) -> dict[str, Mapping[str, Any]]:
    """The access-token claims of every configured user; signs them in where that is still to do.

    Raises:
        CheckUnverified: one of them cannot be signed in.
    """
    recorded = check.recorded_facts().get("claims")
    if recorded is not None:
        return dict(recorded)
    claims: dict[str, Mapping[str, Any]] = {}
    for name in check.run.settings.users:
        try:
            token = check.run.coordinator.token(name)
            claims[name] = token["claims"]
            check.run.memory.setdefault("skews", {})[name] = token.get("clock_skew", 0.0)
        except SignInError as error:
            check.note_sign_in(error)
            raise CheckUnverified(str(error)) from None
        except HarnessError as error:
            raise CheckUnverified(str(error)) from None
    check.facts["claims"] = claims
    return claims


def token_of_user(run: Run, user: str, check: Check | None) -> Token:
    """A user's token for a test of their own; from the recorded claims in a replay.

    Raises:
        CheckUnverified: there is no recording, or the user cannot be signed in.
    """
    from harness.callers.token import Token

    if check is not None and check.is_replay:
        claims = check.recorded_facts().get("claims", {}).get(user)
        if claims is None:
            raise CheckUnverified(f"the claims of {user} were not recorded for {check.node_id}")
        plain = {"value": "", "claims": claims, "expires_at": float(claims.get("exp", 0))}
        return Token.from_plain(user, plain)
    try:
        plain = run.coordinator.token(user)
    except HarnessError as error:
        raise CheckUnverified(str(error)) from None
    if check is not None:
        check.facts.setdefault("claims", {})[user] = plain["claims"]
    return Token.from_plain(user, plain)


def tls_facts(check: Check) -> TlsFacts | None:
    """What handshakes with the app show; from the recording in a replay."""
    from harness.traffic.tls import TlsFacts, fetch_tls_facts

    settings = check.run.settings
    if check.is_replay:
        recorded = check.recorded_facts().get("tls")
        return None if recorded is None else TlsFacts.from_plain(recorded)
    facts = fetch_tls_facts(settings.target_url, ca_bundle=settings.entra.ca_bundle)
    if facts is not None:
        check.facts["tls"] = facts.to_plain()
    return facts


def ingredients_of(check: Check) -> GenuineTokens:
    """What hostile tokens are made of; in a replay only what judging and matching need.

    Raises:
        CheckUnverified: the default user cannot be signed in, or no user is configured.
    """
    from harness.settings.secret import Secret
    from harness.suites.tokens.plan import GenuineTokens

    if check.is_replay:
        return GenuineTokens.from_recording(check.recorded_facts().get("genuine", {}))
    try:
        matter = check.run.coordinator.genuine_tokens()
    except SignInError as error:
        check.note_sign_in(error)
        raise CheckUnverified(str(error)) from None
    except HarnessError as error:
        raise CheckUnverified(str(error)) from None
    tokens: dict[str, Any] = {
        name: None if matter.get(name) is None else Secret(matter[name])
        for name in ("id_token", "app_only", "other_api", "yesterday", "outsider")
    }
    genuine = GenuineTokens(
        matter["user"],
        Secret(matter["value"]),
        matter["header"],
        matter["claims"],
        jwks=matter.get("jwks"),
        reasons=matter["reasons"],
        **tokens,
    )
    check.facts["genuine"] = genuine.to_recording()
    return genuine


def connection_of_default_user(check: Check) -> dict[str, str]:
    """The default user's connection values, to make wrong keys of; {} in a replay.

    Raises:
        CheckUnverified: a value cannot be had.
    """
    user = check.run.settings.default_user
    if check.is_replay or user is None:
        return {}
    coordinator = check.run.coordinator
    try:
        values = coordinator.connection(user)
        token = coordinator.bearer(user, "user")
        return {**values, "token": token} if token else values
    except HarnessError as error:
        raise CheckUnverified(str(error)) from None


def skips_of(check: Check, genuine: GenuineTokens) -> dict[str, str]:
    """Kinds of hostile tokens that were not to be had, each with the reason."""
    from harness.suites.tokens.plan import token_skips

    recorded = check.recorded_facts().get("token_skips")
    if recorded is not None:
        return dict(recorded)
    skips = token_skips(genuine)
    check.facts["token_skips"] = skips
    return skips


def fitness_judgement(check: Check) -> Judgement:
    """Whether each user's token fits audience, issuer, scope and client before any call."""
    from harness.suites.tokens.sign_in import judge_user_tokens

    if not check.run.settings.users:
        return Judgement(unverified="no user is configured: add [users.NAME] to the settings")
    claims = claims_of_users(check)
    return judge_user_tokens(check.context, claims, skews=clock_skews(check.run))


def clock_skews(run: Run) -> dict[str, float]:
    """By user, how many seconds our clock is behind the server's (negative: ahead).

    As the authority told with the token, else as the app's `Date` header shows it.
    """
    traffic = [getattr(sender, "traffic", None) for sender in run.senders.values()]
    shown = next((skew for t in traffic if (skew := getattr(t, "skew_s", 0.0))), 0.0)
    told: dict[str, float] = run.memory.get("skews", {})
    return {name: told.get(name) or shown for name in run.settings.users}


def registration_judgement(check: Check) -> Judgement:
    """Whether the connector's own registration works: secret, consent, redirect URL."""
    from harness.callers.registration_facts import CheckedRegistration
    from harness.suites.tokens.sign_in import judge_registration

    if check.is_replay:
        recorded = check.recorded_facts().get("registration")
        if recorded is None:
            return Judgement(skipped="not recorded: the registration is checked live only")
        return judge_registration(CheckedRegistration.from_plain(recorded))
    try:
        plain = check.run.coordinator.registration()
    except HarnessError as error:
        return Judgement(unverified=str(error))
    check.facts["registration"] = plain
    return judge_registration(CheckedRegistration.from_plain(plain))


def definition_judgement(check: Check, operation_id: str | None) -> Judgement:
    """The definition family's findings of one operation, or of the files as a whole (None)."""
    found = [f for f in _definition_findings(check) if f.operation == operation_id]
    return Judgement(tuple(found))


def _definition_findings(check: Check) -> list[Finding]:
    """All findings of the files; made once per process."""
    from harness.suites.definition.judgement import check_definition

    memory = check.run.memory
    if "definition" not in memory:
        facts = definition_facts(check)
        findings = check_definition(check.run.connector, facts)
        path = check.run.settings.easy_auth
        if path is not None:
            from harness.suites.definition.easy_auth import check_easy_auth

            findings += check_easy_auth(
                read_auth_settings(path),
                check.run.connector,
                facts,
                public=check.run.settings.anonymous.public,
                source=path,
            )
        known = {operation.id for operation in check.run.operations()}
        memory["definition"] = [f for f in findings if f.operation in known or not f.operation]
    return list(memory["definition"])


def definition_facts(check: Check) -> DefinitionFacts:
    """What the settings know that the files should agree with."""
    from harness.suites.definition.judgement import DefinitionFacts

    settings = check.run.settings
    return DefinitionFacts(
        target_url=None if settings.is_demo else settings.target_url,
        other_targets=tuple(settings.targets.values()),
        scope=settings.entra.scope,
        tenant_id=settings.entra.tenant_id,
        client_id=settings.entra.connector_client_id or settings.entra.client_id,
        api_client_id=settings.entra.api_client_id,
        certification=settings.certification,
        agent=settings.agent,
        levels=settings.levels,
    )


def compat_judgement(check: Check) -> Judgement:
    """Every change against the deployed connector that breaks existing flows and apps."""
    from harness.suites.compat.judgement import compare

    baseline = check.run.baseline
    if baseline is None:
        return Judgement(skipped="a new connector: the baseline has none at this path")
    return Judgement(tuple(compare(baseline, check.run.connector)))
