from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.errors import SignInError
from harness.exchanges.context import Plan
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, Response
from harness.traffic.prefetch import PrefetchingSender


def probe(key: str, operation: str = "Next", target: str = "/x", suite: str = "contract") -> Probe:
    return Probe(key, operation, ANONYMOUS, Request("GET", target), f"{suite}/example")


@dataclass
class Wire:
    """A sender that answers everything and remembers what it sent."""

    sent: list[str] = field(default_factory=list)
    broken: bool = False
    closed: bool = False
    seconds: float = 0.0
    traffic: Any = None

    def begin(self, probes: Sequence[Probe]) -> Future[list[Exchange]]:
        if self.broken and probes:
            raise SignInError("no token")
        self.sent += [p.key for p in probes]
        answers: Future[list[Exchange]] = Future()
        found = [Exchange(p, Response(200, (), p.key.encode(), 0.0)) for p in probes]
        if self.seconds:
            threading.Timer(self.seconds, answers.set_result, [found]).start()
        else:
            answers.set_result(found)
        return answers

    def close(self) -> None:
        self.closed = True


def plan(*batches: list[Probe]) -> Plan:
    for number in range(len(batches)):
        yield batches[number]


def test_check_is_served_from_what_was_sent_ahead() -> None:
    wire = Wire()
    sender = PrefetchingSender(wire)

    sender.look_ahead("Now", {"Next": plan([probe("a")], [probe("b")])})
    exchanges = sender.send([probe("a")]) + sender.send([probe("b")])

    assert [e.response.body for e in exchanges if e.response] == [b"a", b"b"]
    assert wire.sent == ["a", "b"]


@pytest.mark.parametrize(
    "asked",
    [
        probe("c"),
        probe("a", target="/other"),
        probe("a", operation="Else"),
        probe("a", suite="anonymous"),
    ],
    ids=["another key", "another request", "another operation", "another suite"],
)
def test_anything_else_is_sent_now(asked: Probe) -> None:
    wire = Wire()
    sender = PrefetchingSender(wire)
    sender.look_ahead("Now", {"Next": plan([probe("a")])})

    (exchange,) = sender.send([asked])

    sender.close()
    assert exchange.probe is asked
    assert sorted(wire.sent) == sorted(["a", asked.key])


def test_error_is_raised_where_the_answers_are_asked_for() -> None:
    sender = PrefetchingSender(Wire(broken=True))

    sender.look_ahead("Now", {"Next": plan([probe("a")])})

    with pytest.raises(SignInError):
        sender.send([probe("a")])


def test_coming_plan_is_begun_once() -> None:
    wire = Wire()
    sender = PrefetchingSender(wire)

    for _ in range(3):
        sender.look_ahead("Now", {"Next": plan([probe("a")])})
    sender.close()

    assert wire.sent == ["a"]


def test_close_waits_for_what_is_under_way() -> None:
    wire = Wire(seconds=0.05)

    sender = PrefetchingSender(wire)
    sender.look_ahead("Now", {"Next": plan([probe("create")], [probe("clean-up")])})
    sender.close()

    assert wire.sent == ["create", "clean-up"]
    assert wire.closed


def test_plans_go_on_in_the_asking_thread_while_it_waits() -> None:
    wire, threads = Wire(seconds=0.02), set()

    def watched() -> Plan:
        for key in "abc":
            threads.add(threading.current_thread())
            yield [probe(key)]

    sender = PrefetchingSender(wire)
    sender.look_ahead("Now", {"Next": watched()})
    for key in "xyz":
        sender.send([probe(key, operation="Now")])
    sender.close()

    assert threads == {threading.current_thread()}
    assert wire.sent.index("b") < wire.sent.index("z")
