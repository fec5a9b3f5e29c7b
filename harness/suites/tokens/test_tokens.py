"""Users' tokens are fit for the app, and hostile ones are refused by every operation."""

from __future__ import annotations

import pytest

from harness.connector.model import Operation
from harness.inputs.connection import signs_in_by_entra
from harness.session.check import Check
from harness.session.facts import (
    connection_of_default_user,
    fitness_judgement,
    ingredients_of,
    registration_judgement,
    skips_of,
)
from harness.session.outcomes import CheckSkipped
from harness.suites.tokens.judgement import judge_token_skips, judge_tokens
from harness.suites.tokens.keys import judge_key_settings, judge_keys, key_plan
from harness.suites.tokens.plan import token_plan

NO_TOKENS = "the connector signs in by a key or password, not by tokens"

GOOD_TOKEN_READS = (
    "the good token was proved on reading operations, and with GET on the path of those that may "
    "change state: the tokens suite writes nothing with it (docs/safety.md)"
)

pytestmark = [pytest.mark.tokens, pytest.mark.quick]


def test_tokens_are_fit(connector_check: Check) -> None:
    """Each user's token names the audience, issuer, scope and client that the app expects."""
    if not signs_in_by_entra(connector_check.context):
        return connector_check.conclude(judge_key_settings(connector_check.context))
    return connector_check.conclude(fitness_judgement(connector_check))


def test_connector_registration(connector_check: Check) -> None:
    """The connector's secret works, consent is there, its redirect URL is registered."""
    if not signs_in_by_entra(connector_check.context):
        raise CheckSkipped(NO_TOKENS)
    connector_check.conclude(registration_judgement(connector_check))


def test_hostile_tokens_are_refused(operation: Operation, connector_check: Check) -> None:
    """The good token passes; expired, forged and foreign ones do not."""
    context = connector_check.context
    if not signs_in_by_entra(context, operation):
        values = connection_of_default_user(connector_check)
        exchanges = connector_check.perform(key_plan(context, operation, values))
        return connector_check.conclude(judge_keys(context, operation, exchanges))
    genuine = ingredients_of(connector_check)
    exchanges = connector_check.perform(token_plan(context, operation, genuine))
    skips = skips_of(connector_check, genuine)
    if any(e.probe.meta.get("by_path") for e in exchanges):
        connector_check.notes.append(GOOD_TOKEN_READS)
    return connector_check.conclude(judge_tokens(context, operation, exchanges, skips))


def test_tenant_signed_tokens_were_at_hand(connector_check: Check) -> None:
    """Kinds that nobody outside the tenant can sign are named, each with the reason."""
    if not signs_in_by_entra(connector_check.context):
        raise CheckSkipped(NO_TOKENS)
    genuine = ingredients_of(connector_check)
    connector_check.conclude(judge_token_skips(skips_of(connector_check, genuine)))
