"""Reading a section by its fields: the type of each says how its key is read."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING
from datetime import date
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from harness.settings.keys import Key, keys_of
from harness.settings.table import Table
from harness.settings.values import Deferred

__all__ = ["bare_type", "read_section"]

T = TypeVar("T")


def read_section(table: Table, kind: type[T], **given: Any) -> T:
    """A section of the settings; `given` holds fields that need more than their type says.

    Raises:
        SettingsError: a key is unknown, is missing, or has a value of another type; one line.
    """
    keys = keys_of(kind)
    table.check_keys(tuple(each.name for each in keys))
    read = {each.field: _value(table, each) for each in keys if each.field not in given}
    return kind(**read, **given)


def bare_type(kind: Any) -> Any:
    """A type without its None."""
    if get_origin(kind) in (Union, types.UnionType):
        inner = [part for part in get_args(kind) if part is not type(None)]
        return inner[0] if len(inner) == 1 else kind
    return kind


def _value(table: Table, each: Key) -> Any:
    kind, name = bare_type(each.kind), each.name
    if kind is bool:
        return table.flag(name, bool(each.default))
    if kind is int:
        return table.whole(name, each.default)
    if kind is Deferred:
        return table.deferred(name)
    if kind is date:
        return table.day(name)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return table.choice(name, inner) or each.default
    if origin is tuple:
        return table.texts(name)
    if kind is str:
        if each.default is MISSING:
            return table.required(name)
        return table.text(name) or each.default
    if isinstance(origin, type) and issubclass(origin, Mapping):
        sub = table.sub(name)
        return sub.deferred_texts() if inner[1] is Deferred else dict(sub.values)
    return table.values.get(name)
