"""Which operation creates, lists and removes the objects that another one names in its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.exchanges.bodies import parsed_json
from harness.exchanges.model import Exchange
from harness.exchanges.records import id_value, is_id_value

__all__ = [
    "created_id",
    "creator_of",
    "deleter_of",
    "id_in",
    "lister_of",
    "names_objects",
    "path_parameters",
]

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def names_objects(operation: Operation) -> bool:
    """Whether its path names something by an input of the caller's choice."""
    return any(not p.is_constant for p in operation.path_inputs)


def path_parameters(operation: Operation) -> list[Parameter]:
    """The path parameters in the order in which the path holds them, constants left out."""
    found = [p for p in operation.path_inputs if not p.is_constant]
    return sorted(found, key=lambda p: operation.path.find("{" + p.name + "}"))


def lister_of(connector: Connector, operation: Operation, name: str) -> Operation | None:
    """The GET operation on the collection that a path parameter picks from."""
    return _at(connector, "GET", _collection(operation.path, name))


def creator_of(connector: Connector, operation: Operation) -> Operation | None:
    """The POST operation that creates what the path of another operation names last, if any.

    Only collections at the top are considered: creating below an object of somebody else's would
    change that object.
    """
    parameters = path_parameters(operation)
    if len(parameters) != 1:
        return None
    creator = _at(connector, "POST", _collection(operation.path, parameters[0].name))
    return None if creator is None or names_objects(creator) else creator


def deleter_of(connector: Connector, creator: Operation) -> Operation | None:
    """The DELETE operation on the objects that an operation creates, if any."""
    stem = _shape(creator.path)
    for operation in connector.operations:
        parameters = path_parameters(operation)
        if operation.method != "DELETE" or len(parameters) != 1:
            continue
        if operation.path.rstrip("/)'\"").endswith("}") and stem == _shape(
            _collection(operation.path, parameters[0].name)
        ):
            return operation
    return None


def created_id(exchange: Exchange, parameter: Parameter) -> Any:
    """The id that the answer to a creation gives: in its body, else at the end of `Location`."""
    response = exchange.response
    if response is None or not 200 <= response.status < 300:
        return None
    try:
        body = parsed_json(response.body)
    except ValueError:
        body = None
    found = id_in(body, parameter)
    if found is None and isinstance(body, Mapping):
        inner = [value for value in body.values() if isinstance(value, Mapping)]
        found = next(
            (i for i in (id_in(value, parameter) for value in inner) if i is not None), None
        )
    if found is None:
        location = (response.header("location") or "").split("?")[0].rstrip("/")
        last = location.rsplit("/", 1)[-1]
        # OData puts the key into brackets: `/Orders(17)` and `/Orders('A-17')`.
        key = re.search(r"\(([^()=]+)\)$", last)
        found = (key[1].strip("'\"") if key else last) or None
    return found


def id_in(item: Any, parameter: Parameter) -> Any:
    """The value of an object's property that a parameter of that name would take, or None."""
    if not isinstance(item, Mapping):
        return item if _fits(item, parameter) else None
    return id_value(item, parameter.name, lambda value: _fits(value, parameter), codes=True)


def _fits(value: Any, parameter: Parameter) -> bool:
    if not is_id_value(value):
        return False
    return parameter.schema.get("type") != "integer" or isinstance(value, int)


def _collection(path: str, name: str) -> str:
    """`/items` of `/items/{id}` and of `/items('{id}')`."""
    return path.split("{" + name + "}", 1)[0].rstrip("/('\"")


def _shape(path: str) -> str:
    return _PLACEHOLDER.sub("{}", path).rstrip("/").lower()


def _at(connector: Connector, method: str, path: str) -> Operation | None:
    wanted = _shape(path)
    found = [o for o in connector.operations if o.method == method and _shape(o.path) == wanted]
    return found[0] if found and wanted else None
