"""Whether one user can change another's object: tried on objects made for it, never on others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.bounds.parsing import parse_json
from harness.connector.model import Operation
from harness.errors import SettingsError
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import Probe, Request, user
from harness.inputs.learning import learn
from harness.inputs.making import creation
from harness.inputs.own_ids import OwnIds, id_names, plain_name
from harness.inputs.permission import BASIS, usable_creator, why_not
from harness.inputs.related_operations import deleter_of, path_parameters
from harness.inputs.requests import NO_BODY, build_request
from harness.inputs.values import Values, example_values
from harness.inputs.write_policy import contract_exclusions

__all__ = ["changing_plan", "clean_up", "why_not_changed"]


def why_not_changed(context: RunContext, operation: Operation) -> str | None:
    """Why separation of changes is not tried on an operation, or None where it is."""
    reason = next((e.reason for e in contract_exclusions(context, operation) if e.whole), None)
    if reason is not None:
        return reason
    if not path_parameters(operation):
        return "it creates, so that there is no object of another user's to change"
    return why_not(context, operation, "own")


def changing_plan(context: RunContext, operation: Operation) -> Plan:
    """An object made by the first user for this purpose, changed or deleted by the second."""
    creating = usable_creator(context, operation)
    if creating is None or why_not_changed(context, operation) is not None:
        return
    owner, intruder = list(context.settings.users)[:2]
    own = yield from creation(
        context,
        operation,
        creating,
        user(owner),
        suite="delegated",
        label=f"{operation.id} of {owner}",
        key=f"create/{owner}",
    )
    if own is None:
        return
    fixed = {path_parameters(operation)[-1].name: own}
    values = _with(example_values(context, operation), fixed)
    values = yield from learn(context, operation, values, user(owner), suite="delegated")
    values = OwnIds(context, operation, operation.id, own).of(values)
    before, after = (_reading(context, operation, fixed, owner, w) for w in ("before", "after"))
    attack = _probe(context, operation, values, f"intrude/{intruder}", intruder)
    if before:
        yield before
    yield [
        replace(
            attack,
            request=_altered(context, operation, attack.request),
            meta={"owner": owner, "id": own, BASIS: "own"},
        )
    ]
    if after:
        yield after
    yield from clean_up(context, operation, creating, own, owner)


def clean_up(
    context: RunContext, operation: Operation, creator: Operation, own: Any, owner: str
) -> Plan:
    """Remove an object that this run made."""
    remover = deleter_of(context.connector, creator)
    if remover is None:
        return
    least = _with(example_values(context, remover), {path_parameters(remover)[-1].name: own})
    probe = _probe(context, remover, least, f"cleanup/{owner}", owner)
    meta = {"of": remover.id, "id": own, BASIS: "own"}
    yield [replace(probe, operation=operation.id, meta=meta)]


def _with(values: Values, fixed: Mapping[str, Any]) -> Values:
    """The values with an object's id among them, which is not looked for again."""
    sources = {**values.sources, **dict.fromkeys(fixed, "created")}
    return replace(values, parameters={**values.parameters, **fixed}, sources=sources)


def _probe(
    context: RunContext, operation: Operation, values: Values, key: str, caller: str
) -> Probe:
    body = values.body if values.has_body else NO_BODY
    request = build_request(context, operation, values.parameters, body)
    purpose = f"delegated/{key.partition('/')[0]}"
    return Probe(key, operation.id, user(caller), request, purpose, repeatable=False)


def _reading(
    context: RunContext, operation: Operation, fixed: Mapping[str, Any], owner: str, when: str
) -> list[Probe]:
    """The object's own GET, to see whether it was changed; nothing where there is none."""
    path = operation.path[: operation.path.rfind("}") + 1].lower()
    found = [
        each
        for each in context.connector.operations
        if each.method == "GET" and each.path.rstrip("/").lower() == path
    ]
    try:
        return [
            replace(
                _probe(context, each, _with(example_values(context, each), fixed), when, owner),
                key=f"{when}/{owner}",
                repeatable=True,
            )
            for each in found[:1]
        ]
    except SettingsError:
        return []  # its path names the object otherwise


def _altered(context: RunContext, operation: Operation, request: Request) -> Request:
    """The request with a free text in its body changed, so that a change can be seen."""
    body = operation.body
    if body is None or request.body is None:
        return request
    schema = context.connector.resolve(body.schema)
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    try:
        document = parse_json(request.body)
    except ValueError:
        return request
    if not isinstance(document, dict):
        return request
    ids = id_names(context.connector, operation)
    for name, value in document.items():
        if plain_name(name) in ids:
            continue
        rule = context.connector.resolve(properties.get(name, {}))
        closed = any(key in rule for key in ("enum", "format", "pattern"))
        if isinstance(value, str) and not closed and len(value) + 2 <= rule.get("maxLength", 99):
            return replace(request, body=json.dumps({**document, name: value + " 2"}).encode())
    return request
