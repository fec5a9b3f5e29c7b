"""Calls without a token are refused, by every operation, and the app's other doors are shut."""

from __future__ import annotations

import pytest

from harness.connector.model import Operation
from harness.session.check import Check
from harness.session.facts import tls_facts
from harness.suites.anonymous.judgement import judge_anonymous
from harness.suites.anonymous.plan import anonymous_plan, app_plan
from harness.suites.anonymous.target import judge_target

pytestmark = [pytest.mark.anonymous, pytest.mark.quick]


def test_call_is_refused(operation: Operation, connector_check: Check) -> None:
    """An anonymous call is refused as the settings expect, whatever trick it tries."""
    context = connector_check.context
    exchanges = connector_check.perform(anonymous_plan(context, operation))
    connector_check.conclude(judge_anonymous(context, operation, exchanges))


def test_app_is_shut(connector_check: Check) -> None:
    """Plain http, admin endpoints, the deployment site and CORS leave no way in."""
    context = connector_check.context
    exchanges = connector_check.perform(app_plan(context))
    connector_check.conclude(judge_target(context, exchanges, tls_facts(connector_check)))
