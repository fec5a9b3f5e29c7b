"""Every call runs as the user who signed in."""

from __future__ import annotations

import pytest

from harness.checks import claims_of_users
from harness.connector.model import Operation
from harness.probes.delegated import access_plan, bleed_plan, identity_plan, separation_plan
from harness.rules.delegated import (
    judge_access,
    judge_bleed,
    judge_identity,
    judge_separation,
)
from harness.run import Check

pytestmark = [pytest.mark.delegated]


@pytest.mark.quick
def test_identity(connector_check: Check) -> None:
    """For each user there is a proof of whom the function, or the platform, saw."""
    situation = connector_check.situation
    exchanges = connector_check.perform(identity_plan(situation))
    claims = claims_of_users(connector_check)
    judgement, notes = judge_identity(situation, exchanges, claims)
    connector_check.notes.extend(notes)
    connector_check.conclude(judgement)


@pytest.mark.quick
def test_access_table(connector_check: Check) -> None:
    """Every row of the access table holds for every caller."""
    situation = connector_check.situation
    rows = situation.settings.delegated.access
    exchanges = connector_check.perform(access_plan(situation)) if rows else []
    connector_check.conclude(judge_access(situation, exchanges))


def test_users_are_separated(operation: Operation, connector_check: Check) -> None:
    """No answer to one user carries what belongs to another alone."""
    situation = connector_check.situation
    exchanges = connector_check.perform(separation_plan(situation, operation))
    claims = claims_of_users(connector_check)
    judgement, notes = judge_separation(situation, operation, exchanges, claims)
    connector_check.notes.extend(notes)
    connector_check.conclude(judgement)


def test_answers_do_not_bleed(operation: Operation, connector_check: Check) -> None:
    """Interleaved calls of several users, many at a time: every answer belongs to its caller."""
    situation = connector_check.situation
    exchanges = connector_check.perform(bleed_plan(situation, operation))
    connector_check.conclude(
        judge_bleed(situation, operation, exchanges, claims_of_users(connector_check))
    )
