"""One process's part in a run: performing plans, and concluding checks from what was judged."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from harness.bounds.typed import as_typed
from harness.connector.model import Connector, Operation
from harness.errors import HarnessError, SignInError
from harness.exchanges.context import Plan, RunContext, perform
from harness.exchanges.ledger import Ledger
from harness.exchanges.model import Exchange, Probe, to_plain
from harness.findings.levels import level_of, matches, told_by_former_id, waiver_for
from harness.findings.model import Finding, Judgement
from harness.redaction.learning import learn_exchange
from harness.redaction.redactor import Redactor
from harness.report.coverage import exercised_parameters
from harness.session.outcomes import (
    CheckFailed,
    CheckOutcome,
    CheckSkipped,
    CheckUnverified,
    CheckWaived,
)
from harness.settings.values import Settings

__all__ = ["Check", "CoordinatorLike", "Run", "Sender"]


class Sender(Protocol):
    """A source of exchanges: live or recorded."""

    def send(self, probes: Sequence[Probe]) -> list[Exchange]:
        """One exchange per probe, in order."""

    def close(self) -> None:
        """Let go of connections."""


class CoordinatorLike(Protocol):
    """What a run asks of the controlling process, directly or over xdist's channel."""

    def address(self) -> dict[str, Any]:
        """Where calls go, whom to trust, and the tenant's public facts."""

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        """The bearer token of a user or app."""

    def connection(self, caller: str) -> dict[str, str]:
        """The values of a user's connection."""

    def token(self, caller: str) -> dict[str, Any]:
        """A user's token as plain data."""

    def genuine_tokens(self) -> dict[str, Any]:
        """The real tokens that hostile ones are made of, or why one is missing."""

    def registration(self) -> dict[str, Any]:
        """Whether the connector's own registration works, as plain data."""


@dataclass(slots=True)
class Run:
    """What the checks of one process share. `memory` holds what plans of this
    process learnt: cases, routes, generated inputs.

    `prefix` stands before a check's node id where many connectors run together.
    """

    settings: Settings
    connector: Connector
    baseline: Connector | None
    coordinator: CoordinatorLike
    redactor: Redactor
    make_sender: Callable[[Run, str, str | None], Sender]
    cache_dir: Path | None
    worker: str = ""
    prefix: str = ""
    memory: dict[str, Any] = field(default_factory=dict)
    counter: int = 0
    senders: dict[str, Sender] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def context(self) -> RunContext:
        """The context of a full run."""
        return RunContext(self.connector, self.settings, ledger=self.ledger)

    def operations(self) -> tuple[Operation, ...]:
        """The operations that this run is about."""
        selected = self.settings.operations_selected
        if not selected:
            return self.connector.operations
        return tuple(self.connector.operation(operation_id) for operation_id in selected)

    def next_id(self) -> str:
        """A fresh exchange id, unique in this process."""
        self.counter += 1
        return f"{self.worker}x{self.counter}"

    def close(self) -> None:
        """Close every sender."""
        for sender in self.senders.values():
            sender.close()
        self.senders.clear()


