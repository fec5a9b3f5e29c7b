"""YAML within bounds: PyYAML's own loaders crash on deep texts and hang on alias bombs.

libyaml's composer calls itself once a level, in C, so a deep text ends the process; the resolver's
two hooks, which it calls once a level anyway, count and stop it.
"""

from __future__ import annotations

from typing import Any

import yaml

from harness.bounds.limits import DEEPEST, MOST_VALUES
from harness.bounds.parsing import OutOfBoundsError, too_deep

__all__ = ["BoundedLoader", "compose"]

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BoundedLoader(_SafeLoader):  # type: ignore[misc]
    """The safe loader, for texts of at most `DEEPEST` levels."""

    depth = 0

    def descend_resolver(self, _node: Any, _index: Any) -> None:
        """Go one level down.

        Raises:
            OutOfBoundsError: too many.
        """
        self.depth += 1
        if self.depth > DEEPEST + 1:
            raise too_deep(DEEPEST)

    def ascend_resolver(self) -> None:
        """Come one level up."""
        self.depth -= 1


def compose(text: str) -> yaml.Node | None:
    """The root node of a YAML text, or None where it is empty.

    Raises:
        yaml.YAMLError: it is no YAML.
        OutOfBoundsError: it is too deep, or too much once its aliases are written out.
    """
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=BoundedLoader)
    except RecursionError:
        raise too_deep(DEEPEST) from None
    if root is not None:
        check_nodes(root)
    return root


def check_nodes(root: yaml.Node) -> None:
    """Refuse a document that grows without measure where its aliases are written out.

    Raises:
        OutOfBoundsError: it does, or it is too deep then.
    """
    measured: dict[int, tuple[int, int]] = {}
    is_open: set[int] = set()

    def measure(node: yaml.Node) -> tuple[int, int]:
        """Values and levels of a node; an anchor that contains itself is left to the reader."""
        if isinstance(node, yaml.ScalarNode) or id(node) in is_open:
            return 1, 0
        if id(node) not in measured:
            is_open.add(id(node))
            parts = [measure(child) for child in _children(node)]
            is_open.discard(id(node))
            measured[id(node)] = (
                1 + sum(values for values, _ in parts),
                1 + max((levels for _, levels in parts), default=0),
            )
        values, levels = measured[id(node)]
        if values > MOST_VALUES:
            raise OutOfBoundsError(
                f"its aliases make more than {MOST_VALUES:,} values; write them out, or use $ref"
            )
        if levels > DEEPEST:
            raise too_deep(DEEPEST)
        return values, levels

    measure(root)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)
