"""From values and generated cases to probes: each differs from a good call in one known way.

Coverage cases are grafted onto the best known values, so that a refusal is about the one input that
was varied, and so that real ids reach past 404.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.connector.model import Operation, Parameter
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.exchanges.model import Caller, Probe, Request
from harness.inputs.generation import Case
from harness.inputs.generation_document import (
    is_free_form,
    is_listed_elsewhere,
    varied_inputs,
)
from harness.inputs.harmless import harmless_values
from harness.inputs.own_ids import OwnIds
from harness.inputs.permission import BASIS, Basis
from harness.inputs.related_operations import path_parameters
from harness.inputs.requests import LEFT_TO_THE_SENDER, NO_BODY, build_request, is_sendable_header
from harness.inputs.values import (
    GIVEN,
    MADE_UP,
    Values,
    example_values,
    is_constant_property,
    is_guessed,
    is_left_alone,
    with_learnt,
)
from harness.suites.contract.grafting import Grafting, is_promised, is_text_body

__all__ = ["CaseMaker", "pinned_inputs"]

KNOWN = frozenset({"settings", "sample", "learnt", "created"})
ODD_TEXT = "Gr\u00fc\u00dfe \u6f22\u5b57 O'Brien"
"""An umlaut, two characters outside of Latin, an apostrophe: what people really write."""
MOST_ODD = 6


def pinned_inputs(operation: Operation, values: Values) -> frozenset[str]:
    """Inputs that keep their value in every probe: free texts that a person gave act as keys."""
    return frozenset(
        p.name
        for p in operation.parameters
        if p.location != "body"
        and values.sources.get(p.name) in KNOWN
        and (is_free_form(p.schema) or p.location == "path")
    )


@dataclass(slots=True)
class CaseMaker:
    """Makes the probes of one operation, none of them twice.

    `values` are the best known ones. `basis` says whose objects they are about, where the operation
    changes state; `own` is the id of the object that this run made for it.
    """

    context: RunContext
    operation: Operation
    caller: Caller
    values: Values
    basis: Basis | None = None
    own: Any = None
    _sent: set[Request] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)

    def examples(self) -> list[Probe]:
        """Given and documented examples: as they stand, without options, and with all of them."""
        probes = [self._example(self.values)]
        least = _required_only(self.operation, self.values)
        if least.parameters != self.values.parameters:
            probes.append(self._example(least, "minimal"))
        probes.append(self._example(self._with_options(), "full"))
        return [*_made(probes), *self.samples()]

    def given(self) -> list[Probe]:
        """Only what a person gave: the settings' inputs and every saved sample."""
        first = [self._example(self.values)] if self.values.given else []
        return [*_made(first), *self.samples()]

    def saved(self) -> list[Probe]:
        """The calls as they were saved, with every key of their bodies; no variation of them."""
        return [*_made([self._example(self.values)]), *self.samples()]

    def samples(self) -> list[Probe]:
        """Every saved Postman sample."""
        names = {p.name for p in self.operation.parameters}
        probes = []
        for sample in self.operation.samples[1:]:
            given = {k: v for k, v in sample.parameters.items() if k in names}
            values = replace(
                self.values,
                parameters={**self.values.parameters, **given},
                body=sample.body,
                has_body=sample.has_body,
            )
            meta = {"mode": "positive", "promise": True, "sample": sample.name}
            if sample.status is not None and sample.status >= 400:
                meta = {"mode": "saved", "sample": sample.name}
            probes.append(self._probe("example", values, meta))
        return _made(probes)

    def omissions(self) -> list[Probe]:
        """Each required input left out once."""
        probes = []
        for parameter in self.operation.parameters:
            if not self._may_be_left_out(parameter):
                continue
            if parameter.location == "body":
                probes += self._body_omissions(parameter)
                continue
            kept = {k: v for k, v in self.values.parameters.items() if k != parameter.name}
            meta = _falsified(parameter.location, parameter.name, "left out", omitted=True)
            meta["default"] = parameter.has_default
            probes.append(self._probe("negative", replace(self.values, parameters=kept), meta))
        return _made(probes)

    def generated(self, cases: Iterable[Case]) -> list[Probe]:
        """The probes of generated cases."""
        probes = []
        known = list(cases)
        plain = [c for c in known if c.origin == "coverage" and c.mode == "positive"]
        pinned = pinned_inputs(self.operation, self.values)
        grafting = Grafting(
            self.context, self.operation, self.values, pinned, plain[0] if plain else None
        )
        for case in known:
            values = grafting.values_of(case)
            if values is not None:
                kind = "negative" if case.mode == "negative" else case.origin
                probes.append(self._probe(kind, values, self._meta(case)))
        return _made(probes)

    def odd(self) -> list[Probe]:
        """Good calls with a text as people write them in one input, and one with an unknown id.

        Both may be refused; an app that fails on them has a bug that its users will meet.
        """
        probes = [*self._odd_parameters(), *self._odd_properties()][:MOST_ODD]
        return _made([*probes, self._unknown_id()])

    def _odd_parameters(self) -> Iterator[Probe | None]:
        varied = varied_inputs(self.context.connector, self.operation)
        for parameter in self.operation.parameters:
            place = (parameter.location, parameter.name)
            if place in varied and parameter.location in ("query", "formData"):
                schema = self.context.connector.resolve(parameter.schema)
                if _takes_text(schema):
                    changed = {**self.values.parameters, parameter.name: ODD_TEXT}
                    values = replace(self.values, parameters=changed)
                    yield self._probe("odd", values, _odd(parameter.name, TEXT_WORDS))

    def _odd_properties(self) -> Iterator[Probe | None]:
        body, parameter = self._with_options().body, self.operation.body
        if parameter is None or not isinstance(body, Mapping):
            return
        schema = self.context.connector.resolve(parameter.schema)
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        if not isinstance(properties, Mapping):
            return
        for name, value in body.items():
            inner = self.context.connector.resolve(properties.get(name))
            if isinstance(value, str) and _takes_text(inner):
                base = self.values.body if isinstance(self.values.body, Mapping) else body
                values = replace(self.values, body={**base, name: ODD_TEXT}, has_body=True)
                yield self._probe("odd", values, _odd(str(name), TEXT_WORDS))

    def _unknown_id(self) -> Probe | None:
        """The call with an id in the path that has the form of the known one and names nothing."""
        if self.operation.method != "GET" or _ids(self.operation, self.values) != "known":
            return None
        parameter = path_parameters(self.operation)[-1]
        nothing = harmless_values(self.operation, self.values)[f"path:{parameter.name}"]
        changed = {**self.values.parameters, parameter.name: nothing}
        values = replace(self.values, parameters=changed)
        return self._probe("odd", values, _odd(parameter.name, "an id that names nothing"))

    def _meta(self, case: Case) -> dict[str, Any]:
        if case.mode == "negative":
            what = case.what.split("\n")[0]
            return _falsified(case.location, case.name, what, pointer=case.pointer)
        promise = is_promised(self.context, self.operation, case)
        return {"mode": "positive", "promise": promise, "what": case.what, "name": case.name}

    def _example(self, values: Values, variant: str = "") -> Probe | None:
        promise = not self._is_guessed(values)
        meta = {"mode": "positive", "promise": promise, "variant": variant}
        return self._probe("example", values, meta)

    def _is_guessed(self, values: Values) -> bool:
        """Whether a text of the call was made up, so that a refusal proves nothing."""
        connector = self.context.connector
        for parameter in self.operation.parameters:
            name = "body" if parameter.location == "body" else parameter.name
            value = values.body if name == "body" else values.parameters.get(name)
            if name == "body":
                value = _without(value, values.learnt)
            made_up = values.sources.get(name) == MADE_UP
            if made_up and is_guessed(connector, parameter.schema, value, name=name):
                return True
        return False

    def _with_options(self) -> Values:
        full = example_values(self.context, self.operation, with_optional=True)
        body = self.values.body
        if self.values.sources.get("body") not in GIVEN and full.has_body:
            body = full.body
        body = with_learnt(body, self.values.learnt)
        has_body = self.values.has_body or full.has_body
        parameters = {**full.parameters, **self.values.parameters}
        sources = {**full.sources, **self.values.sources}
        return Values(parameters, body, has_body, sources, self.values.learnt)

    def _may_be_left_out(self, parameter: Parameter) -> bool:
        if not parameter.required or parameter.is_constant or parameter.location == "path":
            return False
        alone = is_left_alone(self.context.connector, parameter)
        present = parameter.location == "body" or parameter.name in self.values.parameters
        return present and not alone

    def _body_omissions(self, parameter: Parameter) -> list[Probe | None]:
        if is_text_body(self.operation):
            return []  # nothing is the empty text
        meta = _falsified("body", parameter.name, "left out", omitted=True)
        bare = replace(self.values, body=None, has_body=False)
        probes = [self._probe("negative", bare, meta)]
        schema = self.context.connector.resolve(parameter.schema)
        body = self.values.body
        if not isinstance(body, Mapping) or not isinstance(schema, Mapping):
            return probes
        properties = schema.get("properties")
        for name in schema.get("required") or ():
            inner = properties.get(name) if isinstance(properties, Mapping) else None
            inner = self.context.connector.resolve(inner)
            constant = isinstance(inner, Mapping) and is_constant_property(inner)
            if name in body and not constant:
                less = {k: v for k, v in body.items() if k != name}
                meta = _falsified("body", str(name), "left out", omitted=True)
                probes.append(self._probe("negative", replace(self.values, body=less), meta))
        return probes

    def _probe(self, kind: str, values: Values, meta: Mapping[str, Any]) -> Probe | None:
        """The probe of these values; None where it was made before or cannot be sent."""
        number = self._numbers.get(kind, 0) + 1
        basis = self.basis
        if basis == "create" and kind == "example" and values == self.values and values.given:
            basis = "given"
        if basis in ("create", "own"):
            label = f"{self.operation.id} {kind} {number}"
            values = OwnIds(self.context, self.operation, label, self.own).of(values)
        parameters = {k: v for k, v in values.parameters.items() if _is_sendable(k, v)}
        body = values.body if values.has_body else NO_BODY
        try:
            request = build_request(self.context, self.operation, parameters, body)
        except (SettingsError, ValueError):
            return None  # an input that cannot be written down (NaN, a path parameter left out)
        if request in self._sent or not _is_plain(request):
            return None
        self._sent.add(request)
        self._numbers[kind] = number
        facts = {**meta, "ids": _ids(self.operation, self.values), "inputs": _inputs(values)}
        if basis is not None:
            facts[BASIS] = basis
        return Probe(
            f"{kind}-{number}",
            self.operation.id,
            self.caller,
            request,
            f"contract/{kind}",
            facts,
            repeatable=not self.operation.changes_state or self.operation.method == "PUT",
        )


