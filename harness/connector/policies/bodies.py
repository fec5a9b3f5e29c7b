"""The policy templates that reshape a JSON body, on the way to the app or back.

Source: Microsoft Learn, "Policy templates": Set Property, Convert an array to an object, Convert an
object to an array, Convert delimited string into array of objects, String Replace. Each names a
parent and a property below it; where the parent is a list, its items are reshaped one by one, and
`@item()` is the item at hand.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from harness.connector.policies.expressions import (
    MISSING,
    CannotEvaluate,
    Scope,
    body_path,
    evaluate,
    steps_of,
    value_at,
)
from harness.connector.policies.model import Policy

__all__ = ["BODY_TEMPLATES", "reshape"]

Steps = tuple[str | int, ...]
Conversion = Callable[[Any], Any]
_QUOTED = re.compile(r"\[\s*['\"](?P<name>[^'\"]*)['\"]\s*\]")


def reshape(policy: Policy, body: Any, scope: Scope) -> Any:
    """The body as the policy leaves it; a copy, the given one stays as it is.

    Raises:
        CannotEvaluate: a parameter is no path that this program knows.
    """
    changed = copy.deepcopy(body)
    if policy.template == "setproperty":
        return _set_property(policy, changed, scope)
    return _converted(policy, changed, CONVERSIONS[policy.template](policy))


def _set_property(policy: Policy, body: Any, scope: Scope) -> Any:
    parent = _path(policy, "newPropertyParentPathTemplate")
    below = _sub_path(policy.text("newPropertySubPathTemplate"))
    template = policy.text("propertyValuePathTemplate")
    if not below:
        raise CannotEvaluate("newPropertySubPathTemplate")
    for holder in _holders(body, parent):
        seen = Scope(
            scope.method, scope.headers, scope.query, scope.connection, body=body, item=holder
        )
        _put(holder, below, _set_value(template, seen))
    return body


def _set_value(template: str, scope: Scope) -> Any:
    """A property's value keeps its type where the template is one path, else it is text."""
    for root, value in (("body", scope.body), ("item", scope.item)):
        steps = body_path(template, root)
        if steps is not None:
            found = value_at(value, steps)
            return None if found is MISSING else copy.deepcopy(found)
    return evaluate(template, scope)


def _array_to_object(policy: Policy) -> Conversion:
    key = _sub_path(policy.text("keyWithinCollectionPath"))
    keeps_key = policy.text("retainKey", "true").lower() != "false"

    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            return MISSING
        made = {}
        for item in value:
            name = value_at(item, key)
            if name is MISSING or not isinstance(item, dict):
                return MISSING
            if not keeps_key:
                _remove(item, key)
            made[str(name)] = item
        return made

    return convert


def _object_to_array(policy: Policy) -> Conversion:
    key, inside = policy.text("keyName"), policy.text("valueName")

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            return MISSING
        rows = []
        for name, own in value.items():
            row: dict[str, Any] = {key: name} if key else {}
            if inside:
                row[inside] = own
            elif isinstance(own, dict):
                row.update(own)
            rows.append(row)
        return rows

    return convert


def _string_to_array(policy: Policy) -> Conversion:
    delimiters = policy.text("delimiterList") or ","
    child = policy.text("childPropertyName")

    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return MISSING
        parts = [part.strip() for part in re.split(f"[{re.escape(delimiters)}]", value)]
        return [{child: part} if child else part for part in parts if part]

    return convert


def _string_replace(policy: Policy) -> Conversion:
    old, new = policy.text("sourceString"), policy.text("replacementString")

    def convert(value: Any) -> Any:
        return value.replace(old, new) if isinstance(value, str) and old else MISSING

    return convert


def _encode_value(_: Policy) -> Conversion:
    def convert(value: Any) -> Any:
        return quote(value, safe="-_.~") if isinstance(value, str) else MISSING

    return convert


CONVERSIONS: dict[str, Callable[[Policy], Conversion]] = {
    "convertarraytoobject": _array_to_object,
    "convertobjecttoarray": _object_to_array,
    "stringtoarray": _string_to_array,
    "stringreplace": _string_replace,
    "encodepropertyvalue": _encode_value,
}
BODY_TEMPLATES = frozenset({"setproperty", *CONVERSIONS})


def _converted(policy: Policy, body: Any, convert: Conversion) -> Any:
    """Convert the property below each parent, and put the result where the policy says."""
    parent = _path(policy, "propertyParentPath")
    below = _sub_path(policy.text("propertySubPath"))
    target = policy.text("newPropertyPath")
    for holder in _holders(body, parent):
        value = value_at(holder, below)
        made = MISSING if value is MISSING else convert(value)
        if made is MISSING:
            continue
        in_body, in_item = body_path(target), body_path(target, "item")
        if in_body is None and in_item is None and target:
            raise CannotEvaluate(target)
        if in_body == ():
            return made
        _put(*((holder, in_item or below) if in_body is None else (body, in_body)), made)
    return body


def _path(policy: Policy, name: str) -> Steps:
    text = policy.text(name) or "@body()"
    steps = body_path(text)
    if steps is None:
        raise CannotEvaluate(text)
    return steps


def _sub_path(text: str) -> Steps:
    """`people`, `a.b` or `['@odata.type']` as steps; empty text names the parent itself."""
    text = text.strip()
    if not text:
        return ()
    item = body_path(text, "item")
    if item is not None:
        return item
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return (quoted["name"],)
    return steps_of(text if text.startswith((".", "[")) else f".{text}") or (text,)


def _holders(body: Any, parent: Sequence[str | int]) -> Iterator[Any]:
    """The object at a path, or each object of the list there; nothing where it is missing."""
    found = value_at(body, parent)
    if isinstance(found, list):
        yield from (item for item in found if isinstance(item, dict))
    elif isinstance(found, dict):
        yield found


def _put(root: Any, steps: Steps, value: Any) -> None:
    for step in steps[:-1]:
        if isinstance(root, dict):
            root = root.setdefault(step, {})
    if isinstance(root, dict) and steps:
        root[steps[-1]] = value


def _remove(root: Any, steps: Steps) -> None:
    holder = value_at(root, steps[:-1])
    if isinstance(holder, dict):
        holder.pop(steps[-1], None)
