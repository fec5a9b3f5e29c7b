"""No drift between the connector's definition and the live function app."""

from __future__ import annotations

import pytest

from harness.connector.model import Operation
from harness.outcomes import CheckSkipped
from harness.probes.contract import contract_plan
from harness.probes.inventory import inventory_of, inventory_probe
from harness.rules.contract import judge_contract
from harness.rules.contract_inventory import judge_inventory
from harness.run import Check
from harness.situation import Plan
from harness.traffic.exchange import Probe

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


def test_inventory(connector_check: Check) -> None:
    """The app's own list of routes and the definition name the same operations."""
    situation = connector_check.situation
    if situation.settings.contract.inventory is None:
        raise CheckSkipped("no list of routes is given: [contract] inventory = URL or file")
    probe = inventory_probe(situation)
    exchanges = connector_check.perform(one(probe))
    inventory = inventory_of(situation, exchanges[0] if exchanges else None)
    connector_check.conclude(judge_inventory(situation.connector, inventory))


def one(probe: Probe | None) -> Plan:
    """A plan of a single probe, or of none."""
    if probe is not None:
        yield [probe]