def _without(body: Any, learnt: Mapping[tuple[str, ...], Any]) -> Any:
    """The body without what the app itself listed, which is no guess."""
    for path in learnt:
        if len(path) == 1 and isinstance(body, Mapping):
            body = {k: v for k, v in body.items() if k != path[0]}
        elif isinstance(body, Mapping) and path[0] in body:
            body = {**body, path[0]: _without(body[path[0]], {path[1:]: None})}
        elif isinstance(body, list):
            body = [_without(item, {path: None}) for item in body]
    return body


TEXT_WORDS = "a text with an umlaut, Chinese characters and an apostrophe"


def _odd(name: str, what: str) -> dict[str, Any]:
    return {"mode": "odd", "name": name, "what": what}


def _takes_text(schema: Any) -> bool:
    """Whether any text of that length is right by the definition."""
    if not isinstance(schema, Mapping) or schema.get("type") != "string":
        return False
    closed = any(key in schema for key in ("enum", "format", "pattern"))
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", len(ODD_TEXT))
    known = isinstance(shortest, int) and isinstance(longest, int)
    fits = known and shortest <= len(ODD_TEXT) <= longest
    own = is_constant_property(schema) or is_listed_elsewhere(schema) or schema.get("readOnly")
    return fits and not closed and not own


def _falsified(
    location: str, name: str, what: str, *, omitted: bool = False, pointer: str = ""
) -> dict[str, Any]:
    return {
        "mode": "negative",
        "location": location,
        "name": name,
        "what": what,
        "omitted": omitted,
        "pointer": pointer,
    }


