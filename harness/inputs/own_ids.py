"""Ids in generated input: none may name an object that was there before this run.

A body's own id field (`id`, `documentId` of `/documents`) decides on many backends which record is
written, whatever the path says. So an example's id never goes out with generated input: it is left
out, or gives way to the id of the object that the run made, or to one thought up for a new object.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote
from zlib import crc32

from harness.connector.model import Connector, Operation
from harness.exchanges.bodies import parsed_json
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Request
from harness.inputs.related_operations import created_id, deleter_of, path_parameters
from harness.inputs.values import Values

__all__ = [
    "OwnIds",
    "chosen_from_a_list",
    "id_names",
    "made_by_this_run",
    "plain_name",
    "wrote_over",
]

_ID_NAMES = frozenset({"id", "uuid", "guid", "key", "rowkey", "objectid"})
_NUMBERING = ("id", "ids", "key", "guid", "number", "no", "code")
_KEYS = frozenset({"name", "title", "displayname", "code", "slug", "number", "reference", "login"})
"""Names of fields by which a backend may know a record besides its id."""
_OFFERS = ("example", "x-example", "x-ms-test-value", "default")
_DEEPEST = 3
_FIRST_NUMBER = 1_900_000_000
_ROOM = 90_000_000


@dataclass(frozen=True, slots=True)
class OwnIds:
    """Puts this run's ids in the place of all others.

    `own` is the id of the object that the call is about; None: the call makes a new one, for which
    `label` decides the id where one must be given.
    """

    context: RunContext
    operation: Operation
    label: str
    own: Any = None

    def of(self, values: Values) -> Values:
        """The values without any id of something that was there before."""
        names = id_names(self.context.connector, self.operation)
        parameters = dict(values.parameters)
        for parameter in self.operation.parameters:
            if parameter.location in ("path", "body") or plain_name(parameter.name) not in names:
                continue
            for key in (parameter.name, f"{parameter.location}:{parameter.name}"):
                if key in parameters:
                    parameters[key] = self._id(parameter.schema) if parameter.required else None
        body = values.body
        if values.has_body and self.operation.body is not None:
            body = self._cleaned(values.body, self.operation.body.schema, names, 0)
        return replace(values, parameters=parameters, body=body)

    def _cleaned(self, value: Any, schema: Any, names: frozenset[str], depth: int) -> Any:
        if depth > _DEEPEST:
            return value
        schema = self.context.connector.resolve(schema)
        schema = schema if isinstance(schema, Mapping) else {}
        if isinstance(value, list):
            items = schema.get("items", {})
            return [self._cleaned(each, items, names, depth + 1) for each in value]
        if not isinstance(value, dict):
            return value
        properties, required = _declared(self.context.connector, schema)
        made: dict[str, Any] = {}
        for name, inner in value.items():
            if plain_name(str(name)) not in names:
                own = self._told_apart(str(name), inner, properties.get(name))
                made[name] = self._cleaned(own, properties.get(name), names, depth + 1)
            elif self.own is not None or name in required:
                made[name] = self._id(self.context.connector.resolve(properties.get(name)))
        return made

    def _told_apart(self, name: str, value: Any, schema: Any) -> Any:
        """A name that the definition itself offers, made one that nothing has.

        Some backends know their records by it, and overwrite the one that has it.
        """
        schema = _mapping(self.context.connector.resolve(schema))
        offered = [schema.get(key) for key in _OFFERS]
        free = not any(key in schema for key in ("enum", "format", "pattern"))
        if not (free and isinstance(value, str) and value in offered and plain_name(name) in _KEYS):
            return value
        text, longest = f"{value} {crc32(self.label.encode('utf-8')):08x}", schema.get("maxLength")
        return text[-longest:] if isinstance(longest, int) and longest > 0 else text

    def _id(self, schema: Any) -> Any:
        kind = schema.get("type") if isinstance(schema, Mapping) else None
        if kind == "array":
            return [self._id(schema.get("items", {}))]
        if self.own is not None:
            return self.own if kind != "string" else str(self.own)
        made = _invented(schema if isinstance(schema, Mapping) else {}, self.label)
        self.context.ledger.invented(made)
        return made


def id_names(connector: Connector, operation: Operation) -> frozenset[str]:
    """The names, in plain letters, under which an input says which object of a kind is meant."""
    parameters = path_parameters(operation)
    remover = deleter_of(connector, operation) if not parameters else None
    about = parameters or (path_parameters(remover) if remover is not None else [])
    path = operation.path.split("{", 1)[0] if parameters else operation.path
    last = next((part for part in reversed(path.split("/")) if part), "")
    singular = re.sub(r"ies$", "y", plain_name(last)).removesuffix("s")
    own = {plain_name(p.name) for p in about} | {
        f"{singular}{end}" for end in ("id", "key", "guid")
    }
    single = _ID_NAMES | own
    return frozenset(single | {f"{name}s" for name in single})


def chosen_from_a_list(connector: Connector, operation: Operation) -> bool:
    """Whether a creation must name its object by one of a fixed list of ids."""
    if operation.body is None:
        return False
    names = id_names(connector, operation)
    properties, required = _declared(connector, connector.resolve(operation.body.schema))
    return any(
        plain_name(str(name)) in names
        and "enum" in _mapping(connector.resolve(properties.get(name)))
        for name in required
    )


def made_by_this_run(context: RunContext, creator: Operation, exchange: Exchange) -> Any:
    """The id of the object that a creation made, or None where it may have been there before.

    An id that was sent (an example's, a default, one of an enum) or that a list showed earlier is
    none of ours: a backend that overwrites answers with it as well.
    """
    remover = deleter_of(context.connector, creator)
    if remover is None:
        return None
    found = created_id(exchange, path_parameters(remover)[-1])
    if found is None:
        return None
    sent = str(found) in set(_sent(exchange.probe.request))
    if sent and not context.ledger.is_invented(found):
        return None
    return found if context.ledger.made(creator.id, found, exchange.at) else None


def wrote_over(context: RunContext, creator: Operation, exchange: Exchange) -> bool:
    """Whether a creation was answered with the id of something that a list showed before it."""
    remover = deleter_of(context.connector, creator)
    if remover is None:
        return False
    found = created_id(exchange, path_parameters(remover)[-1])
    return found is not None and context.ledger.stood_before(creator.id, found, exchange.at)


def _sent(request: Request) -> Iterator[str]:
    """Every text of a request, and the numbers of inputs whose names speak of ids."""
    path, _, query = request.target.partition("?")
    yield from (unquote(part) for part in path.split("/"))
    yield from (value for _, value in parse_qsl(query))
    yield from (value for _, value in request.headers)
    if not request.body:
        return
    try:
        yield from _texts("", parsed_json(request.body))
    except (ValueError, RecursionError):
        text = request.body.decode("utf-8", "replace")
        yield text
        yield from (value for _, value in parse_qsl(text))


def _texts(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(name, inner)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int) and plain_name(name).endswith(_NUMBERING):
        yield str(value)


def _declared(connector: Connector, schema: Any) -> tuple[dict[str, Any], set[str]]:
    """The properties and the required names of an object's schema, `allOf` included."""
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping):
        return {}, set()
    properties = dict(_mapping(schema.get("properties")))
    required = schema.get("required")
    needed = {str(name) for name in required} if isinstance(required, list) else set()
    parts = schema.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        more, also = _declared(connector, part) if part is not schema else ({}, set())
        properties |= more
        needed |= also
    return properties, needed


def _invented(schema: Mapping[str, Any], label: str) -> Any:
    """An id that nothing has: the same for the same label, so that runs can be repeated."""
    number = crc32(label.encode("utf-8"))
    if schema.get("type") in ("integer", "number"):
        return _FIRST_NUMBER + number % _ROOM
    if str(schema.get("format", "")).lower() in ("uuid", "guid"):
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"connector-harness:{label}"))
    text, longest = f"harness-{number:08x}", schema.get("maxLength")
    return text[-longest:] if isinstance(longest, int) and longest > 0 else text


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def plain_name(name: str) -> str:
    """A name in small letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
