"""Learning real values before the calls that need them: ids from lists, and dynamic values.

A random id only ever reaches 404. What a list operation answers is fed to the path parameters of
its neighbours, and `x-ms-dynamic-values` / `x-ms-dynamic-list` are followed as the designer follows
them (Microsoft's page "OpenAPI extensions for custom connectors").
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

from harness.connector.model import Operation, Parameter
from harness.errors import SettingsError
from harness.exchanges.bodies import parsed_json
from harness.exchanges.context import RunContext
from harness.exchanges.model import Caller, Exchange, Probe, Request
from harness.exchanges.records import items_in
from harness.inputs.body_learning import listed_properties
from harness.inputs.related_operations import id_in, lister_of, path_parameters
from harness.inputs.requests import NO_BODY, build_request
from harness.inputs.values import MADE_UP, Values, example_values, with_learnt

__all__ = ["LEARNT", "Learning", "Listing", "learn", "listing_of"]

LEARNT = "learnt"
Learning = Generator[list[Probe], list[Exchange], Values]
"""Yields batches of probes, is sent their exchanges, and returns the improved values."""

_DEEPEST = 2
_KEPT = 3


@dataclass(frozen=True, slots=True)
class _Source:
    """An operation that lists values: where the items are, and where the value is in an item."""

    operation: Operation
    items_path: str
    value_path: str
    inputs: Mapping[str, Any]


def learn(
    context: RunContext,
    operation: Operation,
    values: Values,
    caller: Caller,
    *,
    depth: int = 0,
    attempt: int = 1,
    suite: str = "contract",
) -> Learning:
    """The values with made-up ids replaced by ones that the app itself lists.

    Values from settings and saved samples are never replaced. Only operations that change nothing
    are asked. `attempt` tells the probes of a second asking from those of the first; `suite` is the
    one that asks.
    """
    known = dict(values.parameters)
    sources = dict(values.sources)
    learnt = dict(values.learnt)
    beside: dict[str, Any] = {}
    outside: list[tuple[tuple[str, ...], Parameter]] = [
        ((), p) for p in _unknown(operation, values)
    ]
    for place, parameter in [*outside, *listed_properties(context.connector, operation, values)]:
        source = _source(context, operation, parameter)
        if source is None or depth >= _DEEPEST:
            continue
        inputs = _inputs(context, operation, source, {**beside, **known}, sources)
        inputs = yield from learn(
            context,
            source.operation,
            inputs,
            caller,
            depth=depth + 1,
            attempt=attempt,
            suite=suite,
        )
        probe = _probe(context, operation, source, inputs, caller, parameter)
        if probe is None:
            continue
        probe = replace(probe, purpose=f"{suite}/learn")
        if attempt > 1:
            probe = replace(probe, key=f"{probe.key}-{attempt}")
        exchanges = yield [probe]
        found = _found(exchanges, source, parameter)
        if found and place:
            learnt[place] = found[0]
            beside.setdefault(parameter.name, found[0])
        elif found:
            known[parameter.name] = found[0]
            sources[parameter.name] = LEARNT
    body = with_learnt(values.body, learnt)
    return replace(values, parameters=known, sources=sources, learnt=learnt, body=body)


@dataclass(frozen=True, slots=True)
class Listing:
    """A call that lists the values of one path parameter, and how to read them from its answer."""

    request: Request
    parameter: Parameter
    source: _Source

    @property
    def operation(self) -> Operation:
        """The operation that lists."""
        return self.source.operation

    def values_in(self, exchange: Exchange) -> list[Any]:
        """Every value that an answer lists, in order."""
        return _listed([exchange], self.source, self.parameter)


def listing_of(
    context: RunContext, operation: Operation, parameter: Parameter, known: Mapping[str, Any]
) -> Listing | None:
    """How to learn a path parameter's values where those before it are known, or None.

    Only an operation that changes nothing is asked.
    """
    source = _source(context, operation, parameter)
    if source is None:
        return None
    inputs = _inputs(context, operation, source, known, dict.fromkeys(known, LEARNT))
    needed = path_parameters(source.operation)
    if any(inputs.sources.get(p.name) == MADE_UP for p in needed):
        return None
    request = _request(context, source, inputs)
    return None if request is None else Listing(request, parameter, source)


def _unknown(operation: Operation, values: Values) -> list[Parameter]:
    """Path parameters from left to right, then others whose values another operation lists."""
    dynamic = [
        p for p in operation.parameters if p.location != "path" and _dynamic(p) and p.required
    ]
    candidates = [*path_parameters(operation), *dynamic]
    weak = (MADE_UP, "example", "default", "enum", "test value")
    return [p for p in candidates if values.sources.get(p.name) in weak and "enum" not in p.schema]


def _dynamic(parameter: Parameter) -> Mapping[str, Any] | None:
    for key in ("x-ms-dynamic-values", "x-ms-dynamic-list"):
        for holder in (parameter.raw, parameter.schema):
            value = holder.get(key)
            if isinstance(value, Mapping) and isinstance(value.get("operationId"), str):
                return value
    return None


def _source(context: RunContext, operation: Operation, parameter: Parameter) -> _Source | None:
    dynamic = _dynamic(parameter)
    if dynamic is not None:
        found = [o for o in context.connector.operations if o.id == dynamic["operationId"]]
        lister = found[0] if found else None
        items = dynamic.get("value-collection", dynamic.get("itemsPath", ""))
        value = dynamic.get("value-path", dynamic.get("itemValuePath", ""))
        inputs = dynamic.get("parameters")
        mapped = inputs if isinstance(inputs, Mapping) else {}
        source = _Source(lister, str(items), str(value), mapped) if lister else None
    elif parameter.location == "path":
        lister = lister_of(context.connector, operation, parameter.name)
        source = _Source(lister, "", "", {}) if lister else None
    else:
        return None
    if source is None or source.operation.id == operation.id:
        return None
    asks_freely = not source.operation.changes_state or context.is_freed(source.operation)
    return source if asks_freely else None


def _inputs(
    context: RunContext,
    operation: Operation,
    source: _Source,
    known: Mapping[str, Any],
    sources: Mapping[str, str],
) -> Values:
    """The lister's inputs: its own best values, and those that the asking operation shares."""
    own = example_values(context, source.operation)
    parameters, origins = dict(own.parameters), dict(own.sources)
    names = {p.name for p in source.operation.parameters}
    for mine, theirs in zip(
        path_parameters(operation), path_parameters(source.operation), strict=False
    ):
        if mine.name in known and sources.get(mine.name) != MADE_UP:
            parameters[theirs.name], origins[theirs.name] = known[mine.name], LEARNT
    for name, given in source.inputs.items():
        reference = None
        if isinstance(given, Mapping):
            reference = given.get("parameter") or given.get("parameterReference")
        # `body/project` names a property of the body.
        value = known.get(str(reference).rpartition("/")[2]) if reference else given
        if isinstance(given, Mapping) and "value" in given:
            value = given["value"]
        if name in names and value is not None and not isinstance(value, Mapping):
            parameters[name], origins[name] = value, LEARNT
    return replace(own, parameters=parameters, sources=origins)


