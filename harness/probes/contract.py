"""The plan that probes one operation for drift between its definition and the live app.

Order: learn real values, create an object to work on where the operation changes one, send the
examples, then what the definition promises and what it forbids; where every example meets 404, ask
the neighbours; at the end remove what was created. Judging is left to `harness.rules.contract`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.connector.model import Operation
from harness.probes.contract_cases import CaseMaker, pinned_inputs
from harness.probes.contract_exclusions import Exclusion, contract_exclusions, planned_writes
from harness.probes.contract_learning import learn
from harness.probes.contract_neighbours import neighbour_probes
from harness.probes.contract_objects import (
    created_id,
    creator_of,
    deleter_of,
    names_objects,
    path_parameters,
)
from harness.probes.example_values import Values, example_values
from harness.probes.generation_cache import cases_of
from harness.probes.requests import NO_BODY, build_request
from harness.situation import Plan, Situation
from harness.traffic.exchange import ANONYMOUS, Caller, Exchange, Probe, user

__all__ = ["Exclusion", "contract_exclusions", "contract_plan", "planned_writes"]

Batch = Generator[list[Probe], list[Exchange], list[Exchange]]
_REFUSED = frozenset({401, 403})
_GONE = frozenset({404, 405, 410})


def contract_plan(
    situation: Situation,
    operation: Operation,
    *,
    cache_dir: Path | None = None,
    memory: dict[str, Any] | None = None,
) -> Plan:
    """The batches of probes for one operation; send back the exchanges of each batch in turn.

    `cache_dir` keeps generated cases between runs. `memory` is a dictionary per process: what the
    plan learns about itself is left there (`generation`: failures per operation) and what it may
    use is taken from there (`routes`: the inventory's methods and paths). It never changes what
    is sent to an operation that answers, so requests do not depend on how tests are distributed.
    """
    memory = {} if memory is None else memory
    exclusions = contract_exclusions(situation, operation)
    if any(exclusion.whole for exclusion in exclusions):
        return
    name = situation.settings.default_user
    caller = ANONYMOUS if name is None else user(name)
    values = example_values(situation, operation)
    cleaner = _Cleaner(situation, operation, caller)
    if _works_on_own_objects(situation, operation, exclusions):
        yield from _on_own_objects(situation, operation, caller, values, cleaner, cache_dir, memory)
    else:
        values = yield from learn(situation, operation, values, caller)
        maker = CaseMaker(situation, operation, caller, values)
        yield from _probing(situation, operation, maker, exclusions, cleaner, cache_dir, memory)
    yield from cleaner.cleaning()


def _works_on_own_objects(
    situation: Situation, operation: Operation, exclusions: tuple[Exclusion, ...]
) -> bool:
    if not operation.changes_state or situation.is_freed(operation):
        return False
    limited = any(exclusion.kind == "generated" for exclusion in exclusions)
    return situation.settings.writes == "all" and names_objects(operation) and not limited


def _probing(
    situation: Situation,
    operation: Operation,
    maker: CaseMaker,
    exclusions: tuple[Exclusion, ...],
    cleaner: _Cleaner,
    cache_dir: Path | None,
    memory: dict[str, Any],
) -> Plan:
    """Examples first; the rest only where somebody is at home."""
    kinds = {exclusion.kind for exclusion in exclusions}
    given_only = "generated" in kinds
    first = maker.given() if given_only else maker.examples()
    answers = yield first
    cleaner.note(answers)
    statuses = {exchange.status for exchange in answers if exchange.probe.meta["mode"] != "saved"}
    if not statuses or statuses <= _REFUSED | {None}:
        return  # nobody at home, or the token is refused: hundreds of calls would say no more
    if statuses <= _GONE:
        routes = memory.get("routes", ())
        yield neighbour_probes(situation, operation, answers[0].probe, maker.caller, routes)
        return
    if given_only:
        return
    probes = maker.omissions()
    if "no-generic-test" not in kinds:
        generated = cases_of(
            situation.connector,
            operation,
            pinned=pinned_inputs(operation, example_values(situation, operation)),
            seed=situation.settings.seed,
            count=0 if situation.quick else situation.settings.examples,
            cache_dir=cache_dir,
        )
        _remember(memory, operation, generated.failures, generated.not_negatable)
        probes += maker.generated(generated.cases)
    if operation.method == "DELETE" and not situation.is_freed(operation):
        probes = []  # one object, one deletion: every further call would need another object
    if probes:
        answers = yield probes
        cleaner.note(answers)


def _on_own_objects(
    situation: Situation,
    operation: Operation,
    caller: Caller,
    values: Values,
    cleaner: _Cleaner,
    cache_dir: Path | None,
    memory: dict[str, Any],
) -> Plan:
    """The same, on an object that this run creates for it."""
    creator = creator_of(situation.connector, operation)
    if creator is None:
        return
    inputs = yield from learn(situation, creator, example_values(situation, creator), caller)
    body = inputs.body if inputs.has_body else NO_BODY
    request = build_request(situation, creator, inputs.parameters, body)
    meta = {"of": creator.id}
    probe = Probe(
        "create-1", operation.id, caller, request, "contract/create", meta, repeatable=False
    )
    answers = yield [probe]
    parameter = path_parameters(operation)[-1]
    own = created_id(answers[0], parameter) if answers else None
    if own is None:
        return
    cleaner.own(creator, own)
    values = replace(
        values,
        parameters={**values.parameters, parameter.name: own},
        sources={**values.sources, parameter.name: "created"},
    )
    values = yield from learn(situation, operation, values, caller)
    maker = CaseMaker(situation, operation, caller, values)
    if operation.method == "DELETE":
        answers = yield maker.examples()[:1]
        cleaner.removed(answers, own)
        if {exchange.status for exchange in answers} <= _GONE:
            routes = memory.get("routes", ())
            yield neighbour_probes(situation, operation, answers[0].probe, caller, routes)
        return
    yield from _probing(situation, operation, maker, (), cleaner, cache_dir, memory)


def _remember(
    memory: dict[str, Any], operation: Operation, failures: tuple[str, ...], not_negatable: bool
) -> None:
    if failures or not_negatable:
        kept = memory.setdefault("generation", {})
        kept[operation.id] = {"failures": list(failures), "not_negatable": not_negatable}


class _Cleaner:
    """Remembers what this plan created and removes it at the end."""

    def __init__(self, situation: Situation, operation: Operation, caller: Caller) -> None:
        self._situation = situation
        self._operation = operation
        self._caller = caller
        self._ids: dict[str, Any] = {}
        deleter = deleter_of(situation.connector, operation) if self._creates() else None
        self._deleter = deleter

    def _creates(self) -> bool:
        operation = self._operation
        return operation.method in ("POST", "PUT") and not names_objects(operation)

    def own(self, creator: Operation, own: Any) -> None:
        """Note an object that was created for this plan to work on."""
        self._deleter = deleter_of(self._situation.connector, creator)
        self._ids[str(own)] = own

    def removed(self, exchanges: list[Exchange], own: Any) -> None:
        """Forget an object that the operation under test removed itself."""
        if any(exchange.status in (200, 202, 204) for exchange in exchanges):
            self._ids.pop(str(own), None)

    def note(self, exchanges: list[Exchange]) -> None:
        """Note what these calls created."""
        if self._deleter is None or not self._creates():
            return
        parameter = path_parameters(self._deleter)[-1]
        for exchange in exchanges:
            own = created_id(exchange, parameter)
            if own is not None:
                self._ids[str(own)] = own

    def cleaning(self) -> Plan:
        """Remove what was created, as far as `--writes` allows and a DELETE operation is known."""
        deleter = self._deleter
        if deleter is None or self._situation.settings.writes != "all":
            return
        parameter = path_parameters(deleter)[-1]
        base = dict(example_values(self._situation, deleter).parameters)
        probes = []
        for number, own in enumerate(self._ids.values(), 1):
            request = build_request(self._situation, deleter, {**base, parameter.name: own})
            key, meta = f"clean-up-{number}", {"of": deleter.id}
            purpose = "contract/clean-up"
            probes.append(Probe(key, self._operation.id, self._caller, request, purpose, meta))
        if probes:
            yield probes
