"""The faults by name: what each does, and for most the function that does it.

A fault is one function under `@ROWS.fault(NAME, DESCRIPTION)`, or another family's decorator, in a
module of this folder. Faults that are a condition inside another part (token validation, the
tenant, identity) are named in `switches`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["FAULTS", "Family"]

FAULTS: dict[str, str] = {}
"""Name -> what goes wrong, as `--list-faults` prints it."""
F = TypeVar("F", bound=Callable[..., object])


class Family(Generic[F]):
    """Faults that act at the same place, in the order in which they are written."""

    def __init__(self) -> None:
        self._behaviours: dict[str, F] = {}

    def fault(self, name: str, description: str) -> Callable[[F], F]:
        """Declare the decorated function to be what the fault does."""

        def declared(behaviour: F) -> F:
            FAULTS[name] = description
            self._behaviours[name] = behaviour
            return behaviour

        return declared

    def __iter__(self) -> Iterator[tuple[str, F]]:
        return iter(self._behaviours.items())
