"""Judging dynamic values and schemas: the operation they call, what they pass, what they expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.connector.pointers import escape
from harness.connector.schema.refs import reached
from harness.findings.model import Finding
from harness.suites.definition.context import found
from harness.suites.definition.dynamic_outputs import judge_outputs

__all__ = ["DYNAMIC", "judge_dynamics"]

DYNAMIC = (
    "x-ms-dynamic-values",
    "x-ms-dynamic-list",
    "x-ms-dynamic-schema",
    "x-ms-dynamic-properties",
)
TREE = "x-ms-dynamic-tree"
SUCCESSORS = {
    "x-ms-dynamic-values": "x-ms-dynamic-list",
    "x-ms-dynamic-schema": "x-ms-dynamic-properties",
}
SAMPLES = ("example", "examples", "default", "enum")
NUMBERS = ("integer", "number")


@dataclass(frozen=True, slots=True)
class Use:
    """One dynamic extension: where it stands, what it says, and the object that holds it."""

    key: str
    extension: Mapping[str, Any]
    holder: Mapping[str, Any]
    pointer: str
    operation: Operation | None

    @property
    def where(self) -> str:
        """The operation's name, or the place where it stands for several."""
        return self.operation.id if self.operation is not None else self.pointer.rpartition("/")[0]


def judge_dynamics(connector: Connector) -> Iterator[Finding]:
    """Every dynamic extension, in operations and in what they share."""
    known = {str(o.raw.get("operationId")): o for o in connector.operations}
    uses = list(_uses(connector))
    yield from _outputs(connector, uses, known)
    for use in uses:
        yield from _place(connector, use)
        if use.key == TREE:
            yield from _tree(connector, use, known)
            continue
        yield from _pairs(connector, use)
        yield from _call(connector, use, use.extension, known)


def _uses(connector: Connector) -> Iterator[Use]:
    for operation in connector.operations:
        yield from _found(operation.raw, operation.pointer, operation)
        shared = operation.path_raw.get("parameters")
        for parameter in shared if isinstance(shared, list) else ():
            if isinstance(parameter, Mapping) and "$ref" not in parameter:
                place = f"{operation.pointer.rpartition('/')[0]}/parameters"
                yield from _found(parameter, place, operation)
    # A left-over that nothing refers to calls nothing.
    in_use = reached(connector)
    for key in ("definitions", "parameters", "responses"):
        shared = connector.raw.get(key)
        for name, node in shared.items() if isinstance(shared, Mapping) else ():
            place = f"/{key}/{escape(str(name))}"
            if place in in_use:
                yield from _found(node, place, None)


def _found(node: Any, pointer: str, operation: Operation | None) -> Iterator[Use]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            place = f"{pointer}/{escape(str(key))}"
            if key in (*DYNAMIC, TREE) and isinstance(value, Mapping):
                yield Use(str(key), value, node, place, operation)
            elif key not in SAMPLES or pointer.endswith("/properties"):
                yield from _found(value, place, operation)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _found(value, f"{pointer}/{index}", operation)


def _place(connector: Connector, use: Use) -> Iterator[Finding]:
    if use.holder.get("in") == "body" and "name" in use.holder:
        message = f"{use.key} stands at the body itself, not in its schema"
        yield found(connector, "dynamic-place", message, use.pointer, operation=use.operation)


def _tree(connector: Connector, use: Use, known: Mapping[str, Operation]) -> Iterator[Finding]:
    for part in ("open", "browse"):
        call = use.extension.get(part)
        if not isinstance(call, Mapping):
            continue
        yield from _call(connector, use, call, known)
        if part == "open" and "selectedItemValuePath" in call:
            message = f"selectedItemValuePath stands in open of {use.where}, not in browse"
            yield found(connector, "dynamic-tree", message, use.pointer, operation=use.operation)


