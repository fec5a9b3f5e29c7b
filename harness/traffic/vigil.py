"""What an app's silence costs a run: how long is waited, and when waiting has no more use.

An operation that gave a kind of caller no answer within its time is not asked by it again. All such
waiting together is bounded by a budget per process; what is left of it is the patience with the
next silent operation. An app that is gone ends the waiting for good: the rest is told so at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.exchanges.model import Probe

__all__ = ["LEAST_PATIENCE_S", "Vigil"]

LEAST_PATIENCE_S = 10.0
"""The time that an answer is given even where the budget for silence is spent."""


@dataclass(slots=True)
class Vigil:
    """What a process knows of an app's silence; all times in seconds."""

    budget_s: float
    spent_s: float = 0.0
    gone: str | None = None
    _silent: dict[tuple[str, str], float] = field(default_factory=dict)

    def patience_s(self, most: float) -> float:
        """How long the next call may take, of at most so much."""
        return min(most, max(LEAST_PATIENCE_S, self.budget_s - self.spent_s))

    def was_silent(self, probe: Probe, seconds: float) -> None:
        """Note that a call had no answer in its time; calls that waited together count once."""
        if probe.operation is None:
            return
        key = (probe.operation, probe.caller.kind)
        before = self._silent.get(key, 0.0)
        self._silent[key] = max(before, seconds)
        self.spent_s += max(0.0, seconds - before)

    def why_not(self, probe: Probe) -> str | None:
        """Why a probe is not worth sending, or None."""
        if self.gone is not None:
            return f"not sent: {self.gone}"
        waited = self._silent.get((probe.operation or "", probe.caller.kind))
        if waited is None:
            return None
        return f"not sent: {probe.operation} gave no answer within {waited:.0f} s before"