def _probe(
    context: RunContext,
    operation: Operation,
    source: _Source,
    inputs: Values,
    caller: Caller,
    parameter: Parameter,
) -> Probe | None:
    request = _request(context, source, inputs)
    if request is None:
        return None
    digest = crc32(request.target.encode("utf-8"))
    key = f"learn-{parameter.name}-from-{source.operation.id}-{digest:x}"
    meta = {"of": source.operation.id, "for": parameter.name}
    return Probe(key, operation.id, caller, request, "contract/learn", meta)


def _request(context: RunContext, source: _Source, inputs: Values) -> Request | None:
    """The call of a lister; None where it needs an id itself that nobody knows."""
    body = inputs.body if inputs.has_body else NO_BODY
    try:
        return build_request(context, source.operation, inputs.parameters, body)
    except SettingsError:
        return None


def _found(exchanges: list[Exchange], source: _Source, parameter: Parameter) -> list[Any]:
    return _listed(exchanges, source, parameter)[:_KEPT]


def _listed(exchanges: list[Exchange], source: _Source, parameter: Parameter) -> list[Any]:
    response = exchanges[0].response if exchanges else None
    if response is None or not 200 <= response.status < 300:
        return []
    try:
        body = parsed_json(response.body)
    except ValueError:
        return []
    items = _at(body, source.items_path) if source.items_path else items_in(body)
    values = []
    for item in items if isinstance(items, list) else []:
        value = _at(item, source.value_path) if source.value_path else id_in(item, parameter)
        if value is not None and not isinstance(value, (dict, list)):
            values.append(value)
    return list(dict.fromkeys(values))


def _at(value: Any, path: str) -> Any:
    for part in path.split("/"):
        if part and isinstance(value, Mapping):
            value = value.get(part)
    return value
