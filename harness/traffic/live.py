"""Probes become exchanges by being sent: one async client per process, many in flight.

Redirects are never followed, the request target goes out verbatim, bodies are cut at a size, and
whatever goes wrong becomes an exchange with a reason. Sign-in, which is once per run, is asked of
the `LiveCoordinator`, which xdist workers reach over a channel.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Awaitable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from harness import __version__
from harness.errors import OfflineError
from harness.exchanges.model import ANONYMOUS, Exchange, Headers, Probe, Request, Response
from harness.redaction.tokens import carries_connection, with_connection, with_token
from harness.traffic.client import AppClient, NoAnswer
from harness.traffic.pacing import (
    FRONT_END_STATUSES,
    PacingLimits,
    clock_skew_seconds,
    retry_after_seconds,
    should_retry,
)
from harness.traffic.vigil import Vigil

__all__ = ["LiveCoordinator", "LiveSender", "Traffic", "loop_thread"]

START = Probe("start", None, ANONYMOUS, Request("GET", "/"), "start")
USER_AGENT = f"connector-harness/{__version__}"
T = TypeVar("T")


class LiveCoordinator(Protocol):
    """What is once per run and shared by all workers: whom to sign in, and with what token."""

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        """The bearer token of a user or app; `refused` is a token that a 401 just turned away.

        Empty where the connector does not sign in by tokens.
        """

    def connection(self, caller: str) -> dict[str, str]:
        """The values of a user's connection, shared ones among them."""


@dataclass(slots=True)
class Traffic:
    """Counters of a process: requests sent and retried, and those that may have changed state."""

    sent: int = 0
    retried: int = 0
    writes: int = 0
    silent_s: float = 0.0
    """Seconds that were spent waiting for operations that then gave no answer."""
    skew_s: float = 0.0
    """Seconds that our clock is behind the app's (negative: ahead), where they differ much."""


class _LoopThread:
    """An event loop in a daemon thread, so that synchronous tests can send concurrently."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="connector-harness-io", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def submit(self, work: Awaitable[T]) -> Future[T]:
        async def run() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._loop.is_running():
            self._loop.close()


async def _give_up() -> None:
    """Cancel every other task, so that none keeps a connection open."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def loop_thread() -> _LoopThread:
    """A running event loop in a thread of its own; close it when done."""
    return _LoopThread()


