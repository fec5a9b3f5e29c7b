"""What the contract probes leave out, with the reason, and what they send that changes state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.connector.model import Connector, Operation
from harness.exchanges.context import RunContext
from harness.inputs.connection import missing_connection
from harness.inputs.generation_document import is_free_form, varied_inputs
from harness.inputs.permission import Basis, notification_parameter, why_not
from harness.inputs.platform import why_not_sent
from harness.inputs.related_operations import deleter_of, names_objects
from harness.inputs.requests import body_media_type
from harness.inputs.values import example_values

__all__ = [
    "Exclusion",
    "basis_of",
    "contract_exclusions",
    "planned_writes",
]

Kind = Literal[
    "writes",
    "webhook",
    "file",
    "policy",
    "connection",
    "script",
    "media-type",
    "no-generic-test",
    "generated",
    "generation",
    "inferred",
    "not-negatable",
]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something that is not sent: `whole` where nothing of the operation is."""

    kind: Kind
    reason: str
    whole: bool = True


def contract_exclusions(
    context: RunContext, operation: Operation, *, memory: Mapping[str, Any] | None = None
) -> tuple[Exclusion, ...]:
    """What is not sent of an operation, and why; empty where everything is.

    `memory` is the dictionary that `contract_plan` was given: where a generator failed for the
    operation, that is said as well.
    """
    found = [
        *_platform_exclusions(context, operation),
        *_input_exclusions(context, operation),
    ]
    if not any(exclusion.whole for exclusion in found):
        found += _write_exclusions(context, operation)
    if context.connector.kind == "postman":
        reason = "its inputs are inferred from saved calls: those are sent, nothing is generated"
        found.append(Exclusion("inferred", reason, whole=False))
    elif operation.no_generic_test:
        reason = "x-ms-no-generic-test: generated inputs are kept away, examples are sent"
        found.append(Exclusion("no-generic-test", reason, whole=False))
    elif not any(e.whole or e.kind == "generated" for e in found):
        found += _generation_exclusions(context.connector, operation, memory or {})
    return tuple(found)


def _generation_exclusions(
    connector: Connector, operation: Operation, memory: Mapping[str, Any]
) -> list[Exclusion]:
    found = []
    varied = varied_inputs(connector, operation)
    schemas = [p.schema for p in operation.parameters if (p.location, p.name) in varied]
    if varied and operation.body is None and all(is_free_form(schema) for schema in schemas):
        reason = "no input can be wrong: free texts only, so none is falsified"
        found.append(Exclusion("not-negatable", reason, whole=False))
    failed = memory.get("generation", {}).get(operation.id, {}).get("failures", [])
    found += [Exclusion("generation", f"not generated: {text}", whole=False) for text in failed]
    return found


def planned_writes(context: RunContext, operations: Iterable[Operation]) -> list[str]:
    """What will be sent to operations that change state, one line each."""
    lines = []
    for operation in operations:
        if not operation.changes_state:
            continue
        if any(e.whole for e in contract_exclusions(context, operation)):
            continue
        lines.append(
            f"{operation.method} {operation.path} ({operation.id}): {_plan(context, operation)}"
        )
    return lines


def _platform_exclusions(context: RunContext, operation: Operation) -> list[Exclusion]:
    connector, found = context.connector, []
    if notification_parameter(connector, operation) is not None:
        reason = "it would register a webhook: callbacks are never subscribed by a test"
        found.append(Exclusion("webhook", reason))
    policy = why_not_sent(context, operation)
    if policy is not None:
        found.append(Exclusion("policy", policy))
    lacking = missing_connection(context, operation)
    if lacking is not None:
        found.append(Exclusion("connection", f"the users' connection lacks a value: add {lacking}"))
    properties = connector.properties
    if properties is not None and properties.has_script:
        scoped = properties.script_operations
        if not scoped or operation.id in scoped:
            reason = "script.csx may rewrite request and response on the platform"
            found.append(Exclusion("script", reason))
    return found


def _input_exclusions(context: RunContext, operation: Operation) -> list[Exclusion]:
    values = example_values(context, operation)
    for parameter in operation.parameters_in("formData"):
        given = values.sources.get(parameter.name) in ("settings", "sample")
        if parameter.schema.get("type") == "file" and parameter.required and not given:
            where = f"[operations.{operation.id}]"
            return [Exclusion("file", f"it needs a file ({parameter.name}); give one in {where}")]
    body = operation.body
    if body is None or values.sources.get("body") in ("settings", "sample"):
        return []
    if "xml" in body_media_type(operation):
        reason = f"it takes {body_media_type(operation)} alone; give a body in the settings"
        return [Exclusion("media-type", reason, whole=body.required)]
    return []


def _write_exclusions(context: RunContext, operation: Operation) -> list[Exclusion]:
    if not operation.changes_state or context.is_freed(operation):
        return []
    invented = why_not(context, operation, basis_of(operation))
    if invented is None:
        return []
    given = example_values(context, operation).given
    if given and why_not(context, operation, "given") is None:
        reason = f"only the inputs of settings and saved samples are sent: {invented}"
        return [Exclusion("generated", reason, whole=False)]
    return [Exclusion("writes", invented)]


def basis_of(operation: Operation) -> Basis:
    """Whose objects generated input is about: a new one's, or one that this run made."""
    return "own" if names_objects(operation) else "create"


def _plan(context: RunContext, operation: Operation) -> str:
    if context.is_freed(operation):
        return "declared safe, examples and generated inputs"
    if any(e.kind == "generated" for e in contract_exclusions(context, operation)):
        return "the inputs of settings and saved samples"
    if names_objects(operation):
        return "examples and generated inputs, on an object that this run creates and removes"
    deleter = deleter_of(context.connector, operation)
    if deleter is None:
        return "examples and generated inputs; what it creates cannot be removed again"
    return f"examples and generated inputs; what it creates is removed by {deleter.id}"
