from __future__ import annotations

import pytest

from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.traffic.behaviour import behaviour_changes, shape_of


def exchange(body: bytes, *, status: int = 200, kind: str = "application/json") -> Exchange:
    probe = Probe("k", "A", user("alice"), Request("GET", "/a"), "contract/example")
    return Exchange(probe, Response(status, (("Content-Type", kind),), body, 0.1))


BEFORE = exchange(b'{"a": 1, "b": ["x"]}')


@pytest.mark.parametrize(
    ("now", "word"),
    [
        pytest.param(exchange(b'{"a": 2, "b": ["y", "z"]}'), None, id="other-values"),
        pytest.param(exchange(b"{}", status=404), "status 200 → 404", id="status"),
        pytest.param(exchange(BEFORE.response.body, kind="text/html"), "content type", id="type"),  # type: ignore[union-attr]
        pytest.param(exchange(b'{"a": "1", "b": ["x"]}'), "body shape", id="retyped"),
        pytest.param(exchange(b'{"b": ["x"]}'), "body shape", id="field-gone"),
        pytest.param(exchange(b"text"), "body shape", id="no-json"),
    ],
)
def test_other_answer_than_recorded_is_said(now: Exchange, word: str | None) -> None:
    lines = behaviour_changes([BEFORE], [now])

    assert (lines == []) if word is None else (word in lines[0])


def test_deep_value_has_a_shape() -> None:
    value: object = 1
    for _ in range(50):
        value = [value]

    assert "..." in str(shape_of(value))
