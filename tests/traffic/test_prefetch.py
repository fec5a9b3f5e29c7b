from __future__ import annotations

import threading
from collections.abc import Sequence
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
    traffic: Any = None

    def send(self, probes: Sequence[Probe]) -> list[Exchange]:
        if self.broken and probes:
            raise SignInError("no token")
        self.sent += [p.key for p in probes]
        return [Exchange(p, Response(200, (), p.key.encode(), 0.0)) for p in probes]

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
    wire, go = Wire(), threading.Event()

    def slow() -> Plan:
        yield [probe("create")]
        go.wait(5)
        yield [probe("clean-up")]

    sender = PrefetchingSender(wire)
    sender.look_ahead("Now", {"Next": slow()})
    threading.Timer(0.05, go.set).start()
    sender.close()

    assert wire.sent == ["create", "clean-up"]
    assert wire.closed