def _pairs(connector: Connector, use: Use) -> Iterator[Finding]:
    """What only the newer one of two extensions can say."""
    newer = SUCCESSORS.get(use.key)
    if newer is None:
        if "selectedItemValuePath" in use.extension:
            message = f"selectedItemValuePath stands in {use.key}"
            yield found(connector, "dynamic-tree", message, use.pointer, operation=use.operation)
        return
    if use.extension.get("capability") == "file-picker" and TREE not in use.holder:
        message = f"{use.key} of {use.where} opens a file picker without {TREE}"
        yield found(connector, "dynamic-pair", message, use.pointer, operation=use.operation)
    path = use.extension.get("value-path")
    if use.key == "x-ms-dynamic-schema" and isinstance(path, str):
        yield from _schema_paths(connector, use, path)
    if newer in use.holder or use.operation is None:
        return
    for name, problem in _unclear(connector, use):
        message = f"{use.key} of {use.where} passes {name!r}, which {problem}; add {newer}"
        yield found(connector, "dynamic-ambiguous", message, use.pointer, operation=use.operation)


def _schema_paths(connector: Connector, use: Use, path: str) -> Iterator[Finding]:
    newer = use.holder.get("x-ms-dynamic-properties")
    bare = path.rpartition("/")[0] if path.split("/")[-1] == "properties" else path
    if not isinstance(newer, Mapping):
        if bare != path:
            message = f"value-path of {use.where} leads to properties, not to a schema"
            yield found(connector, "dynamic-pair", message, use.pointer, operation=use.operation)
        return
    other = newer.get("itemValuePath", "")
    if isinstance(other, str) and other.strip("/") != bare.strip("/"):
        message = f"itemValuePath of {use.where} is {other!r}, value-path {path!r}"
        yield found(
            connector,
            "dynamic-pair",
            message,
            use.pointer,
            operation=use.operation,
            expected=repr(bare),
            observed=repr(other),
        )


def _unclear(connector: Connector, use: Use) -> Iterator[tuple[str, str]]:
    """References that the older extensions cannot tell apart."""
    assert use.operation is not None
    fields = _fields(connector, use.operation)
    names = {p.name for p in use.operation.parameters if p.location != "body"}
    given = use.extension.get("parameters")
    for value in given.values() if isinstance(given, Mapping) else ():
        reference = value.get("parameter") if isinstance(value, Mapping) else None
        if not isinstance(reference, str):
            continue
        if reference in names:
            if isinstance(fields, Mapping) and reference in fields:
                yield reference, "is both a parameter and a field of the body"
        elif "/" in reference:
            yield reference, "lies inside of a parameter"


# ---------------------------------------------------------------------- the call


def _call(
    connector: Connector, use: Use, call: Mapping[str, Any], known: Mapping[str, Operation]
) -> Iterator[Finding]:
    wanted = call.get("operationId")
    if wanted is None and not call.get("builtInOperation") and not call.get("capability"):
        message = f"{use.key} of {use.where} names no operationId"
        yield found(connector, "dynamic-incomplete", message, use.pointer, operation=use.operation)
    if not isinstance(wanted, str):
        return
    goal = known.get(wanted)
    if goal is None:
        message = f"{use.key} of {use.where} names the operation {wanted!r}, which is not there"
        yield found(connector, "dynamic-operation", message, use.pointer, operation=use.operation)
        return
    given = call.get("parameters")
    given = given if isinstance(given, Mapping) else {}
    yield from _names(connector, use, goal, given)
    yield from _needed(connector, use, goal, given)
    for name, value in given.items():
        parameter = next((p for p in goal.parameters if p.name == name), None)
        if parameter is not None and parameter.location != "body":
            yield from _value(connector, use, goal, parameter, value)


def _outputs(
    connector: Connector, uses: Sequence[Use], known: Mapping[str, Operation]
) -> Iterator[Finding]:
    """One finding for each path that an answer lacks, however many extensions look for it."""
    places: dict[str, list[Use]] = {}
    for use in uses:
        calls = [use.extension.get("open"), use.extension.get("browse")]
        for call in calls if use.key == TREE else [use.extension]:
            goal = known.get(str(call.get("operationId"))) if isinstance(call, Mapping) else None
            if goal is not None and isinstance(call, Mapping):
                for message in judge_outputs(connector, use.key, call, goal):
                    places.setdefault(message, []).append(use)
    for message, held in places.items():
        first = held[0]
        times = f" ({len(held)} extensions look for it)" if len(held) > 1 else ""
        yield found(
            connector,
            "dynamic-output",
            message + times,
            first.pointer,
            operation=first.operation,
            data={"pointers": [use.pointer for use in held]},
        )


