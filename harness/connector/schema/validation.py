"""Validating JSON values with the schemas of a definition: a kind, a place and words per problem.

The schemas are rewritten as JSON Schema (`harness.connector.schema.translation`) and compiled by
jsonschema-rs. Swagger 2.0 has no null: `x-nullable` is honoured, and a null elsewhere is a kind of
its own.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from harness.bounds.parsing import parse_json
from harness.connector.model import Connector
from harness.connector.schema.formats import TEXT_FORMATS
from harness.connector.schema.problems import Problem
from harness.connector.schema.translation import Translator
from harness.connector.schema.wording import problems_of

__all__ = ["SchemaJudge", "judge_of"]

MOST_PROBLEMS = 200
MOST_OTHERS = 32
"""Kept validators of schemas that are not the connector's own."""
MOST_ITEMS = 500
"""Items of an array that are looked at for problems once the array is known to hold one."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Schemas that were compiled together, by the keys that the judge knows them by."""

    schemas: Mapping[int, Any]
    document: Mapping[str, Any]
    validator: jsonschema_rs.Validator


class SchemaJudge:
    """The compiled schemas of one connector.

    All schemas of its operations are compiled at once, when the first value is judged: they share
    definitions, so that one by one each would hold a copy of most of the document.

    `strict` makes declared properties required and alone. `sending` judges what goes to the app,
    where `readOnly` properties are not required.
    """

    def __init__(self, connector: Connector, *, strict: bool = False, sending: bool = False):
        self._connector = connector
        self._translator = Translator(connector, strict=strict, sending=sending)
        self._own: _Compiled | None = None
        self._others: OrderedDict[int, _Compiled] = OrderedDict()

    def problems(self, schema: Any, value: Any) -> list[Problem]:
        """Every problem of a value, at most a few hundred; empty means that it conforms."""
        try:
            return self._problems(schema, value)
        except UnicodeEncodeError:
            return self._problems(schema, _encodable(value))

    def _problems(self, schema: Any, value: Any) -> list[Problem]:
        key, compiled = self._compiled(schema)
        if compiled.validator.is_valid({_name(key): value}):
            return []
        found: list[Problem] = []
        for part in (_shortened(value), value):
            errors = islice(compiled.validator.iter_errors({_name(key): part}), MOST_PROBLEMS)
            found = problems_of(errors, compiled.document, {_name(key): value})
            if found:
                break
        return found

    @property
    def compiled(self) -> int:
        """How many validators are kept: one for the connector's own schemas, and a few others."""
        return len(self._others) + (self._own is not None)

    def _compiled(self, schema: Any) -> tuple[int, _Compiled]:
        if isinstance(schema, Mapping) and set(schema) == {"$ref"}:
            target = self._connector.at(str(schema["$ref"]))
            schema = schema if target is None else target
        key = id(schema)
        if self._own is None:
            self._own = self._compile({id(own): own for own in _schemas_of(self._connector)})
        if key in self._own.schemas:
            return key, self._own
        known = self._others.get(key)
        if known is None or known.schemas[key] is not schema:
            known = self._others[key] = self._compile({key: schema})
            if len(self._others) > MOST_OTHERS:
                self._others.popitem(last=False)
        self._others.move_to_end(key)
        return key, known

    def _compile(self, schemas: Mapping[int, Any]) -> _Compiled:
        """Keeps the schemas too, because their ids are their keys."""
        document = self._translator.document({_name(key): s for key, s in schemas.items()})
        document = _encodable(document)
        validator = jsonschema_rs.Draft202012Validator(
            document, formats=dict(TEXT_FORMATS), validate_formats=True, offline=True
        )
        return _Compiled(schemas, document, validator)


def _schemas_of(connector: Connector) -> Iterator[Any]:
    """The schemas that a connector's operations and definitions have."""
    definitions = connector.raw.get("definitions")
    yield from definitions.values() if isinstance(definitions, Mapping) else ()
    for operation in connector.operations:
        yield from (parameter.schema for parameter in operation.parameters)
        for response in operation.responses.values():
            yield from response.headers.values()
            if response.schema is not None:
                yield response.schema


class _Same:
    """A connector as a key: itself, not its equals (a connector holds unhashable documents)."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector

    def __hash__(self) -> int:
        return id(self.connector)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.connector is self.connector


def judge_of(connector: Connector, *, strict: bool = False, sending: bool = False) -> SchemaJudge:
    """The judge that the operations of a connector share, so that each schema is compiled once."""
    return _judge(_Same(connector), strict, sending)


@lru_cache(maxsize=8)
def _judge(key: _Same, strict: bool, sending: bool) -> SchemaJudge:
    return SchemaJudge(key.connector, strict=strict, sending=sending)


def _name(key: int) -> str:
    return f"s{key}"


def _encodable(value: Any) -> Any:
    """The value without half surrogate pairs, which JSON can escape and UTF-8 cannot hold."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return parse_json(text.encode("utf-8", "replace"))
    return value


def _shortened(value: Any) -> Any:
    """A copy with the first items of each array: thousands of equal problems help no reader."""
    if isinstance(value, list):
        return [_shortened(item) for item in value[:MOST_ITEMS]]
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    return value
