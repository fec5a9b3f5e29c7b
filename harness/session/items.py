"""What the session asks of pytest's items, reports and configuration."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError, OfflineError, internal_error, one_clear_line
from harness.report.formats.progress import Progress, wants_progress
from harness.session.collecting import SuiteModule
from harness.session.outcomes import CheckOutcome, CheckSkipped, CheckUnverified

if TYPE_CHECKING:
    from harness.session.connector_run import ConnectorRun

__all__ = [
    "can_prompt",
    "hide_secrets",
    "is_quick",
    "make_progress",
    "on_build_server",
    "operation_of",
    "outcome_of",
    "own_test",
    "parametrize",
    "prompt_maker",
    "show_outcome",
    "suite_of",
    "suites_wanted",
    "unverified_unless_judged",
    "why",
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
    return bool(getattr(definitions[-1].func, "__module__", "") == "harness.session.fixtures")


def parametrize(metafunc: pytest.Metafunc, parts: Sequence[ConnectorRun]) -> None:
    """One item per connector, where there are many, and per operation, for who asks for them."""
    wants_part = "connector_part" in metafunc.fixturenames and bool(parts[0].name)
    wants_operation = "operation" in metafunc.fixturenames and ours(metafunc)
    if wants_operation:
        rows = [(p.name, each.id) for p in parts for each in p.run.operations()]
    else:
        rows = [(p.name, "") for p in parts]
    names = [n for n, w in (("connector_part", wants_part), ("operation", wants_operation)) if w]
    if not names:
        return
    shown_part = wants_part and metafunc.definition.getparent(SuiteModule) is None
    values = [
        tuple(v for v, w in zip(r, (wants_part, wants_operation), strict=True) if w) for r in rows
    ]
    ids = [
        "-".join(v for v, w in zip(r, (shown_part, wants_operation), strict=True) if w)
        for r in rows
    ]
    # A project that parametrises an `operation` of its own is left alone.
    with contextlib.suppress(ValueError):
        metafunc.parametrize(names, values, ids=ids, indirect=True)


def is_quick(config: pytest.Config) -> bool:
    """Whether `-m` asks for the quick selection."""
    words = str(config.getoption("markexpr", "")).replace("(", " ").replace(")", " ").split()
    return any(w == "quick" and (i == 0 or words[i - 1] != "not") for i, w in enumerate(words))


def suites_wanted(config: pytest.Config) -> frozenset[str]:
    """The suites that `-m` leaves; a plain name of one spares collecting the others."""
    expression = str(config.getoption("markexpr", "")).strip()
    return frozenset({expression} if expression in SUITE_MARKERS else SUITE_MARKERS)


def outcome_of(error: BaseException | None) -> CheckOutcome | None:
    """Our outcome of what ended a test: the harness could not judge, or pytest skipped it."""
    if isinstance(error, CheckOutcome):
        return error
    # A connection of its own in a replay is the test's own fault.
    if isinstance(error, HarnessError) and not isinstance(error, OfflineError):
        return CheckUnverified(str(error))
    if isinstance(error, pytest.skip.Exception):
        return CheckSkipped(str(error.msg or "skipped"))
    return None


@contextlib.contextmanager
def unverified_unless_judged(item: pytest.Item) -> Iterator[None]:
    """Make whatever ends one of our checks, but is no outcome, the reason why it is unverified.

    A finding alone says that the connector is wrong; an error of ours, or another plugin's time
    limit, says nothing about it. A user's own test is left as it is.

    Raises:
        CheckUnverified: instead of what was raised.
    """
    if item.getparent(SuiteModule) is None:
        yield
        return
    try:
        yield
    except (CheckOutcome, pytest.skip.Exception, pytest.exit.Exception):
        raise
    except HarnessError as error:
        raise CheckUnverified(str(error)) from None
    except pytest.fail.Exception as error:
        raise CheckUnverified(f"the check was stopped: {one_clear_line(error)}") from None
    except Exception as error:
        raise CheckUnverified(f"the check broke off: {internal_error(error)}") from None


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


def own_test(item: pytest.Item) -> bool:
    """Whether an item is the user's, no check of our suites."""
    return item.getparent(SuiteModule) is None


def on_build_server(environ: Mapping[str, str]) -> bool:
    """Whether others will read what is printed here: then no real name is on the terminal."""
    return any(environ.get(name) for name in ("CI", "TF_BUILD", "GITHUB_ACTIONS"))


def why(error: pytest.ExceptionInfo[BaseException]) -> str:
    """What broke a test, in one line: the assertion as pytest explains it."""
    return one_clear_line(error.exconly(tryshort=True).partition("\n")[0])


def hide_secrets(report: Any, shown: Callable[[str], str]) -> None:
    """Take secrets out of a report's text and of what the test printed.

    A user's own traceback keeps its colours and form where it holds none.
    """
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, shown(reason))
    elif report.longrepr is not None:
        text = str(report.longreprtext)
        clean = shown(text)
        if clean != text:
            report.longrepr = clean
    report.sections = [(name, shown(content)) for name, content in report.sections]


def can_prompt(config: pytest.Config) -> bool:
    """Whether a person sits at a terminal and may be asked to sign in."""
    if on_build_server(os.environ):
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