def _names(
    connector: Connector, use: Use, goal: Operation, given: Mapping[str, Any]
) -> Iterator[Finding]:
    names = {p.name for p in goal.parameters} | {"body"}
    plain = {p.name for p in goal.parameters if p.location != "body"}
    fields = _fields(connector, goal)
    for name in given:
        text = str(name)
        if text not in names and text.split("/")[0] not in names and not goal.body:
            message = f"{use.key} of {use.where} passes {text!r}, which {goal.id} does not take"
            yield found(
                connector, "dynamic-parameter", message, use.pointer, operation=use.operation
            )
        if text in plain and isinstance(fields, Mapping) and text in fields:
            message = f"{text!r} is both a parameter and a field of the body of {goal.id}"
            yield found(
                connector, "dynamic-ambiguous", message, use.pointer, operation=use.operation
            )


def _fields(connector: Connector, operation: Operation) -> Any:
    body = connector.resolve(operation.body.schema) if operation.body is not None else {}
    return body.get("properties") if isinstance(body, Mapping) else None


def _needed(
    connector: Connector, use: Use, goal: Operation, given: Mapping[str, Any]
) -> Iterator[Finding]:
    for parameter in goal.parameters:
        needed = parameter.required and not parameter.has_default and parameter.location != "body"
        if needed and parameter.name not in given:
            message = f"{use.key} of {use.where} does not pass {parameter.name!r}"
            yield found(
                connector,
                "dynamic-required",
                f"{message}, which {goal.id} requires",
                use.pointer,
                operation=use.operation,
            )


def _value(
    connector: Connector, use: Use, goal: Operation, parameter: Parameter, value: Any
) -> Iterator[Finding]:
    source = _source(use, value)
    wanted = parameter.schema.get("type")
    if isinstance(source, Parameter):
        if source.visibility == "internal":
            message = f"{use.key} of {use.where} passes {source.name}, which is internal"
            yield found(
                connector, "dynamic-internal", message, use.pointer, operation=use.operation
            )
        if parameter.required and not source.required and not parameter.has_default:
            message = f"{source.name} is optional, but {parameter.name} of {goal.id} is required"
            yield found(
                connector, "dynamic-optional", message, use.pointer, operation=use.operation
            )
        held = source.schema.get("type")
        if not _same_kind(held, wanted):
            message = f"{source.name} is {held}, but {parameter.name} of {goal.id} is {wanted}"
            yield found(connector, "dynamic-type", message, use.pointer, operation=use.operation)
        return
    static = value.get("value") if isinstance(value, Mapping) and "value" in value else value
    if not isinstance(static, Mapping) and not _could_be(static, wanted):
        message = f"{static!r} is passed to {parameter.name} of {goal.id}, which is {wanted}"
        yield found(connector, "dynamic-type", message, use.pointer, operation=use.operation)


def _source(use: Use, value: Any) -> Parameter | None:
    """The input of the same operation that a reference names."""
    if not isinstance(value, Mapping) or use.operation is None:
        return None
    reference = value.get("parameter", value.get("parameterReference"))
    return next(
        (p for p in use.operation.parameters if p.name == reference and p.location != "body"), None
    )


def _same_kind(held: Any, wanted: Any) -> bool:
    """Whether a value of one type can be written as the other in a URL."""
    if held == wanted or not isinstance(held, str) or not isinstance(wanted, str):
        return True
    return wanted == "string" or (held in NUMBERS and wanted in NUMBERS)


def _could_be(value: Any, wanted: Any) -> bool:
    if value is None or not isinstance(wanted, str):
        return True
    if wanted in NUMBERS:
        try:
            float(value)
        except (TypeError, ValueError):
            return isinstance(value, str) and value.startswith("@")
        return not isinstance(value, bool)
    if wanted == "boolean":
        return isinstance(value, bool) or str(value).lower() in ("true", "false")
    return (
        wanted not in ("string", "array")
        or not isinstance(value, dict | list)
        or (wanted == "array" and isinstance(value, list))
    )
