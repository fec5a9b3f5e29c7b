"""What the session asks of pytest's items, reports and configuration."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from harness.outcomes import CheckOutcome
from harness.report.progress import Progress, wants_progress

__all__ = [
    "can_prompt",
    "is_quick",
    "make_progress",
    "operation_of",
    "ours",
    "prompt_maker",
    "show_outcome",
    "suite_of",
]

SUITE_MARKERS = ("definition", "compat", "anonymous", "tokens", "delegated", "contract")


def suite_of(item: pytest.Item) -> str:
    """The suite of an item, by its marker; `tests` for the user's own."""
    for name in SUITE_MARKERS:
        if item.get_closest_marker(name) is not None:
            return name
    return "tests"


def operation_of(item: pytest.Item) -> str | None:
    """The operation that an item is parametrised with, or None."""
    callspec = getattr(item, "callspec", None)
    value = None if callspec is None else callspec.params.get("operation")
    return value if isinstance(value, str) else None


def ours(metafunc: pytest.Metafunc) -> bool:
    """Whether `operation` means our fixture: a project's own of that name is left alone."""
    definitions = getattr(metafunc, "_arg2fixturedefs", {}).get("operation")
    if not definitions:
        return False
    return bool(getattr(definitions[-1].func, "__module__", "") == "harness.fixtures")


def is_quick(config: pytest.Config) -> bool:
    """Whether `-m` asks for the quick selection."""
    words = str(config.getoption("markexpr", "")).replace("(", " ").replace(")", " ").split()
    return any(w == "quick" and (i == 0 or words[i - 1] != "not") for i, w in enumerate(words))


def show_outcome(report: Any, outcome: CheckOutcome) -> None:
    """Give pytest's report the shape of our outcome.

    Unverified is pytest's *error*, which it knows by a failure outside the call phase; waived is
    *xfailed*; skipped is *skipped*.
    """
    if outcome.outcome == "failed":
        report.outcome, report.longrepr = "failed", outcome.reason
    elif outcome.outcome == "unverified":
        report.outcome, report.longrepr = "failed", f"unverified: {outcome.reason}"
        report.when = "setup"
    elif outcome.outcome == "waived":
        report.outcome, report.longrepr = "skipped", outcome.reason
        report.wasxfail = f"waived: {outcome.reason}"
    else:
        report.outcome = "skipped"
        report.longrepr = (report.location[0], report.location[1] or 0, outcome.reason)


def can_prompt(config: pytest.Config) -> bool:
    """Whether a person sits at a terminal and may be asked to sign in."""
    if os.environ.get("CI") or os.environ.get("TF_BUILD") or os.environ.get("GITHUB_ACTIONS"):
        return False
    return bool(sys.__stderr__ is not None and sys.__stderr__.isatty()) or bool(
        config.getoption("capture", "") == "no" and sys.stdout.isatty()
    )


def prompt_maker(config: pytest.Config, make: Callable[..., Any]) -> Callable[[], Any]:
    """A prompt that shows on the real terminal, also while pytest captures output."""
    capture = config.pluginmanager.getplugin("capturemanager")
    return lambda: make(capture)


def make_progress() -> Progress | None:
    """What shows progress, where somebody looks at a terminal."""
    stream = sys.__stderr__
    if stream is None or not wants_progress(stream, os.environ):
        return None
    return Progress(stream)
