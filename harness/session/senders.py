"""Which source of exchanges a check uses: the live app, or its recording."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.inputs.permission import refusal
from harness.session.coordinator import trust
from harness.session.preloading import preload_sending
from harness.traffic.guarded import GuardedSender

if TYPE_CHECKING:
    from harness.session.check import Run, Sender

__all__ = ["make_sender"]


def make_sender(run: Run, suite: str, operation: str | None) -> Sender:
    """The sender of a check; a live one is shared by all checks of the process."""
    if run.settings.cassettes_mode == "replay":
        from harness.traffic.replay import replay_sender

        key = f"{suite}/{operation or ''}"
        siblings = [each.id for each in run.connector.operations]
        if key not in run.senders:
            run.senders[key] = replay_sender(
                run.settings, suite, operation, siblings, run.cache_dir
            )
        return run.senders[key]
    if "live" not in run.senders:
        from harness.traffic.live import LiveSender
        from harness.traffic.prefetch import PrefetchingSender

        preload_sending()
        bundle = run.settings.entra.ca_bundle
        live = LiveSender(
            run.context.origin,
            run.coordinator,
            tls=trust(None if bundle is None else str(bundle)),
            concurrency=run.settings.concurrency,
            always=tuple(
                (name, value.resolve()) for name, value in run.settings.gateway.headers.items()
            ),
        )
        guarded = GuardedSender(live, partial(refusal, run.context))
        run.senders["live"] = PrefetchingSender(guarded)
    return run.senders["live"]
