"""How strong a contract is: what the definition of an operation really constrains.

Four of five published operations accept `{}` as a success body, so a green run alone proves little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.connector.model import Connector, Operation
from harness.connector.schema.members import is_dynamic
from harness.connector.schema.validation import judge_of

__all__ = ["Strength", "strength"]

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Strength:
    """Counts within the success schema, and whether statuses and media type are promised.

    `level` is one of none (no schema), empty (anything passes), types, required, closed, file,
    dynamic and no-content.
    """

    level: str
    statuses: int
    errors: int
    media_types: int
    properties: int
    required: int
    closed: int
    formats: int
    enums: int
    accepts_empty_object: bool

    @property
    def is_weak(self) -> bool:
        """Whether an app that always answers `{}` (or anything) would pass."""
        return self.level in ("none", "empty") or (
            self.accepts_empty_object and self.level in ("types", "required", "closed")
        )

    @property
    def sentence(self) -> str:
        """What is constrained, in one clause."""
        if self.level == "none":
            return "no schema for the success answer"
        if self.level == "empty":
            return "the success schema accepts anything"
        parts = [f"{self.properties} properties with types"]
        parts.append(f"{self.required} required" if self.required else "none required")
        parts += [f"{self.closed} closed"] if self.closed else []
        parts += [f"{self.formats} formats"] if self.formats else []
        parts += [f"{self.enums} enums"] if self.enums else []
        ending = "; {} passes" if self.accepts_empty_object else ""
        return ", ".join(parts) + ending

    def to_plain(self) -> dict[str, Any]:
        """The counts as plain data."""
        return asdict(self)


def strength(connector: Connector, operation: Operation) -> Strength:
    """Measure what the definition says about the success answers of an operation."""
    specs = operation.success_responses()
    schemas = [connector.resolve(spec.schema) for spec in specs if spec.schema is not None]
    counts = dict.fromkeys(("properties", "required", "closed", "formats", "enums"), 0)
    for schema in schemas:
        _count(connector, schema, counts, frozenset(), 0)
    judge = judge_of(connector)
    return Strength(
        level=_level(operation, schemas, counts),
        statuses=len([s for s in operation.responses if s.startswith("2")]),
        errors=len([s for s in operation.responses if s[:1] in ("4", "5", "d")]),
        media_types=len(operation.produces),
        accepts_empty_object=all(not judge.problems(schema, {}) for schema in schemas),
        **counts,
    )


def _level(operation: Operation, schemas: list[Any], counts: Mapping[str, int]) -> str:
    specs = operation.success_responses()
    if specs and all(spec.status in ("204", "304") for spec in specs):
        return "no-content"
    if not schemas:
        return "none"
    if any(isinstance(s, Mapping) and is_dynamic(s) for s in schemas):
        return "dynamic"
    if any(isinstance(s, Mapping) and s.get("type") == "file" for s in schemas):
        return "file"
    if counts["closed"]:
        return "closed"
    if counts["required"]:
        return "required"
    scalars = ("string", "integer", "number", "boolean", "array")
    typed = any(isinstance(s, Mapping) and s.get("type") in scalars for s in schemas)
    return "types" if counts["properties"] or typed else "empty"


def _count(
    connector: Connector, schema: Any, counts: dict[str, int], seen: frozenset[int], depth: int
) -> None:
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping) or not schema or id(schema) in seen or depth > _DEEPEST:
        return
    seen = seen | {id(schema)}
    properties = schema.get("properties")
    inner = list(properties.values()) if isinstance(properties, Mapping) else []
    counts["properties"] += len(inner)
    required = schema.get("required")
    counts["required"] += len(required) if isinstance(required, list) else 0
    counts["closed"] += int(schema.get("additionalProperties") is False)
    counts["formats"] += int(isinstance(schema.get("format"), str))
    counts["enums"] += int(isinstance(schema.get("enum"), list))
    parts = schema.get("allOf")
    inner += parts if isinstance(parts, list) else []
    for part in [*inner, schema.get("items"), schema.get("additionalProperties")]:
        _count(connector, part, counts, seen, depth + 1)
