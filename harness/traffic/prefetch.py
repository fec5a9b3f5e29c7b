"""Sending ahead: while one check is judged, the plans of the next ones are already under way.

A plan waits for its answers batch by batch, so a single one leaves most of the allowed connections
idle. What is sent stays the same, only sooner: each plan still sees its own answers alone, and its
check is served from them, matched by key and request.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.exchanges.context import Plan, perform
from harness.exchanges.model import Exchange, Probe

__all__ = ["PrefetchingSender"]

PATIENCE_S = 30.0


class _Sender(Protocol):
    traffic: Any

    def send(self, probes: Sequence[Probe]) -> list[Exchange]: ...

    def close(self) -> None: ...


class _Prefetched:
    """One plan performed in a thread of its own; the thread does not outlive the process."""

    def __init__(self, plan: Plan, sender: _Sender) -> None:
        self._plan = plan
        self._sender = sender
        self._found: dict[str, Exchange] = {}
        self._error: BaseException | None = None
        self.thread = threading.Thread(
            target=self._run, name="connector-harness-ahead", daemon=True
        )
        self.thread.start()

    def _run(self) -> None:
        try:
            for exchange in perform(self._plan, self._sender.send):
                self._found[exchange.probe.key] = exchange
        except BaseException as error:  # raised again where the check asks for its answers
            self._error = error

    def answer(self, probe: Probe) -> Exchange | None:
        """The exchange of a probe, once the plan has ended; None where it sent no such thing."""
        self.thread.join()
        if self._error is not None:
            raise self._error
        found = self._found.get(probe.key)
        return found if found is not None and found.probe.request == probe.request else None


class PrefetchingSender:
    """A sender that can be told what comes next; without that it only passes on.

    Used from one thread. Only probes of one suite are sent ahead (their purpose begins with it).
    """

    def __init__(self, sender: _Sender, suite: str = "contract") -> None:
        self._sender = sender
        self._prefix = f"{suite}/"
        self._works: dict[str, _Prefetched] = {}

    @property
    def traffic(self) -> Any:
        """The counters of the sender behind."""
        return self._sender.traffic

    def has_begun(self, operation: str) -> bool:
        """Whether an operation's plan is under way, or done and not asked for yet."""
        return operation in self._works

    def look_ahead(self, current: str, plans: Mapping[str, Plan]) -> None:
        """Begin the plans of coming operations; forget those that are over and done with."""
        for operation, work in list(self._works.items()):
            if operation != current and operation not in plans and not work.thread.is_alive():
                del self._works[operation]
        for operation, plan in plans.items():
            if operation not in self._works:
                self._works[operation] = _Prefetched(plan, self._sender)

    def send(self, probes: Sequence[Probe]) -> list[Exchange]:
        """One exchange per probe, in order: from what was sent ahead, else sent now.

        Raises:
            HarnessError: what the sender raises, also for what was sent ahead.
        """
        known = [self._known(probe) for probe in probes]
        missing = [p for p, found in zip(probes, known, strict=True) if found is None]
        sent = iter(self._sender.send(missing))
        return [found if found is not None else next(sent) for found in known]

    def close(self) -> None:
        """Let what is under way come to its end (it removes what it created), then close."""
        for work in self._works.values():
            work.thread.join(PATIENCE_S)
        self._works.clear()
        self._sender.close()

    def _known(self, probe: Probe) -> Exchange | None:
        work = self._works.get(probe.operation or "")
        if work is None or not probe.purpose.startswith(self._prefix):
            return None
        return work.answer(probe)
