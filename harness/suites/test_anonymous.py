"""Calls without a token are refused, by every operation, and the app's other doors are shut."""

from __future__ import annotations

import pytest

from harness.checks import tls_facts
from harness.connector.model import Operation
from harness.probes.anonymous import anonymous_plan, app_plan
from harness.rules.anonymous import judge_anonymous
from harness.rules.target import judge_target
from harness.run import Check

pytestmark = [pytest.mark.anonymous, pytest.mark.quick]


def test_call_is_refused(operation: Operation, connector_check: Check) -> None:
    """An anonymous call is refused as the settings expect, whatever trick it tries."""
    situation = connector_check.situation
    exchanges = connector_check.perform(anonymous_plan(situation, operation))
    connector_check.conclude(judge_anonymous(situation, operation, exchanges))


def test_app_is_shut(connector_check: Check) -> None:
    """Plain http, admin endpoints, the deployment site and CORS leave no way in."""
    situation = connector_check.situation
    exchanges = connector_check.perform(app_plan(situation))
    connector_check.conclude(judge_target(situation, exchanges, tls_facts(connector_check)))
