"""The plan that probes one operation for drift between its definition and the live app.

Order: learn real values, create an object to work on where the operation changes one, send the
examples, then what the definition promises and what it forbids; where every example meets 404, ask
the neighbours; at the end remove what was created. Judging is left to
`harness.suites.contract.judgement`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import ANONYMOUS, Caller, Exchange, Probe, user
from harness.exchanges.records import items_in, json_body
from harness.inputs.generation import Generated
from harness.inputs.generation_cache import cases_of
from harness.inputs.learning import LEARNT, learn
from harness.inputs.making import creation, creator_beside, look_before
from harness.inputs.own_ids import made_by_this_run, wrote_over
from harness.inputs.permission import BASIS, Basis, usable_creator
from harness.inputs.related_operations import deleter_of, names_objects, path_parameters
from harness.inputs.requests import build_request
from harness.inputs.values import GIVEN, Values, example_values
from harness.inputs.write_policy import (
    Exclusion,
    basis_of,
    contract_exclusions,
    planned_writes,
)
from harness.suites.contract.cases import CaseMaker, pinned_inputs
from harness.suites.contract.following import after_deletion, next_pages
from harness.suites.contract.neighbours import neighbour_probes

__all__ = [
    "Exclusion",
    "contract_exclusions",
    "contract_plan",
    "planned_writes",
    "prepare_contract",
]

Working = Generator[list[Probe], list[Exchange], bool]
_REFUSED = frozenset({401, 403})
_GONE = frozenset({404, 405, 410})


def contract_plan(
    context: RunContext,
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
    job = _Job(context, operation, cache_dir, {} if memory is None else memory)
    if any(exclusion.whole for exclusion in job.exclusions):
        return
    cleaner = _Cleaner(job)
    if job.works_on_own_objects:
        yield from _on_own_objects(job, cleaner)
    else:
        yield from _on_what_there_is(job, cleaner)
    yield from cleaner.cleaning()


def prepare_contract(
    context: RunContext, operation: Operation, *, cache_dir: Path | None, memory: dict[str, Any]
) -> None:
    """Generate an operation's cases beforehand, so that its plan then only waits for answers."""
    job = _Job(context, operation, cache_dir, memory)
    if job.is_generated:
        memory.setdefault("cases", {})[operation.id] = job.generated()


@dataclass(frozen=True)
class _Job:
    """One operation to probe, and all that its plan needs to know."""

    context: RunContext
    operation: Operation
    cache_dir: Path | None
    memory: dict[str, Any]

    @property
    def caller(self) -> Caller:
        name = self.context.settings.default_user
        return ANONYMOUS if name is None else user(name)

    @cached_property
    def exclusions(self) -> tuple[Exclusion, ...]:
        return contract_exclusions(self.context, self.operation)

    @property
    def given_only(self) -> bool:
        return any(exclusion.kind == "generated" for exclusion in self.exclusions)

    @property
    def is_inferred(self) -> bool:
        """Whether the definition is only inferred from saved calls, and so no promise."""
        return any(exclusion.kind == "inferred" for exclusion in self.exclusions)

    @property
    def works_on_own_objects(self) -> bool:
        """Whether this run has to create what the operation changes."""
        context, operation = self.context, self.operation
        if not operation.changes_state or context.is_freed(operation) or self.given_only:
            return False
        return context.settings.writes == "all" and names_objects(operation)

    def needs_an_object(self, values: Values) -> bool:
        """Whether what a reading operation names is not known, and this run may make one."""
        if not self.may_make_one:
            return False
        names = tuple(p.name for p in path_parameters(self.operation))
        unknown = [n for n in names if values.sources.get(n) not in (LEARNT, *GIVEN)]
        return bool(unknown)

    @property
    def may_make_one(self) -> bool:
        """Whether this run may make an object for a reading operation to name."""
        context, operation = self.context, self.operation
        if operation.changes_state or context.settings.writes != "all":
            return False
        return names_objects(operation) and usable_creator(context, operation) is not None

    @property
    def is_generated(self) -> bool:
        """Whether generated cases are sent, provided that somebody is at home."""
        exclusions, operation = self.exclusions, self.operation
        kinds = ("generated", "no-generic-test", "inferred")
        limited = any(e.whole or e.kind in kinds for e in exclusions)
        removes = operation.method == "DELETE" and not self.context.is_freed(operation)
        return not limited and not removes

    @property
    def basis(self) -> Basis | None:
        """Whose objects generated input is about; None where nothing is changed."""
        operation = self.operation
        if not operation.changes_state or self.context.is_freed(operation):
            return None
        return "given" if self.given_only else basis_of(operation)

    def maker(self, values: Values, own: Any = None) -> CaseMaker:
        return CaseMaker(self.context, self.operation, self.caller, values, self.basis, own)

    def generated(self) -> Generated:
        context, operation = self.context, self.operation
        prepared = self.memory.get("cases", {}).get(operation.id)
        if isinstance(prepared, Generated):
            return prepared
        cases = cases_of(
            context.connector,
            operation,
            pinned=pinned_inputs(operation, example_values(context, operation)),
            seed=context.settings.seed,
            count=0 if context.quick else context.settings.examples,
            cache_dir=self.cache_dir,
        )
        if cases.failures or cases.not_negatable:
            kept = self.memory.setdefault("generation", {})
            facts = {"failures": list(cases.failures), "not_negatable": cases.not_negatable}
            kept[operation.id] = facts
        return cases

    def neighbours(self, example: Probe) -> list[Probe]:
        routes = self.memory.get("routes", ())
        return neighbour_probes(self.context, self.operation, example, self.caller, routes)