def _inputs(values: Values) -> list[str]:
    """The names of what a call carries: parameters, and the body's properties."""
    names = {k.rpartition(":")[2] for k, v in values.parameters.items() if v is not None}
    if values.has_body and isinstance(values.body, Mapping):
        names |= {str(name) for name in values.body}
    return sorted(names)


def _ids(operation: Operation, values: Values) -> str:
    """How well the objects in the path are known: "none" needed, "known", or "made up"."""
    sources = [values.sources.get(p.name) for p in operation.path_inputs]
    named = [source for source in sources if source is not None]
    if not named:
        return "none"
    return "known" if all(source in KNOWN for source in named) else "made up"


def _required_only(operation: Operation, values: Values) -> Values:
    required = {p.name for p in operation.parameters if p.required}
    kept = {k: v for k, v in values.parameters.items() if k in required}
    return replace(values, parameters=kept)


def _is_sendable(key: str, value: Any) -> bool:
    location, _, name = key.partition(":")
    if location != "header":
        return True
    fitting = not isinstance(value, str) or is_sendable_header(value)
    return fitting and name.lower() not in LEFT_TO_THE_SENDER


def _is_plain(request: Request) -> bool:
    return all(is_sendable_header(value) for _, value in request.headers) and (
        len(request.target) < 8000
    )


def _made(probes: Iterable[Probe | None]) -> list[Probe]:
    return [probe for probe in probes if probe is not None]
