"""The best known values of an operation's inputs, each with the source it was taken from.

Order: settings (`[operations.ID]`), saved Postman samples, `x-ms-test-value`, examples, defaults,
the first enum value, and last a sensible value of the type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.connector.model import Connector, Operation, Parameter
from harness.exchanges.context import RunContext

__all__ = [
    "MADE_UP",
    "Values",
    "example_values",
    "is_guessed",
    "is_workflow_expression",
    "sensible_value",
]

MADE_UP = "made up"
GIVEN = frozenset({"settings", "sample"})

_EXPRESSION = re.compile(r"@\{|^@[A-Za-z]\w*\(")
# Placeholders that published definitions carry as test values ("insert account id", "<id>").
_PLACEHOLDER = re.compile(r"^(insert |your |<|\{\{|\[\[|string$|TODO)", re.IGNORECASE)
_REFERENCE = re.compile(r"(?:^id|Id|ID|_id|-id|[nN]umber|[nN]o|[cC]ode|[kK]ey)$")
DYNAMIC = ("x-ms-dynamic-values", "x-ms-dynamic-list", "x-ms-dynamic-tree")
"""Keys of inputs whose values only another operation knows (Microsoft: OpenAPI extensions)."""
_DEEPEST = 6
_TEXTS = {
    "date-time": "2024-01-15T10:30:00Z",
    "date-no-tz": "2024-01-15T10:30:00",
    "date": "2024-01-15",
    "time": "10:30:00",
    "uuid": "11111111-2222-4333-8444-555555555555",
    "guid": "11111111-2222-4333-8444-555555555555",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "byte": "c2FtcGxl",
    "binary": "sample",
    "ipv4": "192.0.2.1",
    "duration": "PT1H",
    "phone": "+15555550100",
    "html": "<p>sample</p>",
}


@dataclass(frozen=True, slots=True)
class Values:
    """Inputs of one call; `sources` says per parameter (and for `body`) where the value is from.

    `learnt` holds values of body properties that the app itself listed, by their path in the body.
    """

    parameters: Mapping[str, Any]
    body: Any = None
    has_body: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)
    learnt: Mapping[tuple[str, ...], Any] = field(default_factory=dict)

    @property
    def given(self) -> bool:
        """Whether a person gave them: settings or a saved sample name at least one input."""
        return bool(GIVEN & set(self.sources.values()))

    def made_up(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Which of these inputs carry a value that nobody gave."""
        return tuple(name for name in names if self.sources.get(name) == MADE_UP)


def example_values(
    context: RunContext, operation: Operation, *, with_optional: bool = False
) -> Values:
    """The best known values: required inputs, and optional ones that settings or samples name.

    `with_optional` adds every optional input too. Constants (internal parameters with a default)
    and defaults that only Power Automate evaluates (`@{...}`) are left out: the former are filled
    in when the request is built.
    """
    connector = context.connector
    given = _given(context, operation)
    parameters: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for parameter in inputs_of(operation):
        if parameter.location == "body" or is_left_alone(connector, parameter, given.parameters):
            continue
        if parameter.name in given.parameters:
            parameters[parameter.name] = given.parameters[parameter.name]
            sources[parameter.name] = given.sources[parameter.name]
        elif (parameter.required or with_optional) and not parameter.is_constant:
            value, source = parameter_value(connector, parameter)
            parameters[parameter.name] = value
            sources[parameter.name] = source
    body, has_body = given.body, given.has_body
    if has_body:
        sources["body"] = given.sources["body"]
    elif operation.body is not None and (operation.body.required or _is_needed(operation)):
        body, sources["body"] = parameter_value(connector, operation.body, with_optional)
        has_body = True
    return Values(parameters, body, has_body, sources)


def inputs_of(operation: Operation) -> tuple[Parameter, ...]:
    """The declared inputs, and placeholders of the path that the definition forgot."""
    declared = {(p.location, p.name) for p in operation.parameters}
    forgotten = [p for p in operation.path_inputs if (p.location, p.name) not in declared]
    return (*operation.parameters, *forgotten)


def parameter_value(
    connector: Connector, parameter: Parameter, with_optional: bool = False
) -> tuple[Any, str]:
    """The best value that the definition itself offers for one input, and its source."""
    for holder in ({**parameter.schema, **parameter.raw}, parameter.schema):
        found = offered(holder)
        if found is not None:
            return found
    enum = parameter.schema.get("enum")
    if isinstance(enum, list) and enum:
        return enum[0], "enum"
    return sensible_value(connector, parameter.schema, with_optional=with_optional), MADE_UP


