"""Sample apps of other shapes: each fault is found by its rule, and the app itself is silent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.callers.claims import claims_of
from harness.connector.loading import load_connector
from harness.emulator import Emulator, EmulatorOptions
from harness.emulator.identities import CONNECTOR_CLIENT_ID
from harness.exchanges.context import RunContext, perform
from harness.exchanges.identities import Claims
from harness.findings.model import Finding, Judgement
from harness.settings.values import Settings, UserSettings
from harness.suites.contract.judgement import judge_contract
from harness.suites.contract.plan import contract_plan
from harness.suites.delegated.judgement import judge_bleed, judge_identity, judge_separation
from harness.suites.delegated.plan import bleed_plan, identity_plan, separation_plan
from harness.traffic.live import LiveSender

SAMPLES = Path(__file__).parents[2] / "harness" / "emulator" / "samples"
DELEGATED = [
    ("tickets-list-all", "delegated.leak", "ListTickets"),
    ("tickets-search-all", "delegated.leak", "SearchTickets"),
    ("tickets-count-all", "delegated.leak", "CountTickets"),
    ("tickets-export-all", "delegated.leak", "ExportTickets"),
    ("tickets-get-any", "delegated.foreign-object", "GetTicket"),
    ("tickets-get-any", "delegated.foreign-object", "GetBadge"),
    ("tickets-patch-any", "delegated.foreign-write", "UpdateTicket"),
    ("tickets-delete-any", "delegated.foreign-write", "DeleteTicket"),
]
CONTRACT = [
    ("tickets-note-refused", "contract.valid-refused", "CreateTicket"),
    ("tickets-page-dead", "contract.pages", "ListTickets"),
    ("tickets-page-loops", "contract.pages", "ListTickets"),
    ("tickets-top-ignored", "contract.not-as-asked", "ListTickets"),
    ("tickets-filter-ignored", "contract.not-as-asked", "ListTickets"),
    ("tickets-deleted-answers", "contract.still-there", "DeleteTicket"),
    ("tickets-png-is-html", "contract.content-type", "GetBadge"),
]


class Minted:
    def __init__(self, emulator: Emulator) -> None:
        tenant = emulator.tenant
        client, api = tenant.clients[CONNECTOR_CLIENT_ID], tenant.resources[0]
        self.tokens = {
            name: emulator.entra.mint.access_token(
                api, client, user=tenant.users[name], scopes=("user_impersonation",)
            )
            for name in ("alice", "bob")
        }

    def bearer(self, caller: str, _kind: str, **_more: str | None) -> str:
        return self.tokens[caller]


@dataclass
class Bench:
    emulator: Emulator
    sender: LiveSender
    context: RunContext
    claims: Claims
    kept: Path

    def delegated(self, name: str) -> list[Finding]:
        operation, send = self.context.connector.operation(name), self.sender.send
        mixed = perform(bleed_plan(self.context, operation), send)
        alone = perform(separation_plan(self.context, operation), send)
        judged = [
            judge_bleed(self.context, operation, mixed, self.claims),
            judge_separation(self.context, operation, alone, self.claims)[0],
        ]
        return [f for judgement in judged for f in worse(judgement)]

    def contract(self, name: str) -> Judgement:
        operation = self.context.connector.operation(name)
        plan = contract_plan(self.context, operation, cache_dir=self.kept)
        return judge_contract(self.context, operation, perform(plan, self.sender.send))


def worse(judgement: Judgement) -> list[Finding]:
    return [f for f in judgement.findings if f.severity != "note"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = SAMPLES / "tickets"
    with Emulator(EmulatorOptions(app=folder / "function_app.py")) as emulator:
        minted = Minted(emulator)
        sender = LiveSender(
            emulator.app_url, minted, tls=ssl.create_default_context(cafile=emulator.ca_file)
        )
        users = {
            name: UserSettings(name, emulator.description["users"][name]["username"])
            for name in ("alice", "bob")
        }
        kept = tmp_path_factory.mktemp("cases")
        settings = Settings(kept, "emulated", emulator.app_url, writes="all", users=users)
        claims = {name: claims_of(token) for name, token in minted.tokens.items()}
        yield Bench(emulator, sender, RunContext(load_connector(folder), settings), claims, kept)
        sender.close()


@pytest.fixture(autouse=True)
def no_fault_before(bench: Bench) -> None:
    bench.emulator.faults.clear()


def test_correct_app_is_silent_with_nothing_but_users_configured(bench: Bench) -> None:
    identity = perform(identity_plan(bench.context), bench.sender.send)
    proved = judge_identity(bench.context, identity, bench.claims)[0]

    assert (proved.findings, proved.unverified) == ((), None)
    for operation in bench.context.connector.operations:
        assert bench.delegated(operation.id) == []
        judgement = bench.contract(operation.id)
        assert (worse(judgement), judgement.unverified) == ([], None)


@pytest.mark.parametrize(("fault", "rule", "name"), DELEGATED)
def test_missing_check_is_found(bench: Bench, fault: str, rule: str, name: str) -> None:
    bench.emulator.faults.on(fault)

    assert (rule, "error") in {(f.rule, f.severity) for f in bench.delegated(name)}


@pytest.mark.parametrize(("fault", "rule", "name"), CONTRACT)
def test_drift_is_found(bench: Bench, fault: str, rule: str, name: str) -> None:
    bench.emulator.faults.on(fault)

    assert rule in {f.rule for f in worse(bench.contract(name))}


def test_stack_trace_in_a_refusal_is_a_note(bench: Bench) -> None:
    bench.emulator.faults.on("tickets-leaks-internals")

    findings = bench.contract("CreateTicket").findings

    assert ("contract.leaks-internals", "note") in {(f.rule, f.severity) for f in findings}


def test_profile_that_names_another_user_is_found(bench: Bench) -> None:
    bench.emulator.faults.on("tickets-me-other")

    identity = perform(identity_plan(bench.context), bench.sender.send)
    judgement = judge_identity(bench.context, identity, bench.claims)[0]

    assert "delegated.wrong-identity" in {f.rule for f in judgement.findings}
