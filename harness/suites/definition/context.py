"""What the definition rules share: facts from the settings, and placing a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.connector.model import Connector, Operation, Place
from harness.findings.model import Finding, Severity
from harness.suites.definition.rules import BY_ID

__all__ = ["DefinitionFacts", "found"]


@dataclass(frozen=True, slots=True)
class DefinitionFacts:
    """What settings know that the files should agree with; None where they do not say.

    `levels` sets rules (by id or family) to off, error, warning or note; `certification` raises
    what only certification asks for from note to warning.
    """

    target_url: str | None = None
    other_targets: tuple[str, ...] = ()
    scope: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    api_client_id: str | None = None
    certification: bool = False
    levels: Mapping[str, str] = field(default_factory=dict)


def found(
    connector: Connector,
    rule: str,
    message: str,
    pointer: str,
    *,
    operation: Operation | None = None,
    expected: str = "",
    observed: str = "",
    remedy: str = "",
    severity: Severity | None = None,
    place: Place | None = None,
    data: Mapping[str, Any] | None = None,
) -> Finding:
    """A finding of the definition family at a pointer of the definition."""
    full = rule if "." in rule else f"definition.{rule}"
    return BY_ID[full].finding(
        message,
        operation=None if operation is None else operation.id,
        expected=expected,
        observed=observed,
        remedy=remedy,
        severity=severity,
        place=place or connector.place(pointer),
        data=data,
    )