def with_learnt(body: Any, learnt: Mapping[tuple[str, ...], Any]) -> Any:
    """The body with learnt values in the places that it has."""
    for path, value in learnt.items():
        body = _placed(body, path, value)
    return body


def _placed(body: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(body, list):
        return [_placed(item, path, value) for item in body]
    if not isinstance(body, Mapping) or path[0] not in body:
        return body
    return {**body, path[0]: _placed(body[path[0]], path[1:], value)}


def is_guessed(
    connector: Connector, schema: Any, value: Any, depth: int = 0, *, name: str = ""
) -> bool:
    """Whether a value holds something that was made up: an app may rightly refuse it.

    A text is a guess unless the definition lists its values or limits it by length or pattern; a
    format says what it looks like, not that it exists. So is a number that is the id of something,
    and whatever only another operation lists.
    """
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return False
    if any(key in schema for key in DYNAMIC):
        return offered(schema) is None
    if isinstance(value, dict):
        properties = schema.get("properties")
        known = properties if isinstance(properties, Mapping) else {}
        parts = schema.get("allOf")
        inherited = parts if isinstance(parts, list) else []
        return any(
            is_guessed(connector, known.get(key), inner, depth + 1, name=str(key))
            for key, inner in value.items()
        ) or any(is_guessed(connector, part, value, depth + 1) for part in inherited)
    if isinstance(value, list):
        items = schema.get("items")
        return any(is_guessed(connector, items, item, depth + 1, name=name) for item in value)
    if offered(schema) is not None:
        return False
    if isinstance(value, int) and not isinstance(value, bool):
        bounded = any(key in schema for key in ("enum", "minimum", "maximum"))
        return not bounded and _REFERENCE.search(name) is not None
    limited = any(key in schema for key in ("enum", "pattern", "minLength", "maxLength"))
    return isinstance(value, str) and (not limited or "format" in schema)


def is_workflow_expression(value: Any) -> bool:
    """Whether a default is an expression that only Power Automate evaluates (`@{utcNow()}`)."""
    return isinstance(value, str) and _EXPRESSION.search(value) is not None


def is_left_alone(
    connector: Connector, parameter: Parameter, given: Mapping[str, Any] | None = None
) -> bool:
    """Whether an input belongs to transport or security and is neither chosen nor falsified.

    `Content-Type` and `Accept` header parameters, `Authorization`, and the parameter of an API-key
    security scheme; a value in `given` lifts it for the latter.
    """
    if given is not None and parameter.name in given:
        return False
    name = parameter.name.lower()
    if parameter.location == "header" and name in (
        "content-type",
        "accept",
        "authorization",
        "content-length",
        "host",
    ):
        return True
    schemes = connector.raw.get("securityDefinitions")
    if not isinstance(schemes, Mapping):
        return False
    return any(
        isinstance(scheme, Mapping)
        and scheme.get("type") == "apiKey"
        and scheme.get("in") == parameter.location
        and str(scheme.get("name", "")).lower() == name
        for scheme in schemes.values()
    )


def sensible_value(
    connector: Connector, schema: Any, *, with_optional: bool = False, depth: int = 0
) -> Any:
    """A plausible value of a schema: required properties first, examples where they stand.

    Deeper than six levels (recursive definitions) only empty objects and arrays are made.
    """
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping):
        return {}
    if depth:
        found = offered(schema)
        if found is not None:
            return found[0]
    enum = schema.get("enum")
    if isinstance(enum, list) and enum:
        return enum[0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), None)
    if kind == "array":
        return _array(connector, schema, with_optional, depth)
    if kind == "object" or "properties" in schema or "allOf" in schema or kind is None:
        return _object(connector, schema, with_optional, depth)
    return _scalar(kind, schema)


def _given(context: RunContext, operation: Operation) -> Values:
    """What settings and the first saved sample give; settings win, name by name."""
    own = context.settings.operation_settings(operation.id)
    known = {p.name for p in inputs_of(operation)}
    parameters: dict[str, Any] = {}
    sources: dict[str, str] = {}
    body, has_body = own.body, own.has_body
    if has_body:
        sources["body"] = "settings"
    for sample in operation.samples[:1]:
        for name, value in sample.parameters.items():
            if name in known:
                parameters[name], sources[name] = value, "sample"
        if sample.has_body and not has_body:
            body, has_body, sources["body"] = sample.body, True, "sample"
    for name, value in own.parameters.items():
        parameters[name], sources[name] = value, "settings"
    return Values(parameters, body, has_body, sources)


