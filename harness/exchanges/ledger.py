"""What a run has seen and made in the app: the only objects that it may change or delete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Ledger"]


@dataclass(slots=True)
class Ledger:
    """Ids by the operation that creates such objects: seen in lists, and made by this process.

    An id that a list showed before it was "created" belongs to an object that was there already:
    a backend that overwrites answers a creation with the id of the old object.
    """

    _seen: set[tuple[str, str]] = field(default_factory=set)
    _made: set[tuple[str, str]] = field(default_factory=set)
    _invented: set[str] = field(default_factory=set)

    def saw(self, creator: str, ids: Iterable[Any]) -> None:
        """Note what a list showed."""
        self._seen |= {(creator, str(each)) for each in ids}

    def made(self, creator: str, own: Any) -> bool:
        """Note the id that a creation was answered with; whether the object is this run's."""
        key = (creator, str(own))
        if key not in self._made and key in self._seen:
            return False
        self._made.add(key)
        return True

    def stood_before(self, creator: str, own: Any) -> bool:
        """Whether a list showed the object, and this process did not make it."""
        key = (creator, str(own))
        return key in self._seen and key not in self._made

    def owns(self, creator: str, own: Any) -> bool:
        """Whether this process made the object."""
        return (creator, str(own)) in self._made

    def invented(self, own: Any) -> None:
        """Note an id that the harness thought up for a new object: it names nothing old."""
        self._invented.add(str(own))

    def is_invented(self, own: Any) -> bool:
        """Whether an id was thought up here."""
        return str(own) in self._invented
