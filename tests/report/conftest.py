"""A report as a real run writes it, and the one of the run before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.report.sample import HOSTILE, previous_report, sample_report


@pytest.fixture
def report() -> dict[str, Any]:
    return sample_report()


@pytest.fixture
def previous() -> dict[str, Any]:
    return previous_report()


@pytest.fixture
def hostile_report() -> dict[str, Any]:
    """The same, with hostile text wherever the app, or a definition of a stranger, has a say."""
    found: dict[str, Any] = _poisoned(sample_report())
    found["coverage"] = {name + HOSTILE: row for name, row in found["coverage"].items()}
    for check in found["checks"]:
        check["id"] += HOSTILE
    found["exchanges"][0]["response"]["body"] = None
    found["exchanges"][0]["response"]["body_base64"] = "iVBORw0KGgoAAAANSUhEUgAA//79/A=="
    found["exchanges"][1]["response"]["body"] = "huge " * 400_000
    return found


# What the harness itself writes and nobody else: these stay as they are.
OWN = frozenset(
    (
        "schema", "verdict", "mode", "severity", "outcome", "suite", "id", "evidence", "until",
        "started", "rule", "waived",
    )
)  # fmt: skip


def _poisoned(value: Any, key: str = "") -> Any:
    if key in OWN:
        return value
    if isinstance(value, dict):
        return {name: _poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_poisoned(item, key) for item in value]
    return value + HOSTILE if isinstance(value, str) else value
