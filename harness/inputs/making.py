"""Making an object to work on, so that nothing of anybody else's is changed or deleted."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import Caller, Exchange, Probe
from harness.inputs.labels import distinct
from harness.inputs.learning import learn, listing_of
from harness.inputs.own_ids import OwnIds, made_by_this_run
from harness.inputs.permission import BASIS, creation_basis, usable_creator
from harness.inputs.related_operations import deleter_of, path_parameters
from harness.inputs.requests import NO_BODY, build_request
from harness.inputs.values import example_values

__all__ = ["creation", "creator_beside", "look_before"]

Making = Generator[list[Probe], list[Exchange], Any]
"""Yields batches of probes, is sent their exchanges, and returns the new object's id, or None."""


def creation(
    context: RunContext,
    operation: Operation,
    creator: Operation,
    caller: Caller,
    *,
    suite: str = "contract",
    label: str | None = None,
    key: str = "create-1",
) -> Making:
    """Make an object for an operation to work on; its id, or None where none of ours came of it.

    The list of such objects is read first: what stands there is not this run's, whatever id the
    creation is answered with.
    """
    best = example_values(context, creator)
    inputs = yield from learn(context, creator, best, caller, suite=suite)
    yield from look_before(context, operation, creator, caller, suite=suite)
    label = label or operation.id
    basis = creation_basis(context, creator)
    inputs = distinct(context.connector, creator, inputs, label)
    if basis == "create":
        inputs = OwnIds(context, creator, label).of(inputs)
    body = inputs.body if inputs.has_body else NO_BODY
    request = build_request(context, creator, inputs.parameters, body)
    # The probe belongs to the operation under test; `of` is the one that is called.
    meta = {"of": creator.id, BASIS: basis}
    purpose = f"{suite}/create"
    answers = yield [Probe(key, operation.id, caller, request, purpose, meta, repeatable=False)]
    return made_by_this_run(context, creator, answers[0]) if answers else None


def creator_beside(context: RunContext, operation: Operation) -> Operation | None:
    """The operation by which this run may make, and remove again, what a list holds; or None."""
    path = operation.path.rstrip("/").lower()
    for each in context.connector.operations:
        if each.method != "POST" or each.path.rstrip("/").lower() != path:
            continue
        remover = deleter_of(context.connector, each)
        if remover is not None and usable_creator(context, remover) is each:
            return each
    return None


def look_before(
    context: RunContext,
    operation: Operation,
    creator: Operation,
    caller: Caller,
    *,
    suite: str = "contract",
) -> Plan:
    """Read the list of what stands there already, where an operation lists it."""
    remover = deleter_of(context.connector, creator)
    if remover is None:
        return
    listing = listing_of(context, remover, path_parameters(remover)[-1], {})
    if listing is None:
        return
    key = f"before-{listing.operation.id}-of-{caller.name}"
    meta = {"of": listing.operation.id, "before": creator.id}
    answers = yield [Probe(key, operation.id, caller, listing.request, f"{suite}/learn", meta)]
    for exchange in answers:
        taken = exchange.response.seconds if exchange.response is not None else 0.0
        answered = exchange.at + taken if exchange.at else 0.0
        context.ledger.saw(creator.id, listing.values_in(exchange), answered)
