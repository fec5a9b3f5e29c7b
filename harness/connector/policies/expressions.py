"""Evaluating the expressions of policy templates.

Source: Microsoft Learn, "Policy templates", "Set host URL" and "Route request": `@headers('name')`
(also `@header`), `@queryParameters('name')` and `@connectionParameters('name')`, each with an
optional default as second argument; `@body().a.b`, `@body()['@odata.etag']` and `@item().a`; and
`@Request.OriginalHTTPMethod`. An expression may be part of a longer text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CannotEvaluate", "Scope", "body_path", "evaluate", "value_at"]

_CALL = re.compile(
    r"@(?P<name>headers?|queryParameters|connectionParameters)\(\s*"
    r"(?P<quote>['\"‘’])(?P<key>[^'\"‘’]*)['\"‘’]"
    r"\s*(?:,\s*(?P<quote2>['\"‘’])(?P<default>[^'\"‘’]*)['\"‘’]\s*)?\)",
    re.IGNORECASE,
)
_PATH = r"(?:\.[A-Za-z_$][\w$]*|\[\s*'[^']*'\s*\]|\[\s*\"[^\"]*\"\s*\]|\[\s*\d+\s*\])*"
_BODY = re.compile(r"\{?@(?P<root>body|item)\(\)(?P<path>" + _PATH + r")\}?")
_METHOD = re.compile(r"@Request\.OriginalHTTPMethod", re.IGNORECASE)
_STEP = re.compile(
    r"\.([A-Za-z_$][\w$]*)|\[\s*'([^']*)'\s*\]|\[\s*\"([^\"]*)\"\s*\]|\[\s*(\d+)\s*\]"
)
_LEFT = re.compile(r"@\{.*|@[A-Za-z][\w.]*\(.*|@Request\..*", re.DOTALL)
MISSING: Any = object()


class CannotEvaluate(Exception):
    """An expression that this program does not know, or whose value is not known.

    `expression` quotes it; `needs` names the connection parameter that would give it a value.
    """

    def __init__(self, expression: str, needs: str | None = None) -> None:
        super().__init__(expression)
        self.expression = expression
        self.needs = needs


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions may refer to: the call as the flow makes it, and the connection's values."""

    method: str = "GET"
    headers: Sequence[tuple[str, str]] = ()
    query: Sequence[tuple[str, str]] = ()
    connection: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    item: Any = None


def evaluate(text: str, scope: Scope) -> str:
    """The text with every expression replaced by its value.

    Raises:
        CannotEvaluate: an expression is unknown or has no value and no default.
    """

    def called(match: re.Match[str]) -> str:
        value = _looked_up(match["name"].lower(), match["key"], scope)
        if value is not None:
            return value
        if match["default"] is not None:
            return match["default"]
        needs = match["key"] if match["name"].lower() == "connectionparameters" else None
        raise CannotEvaluate(match[0], needs)

    def read(match: re.Match[str]) -> str:
        root = scope.body if match["root"] == "body" else scope.item
        value = value_at(root, steps_of(match["path"]))
        if value is MISSING:
            raise CannotEvaluate(match[0].strip("{}"))
        return _as_text(value)

    # Values may contain an `@` of their own, so only the template's own text is searched.
    rest = _METHOD.sub("", _BODY.sub("", _CALL.sub("", text)))
    if (left := _LEFT.search(rest)) is not None:
        raise CannotEvaluate(left[0].strip())

    def plain(part: str) -> str:
        return _METHOD.sub(lambda _: scope.method, _BODY.sub(read, part))

    out, at = [], 0
    for match in _CALL.finditer(text):
        out += [plain(text[at : match.start()]), called(match)]
        at = match.end()
    return "".join([*out, plain(text[at:])])


def body_path(text: str, root: str = "body") -> tuple[str | int, ...] | None:
    """The steps of a text that is one path (`@body().a.b`), or None where it is something else."""
    match = _BODY.fullmatch(text.strip())
    if match is None or match["root"] != root:
        return None
    return steps_of(match["path"])


def steps_of(path: str) -> tuple[str | int, ...]:
    """`.a['b'][0]` as ("a", "b", 0)."""
    return tuple(
        int(number) if number else name or quoted or double
        for name, quoted, double, number in _STEP.findall(path)
    )


def value_at(root: Any, steps: Sequence[Any]) -> Any:
    """The value at a path, or `MISSING`."""
    for step in steps:
        inside = isinstance(root, Mapping) and step in root
        listed = isinstance(root, list) and isinstance(step, int) and step < len(root)
        if not (inside or listed):
            return MISSING
        root = root[step]
    return root


def _looked_up(name: str, key: str, scope: Scope) -> str | None:
    if name == "connectionparameters":
        return scope.connection.get(key)
    pairs = scope.query if name == "queryparameters" else scope.headers
    found = [value for own, value in pairs if own.lower() == key.lower()]
    return found[0] if found else None


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
