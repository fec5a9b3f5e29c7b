"""The policies that apply to an operation, with their parameters under plain names.

Template ids and parameter names are compared without regard to case, because published files
differ (`SetProperty`, `dynamicHostUrl`). A policy without `x-ms-apimTemplate-operationName`, or
with an empty list, applies to all operations (Microsoft Learn, "Policy templates").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.connector.model import Connector, Operation

__all__ = ["Policy", "policies_for"]

Section = Literal["request", "response", "failure"]

_PARAMETER = "x-ms-apimtemplateparameter."
_OPERATIONS = "x-ms-apimtemplate-operationname"
_SECTION = "x-ms-apimtemplate-policysection"
_DEFAULT_SECTION = "request"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: its template in lower case, where it runs, and its parameters in lower case."""

    template: str
    section: Section
    title: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text; `default` where it is missing."""
        value = self.parameters.get(name.lower())
        return default if value is None else str(value)


def policies_for(connector: Connector, operation: Operation) -> tuple[Policy, ...]:
    """The policies of an operation in the order of the file, which is the order they run in."""
    found = connector.properties.policies if connector.properties else ()
    policies = (_policy(raw) for raw in found if _is_about(raw, operation.id))
    return tuple(policies)


def _is_about(raw: Mapping[str, Any], operation_id: str) -> bool:
    scope = _lowered(raw.get("parameters")).get(_OPERATIONS)
    listed = [scope] if isinstance(scope, str) and scope else scope
    return not isinstance(listed, list) or not listed or operation_id in listed


def _policy(raw: Mapping[str, Any]) -> Policy:
    given = _lowered(raw.get("parameters"))
    template = str(raw.get("templateId", "")).lower()
    section = str(given.get(_SECTION) or _DEFAULT_SECTION).lower()
    known: Section = "response" if section == "response" else "request"
    if section == "failure":
        known = "failure"
    parameters = {
        name.removeprefix(_PARAMETER): value
        for name, value in given.items()
        if name.startswith(_PARAMETER)
    }
    return Policy(template, known, str(raw.get("title") or template), parameters, raw)


def _lowered(value: Any) -> dict[str, Any]:
    return {str(k).lower(): v for k, v in value.items()} if isinstance(value, Mapping) else {}