def _on_what_there_is(job: _Job, cleaner: _Cleaner) -> Plan:
    """With real values where they are known, and learnt anew where an object has vanished since."""
    best = example_values(job.context, job.operation)
    values = yield from learn(job.context, job.operation, best, job.caller)
    if job.needs_an_object(values):
        made = yield from _on_own_objects(job, cleaner)
        if made:
            return
    maker = job.maker(values)
    if cleaner.is_needed:
        yield from look_before(job.context, job.operation, job.operation, job.caller)
    first = _first(job, maker)
    if cleaner.is_needed and first:
        answers = yield first[:1]
        cleaner.note(answers)
        if cleaner.wrote_over(answers):
            return  # a backend that overwrites what stands there: nothing more is made up for it
        more = yield first[1:] if first[1:] else []
        answers = [*answers, *more]
    else:
        answers = yield first
    if LEARNT in values.sources.values() and _statuses(answers) <= _GONE:
        # Another check of this run may have removed the object between the list and the call.
        again = yield from learn(job.context, job.operation, best, job.caller, attempt=2)
        if again.parameters != values.parameters:
            maker = replace(maker, values=again)
            answers = yield _first(job, maker)
        if _statuses(answers) <= _GONE and job.may_make_one:
            made = yield from _on_own_objects(job, cleaner, maker)
            if made:
                return
    yield from _further(job, maker, answers, cleaner)


def _on_own_objects(job: _Job, cleaner: _Cleaner, used: CaseMaker | None = None) -> Working:
    """On an object that this run creates for the purpose; whether there was one.

    `used` made the probes so far, whose names are taken.
    """
    context, operation = job.context, job.operation
    creator = usable_creator(context, operation)
    if creator is None:
        return False
    own = yield from creation(context, operation, creator, job.caller)
    if own is None:
        return False
    parameter = path_parameters(operation)[-1]
    cleaner.own(creator, own)
    values = example_values(context, operation)
    values = replace(
        values,
        parameters={**values.parameters, parameter.name: own},
        sources={**values.sources, parameter.name: "created"},
    )
    values = yield from learn(context, operation, values, job.caller)
    maker = job.maker(values, own)
    maker = maker if used is None else replace(used, values=values, own=own)
    answers = yield _first(job, maker)
    if operation.method == "DELETE":
        cleaner.removed(answers, own)
        gone = any(e.status in (200, 204) for e in answers)
        looking = after_deletion(context, operation, job.caller, own) if gone else []
        if looking:
            yield looking
    yield from _further(job, maker, answers, cleaner)
    return True


def _first(job: _Job, maker: CaseMaker) -> list[Probe]:
    if job.given_only:
        return maker.given()
    if job.is_inferred:
        return maker.saved()
    # One object, one deletion: every further call would need another object.
    return maker.examples()[:1] if _removes(job) else maker.examples()


def _removes(job: _Job) -> bool:
    return job.operation.method == "DELETE" and not job.context.is_freed(job.operation)


