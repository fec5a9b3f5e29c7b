"""The last look at every request before it is sent: what may not go out becomes an exchange so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from harness.exchanges.model import Exchange, Probe

__all__ = ["NOT_SENT", "GuardedSender"]

NOT_SENT = "not sent: "
"""How the reason of an exchange begins that was held back."""


class _Sender(Protocol):
    @property
    def traffic(self) -> Any: ...

    def begin(self, probes: Sequence[Probe]) -> Future[list[Exchange]]: ...

    def close(self) -> None: ...


class GuardedSender:
    """Passes on what may be sent; `refusal` says why a probe must not be, or None."""

    def __init__(self, sender: _Sender, refusal: Callable[[Probe], str | None]) -> None:
        self._sender = sender
        self._refusal = refusal

    @property
    def traffic(self) -> Any:
        """The counters of the sender behind."""
        return self._sender.traffic

    def begin(self, probes: Sequence[Probe]) -> Future[list[Exchange]]:
        """One exchange per probe, in order; the held back ones with the reason and no response."""
        reasons = [self._refusal(probe) for probe in probes]
        allowed = [p for p, reason in zip(probes, reasons, strict=True) if reason is None]
        answers = self._sender.begin(allowed)
        if len(allowed) == len(probes):
            return answers
        whole: Future[list[Exchange]] = Future()

        def complete(sent: Future[list[Exchange]]) -> None:
            try:
                gathered = iter(sent.result())
            except BaseException as error:
                whole.set_exception(error)
                return
            whole.set_result(
                [
                    next(gathered) if reason is None else _held_back(probe, reason)
                    for probe, reason in zip(probes, reasons, strict=True)
                ]
            )

        answers.add_done_callback(complete)
        return whole

    def close(self) -> None:
        """Close the sender behind."""
        self._sender.close()


def _held_back(probe: Probe, reason: str) -> Exchange:
    return Exchange(probe, None, f"{NOT_SENT}{reason}")
