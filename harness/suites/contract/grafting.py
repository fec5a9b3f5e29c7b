"""Putting one generated variation into the best known call, so that an answer is about it alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.connector.model import Operation
from harness.connector.schema.validation import judge_of
from harness.exchanges.context import RunContext
from harness.inputs.generation import Case
from harness.inputs.generation_document import is_listed_elsewhere, varied_inputs
from harness.inputs.requests import body_media_type
from harness.inputs.values import Values, is_constant_property

__all__ = ["Grafting", "is_promised", "is_text_body"]

_PROMISES = frozenset(
    {
        "enum_value",
        "default_value",
        "example_value",
        "valid_boolean",
        "enum_value_items_array",
        "object_only_required",
    }
)
"""Variations that the definition promises in so many words; any other text is only implied."""
_BOUNDS = {
    "min": ("minimum", "minLength", "minItems"),
    "max": ("maximum", "maxLength", "maxItems"),
    "near": ("minimum", "minLength", "minItems", "maximum", "maxLength", "maxItems"),
}
_AS_TEXT = frozenset({"path", "query", "header", "formData"})


class Grafting:
    """Grafts the cases of one operation onto its best known values.

    `template` is the first valid coverage case, which the others differ from.
    """

    def __init__(
        self,
        context: RunContext,
        operation: Operation,
        values: Values,
        pinned: frozenset[str],
        template: Case | None,
    ) -> None:
        self._connector = context.connector
        self._operation = operation
        self._values = values
        self._varied = varied_inputs(context.connector, operation, pinned)
        self._template = template
        self._judge = judge_of(context.connector, sending=True)

    def values_of(self, case: Case) -> Values | None:
        """The best known values with a case's variation put in; None where nothing is wrong in it.

        A case that is to be refused says nothing where what goes out is valid after all, or reads
        as left out.
        """
        parameters = dict(self._values.parameters)
        changed: dict[tuple[str, str], Any] = {}
        gone: set[tuple[str, str]] = set()
        for location, inputs in case.inputs.items():
            elsewhere = bool(case.location) and location != case.location
            if elsewhere and (case.mode == "negative" or case.origin == "coverage"):
                continue
            changed |= self._changed(case, location, inputs)
            gone |= self._gone(case, location, inputs)
        if case.mode == "negative" and any(v in (None, "", []) for v in changed.values()):
            return None
        for _, name in gone:
            parameters.pop(name, None)
        parameters |= {f"{location}:{name}": value for (location, name), value in changed.items()}
        body, has_body = self._values.body, self._values.has_body
        if case.has_body and case.location in ("", "body"):
            body, has_body = self._body(case, body), True
        if case.mode == "negative" and self._is_valid(case, changed, gone, body):
            return None
        return Values(parameters, body, has_body, self._values.sources)

    def _changed(
        self, case: Case, location: str, inputs: Mapping[str, Any]
    ) -> dict[tuple[str, str], Any]:
        found: dict[tuple[str, str], Any] = {}
        plain = self._plain(case, location)
        for name, value in inputs.items():
            other = case.origin == "coverage" and bool(case.name) and name != case.name
            same = not case.name and name in plain and plain[name] == value
            if (location, name) in self._varied and not other and not same:
                found[location, name] = value
        return found

    def _gone(self, case: Case, location: str, inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
        """What the generator left out is left out: it may be the very point of the case."""
        if case.origin == "coverage":
            names = set() if case.name else set(self._plain(case, location)) - set(inputs)
        else:
            names = {name for place, name in self._varied if place == location} - set(inputs)
        return {(location, name) for name in names if (location, name) in self._varied}

    def _plain(self, case: Case, location: str) -> Mapping[str, Any]:
        if case.origin != "coverage" or self._template is None:
            return {}
        return self._template.inputs.get(location, {})

    def _body(self, case: Case, base: Any) -> Any:
        template = self._template
        if case.origin == "coverage" and template is not None and template.has_body:
            return _graft(case.body, template.body, base)
        return self._kept_properties(case.body, base)

    def _kept_properties(self, body: Any, base: Any) -> Any:
        """Constants, and properties whose values only another operation knows, keep theirs."""
        schema = self._schema()
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        if not isinstance(body, dict) or not isinstance(base, Mapping):
            return body
        kept = dict(body)
        for name, raw in properties.items() if isinstance(properties, Mapping) else ():
            inner = self._connector.resolve(raw)
            fixed = isinstance(inner, Mapping) and (
                is_constant_property(inner) or is_listed_elsewhere(inner)
            )
            if fixed and name in base:
                kept[name] = base[name]
        return kept

    def _schema(self) -> Any:
        body = self._operation.body
        return None if body is None else self._connector.resolve(body.schema)

    def _is_valid(
        self,
        case: Case,
        changed: Mapping[tuple[str, str], Any],
        gone: set[tuple[str, str]],
        body: Any,
    ) -> bool:
        """Whether what was to be wrong is right as it goes out: all is text but JSON."""
        if case.location == "body" and case.has_body:
            if is_text_body(self._operation):
                return self._fits_as_text(self._schema(), body)
            # Only where something was put back, since formats are for the generator to falsify.
            return body != case.body and not self._judge.problems(self._schema(), body)
        schemas = {(p.location, p.name): p for p in self._operation.parameters}
        touched = {location for location, _ in (*changed, *gone)}
        if case.location in _AS_TEXT and case.location not in touched:
            return True  # what was falsified kept its value (the id of this run's own object)
        if not changed or not all(location in _AS_TEXT for location, _ in changed):
            return False
        if any(schemas[place].required for place in gone):
            return False
        return all(
            self._fits_as_text(schemas[place].schema, value) for place, value in changed.items()
        )

    def _fits_as_text(self, schema: Any, value: Any) -> bool:
        schema = self._connector.resolve(schema)
        kind = schema.get("type") if isinstance(schema, Mapping) else None
        if kind == "file":
            return True
        if kind == "array":
            items = value if isinstance(value, list) else [value]
            return all(self._fits_as_text(schema.get("items"), item) for item in items)
        if kind not in (None, "string"):
            return not self._judge.problems(schema, value)
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        return not self._judge.problems(schema, text)


def is_text_body(operation: Operation) -> bool:
    """Whether the body is a text that goes out as it is, so that nothing in it can be mistyped."""
    body = operation.body
    if body is None or body.schema.get("type") != "string":
        return False
    return not body_media_type(operation).endswith(("/json", "+json"))


def is_promised(context: RunContext, operation: Operation, case: Case) -> bool:
    """Whether the definition itself names the value that a coverage case varies.

    The bounds of a format (2147483647 of `int32`) are nobody's promise.
    """
    if case.origin != "coverage":
        return False
    words = f"{case.scenario} {case.what}".lower()
    for word, keys in _BOUNDS.items():
        if f"{word}imum" in words or (word == "near" and "near" in words):
            schema = _schema_at(context, operation, case)
            return any(key in schema for key in keys)
    return case.scenario in _PROMISES or "enum value" in words or "default value" in words


def _schema_at(context: RunContext, operation: Operation, case: Case) -> Mapping[str, Any]:
    """The schema of the input or property that a case varies; empty where it cannot be told."""
    connector = context.connector
    found: Any = None
    for parameter in operation.parameters:
        if parameter.location == case.location and case.name in (parameter.name, ""):
            found = connector.resolve(parameter.schema)
            break
    for step in case.pointer.strip("/").split("/") if case.pointer.strip("/") else ():
        found = connector.resolve(found.get(step)) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _graft(new: Any, plain: Any, base: Any) -> Any:
    """What is new against the plain case, on top of the best known value."""
    if new == plain:
        return base
    if all(isinstance(part, Mapping) for part in (new, plain, base)):
        grafted = {k: v for k, v in base.items() if k in new or k not in plain}
        for key, value in new.items():
            if key not in plain:
                grafted[key] = value
            elif value != plain[key]:
                grafted[key] = _graft(value, plain[key], base.get(key))
        return grafted
    if all(isinstance(part, list) and len(part) == 1 for part in (new, plain, base)):
        return [_graft(new[0], plain[0], base[0])]
    return new
