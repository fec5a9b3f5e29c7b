"""Gathering what checks tell while a run goes on, and ending it: exit status, report, summary."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from harness.connector.model import Connector
from harness.exchanges.model import from_plain
from harness.redaction.learning import learn_exchange
from harness.redaction.redactor import Redactor
from harness.report.build import Gathered, build_report, scrubbed, with_names
from harness.report.exit_status import (
    EXIT_FINDING,
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_NOTHING,
    EXIT_UNVERIFIED,
    EXIT_USAGE,
)
from harness.report.many import verdict_of
from harness.settings.values import Settings

if TYPE_CHECKING:
    from harness.traffic.recording import Recorder

__all__ = ["Gathering", "counters_of"]

MOST_CHANGES = 10


class Gathering:
    """The controlling process's memory of a run."""

    def __init__(self, settings: Settings, connector: Connector, redactor: Redactor) -> None:
        self._settings = settings
        self._connector = connector
        self._gathered = Gathered()
        self._started = datetime.now(tz=UTC)
        self._clock = time.perf_counter()
        self.user_failures = 0
        self.user_passes = 0
        self._recorder = _recorder(settings, connector)
        self.redactor = redactor

    def add_report(self, report: pytest.TestReport, payload: Mapping[str, Any] | None) -> None:
        """Take one of pytest's reports, with our payload where it is a check's."""
        if payload is not None:
            if hasattr(report, "node"):  # a worker's: this process has not seen its exchanges
                for plain in payload["exchanges"]:
                    learn_exchange(self.redactor, from_plain(plain))
            self._gathered.payloads.append(payload)
            if self._recorder is not None:
                self._recorder.add(payload)
            if payload["check"]["suite"] == "tests" and payload["check"]["outcome"] == "failed":
                self.user_failures += 1
        elif report.failed:
            self.user_failures += 1
        elif report.when == "call" and report.passed:
            self.user_passes += 1

    def clean(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A check's outcome and findings without secrets, for a file that pytest writes."""
        told = {name: payload[name] for name in ("check", "findings")}
        cleaned = scrubbed(told, self.redactor.told)
        return dict(cleaned)

    def note(self, text: str) -> None:
        """Something that a reader of the report must know."""
        self._gathered.notes.append(text)

    def counters(self, run: Any) -> None:
        """Add the counters of this process."""
        self.add_counters(counters_of(run))

    def add_counters(self, counters: Mapping[str, int]) -> None:
        """Add the counters of a worker."""
        for name, value in counters.items():
            self._gathered.counters[name] = self._gathered.counters.get(name, 0) + value

    def exit_status(self, pytests: int, *, interrupted: bool, suites_wanted: bool) -> int:
        """The documented exit status of the run; `pytests` is what pytest itself concluded."""
        if pytests in (EXIT_INTERNAL, EXIT_USAGE):
            return pytests
        if interrupted:
            return EXIT_INTERRUPTED
        outcomes = [p["check"]["outcome"] for p in self._gathered.payloads]
        if "failed" in outcomes or self.user_failures:
            return EXIT_FINDING
        if any(f["severity"] == "error" and not f["waived"] for f in self._findings()):
            return EXIT_FINDING
        if "unverified" in outcomes:
            return EXIT_UNVERIFIED
        suite_checks = [p for p in self._gathered.payloads if p["check"]["suite"] != "tests"]
        if suites_wanted and not suite_checks:
            return EXIT_NOTHING
        if not outcomes and not self.user_passes:
            return EXIT_NOTHING
        return 0

    def _findings(self) -> list[Mapping[str, Any]]:
        return [finding for payload in self._gathered.payloads for finding in payload["findings"]]

    def record(self, settings: Settings) -> bool:
        """Write the cassettes of a recording run; False where one was refused."""
        if self._recorder is None:
            return True
        written, refused = self._recorder.write(settings, self.redactor)
        for problem in refused:
            self.note(f"cassette {problem}")
        for change in self._recorder.changes[:MOST_CHANGES]:
            self.note(f"answered differently than last time: {change}")
        more = len(self._recorder.changes) - MOST_CHANGES
        if more > 0:
            self.note(f"{more} more calls were answered differently than last time")
        self.note(f"{len(written)} cassettes written to {settings.cassette_dir.name}/")
        return not refused

    def build(self, settings: Settings, status: int) -> dict[str, Any]:
        """The report of what was gathered."""
        counters, kind = self._gathered.counters, "sent"
        if settings.cassettes_mode == "replay":
            kind = "replayed"
        # Workers that were interrupted have no time to tell their counters.
        told = sum(payload["seen"] for payload in self._gathered.payloads)
        counters[kind] = max(counters.get(kind, 0), told)
        return build_report(
            self._gathered,
            settings,
            self._connector,
            self.redactor,
            started=self._started,
            seconds=time.perf_counter() - self._clock,
            verdict=verdict_of(status),
            exit_status=status,
        )

    def with_names(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """The report as the user's own terminal shows it."""
        return with_names(report, self._gathered, self._settings, self.redactor)

    @property
    def is_empty(self) -> bool:
        """Whether no check told anything."""
        return not self._gathered.payloads


def _recorder(settings: Settings, connector: Connector) -> Recorder | None:
    """What writes cassettes, in a recording run."""
    if settings.cassettes_mode != "record":
        return None
    from harness.traffic.recording import Recorder

    return Recorder(connector.sha256, [each.id for each in connector.operations])


def counters_of(run: Any) -> dict[str, int]:
    """What a process sent, replayed, retried and wrote."""
    totals = {"sent": 0, "replayed": 0, "retried": 0, "writes": 0}
    for sender in run.senders.values():
        traffic = getattr(sender, "traffic", None)
        for name in totals:
            totals[name] += getattr(traffic, name, 0)
    return totals
