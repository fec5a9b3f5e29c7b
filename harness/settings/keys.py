"""A setting as one field of a dataclass: its key, its default and its meaning together.

File reading, environment names, `docs/settings.md` and the JSON Schema for editors come from these
fields, so that a setting is added in one place.
"""

from __future__ import annotations

import dataclasses
from typing import Any, get_type_hints

__all__ = ["Key", "key", "keys_of", "names_of"]


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """A key as users write it, with its type, its default (MISSING: required) and its meaning."""

    name: str
    field: str
    kind: Any
    default: Any
    meaning: str


def key(
    meaning: str,
    default: Any = dataclasses.MISSING,
    *,
    factory: Any = dataclasses.MISSING,
    name: str = "",
) -> Any:
    """A field that users set; `name` where the key is not the field's name with dashes."""
    about = {"meaning": meaning, "key": name}
    if factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=factory, metadata=about)
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=about)
    return dataclasses.field(default=default, metadata=about)


def keys_of(kind: type[Any]) -> tuple[Key, ...]:
    """The keys of a section, in the order of its fields."""
    hints = get_type_hints(kind)
    return tuple(
        Key(
            each.metadata["key"] or each.name.replace("_", "-"),
            each.name,
            hints[each.name],
            None if each.default_factory is not dataclasses.MISSING else each.default,
            each.metadata["meaning"],
        )
        for each in dataclasses.fields(kind)
        if "meaning" in each.metadata
    )


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """The names of a section's keys."""
    return tuple(each.name for each in keys_of(kind))
