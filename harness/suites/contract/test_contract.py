"""No drift between the connector's definition and the live function app."""

from __future__ import annotations

import contextlib

import pytest

from harness.connector.model import Operation
from harness.errors import HarnessError
from harness.exchanges.context import Plan
from harness.exchanges.model import Probe
from harness.inputs.left_behind import left_behind
from harness.session.check import Check
from harness.session.outcomes import CheckSkipped, CheckUnverified
from harness.suites.contract.inventory import inventory_of, inventory_probe, read_inventory
from harness.suites.contract.inventory_judgement import judge_inventory
from harness.suites.contract.judgement import judge_contract
from harness.suites.contract.plan import contract_plan, prepare_contract
from harness.traffic.prefetch import PrefetchingSender

AHEAD = 6
"""How many operations may be under way beside the one that is judged."""

pytestmark = [pytest.mark.contract, pytest.mark.quick]


def test_matches_definition(
    operation: Operation, connector_check: Check, request: pytest.FixtureRequest
) -> None:
    """Every answer of an operation is one that its definition promises."""
    send_ahead(connector_check, operation, request)
    exchanges = connector_check.perform(plan_of(connector_check, operation))
    connector_check.run.memory.get("cases", {}).pop(operation.id, None)
    context = connector_check.context
    connector_check.notes.extend(left_behind(context, exchanges))
    connector_check.conclude(judge_contract(context, operation, exchanges))


def plan_of(check: Check, operation: Operation) -> Plan:
    """The probes of one operation; the app's own routes help to find one that moved."""
    run = check.run
    learn_routes(check)
    return contract_plan(check.context, operation, cache_dir=run.cache_dir, memory=run.memory)


def learn_routes(check: Check) -> None:
    """Keep the routes of an inventory that is a file or a folder, once per process."""
    settings, memory = check.run.settings, check.run.memory
    inventory = settings.contract.inventory
    if "routes" in memory or inventory is None or "://" in inventory:
        return
    memory["routes"] = ()
    # An unreadable inventory is the inventory check's own matter.
    with contextlib.suppress(HarnessError):
        memory["routes"] = read_inventory(settings.root / inventory).pairs()


def send_ahead(check: Check, operation: Operation, request: pytest.FixtureRequest) -> None:
    """Begin with the operations whose turn comes next, where this process knows which they are.

    An xdist worker does not; a replay sends nothing; a recording keeps to the order of the checks,
    so that ids which the app counts up are the same each time.
    """
    run = check.run
    if run.settings.cassettes_mode != "off" or run.worker:
        return
    sender = run.make_sender(run, "contract", operation.id)
    if not isinstance(sender, PrefetchingSender):
        return
    plans: dict[str, Plan] = {}
    for each in next_operations(check, request.node):
        if not sender.has_begun(each.id):
            prepare_contract(check.context, each, cache_dir=run.cache_dir, memory=run.memory)
        plans[each.id] = plan_of(check, each)
    sender.look_ahead(operation.id, plans)


def next_operations(check: Check, item: pytest.Item) -> list[Operation]:
    """The operations of the next items of this very test, of the same connector."""
    items = item.session.items
    place = items.index(item)
    name = getattr(item, "originalname", None)
    following = [
        other.callspec.params.get("operation")
        for other in items[place + 1 : place + 1 + AHEAD]
        if getattr(other, "originalname", None) == name
        and other.parent is item.parent
        and hasattr(other, "callspec")
    ]
    return [check.run.connector.operation(each) for each in following if isinstance(each, str)]


def test_inventory(connector_check: Check) -> None:
    """The app's own list of routes and the definition name the same operations."""
    context = connector_check.context
    if context.settings.contract.inventory is None:
        raise CheckSkipped("no list of routes is given: [contract] inventory = URL or file")
    probe = inventory_probe(context)
    exchanges = connector_check.perform(one(probe))
    try:
        inventory = inventory_of(context, exchanges[0] if exchanges else None)
    except HarnessError as error:
        raise CheckUnverified(str(error)) from None
    connector_check.conclude(judge_inventory(context.connector, inventory))


def one(probe: Probe | None) -> Plan:
    """A plan of a single probe, or of none."""
    if probe is not None:
        yield [probe]
