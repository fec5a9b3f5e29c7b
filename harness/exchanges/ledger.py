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
    a backend that overwrites answers a creation with the id of the old object. Only a list that
    had been answered when the creation was sent tells: one that was asked at the same time may
    show what the run itself is making. Times are seconds since the epoch; 0 is unknown.
    """

    _seen: dict[tuple[str, str], float] = field(default_factory=dict)
    _made: set[tuple[str, str]] = field(default_factory=set)
    _invented: set[str] = field(default_factory=set)

    def saw(self, creator: str, ids: Iterable[Any], answered: float = 0.0) -> None:
        """Note what a list showed that was answered at a time."""
        for each in ids:
            key = (creator, str(each))
            self._seen[key] = min(answered, self._seen.get(key, answered))

    def made(self, creator: str, own: Any, sent: float = 0.0) -> bool:
        """Note the id that a creation was answered with; whether the object is this run's."""
        key = (creator, str(own))
        if key not in self._made and self._was_seen(key, sent):
            return False
        self._made.add(key)
        return True

    def stood_before(self, creator: str, own: Any, sent: float = 0.0) -> bool:
        """Whether a list showed the object, and this process did not make it."""
        key = (creator, str(own))
        return self._was_seen(key, sent) and key not in self._made

    def _was_seen(self, key: tuple[str, str], sent: float) -> bool:
        answered = self._seen.get(key)
        return answered is not None and (not answered or not sent or answered <= sent)

    def owns(self, creator: str, own: Any) -> bool:
        """Whether this process made the object."""
        return (creator, str(own)) in self._made

    def invented(self, own: Any) -> None:
        """Note an id that the harness thought up for a new object: it names nothing old."""
        self._invented.add(str(own))

    def is_invented(self, own: Any) -> bool:
        """Whether an id was thought up here."""
        return str(own) in self._invented