class LiveSender:
    """Sends probes to a function app, at most `concurrency` at a time.

    Arguments: `origin` is scheme, host and port; `tls` the trust for https; `limits` the patience.
    """

    def __init__(
        self,
        origin: str,
        coordinator: LiveCoordinator,
        *,
        tls: ssl.SSLContext | bool = True,
        concurrency: int = 8,
        limits: PacingLimits | None = None,
        always: Headers = (),
    ) -> None:
        self._origin = origin.rstrip("/")
        self._coordinator = coordinator
        self._limits = limits or PacingLimits()
        self._thread = loop_thread()
        limits = self._limits
        self._client = AppClient(
            tls, connect_s=limits.connect_s, read_s=limits.read_s, body_limit=limits.body_limit
        )
        self._paused_until = 0.0
        self._start: asyncio.Future[None] | None = None
        self._last_look: asyncio.Future[None] | None = None
        self._vigil = Vigil(limits.silence_s)
        self._always = always
        self._tokens: dict[tuple[str, str], str] = {}
        self._connections: dict[str, dict[str, str]] = {}
        self._signing_in = threading.Lock()
        self._gate = asyncio.Semaphore(concurrency)  # shared by batches that are sent at once
        self.traffic = Traffic()

    def send(self, probes: Sequence[Probe]) -> list[Exchange]:
        """One exchange per probe, in the order of the probes.

        Raises:
            SignInError: a caller's token cannot be had.
        """
        answers = self.begin(probes)
        try:
            return answers.result()
        except KeyboardInterrupt:
            answers.cancel()
            raise

    def begin(self, probes: Sequence[Probe]) -> Future[list[Exchange]]:
        """Send probes without waiting for the answers, one exchange per probe in their order.

        Raises:
            SignInError: a caller's token cannot be had.
        """
        with self._signing_in:
            for caller in {p.caller for p in probes if p.caller.kind in ("user", "app")}:
                key = (caller.name, caller.kind)
                self._tokens[key] = self._coordinator.bearer(*key)
            for name in {p.caller.name for p in probes if _waits_for_connection(p)}:
                self._connections[name] = self._coordinator.connection(name)
        return self._thread.submit(self._send_all(probes))

    def close(self) -> None:
        """Give up what is under way, close connections, and stop the loop."""
        self._thread.submit(_give_up()).result(timeout=5)
        self._thread.submit(self._client.aclose()).result(timeout=5)
        self._thread.close()

    async def _send_all(self, probes: Sequence[Probe]) -> list[Exchange]:
        async def one(probe: Probe) -> Exchange:
            async with self._gate:
                return await self._exchange(probe)

        return list(await asyncio.gather(*(one(probe) for probe in probes)))

    async def _exchange(self, probe: Probe) -> Exchange:
        started = time.time()
        attempt = 0
        while True:
            why_not = self._vigil.why_not(probe)
            if why_not is not None:
                return Exchange(probe, None, why_not, started, attempt)
            attempt += 1
            await self._wait_if_paused()
            response, problem = await self._attempt(probe)
            again = await self._after(probe, response, problem, attempt)
            if not again:
                reason = None if problem is None else str(problem)
                return Exchange(probe, response, reason, started, attempt)
            self.traffic.retried += 1

    async def _after(
        self, probe: Probe, response: Response | None, problem: Exception | None, attempt: int
    ) -> bool:
        """Decide on another try, and wait for it."""
        limits = self._limits
        if response is None:
            if await self._is_gone(probe, problem):
                return False
            final = not isinstance(problem, NoAnswer) or problem.is_final
            if final or not probe.repeatable or attempt > limits.retries:
                return False
            await asyncio.sleep(limits.first_backoff_s * attempt)
            return True
        if response.status == 401 and probe.caller.kind == "user" and attempt == 1:
            return probe.repeatable and await self._renewed(probe)
        if not should_retry(response, attempt, repeatable=probe.repeatable, limits=limits):
            return False
        pause = retry_after_seconds(response, attempt, limits)
        if response.status == 429:
            self._paused_until = max(self._paused_until, time.monotonic() + pause)
        elif response.status in FRONT_END_STATUSES:
            await self._wait_for_start(pause)
            return self._vigil.gone is None
        return True

    async def _is_gone(self, probe: Probe, problem: Exception | None) -> bool:
        """Whether the app is not there any more: it refuses connections, at a last look as well."""
        elsewhere = probe.request.origin is not None and probe.request.origin != self._origin
        if elsewhere or not isinstance(problem, NoAnswer) or problem.kind != "refused":
            return False
        if self._last_look is None:
            self._last_look = asyncio.ensure_future(self._look_again(str(problem)))
        await asyncio.shield(self._last_look)
        return self._vigil.gone is not None

    async def _look_again(self, reason: str) -> None:
        await asyncio.sleep(self._limits.last_look_s)
        _, problem = await self._attempt(START)
        if isinstance(problem, NoAnswer) and problem.kind == "refused":
            self._vigil.gone = f"the app is gone: {reason}"
        self._last_look = None

    async def _renewed(self, probe: Probe) -> bool:
        """After a 401: fetch a fresh token once; True when there is another one to try with."""
        key = (probe.caller.name, probe.caller.kind)
        refused = self._tokens[key]
        fresh = await asyncio.to_thread(self._coordinator.bearer, *key, refused=refused)
        self._tokens[key] = fresh
        return fresh != refused

    async def _wait_for_start(self, pause: float) -> None:
        """Wait out a cold start, once in a process: calls that meet it together wait together."""
        if self._start is None:
            self._start = asyncio.ensure_future(self._started())
        if self._start.done():
            await asyncio.sleep(pause)
        else:
            await asyncio.shield(self._start)

    async def _started(self) -> None:
        """Ask for the app's root, which changes nothing, until the front end lets it answer."""
        limits = self._limits
        deadline = time.monotonic() + limits.cold_start_s
        pause = limits.first_backoff_s
        while time.monotonic() < deadline:
            await asyncio.sleep(pause)
            response, _ = await self._attempt(START)
            if response is not None and response.status not in FRONT_END_STATUSES:
                return
            pause = min(pause * 2, 8.0)
        self._vigil.gone = f"the app did not start within {limits.cold_start_s:.0f} s"

    async def _wait_if_paused(self) -> None:
        delay = self._paused_until - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)

    async def _attempt(self, probe: Probe) -> tuple[Response | None, Exception | None]:
        self.traffic.sent += 1
        if _may_write(probe.request):
            self.traffic.writes += 1
        sent = self._addressed(probe)
        body = sent.body
        if body is None and sent.method in ("POST", "PUT", "PATCH"):
            body = b""
        origin = sent.origin or self._origin
        patience, began = self._vigil.patience_s(self._limits.read_s), time.perf_counter()
        try:
            answer = await self._client.send(
                sent.method, origin, sent.target, self._headers(sent), body, within_s=patience
            )
        except (NoAnswer, OfflineError) as error:
            if isinstance(error, NoAnswer) and error.kind == "silent":
                self._vigil.was_silent(probe, time.perf_counter() - began)
                self.traffic.silent_s = self._vigil.spent_s
            return None, error
        self.traffic.skew_s = clock_skew_seconds(answer)
        return answer, None

    def _headers(self, sent: Request) -> Headers:
        """The request's headers, and those that a gateway in front of the app needs."""
        if sent.origin is not None:
            return _fields(sent)
        extra = tuple(pair for pair in self._always if sent.header(pair[0]) is None)
        return _fields(replace(sent, headers=(*sent.headers, *extra)))

    def _addressed(self, probe: Probe) -> Request:
        caller = probe.caller
        request = with_connection(probe.request, self._connections.get(caller.name, {}))
        if caller.kind in ("user", "app"):
            token = self._tokens[caller.name, caller.kind]
            return with_token(request, token) if token else request
        if caller.kind == "forgery" and caller.token is not None:
            return with_token(request, caller.token.reveal())
        return request


def _waits_for_connection(probe: Probe) -> bool:
    """Whether a caller who has a connection sends something that is in it."""
    return probe.caller.kind != "anonymous" and carries_connection(probe.request)


def _may_write(request: Request) -> bool:
    """Whether a request may change the app's state; a sign-in is the platform's own matter."""
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    return not reads and not request.target.startswith("/.auth/login/")


def _fields(sent: Request) -> Headers:
    """What a probe asks for, and what every client says of itself where it does not."""
    usual = (("accept-encoding", "identity"), ("user-agent", USER_AGENT), ("accept", "*/*"))
    return (*sent.headers, *(pair for pair in usual if sent.header(pair[0]) is None))