def _statuses(answers: list[Exchange]) -> set[int | None]:
    return {e.status for e in answers if e.probe.meta["mode"] != "saved"}


def _further(job: _Job, maker: CaseMaker, answers: list[Exchange], cleaner: _Cleaner) -> Plan:
    """What the definition promises and forbids, where the examples found somebody at home."""
    cleaner.note(answers)
    statuses = _statuses(answers)
    if not statuses or statuses <= _REFUSED | {None}:
        return  # nobody at home, or the token is refused: hundreds of calls would say no more
    if statuses <= _GONE:
        yield job.neighbours(answers[0].probe)
        return
    yield from _filled(job, answers, cleaner)
    pages = next_pages(job.context, job.operation, answers)
    if pages:
        yield pages
    if job.given_only or job.is_inferred or _removes(job):
        return
    probes = maker.omissions()
    if not job.operation.no_generic_test:
        probes += maker.odd()
        probes += maker.generated(job.generated().cases)
    if probes:
        answers = yield probes
        cleaner.note(answers)
        more = [] if pages else next_pages(job.context, job.operation, answers)
        if more:
            yield more


def _filled(job: _Job, answers: list[Exchange], cleaner: _Cleaner) -> Plan:
    """Two objects for a list that is empty, so that filters and pages have something to show."""
    context, operation = job.context, job.operation
    creator = creator_beside(context, operation)
    if creator is None or operation.method != "GET" or context.settings.writes != "all":
        return
    if any(items_in(json_body(e.response)) for e in answers) or not job.is_generated:
        return
    for number in (1, 2):
        label, key = f"{operation.id} {number}", f"create-{number}"
        own = yield from creation(context, operation, creator, job.caller, label=label, key=key)
        if own is not None:
            cleaner.own(creator, own)


class _Cleaner:
    """Remembers what this plan created and removes it at the end."""

    def __init__(self, job: _Job) -> None:
        self._context = job.context
        self._operation = job.operation
        self._caller = job.caller
        self._ids: dict[str, Any] = {}
        self._creator: Operation | None = None
        if self._creates() and deleter_of(job.context.connector, job.operation) is not None:
            self._creator = job.operation

    @property
    def is_needed(self) -> bool:
        """Whether the operation under test itself makes objects that are removed again."""
        return self._creator is not None and self._context.settings.writes == "all"

    def _creates(self) -> bool:
        operation = self._operation
        freed = self._context.is_freed(operation)
        return operation.method == "POST" and not names_objects(operation) and not freed

    def own(self, creator: Operation, own: Any) -> None:
        """Note an object that was created for this plan to work on."""
        self._creator = creator
        self._ids[str(own)] = own

    def removed(self, exchanges: list[Exchange], own: Any) -> None:
        """Forget an object that the operation under test removed itself."""
        if any(exchange.status in (200, 202, 204) for exchange in exchanges):
            self._ids.pop(str(own), None)

    def note(self, exchanges: list[Exchange]) -> None:
        """Note what these calls created."""
        if self._creator is None or not self._creates():
            return
        for exchange in exchanges:
            own = made_by_this_run(self._context, self._creator, exchange)
            if own is not None:
                self._ids[str(own)] = own

    def wrote_over(self, exchanges: list[Exchange]) -> bool:
        """Whether a creation was answered with an object that stood there before."""
        creator = self._creator
        return creator is not None and any(
            wrote_over(self._context, creator, exchange) for exchange in exchanges
        )

    def cleaning(self) -> Plan:
        """Remove what was created, as far as `--writes` allows and a DELETE operation is known."""
        if self._creator is None or self._context.settings.writes != "all":
            return
        deleter = deleter_of(self._context.connector, self._creator)
        if deleter is None:
            return
        parameter = path_parameters(deleter)[-1]
        base = dict(example_values(self._context, deleter).parameters)
        probes = []
        for number, own in enumerate(self._ids.values(), 1):
            request = build_request(self._context, deleter, {**base, parameter.name: own})
            key, meta = f"clean-up-{number}", {"of": deleter.id, BASIS: "own", "id": own}
            purpose = "contract/clean-up"
            probes.append(Probe(key, self._operation.id, self._caller, request, purpose, meta))
        if probes:
            yield probes
