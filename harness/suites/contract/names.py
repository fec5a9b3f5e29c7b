"""Whether an answer spells its properties as the definition does: flows read what is declared.

Declared properties that are optional may be missing, so no schema is broken by an answer that says
`Id` for `id`; every flow that uses the field reads null all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.connector.model import Connector
from harness.connector.schema.members import is_dynamic, properties_of

__all__ = ["Misnamed", "misnamed"]

DEEPEST = 4
MOST_ITEMS = 5


@dataclass(frozen=True, slots=True)
class Misnamed:
    """An object (its JSON pointer), the names declared there, and those that came instead."""

    pointer: str
    declared: str
    came: str
    only_case: bool


def misnamed(connector: Connector, schema: Any, value: Any) -> Iterator[Misnamed]:
    """Names that differ only in case, and objects that hold nothing that is declared."""
    yield from _walk(connector, schema, value, "", 0)


def _walk(
    connector: Connector, schema: Any, value: Any, pointer: str, depth: int
) -> Iterator[Misnamed]:
    schema = connector.resolve(schema)
    if not isinstance(schema, Mapping) or is_dynamic(schema) or depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value[:MOST_ITEMS]:
            yield from _walk(connector, schema.get("items"), item, pointer, depth + 1)
    elif isinstance(value, Mapping):
        members = properties_of(connector, schema)
        declared, required = members.declared, set(members.required)
        yield from _differences(schema, declared, required, value, pointer)
        for name, inner in value.items():
            if name in declared:
                yield from _walk(connector, declared[name], inner, f"{pointer}/{name}", depth + 1)


def _differences(
    schema: Mapping[str, Any],
    declared: Mapping[str, Any],
    required: set[str],
    value: Mapping[str, Any],
    pointer: str,
) -> Iterator[Misnamed]:
    missing = {name.casefold(): name for name in declared if name not in value}
    extra = [str(name) for name in value if name not in declared]
    alike = [(missing[name.casefold()], name) for name in extra if name.casefold() in missing]
    told = [(name, came) for name, came in alike if name not in required]
    if told:  # that a required one is missing is said already
        names, others = zip(*told, strict=True)
        yield Misnamed(pointer, _some(names), _some(others), only_case=True)
    nothing = declared and extra and len(extra) == len(value) and len(missing) == len(declared)
    open_ended = schema.get("additionalProperties") not in (None, False)
    if nothing and not alike and not required and not open_ended:
        yield Misnamed(pointer, _some(declared), _some(extra), only_case=False)


def _some(names: Any) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:5]) + (" ..." if len(listed) > 5 else "")
