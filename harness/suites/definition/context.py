"""What the definition rules are told by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DefinitionFacts"]


@dataclass(frozen=True, slots=True)
class DefinitionFacts:
    """What settings know that the files should agree with; None where they do not say.

    `levels` sets rules (by id or family) to off, error, warning or note; `certification` raises
    what only certification asks for from note to warning; `agent` adds the rules of the family
    `agent`.
    """

    target_url: str | None = None
    other_targets: tuple[str, ...] = ()
    scope: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    api_client_id: str | None = None
    certification: bool = False
    agent: bool = False
    levels: Mapping[str, str] = field(default_factory=dict)
