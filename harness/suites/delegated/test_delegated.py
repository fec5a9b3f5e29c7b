"""Every call runs as the user who signed in."""

from __future__ import annotations

import pytest

from harness.connector.model import Operation
from harness.inputs.left_behind import left_behind
from harness.session.check import Check
from harness.session.facts import claims_of_users
from harness.suites.delegated.judgement import (
    judge_access,
    judge_bleed,
    judge_identity,
    judge_separation,
)
from harness.suites.delegated.plan import access_plan, bleed_plan, identity_plan, separation_plan

pytestmark = [pytest.mark.delegated]


@pytest.mark.quick
def test_identity(connector_check: Check) -> None:
    """For each user there is a proof of whom the function, or the platform, saw."""
    context = connector_check.context
    exchanges = connector_check.perform(identity_plan(context))
    claims = claims_of_users(connector_check)
    judgement, notes = judge_identity(context, exchanges, claims)
    connector_check.notes.extend(notes)
    connector_check.conclude(judgement)


@pytest.mark.quick
def test_access_table(connector_check: Check) -> None:
    """Every row of the access table holds for every caller."""
    context = connector_check.context
    rows = context.settings.delegated.access
    exchanges = connector_check.perform(access_plan(context)) if rows else []
    connector_check.conclude(judge_access(context, exchanges))


def test_users_are_separated(operation: Operation, connector_check: Check) -> None:
    """No answer to one user carries what belongs to another alone."""
    context = connector_check.context
    exchanges = connector_check.perform(separation_plan(context, operation))
    connector_check.notes.extend(left_behind(context, exchanges))
    claims = claims_of_users(connector_check)
    judgement, notes = judge_separation(context, operation, exchanges, claims)
    connector_check.notes.extend(notes)
    connector_check.conclude(judgement)


def test_answers_do_not_bleed(operation: Operation, connector_check: Check) -> None:
    """Interleaved calls of several users, many at a time: every answer belongs to its caller."""
    context = connector_check.context
    exchanges = connector_check.perform(bleed_plan(context, operation))
    connector_check.conclude(
        judge_bleed(context, operation, exchanges, claims_of_users(connector_check))
    )