def _is_needed(operation: Operation) -> bool:
    # Most published bodies lack `required: true` although the wizard's connectors always send one.
    return operation.changes_state and operation.method != "DELETE"


def offered(holder: Mapping[str, Any]) -> tuple[Any, str] | None:
    """What a schema or parameter itself offers, where it fits the type that it declares."""
    many = holder.get("x-examples", holder.get("examples"))
    first = next(iter(many.values()), None) if isinstance(many, Mapping) else None
    if isinstance(many, list) and many:
        first = many[0]
    for value, source in (
        (holder.get("x-ms-test-value"), "test value"),
        (holder.get("x-example"), "example"),
        (holder.get("example"), "example"),
        (first, "example"),
        (holder.get("default"), "default"),
    ):
        if value is None or _is_placeholder(value) or is_workflow_expression(value):
            continue
        fitting = _fitted(value, holder)
        if fitting is not None:
            return fitting, source
    return None


def _fitted(value: Any, holder: Mapping[str, Any]) -> Any:
    """The value as its declared type has it, or None: published examples are often texts of it."""
    kind, enum = holder.get("type"), holder.get("enum")
    if isinstance(enum, list) and enum and value not in enum:
        return None
    if kind in ("integer", "number", "boolean") and isinstance(value, str):
        return _read(value, str(kind))
    if kind == "string":
        return str(value) if isinstance(value, (str, int, float)) else None
    wanted = {"array": list, "object": dict, "boolean": bool, "integer": int}.get(str(kind))
    return value if wanted is None or isinstance(value, wanted) else None


def _read(text: str, kind: str) -> Any:
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.strip().lower())
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        return None


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and _PLACEHOLDER.match(value) is not None


def _object(
    connector: Connector, schema: Mapping[str, Any], with_optional: bool, depth: int
) -> Any:
    made: dict[str, Any] = {}
    parts = schema.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        value = sensible_value(connector, part, with_optional=with_optional, depth=depth + 1)
        made.update(value if isinstance(value, dict) else {})
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or depth >= _DEEPEST:
        return made
    required = schema.get("required")
    listed = required if isinstance(required, list) else []
    needed = {each for each in listed if isinstance(each, str)}
    for name, raw in properties.items():
        inner = connector.resolve(raw)
        if not isinstance(inner, Mapping):
            continue
        constant = is_constant_property(inner)
        # Without any `required` the sample is all that says what a useful body holds.
        wanted = name in needed or with_optional or constant or (not needed and depth < 2)
        if (
            wanted
            and not inner.get("readOnly")
            and not is_workflow_expression(inner.get("default"))
        ):
            made[name] = sensible_value(
                connector, inner, with_optional=with_optional, depth=depth + 1
            )
    return made


def is_constant_property(schema: Mapping[str, Any]) -> bool:
    """Whether the platform always sends a body property's default (internal, with a default)."""
    visibility = schema.get("x-ms-visibility")
    internal = isinstance(visibility, str) and visibility.lower() == "internal"
    return internal and "default" in schema and not is_workflow_expression(schema["default"])


def _array(connector: Connector, schema: Mapping[str, Any], with_optional: bool, depth: int) -> Any:
    items = schema.get("items")
    if depth >= _DEEPEST or not isinstance(items, Mapping) or not items:
        return []
    lowest = schema.get("minItems")
    count = max(1, lowest if isinstance(lowest, int) else 1)
    item = sensible_value(connector, items, with_optional=with_optional, depth=depth + 1)
    return [item] * min(count, 10)


def _scalar(kind: Any, schema: Mapping[str, Any]) -> Any:
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return _number(schema)
    if kind == "file":
        return b"sample"
    text = _TEXTS.get(str(schema.get("format", "")).lower(), "sample")
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if isinstance(shortest, int) and len(text) < shortest:
        text = (text * (shortest // max(len(text), 1) + 1))[:shortest]
    return text[:longest] if isinstance(longest, int) and longest >= 0 else text


def _number(schema: Mapping[str, Any]) -> Any:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    value: Any = 1
    if isinstance(lowest, (int, float)) and value <= lowest:
        value = lowest + 1 if schema.get("exclusiveMinimum") is True else lowest
    if isinstance(highest, (int, float)) and value >= highest:
        value = highest - 1 if schema.get("exclusiveMaximum") is True else highest
    step = schema.get("multipleOf")
    if isinstance(step, (int, float)) and step > 0 and value % step:
        value = (value // step + 1) * step
    return int(value) if schema.get("type") == "integer" else value
