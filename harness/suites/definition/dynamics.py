"""Judging dynamic values and schemas: the operation they call, what they pass, what they expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.connector.pointers import escape
from harness.connector.schema.refs import reached
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import CREATE_DOCUMENT, GET_DOCUMENT, LIST_DOCUMENTS
from harness.suites.definition.dynamic_outputs import judge_outputs

__all__ = ["DYNAMIC", "judge_dynamics"]

EXTENSIONS = "Microsoft, 'OpenAPI extensions for custom connectors'"

DYNAMIC_OPERATION = Rule(
    id="definition.dynamic-operation",
    severity="error",
    title="A dynamic extension names an operation that is not there",
    meaning="x-ms-dynamic-* names an unknown operationId.",
    why="The designer cannot fill its list, and shows an error.",
    remedy="Name an operation of this connector.",
    reference=EXTENSIONS,
    shown_by=(Edit({f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-values": {"operationId": "Nope"}}),),
    microsoft=("OperationIdNotFound",),
)
DYNAMIC_PARAMETER = Rule(
    id="definition.dynamic-parameter",
    severity="error",
    title="A dynamic extension passes an input that is not there",
    meaning="x-ms-dynamic-* sets a parameter that the named operation does not have.",
    why="The value is lost, and the list is wrong or empty.",
    remedy="Use the names of the operation's parameters.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-values": {
                    "operationId": "ListDocuments",
                    "value-path": "id",
                    "parameters": {"nope": 1},
                }
            }
        ),
    ),
    microsoft=("OperationParameterNameNotFound",),
)
DYNAMIC_INCOMPLETE = Rule(
    id="definition.dynamic-incomplete",
    severity="warning",
    title="A dynamic extension calls nothing",
    meaning="x-ms-dynamic-* has no operationId, no builtInOperation and no capability.",
    why="The designer cannot fill the list.",
    remedy="Name the operation that gives the values.",
    reference=EXTENSIONS,
    shown_by=(Edit({f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-values": {"value-path": "id"}}),),
    microsoft=("OneOfPropertiesRequired",),
)
DYNAMIC_PLACE = Rule(
    id="definition.dynamic-place",
    severity="warning",
    title="A dynamic extension is on the body parameter",
    meaning="x-ms-dynamic-* is on a body parameter instead of in its schema.",
    why="The designer looks for it in the schema.",
    remedy="Move it into the schema.",
    reference=EXTENSIONS,
    shown_by=(
        Edit({f"{CREATE_DOCUMENT}/parameters/0/x-ms-dynamic-schema": {"operationId": "WhoAmI"}}),
    ),
    microsoft=("DynamicExtensionDefinitionNotAllowedInParameter",),
)
DYNAMIC_REQUIRED = Rule(
    id="definition.dynamic-required",
    severity="warning",
    title="A dynamic extension leaves out a required input",
    meaning="The operation that it calls requires a parameter that it does not pass.",
    why="The call fails, and the designer shows an error instead of the list.",
    remedy="Pass the parameter, as a value or as a reference to another input.",
    reference=EXTENSIONS,
    shown_by=(
        Edit({f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-schema": {"operationId": "GetDocument"}}),
    ),
    microsoft=("OperationMissingRequiredProperty",),
)
DYNAMIC_OPTIONAL = Rule(
    id="definition.dynamic-optional",
    severity="note",
    title="A list hangs on an optional input",
    meaning="A dynamic extension passes an optional input to a required parameter.",
    why="Until makers fill it in, the list cannot be loaded.",
    remedy="Make the input required, or say in its description that the list needs it.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/1/x-ms-dynamic-values": {
                    "operationId": "SearchDocuments",
                    "parameters": {"text": {"parameter": "status"}},
                    "value-collection": "value",
                    "value-path": "id",
                }
            }
        ),
    ),
    microsoft=("OperationParameterRequiredMismatch",),
)
DYNAMIC_TYPE = Rule(
    id="definition.dynamic-type",
    severity="warning",
    title="A dynamic extension passes a value of another type",
    meaning="The value or input that it passes cannot be of the type that the parameter has.",
    why="The app refuses the call.",
    remedy="Pass a value of the parameter's type.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/1/x-ms-dynamic-values": {
                    "operationId": "SearchDocuments",
                    "parameters": {"text": ["report"]},
                    "value-collection": "value",
                    "value-path": "id",
                }
            }
        ),
    ),
    microsoft=("OperationParameterStaticTypeMismatch", "OperationParameterTypeMismatch"),
)
DYNAMIC_INTERNAL = Rule(
    id="definition.dynamic-internal",
    severity="warning",
    title="A dynamic extension passes a hidden input",
    meaning="The input that it refers to is internal.",
    why="Makers cannot set it, so the list cannot follow it.",
    remedy="Make the input visible, or pass the value itself.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/0/required": True,
                f"{LIST_DOCUMENTS}/parameters/0/default": "draft",
                f"{LIST_DOCUMENTS}/parameters/0/x-ms-visibility": "internal",
                f"{LIST_DOCUMENTS}/parameters/1/x-ms-dynamic-values": {
                    "operationId": "SearchDocuments",
                    "parameters": {"text": {"parameter": "status"}},
                    "value-collection": "value",
                    "value-path": "id",
                },
            }
        ),
    ),
    microsoft=("SourcePropertyInternal",),
)
DYNAMIC_OUTPUT = Rule(
    id="definition.dynamic-output",
    severity="warning",
    title="A dynamic extension looks for what the answer does not have",
    meaning="value-collection, value-path, value-title, itemsPath or another path is not in the "
    "documented answer of the operation that it calls (one finding for each such path).",
    why="The designer shows an empty list or no fields.",
    remedy="Correct the path, or document the field.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-values": {
                    "operationId": "ListCategories",
                    "value-collection": "rows",
                    "value-path": "id",
                }
            }
        ),
        Edit(
            {
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-list": {
                    "operationId": "ListCategories",
                    "itemsPath": "value/id",
                }
            }
        ),
        Edit(
            {
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-properties": {
                    "operationId": "WhoAmI",
                    "itemValuePath": "schema",
                }
            }
        ),
    ),
    microsoft=("InvokedOperationShouldProduceArray", "InvokedOperationShouldProduceProperty"),
)
DYNAMIC_AMBIGUOUS = Rule(
    id="definition.dynamic-ambiguous",
    severity="note",
    title="A dynamic extension is not clear about what it passes",
    meaning="A name is both a parameter and a field of the body, or lies inside of one, and the "
    "newer extension, which can tell them apart, is not there.",
    why="The designer may pass the wrong value.",
    remedy="Add x-ms-dynamic-list or x-ms-dynamic-properties next to it.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/1/x-ms-dynamic-values": {
                    "operationId": "SearchDocuments",
                    "parameters": {"text": {"parameter": "body/title"}},
                    "value-collection": "value",
                    "value-path": "id",
                }
            }
        ),
    ),
    microsoft=(
        "DynamicListExtensionRequiredForAmbiguousReferences",
        "DynamicListExtensionRequiredForNonParameterReferences",
        "DynamicPropertiesExtensionRequiredForAmbiguousReferences",
        "DynamicPropertiesExtensionRequiredForNonParameterReferences",
        "OperationParameterNameIsAmbiguous",
    ),
)
DYNAMIC_PAIR = Rule(
    id="definition.dynamic-pair",
    severity="note",
    title="A dynamic extension and its newer one disagree",
    meaning="x-ms-dynamic-schema leads to properties and has no x-ms-dynamic-properties next to "
    "it, the two have different paths, or a file picker has no x-ms-dynamic-tree.",
    why="Newer designers read the newer extension, and show something else or nothing.",
    remedy="Write both, with the same path (the newer one without the last properties).",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-schema": {
                    "operationId": "Health",
                    "value-path": "a/properties",
                }
            },
            along=("definition.dynamic-output",),
        ),
        Edit({f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-values": {"capability": "file-picker"}}),
        Edit(
            {
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-schema": {
                    "operationId": "Health",
                    "value-path": "schema",
                },
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-properties": {
                    "operationId": "Health",
                    "itemValuePath": "other",
                },
            },
            along=("definition.dynamic-output",),
        ),
    ),
    microsoft=(
        "DynamicPropertiesExtensionRequiredForPropertiesValuePath",
        "DynamicPropertiesItemValuePathMismatch",
        "DynamicTreeExtensionMissing",
    ),
)
DYNAMIC_TREE = Rule(
    id="definition.dynamic-tree",
    severity="note",
    title="selectedItemValuePath is out of place",
    meaning="selectedItemValuePath is not in browse of x-ms-dynamic-tree.",
    why="It is ignored.",
    remedy="Move it into browse.",
    reference=EXTENSIONS,
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/parameters/0/x-ms-dynamic-tree": {
                    "open": {"operationId": "Health", "selectedItemValuePath": "id"}
                }
            }
        ),
    ),
    microsoft=("SelectedItemValuePathNotAllowedInThisPosition",),
)

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
        message = f"{use.key} is at the body itself, not in its schema"
        yield DYNAMIC_PLACE.at(connector, message, use.pointer, operation=use.operation)


def _tree(connector: Connector, use: Use, known: Mapping[str, Operation]) -> Iterator[Finding]:
    for part in ("open", "browse"):
        call = use.extension.get(part)
        if not isinstance(call, Mapping):
            continue
        yield from _call(connector, use, call, known)
        if part == "open" and "selectedItemValuePath" in call:
            message = f"selectedItemValuePath is in open of {use.where}, not in browse"
            yield DYNAMIC_TREE.at(connector, message, use.pointer, operation=use.operation)


def _pairs(connector: Connector, use: Use) -> Iterator[Finding]:
    """What only the newer one of two extensions can say."""
    newer = SUCCESSORS.get(use.key)
    if newer is None:
        if "selectedItemValuePath" in use.extension:
            message = f"selectedItemValuePath is in {use.key}"
            yield DYNAMIC_TREE.at(connector, message, use.pointer, operation=use.operation)
        return
    if use.extension.get("capability") == "file-picker" and TREE not in use.holder:
        message = f"{use.key} of {use.where} opens a file picker without {TREE}"
        yield DYNAMIC_PAIR.at(connector, message, use.pointer, operation=use.operation)
    path = use.extension.get("value-path")
    if use.key == "x-ms-dynamic-schema" and isinstance(path, str):
        yield from _schema_paths(connector, use, path)
    if newer in use.holder or use.operation is None:
        return
    for name, problem in _unclear(connector, use):
        message = f"{use.key} of {use.where} passes {name!r}, which {problem}; add {newer}"
        yield DYNAMIC_AMBIGUOUS.at(connector, message, use.pointer, operation=use.operation)


def _schema_paths(connector: Connector, use: Use, path: str) -> Iterator[Finding]:
    newer = use.holder.get("x-ms-dynamic-properties")
    bare = path.rpartition("/")[0] if path.split("/")[-1] == "properties" else path
    if not isinstance(newer, Mapping):
        if bare != path:
            message = f"value-path of {use.where} leads to properties, not to a schema"
            yield DYNAMIC_PAIR.at(connector, message, use.pointer, operation=use.operation)
        return
    other = newer.get("itemValuePath", "")
    if isinstance(other, str) and other.strip("/") != bare.strip("/"):
        message = f"itemValuePath of {use.where} is {other!r}, value-path {path!r}"
        yield DYNAMIC_PAIR.at(
            connector,
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
        yield DYNAMIC_INCOMPLETE.at(connector, message, use.pointer, operation=use.operation)
    if not isinstance(wanted, str):
        return
    goal = known.get(wanted)
    if goal is None:
        message = f"{use.key} of {use.where} names the operation {wanted!r}, which is not there"
        yield DYNAMIC_OPERATION.at(connector, message, use.pointer, operation=use.operation)
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
        yield DYNAMIC_OUTPUT.at(
            connector,
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
            yield DYNAMIC_PARAMETER.at(connector, message, use.pointer, operation=use.operation)
        if text in plain and isinstance(fields, Mapping) and text in fields:
            message = f"{text!r} is both a parameter and a field of the body of {goal.id}"
            yield DYNAMIC_AMBIGUOUS.at(connector, message, use.pointer, operation=use.operation)


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
            yield DYNAMIC_REQUIRED.at(
                connector,
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
            yield DYNAMIC_INTERNAL.at(connector, message, use.pointer, operation=use.operation)
        if parameter.required and not source.required and not parameter.has_default:
            message = f"{source.name} is optional, but {parameter.name} of {goal.id} is required"
            yield DYNAMIC_OPTIONAL.at(connector, message, use.pointer, operation=use.operation)
        held = source.schema.get("type")
        if not _same_kind(held, wanted):
            message = f"{source.name} is {held}, but {parameter.name} of {goal.id} is {wanted}"
            yield DYNAMIC_TYPE.at(connector, message, use.pointer, operation=use.operation)
        return
    static = value.get("value") if isinstance(value, Mapping) and "value" in value else value
    if not isinstance(static, Mapping) and not _could_be(static, wanted):
        message = f"{static!r} is passed to {parameter.name} of {goal.id}, which is {wanted}"
        yield DYNAMIC_TYPE.at(connector, message, use.pointer, operation=use.operation)


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
