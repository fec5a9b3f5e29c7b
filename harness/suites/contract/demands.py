"""What a refusal says about single inputs: named in a structured body, else in its prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.exchanges.bodies import parsed_json
from harness.exchanges.model import Response

__all__ = ["Named", "named_inputs"]

_DEMAND = re.compile(r"required|missing|mandatory|must (be|provide|specify|include)|expected", re.I)
_QUOTED = re.compile(r"""['"`]([A-Za-z][\w.$-]{0,60})['"`]""")
_NAMED = re.compile(r"\b(?:parameter|header|field|property|query|input)\s+([A-Za-z][\w.$-]{1,60})")
_ODD = re.compile(r"\b([A-Za-z]+(?:[-_][A-Za-z]+)+|[a-z]+[A-Z]\w*)\b")
_WORDS = frozenset(
    re.findall(
        r"\w+",
        "must should shall may can cannot could will would is are was were be been being has have "
        "had in on of to for from by with without and or not no a an the this that these those "
        "value values name names named called given needed required missing mandatory expected "
        "invalid "
        "string integer number boolean object array json true false null",
    )
)
_WRAPPERS = frozenset({"body", "request", "dto", "model", "input", "payload", "command", "$", ""})
"""What frameworks call the body as a whole: no input of its own."""
_FIELD_KEYS = ("target", "field", "property", "propertyname", "parameter", "name", "path", "loc")
_LIST_KEYS = ("details", "errors", "invalid-params", "invalidparams", "detail", "validationerrors")
_MAP_KEYS = ("errors", "modelstate")


@dataclass(frozen=True, slots=True)
class Named:
    """An input that a refusal names: `demanded` says that it is asked for, not found wanting."""

    name: str
    demanded: bool
    structured: bool


def named_inputs(response: Response | None, documented: set[str]) -> list[Named]:
    """The inputs that a refusal names; structured bodies come first, and then they alone count.

    `documented` holds the names of the definition in lower case. Where a text names one of them,
    it speaks of that one, and its other words are no names.
    """
    if response is None:
        return []
    try:
        document = parsed_json(response.body)
    except ValueError:
        return list(_prose(response.text[:1000], documented))
    structured = [Named(*pair, True) for pair in _structured(document)]
    if structured:
        return structured
    return [found for text in _texts(document) for found in _prose(text, documented)]


def _structured(document: Any) -> Iterator[tuple[str, bool]]:
    """ProblemDetails `errors` and ModelState by name; OData `details[].target` and their like."""
    if not isinstance(document, Mapping):
        return
    holders = [document, *(v for v in document.values() if isinstance(v, Mapping))]
    for holder in holders:
        lowered = {str(key).lower(): value for key, value in holder.items()}
        for key in _MAP_KEYS:
            yield from _by_name(lowered.get(key))
        for key in _LIST_KEYS:
            rows = lowered.get(key)
            for row in rows if isinstance(rows, list) else ():
                yield from _by_row(row)
        target = lowered.get("target")
        if isinstance(target, str):
            yield from _cleaned(target, holder)


def _by_name(errors: Any) -> Iterator[tuple[str, bool]]:
    if not isinstance(errors, Mapping):
        return
    # A body that cannot be read as a whole is told under `$`; what else is named follows from it.
    unread = any(str(name).startswith("$") for name in errors)
    for name, told in errors.items():
        if not (unread and not str(name).startswith("$.")):
            yield from _cleaned(str(name), told)


def _by_row(row: Any) -> Iterator[tuple[str, bool]]:
    if not isinstance(row, Mapping):
        return
    lowered = {str(key).lower(): value for key, value in row.items()}
    for key in _FIELD_KEYS:
        value = lowered.get(key)
        if isinstance(value, list) and value:
            value = value[-1]
        if isinstance(value, str):
            yield from _cleaned(value, row)
            return


def _cleaned(name: str, told: Any) -> Iterator[tuple[str, bool]]:
    """The last part of `$.project.id`, `ticket.Title` or `/title`, unless it is the whole body."""
    last = re.split(r"[./\[\]]+", name.strip("/.[]"))[-1]
    if last.lower() not in _WRAPPERS and re.fullmatch(r"[A-Za-z_@$][\w.$@-]*", last):
        yield last, any(_DEMAND.search(text) for text in _texts(told))


def _prose(text: str, documented: set[str]) -> Iterator[Named]:
    if not _DEMAND.search(text):
        return
    known = [w for w in re.findall(r"[A-Za-z_$][\w.$-]*\w", text) if w.lower() in documented]
    if known:
        quoted = [w for w in known if w in _QUOTED.findall(text)]
        yield Named((quoted or known)[0], True, False)
        return
    for pattern in (_QUOTED, _NAMED, _ODD):
        for name in pattern.findall(text):
            plain = str(name).lower()
            if plain not in _WORDS and plain not in _WRAPPERS and not _DEMAND.fullmatch(plain):
                yield Named(str(name), True, False)
                return


def _texts(value: Any) -> list[str]:
    """The texts of a refusal: the strings within JSON."""
    pending: list[Any] = [value]
    texts: list[str] = []
    while pending and len(texts) < 50:
        value = pending.pop()
        if isinstance(value, str):
            texts.append(value[:500])
        elif isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return texts