@dataclass(slots=True)
class Check:
    """One check on its way: performs probes, gathers exchanges, and concludes.

    `payload` is what travels to the controlling process on pytest's report.
    """

    run: Run
    suite: str
    operation: str | None
    node_id: str
    quick: bool = False
    exchanges: list[Exchange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    coverage: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_replay(self) -> bool:
        """Whether exchanges and facts come from recordings."""
        return self.run.settings.cassettes_mode == "replay"

    def recorded_facts(self) -> dict[str, Any]:
        """The facts that a recording of this check keeps; empty when live."""
        if not self.is_replay:
            return {}
        facts = getattr(self._sender(), "facts", {})
        return dict(facts.get(self.node_id, {}))

    def _sender(self) -> Any:
        """Where exchanges come from; a user's test has a recording of its own.

        Raises:
            CheckUnverified: there is no recording.
        """
        name = self.node_id if self.suite == "tests" else self.operation
        try:
            return self.run.make_sender(self.run, self.suite, name)
        except HarnessError as error:
            raise CheckUnverified(str(error)) from None

    @property
    def context(self) -> RunContext:
        """The facts for probes and rules."""
        return replace(self.run.context, quick=self.quick)

    def perform(self, plan: Plan) -> list[Exchange]:
        """Drive a plan to its end; every exchange gets its id.

        Raises:
            CheckUnverified: a caller could not be signed in, or nothing could be sent.
        """
        if self.is_replay:
            return self._recorded()
        self.note_inputs()
        try:
            return perform(plan, self.send)
        except SignInError as error:
            self.note_sign_in(error)
            raise CheckUnverified(str(error)) from None
        except HarnessError as error:
            raise CheckUnverified(str(error)) from None

    def _recorded(self) -> list[Exchange]:
        """What was recorded for this check: a replay asks nothing and judges what there is.

        Raises:
            CheckUnverified: nothing was recorded.
        """
        sender = self._sender()
        try:
            recorded = sender.recorded(self.node_id)
        except HarnessError as error:
            raise CheckUnverified(str(error)) from None
        if sender.stale is not None:
            self.notes.append(f"{self.node_id}: {sender.stale}; record it again")
        fitting = self._fitting(recorded)
        gathered = [exchange.with_id(self.run.next_id()) for exchange in fitting]
        self.exchanges.extend(gathered)
        return gathered

    def _fitting(self, recorded: list[Exchange]) -> list[Exchange]:
        """The recorded exchanges that today's definition would still make.

        Raises:
            CheckUnverified: what should be judged was recorded with other inputs.
        """
        from harness.inputs.fitting import inputs_hash, unfit_reason
        from harness.traffic.replay import record_command

        then = self.recorded_facts().get("inputs")
        if self.operation is None or then is None:
            return recorded
        operation = self.run.connector.operation(self.operation)
        if then == inputs_hash(self.context, operation):
            return recorded
        kept = []
        for exchange in recorded:
            reason = unfit_reason(self.context, operation, exchange)
            if reason is None:
                kept.append(exchange)
            elif exchange.probe.meta.get("mode") not in ("negative", "odd"):
                command = record_command(self.run.settings, self.operation)
                raise CheckUnverified(
                    f"the recording of {self.operation} no longer fits: {reason}; {command}"
                )
        return kept

    def note_inputs(self) -> None:
        """Keep with a recording what it was recorded for."""
        if self.run.settings.cassettes_mode != "record":
            return
        # Also a check that asked nothing is known by what it found to ask: nothing.
        self.facts["performed"] = True
        if self.operation is not None:
            from harness.inputs.fitting import inputs_hash

            operation = self.run.connector.operation(self.operation)
            self.facts["inputs"] = inputs_hash(self.context, operation)

    def send(self, probes: list[Probe]) -> list[Exchange]:
        """Send one batch and keep its exchanges."""
        gathered = [e.with_id(self.run.next_id()) for e in self._sender().send(probes)]
        for exchange in gathered:
            learn_exchange(self.run.redactor, exchange)
        self.exchanges.extend(gathered)
        return gathered

    def conclude(self, *judgements: Judgement) -> None:
        """End the check as the judgements say.

        Raises:
            CheckOutcome: for every end but a plain pass.
        """
        found = [self._finished(f) for judgement in judgements for f in judgement.findings]
        self.findings.extend(f for f in found if f is not None)
        errors = [f for f in self.findings if f.is_error]
        waived = [f for f in self.findings if f.severity == "error" and f.waived]
        unverified = [j.unverified for j in judgements if j.unverified]
        skipped = [j.skipped for j in judgements if j.skipped]
        if errors:
            raise CheckFailed(errors)
        if unverified:
            raise CheckUnverified("; ".join(dict.fromkeys(unverified)))
        if waived:
            raise CheckWaived("; ".join(f"{f.rule}: {f.message}" for f in waived))
        if skipped and len(skipped) == len(judgements):
            raise CheckSkipped("; ".join(dict.fromkeys(skipped)))

    def _finished(self, finding: Finding) -> Finding | None:
        """The finding with the settings' levels and waivers applied, and how to see it again."""
        settings = self.run.settings
        finding = told_by_former_id(finding, settings.levels, settings.waivers)
        level = level_of(finding, settings.levels)
        if level == "off":
            return None
        if level is not None:
            finding = replace(finding, severity=level)  # type: ignore[arg-type]
        rerun = finding.data.get("rerun") or rerun_command(
            self.run.settings, f"{self.run.prefix}{self.node_id}"
        )
        finding = replace(finding, data={**finding.data, "rerun": rerun})
        waivers = self.run.settings.waivers
        if waiver_for(finding, waivers) is not None:
            return finding.as_waived()
        late = next((w for w in waivers if matches(w, finding)), None)
        if late is None:
            return finding
        return replace(finding, message=f"{finding.message} (its waiver ended on {late.until})")

    def note_sign_in(self, error: SignInError) -> None:
        """Keep a failed sign-in as a finding of its own."""
        from harness.suites.tokens.sign_in_failures import finding_for

        finding = self._finished(finding_for(error))
        if finding is not None:
            self.findings.append(finding)

    def _silent_s(self) -> float:
        """Seconds that this process has waited in vain so far."""
        traffic = [getattr(sender, "traffic", None) for sender in self.run.senders.values()]
        return float(sum(getattr(each, "silent_s", 0.0) for each in traffic))

    def payload(
        self, outcome: CheckOutcome | None, seconds: float, *, failed: bool = False
    ) -> dict[str, Any]:
        """The check as plain data for the controlling process; `failed`: by something else."""
        keep_all = self.run.settings.cassettes_mode == "record"
        ended = "failed" if failed else "passed" if outcome is None else outcome.outcome
        return {
            "check": {
                "id": self.node_id,
                "suite": self.suite,
                "operation": self.operation,
                "outcome": ended,
                "seconds": round(seconds, 4),
                "reason": None if outcome is None else outcome.reason,
            },
            "findings": [finding.to_plain() for finding in self.findings],
            "exchanges": [to_plain(e) for e in (self.exchanges if keep_all else kept(self))],
            "seen": len(self.exchanges),
            "silent_s": self._silent_s(),
            "notes": list(self.notes),
            "coverage": coverage_of(self),
            "facts": self.facts,
        }


def kept(check: Check, per_caller: int = 4) -> list[Exchange]:
    """The exchanges worth keeping: all that a finding cites, and a few per operation and caller."""
    cited = {exchange_id for finding in check.findings for exchange_id in finding.evidence}
    counts: dict[tuple[str | None, str, str], int] = {}
    chosen = []
    for exchange in check.exchanges:
        kind = exchange.probe.purpose
        key = (exchange.probe.operation, exchange.probe.caller.name, kind)
        counts[key] = counts.get(key, 0) + 1
        if exchange.id in cited or counts[key] <= per_caller:
            chosen.append(exchange)
    return chosen


def coverage_of(check: Check) -> dict[str, Any]:
    """Per operation: which callers, statuses and parameters were really exercised."""
    seen: dict[str, Any] = {}
    for exchange in check.exchanges:
        operation = exchange.probe.operation
        if operation is None:
            continue
        row = seen.setdefault(operation, {"callers": [], "statuses": [], "parameters": []})
        _add(row["callers"], exchange.probe.caller.name)
        if exchange.status is not None:
            _add(row["statuses"], exchange.status)
        for name in exercised_parameters(check.run.connector, exchange):
            _add(row["parameters"], name)
    for operation, extra in check.coverage.items():
        row = seen.setdefault(operation, {"callers": [], "statuses": [], "parameters": []})
        row["not_exercised"] = list(extra)
    return seen


def _add(values: list[Any], value: Any) -> None:
    if value not in values:
        values.append(value)


def rerun_command(settings: Settings, node_id: str, platform: str = sys.platform) -> str:
    """The pytest command that runs one check again, with the options that shape it."""
    return as_typed(["pytest", *settings.given_options, node_id], platform)
