"""Following references: schemas with none left, and the shared parts that operations reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from harness.connector.model import Connector

__all__ = ["inline", "reached"]


def reached(connector: Connector) -> frozenset[str]:
    """The shared parts (`/definitions/Pet`) that operations refer to, directly or through others.

    A reference into a part counts for the whole of it.
    """
    found: set[str] = set()
    waiting = [connector.raw.get("paths")]
    while waiting:
        for ref in _references(waiting.pop()):
            part = "/".join(ref.removeprefix("#").split("/")[:3])
            if part not in found:
                found.add(part)
                waiting.append(connector.at(part))
    return frozenset({*found, *(unquote(part) for part in found)})


def _references(node: Any) -> Iterator[str]:
    """Every `$ref` in a piece of JSON."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Mapping):
            if isinstance(here.get("$ref"), str):
                yield here["$ref"]
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


def inline(connector: Connector, schema: Any, depth: int = 12) -> Any:
    """A copy of the schema with every local `$ref` replaced by what it names.

    A reference that leads back into itself, nests deeper than `depth` references, or leads nowhere
    becomes `{}`, which accepts anything.
    """
    return _Inliner(connector, depth).copy(schema, ())[0]


class _Inliner:
    """Copies schemas; remembers a reference's copy where nothing in it was cut."""

    def __init__(self, connector: Connector, depth: int) -> None:
        self.connector = connector
        self.depth = depth
        self.known: dict[str, Any] = {}

    def copy(self, node: Any, open_refs: tuple[str, ...]) -> tuple[Any, bool]:
        """The copy, and whether it is whole (nothing in it was cut)."""
        if isinstance(node, list):
            items = [self.copy(item, open_refs) for item in node]
            return [item for item, _ in items], all(whole for _, whole in items)
        if not isinstance(node, Mapping):
            return node, True
        ref = node.get("$ref")
        if isinstance(ref, str):
            return self._follow(ref, open_refs)
        members = {key: self.copy(value, open_refs) for key, value in node.items()}
        copied = {key: value for key, (value, _) in members.items()}
        return copied, all(whole for _, whole in members.values())

    def _follow(self, ref: str, open_refs: tuple[str, ...]) -> tuple[Any, bool]:
        if ref in self.known:
            return self.known[ref], True
        if ref in open_refs or len(open_refs) >= self.depth:
            return {}, False
        target = self.connector.at(ref)
        copied, whole = self.copy({} if target is None else target, (*open_refs, ref))
        if whole:
            self.known[ref] = copied
        return copied, whole
