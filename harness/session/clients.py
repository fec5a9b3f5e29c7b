"""The HTTP clients of users' own tests: their calls are exchanges like those of the suites."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from harness.errors import SettingsError, TargetError
from harness.exchanges.model import ANONYMOUS, Probe, Request, user
from harness.inputs.permission import refusal
from harness.session.check import Check, Run

__all__ = ["open_client"]

OWN_HEADERS = frozenset({"host", "content-length", "connection", "accept-encoding"})


def open_client(run: Run, caller: str | None, current: Callable[[], Check | None]) -> httpx.Client:
    """A client whose base URL is function app + base path; it never follows redirects.

    A call that `--writes` forbids raises `SettingsError` before it is sent.

    Raises:
        SettingsError: there is no user of that name.
    """
    if caller is not None and caller not in run.settings.users:
        known = ", ".join(run.settings.users) or "none"
        raise SettingsError(f"there is no user {caller!r} in the settings; known: {known}")
    context = run.context
    return httpx.Client(
        base_url=f"{context.origin}{context.base_path}",
        transport=_ExchangeTransport(run, caller, current),
        follow_redirects=False,
    )


class _ExchangeTransport(httpx.BaseTransport):
    """Sends through the run's own sender, so that calls are paced, recorded or replayed alike."""

    def __init__(self, run: Run, caller: str | None, current: Callable[[], Check | None]) -> None:
        self._run = run
        self._caller = ANONYMOUS if caller is None else user(caller)
        self._current = current
        self._sent = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        check = self._current() or Check(self._run, "tests", None, "session")
        self._sent += 1
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers.raw
            if name.decode("latin-1").lower() not in OWN_HEADERS
        )
        body = request.read() or None
        probe = Probe(
            key=f"{self._caller.name}/{request.method} {request.url.raw_path.decode('ascii')}"
            f"#{len(check.exchanges)}",
            operation=None,
            caller=self._caller,
            request=Request(request.method, request.url.raw_path.decode("ascii"), headers, body),
            purpose="tests/call",
            repeatable=request.method in ("GET", "HEAD", "OPTIONS"),
        )
        held_back = None if check.is_replay else refusal(self._run.context, probe)
        if held_back is not None:
            raise SettingsError(f"{request.method} {request.url.path} was not sent: {held_back}")
        [exchange] = check.send([probe])
        if exchange.response is None:
            raise TargetError(f"{request.method} {request.url}: {exchange.reason}")
        answer = exchange.response
        return httpx.Response(
            answer.status, headers=list(answer.headers), content=answer.body, request=request
        )
