"""No drift between the connector's definition and the live function app."""

from __future__ import annotations

import pytest

from harness.connector.model import Operation
from harness.probes.contract import contract_plan
from harness.rules.contract import judge_contract
from harness.run import Check

pytestmark = [pytest.mark.contract, pytest.mark.quick]


def test_matches_definition(operation: Operation, connector_check: Check) -> None:
    """Every answer of an operation is one that its definition promises."""
    situation = connector_check.situation
    plan = contract_plan(
        situation,
        operation,
        cache_dir=connector_check.run.cache_dir,
        memory=connector_check.run.memory,
    )
    exchanges = connector_check.perform(plan)
    connector_check.conclude(judge_contract(situation, operation, exchanges))
