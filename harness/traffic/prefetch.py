"""Sending ahead: while one check waits for its answers, the plans of the next ones go on.

A plan waits for its answers batch by batch, so a single one leaves most of the allowed connections
idle. What is sent stays the same, only sooner: each plan still sees its own answers alone, and its
check is served from them, matched by key and request.

Plans run in the thread that asks, and nowhere else: they generate cases, which parses Python
source, and CPython's parser counts its depth once per interpreter, so that two threads which parse
at a time end in "AST constructor recursion depth mismatch" (python/cpython issue 106905). Only
the sending is beside it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, Protocol

from harness.exchanges.context import Plan
from harness.exchanges.model import Exchange, Probe

__all__ = ["PrefetchingSender"]

PATIENCE_S = 30.0

Answers = Future[list[Exchange]]


class _Sender(Protocol):
    @property
    def traffic(self) -> Any: ...

    def begin(self, probes: Sequence[Probe]) -> Answers: ...

    def close(self) -> None: ...


class _Prefetched:
    """One plan under way: the batch that is out, and what came back so far."""

    def __init__(self, plan: Plan, sender: _Sender) -> None:
        self._plan = plan
        self._sender = sender
        self._found: dict[str, Exchange] = {}
        self._error: BaseException | None = None
        self.answers: Answers | None = None
        self._go_on(None)

    @property
    def is_over(self) -> bool:
        """Whether the plan has ended, well or badly."""
        return self.answers is None

    def advance(self) -> None:
        """Give the plan the answers that are there, and send its next batch."""
        assert self.answers is not None
        try:
            exchanges = self.answers.result()
        except Exception as error:  # raised again where the check asks for its answers
            self._end(error)
            return
        self._found.update({exchange.probe.key: exchange for exchange in exchanges})
        self._go_on(exchanges)

    def _go_on(self, exchanges: list[Exchange] | None) -> None:
        try:
            batch = next(self._plan) if exchanges is None else self._plan.send(exchanges)
            self.answers = self._sender.begin(batch)
        except StopIteration:
            self._end(None)
        except Exception as error:
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        self.answers, self._error = None, error

    def answer(self, probe: Probe) -> Exchange | None:
        """The exchange of a probe of this ended plan; None where it sent no such thing."""
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
            if operation != current and operation not in plans and work.is_over:
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
        sent = iter(self._sent_now(missing))
        return [found if found is not None else next(sent) for found in known]

    def close(self) -> None:
        """Let what is under way come to its end (it removes what it created), then close."""
        deadline = time.monotonic() + PATIENCE_S
        while (left := deadline - time.monotonic()) > 0 and self._under_way():
            self._go_on(left)
        self._works.clear()
        self._sender.close()

    def _sent_now(self, probes: Sequence[Probe]) -> list[Exchange]:
        if not probes:
            return []
        answers = self._sender.begin(probes)
        try:
            while not answers.done():
                self._go_on(None, answers)
        except KeyboardInterrupt:
            answers.cancel()
            raise
        return answers.result()

    def _known(self, probe: Probe) -> Exchange | None:
        work = self._works.get(probe.operation or "")
        if work is None or not probe.purpose.startswith(self._prefix):
            return None
        while not work.is_over:
            self._go_on(None)
        return work.answer(probe)

    def _under_way(self) -> list[_Prefetched]:
        return [work for work in self._works.values() if not work.is_over]

    def _go_on(self, seconds: float | None, *more: Answers) -> None:
        """Wait until some answers are there, then take the plans that they belong to further."""
        works = self._under_way()
        awaited = [work.answers for work in works if work.answers is not None]
        done = wait([*awaited, *more], seconds, FIRST_COMPLETED).done
        for work in works:
            if work.answers in done:
                work.advance()
