"""Values of a JSON document by pointer (RFC 6901), `-` or `*` for every element."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.redaction.places import HIDDEN

__all__ = ["hide_at", "values_at"]


def hide_at(node: Any, tokens: Sequence[str]) -> bool:
    """Hide what a JSON pointer names; True when it was there."""
    found = False
    for holder, key in _places(node, tokens):
        holder[key] = HIDDEN
        found = True
    return found


def values_at(node: Any, tokens: Sequence[str]) -> list[Any]:
    """The values that a JSON pointer names."""
    return [holder[key] for holder, key in _places(node, tokens)]


def _places(node: Any, tokens: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    if not tokens:
        return
    for key in _keys(node, tokens[0].replace("~1", "/").replace("~0", "~")):
        if len(tokens) == 1:
            yield node, key
        else:
            yield from _places(node[key], tokens[1:])


def _keys(node: Any, token: str) -> list[Any]:
    if isinstance(node, dict):
        return list(node) if token == "*" else [token] if token in node else []
    if isinstance(node, list):
        if token in ("*", "-"):
            return list(range(len(node)))
        if token.isascii() and token.isdigit() and int(token[:9]) < len(node):
            return [int(token[:9])]
    return []
