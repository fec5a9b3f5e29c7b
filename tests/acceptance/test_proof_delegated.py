"""The proof table of delegated calls: each fault yields its finding, the clean app none."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from harness.callers.claims import claims_of
from harness.connector.loading import load_connector
from harness.emulator import Emulator, EmulatorOptions
from harness.emulator.identities import CONNECTOR_CLIENT_ID
from harness.exchanges.context import Plan, RunContext, perform
from harness.exchanges.model import Exchange
from harness.findings.model import Finding, Judgement
from harness.settings.values import (
    AccessRow,
    AnonymousSettings,
    DelegatedSettings,
    EntraSettings,
    IdentityPointer,
    OperationSettings,
    Settings,
    UserSettings,
)
from harness.suites.delegated.judgement import (
    judge_access,
    judge_bleed,
    judge_identity,
    judge_separation,
)
from harness.suites.delegated.plan import access_plan, bleed_plan, identity_plan, separation_plan
from harness.traffic.live import LiveSender

from .conftest import SAMPLES

PRIVATE = ("ListDocuments", "SearchDocuments", "GetDocument", "ReplaceDocument", "DeleteDocument")


@dataclass
class Bench:
    """A running emulator, its users' tokens, and a sender that uses them."""

    emulator: Emulator
    sender: LiveSender
    context: RunContext
    claims: Mapping[str, Mapping[str, Any]]

    def ask(self, plan: Plan) -> list[Exchange]:
        return perform(plan, self.sender.send)

    def everything(self) -> list[Finding]:
        """The findings of the whole suite."""
        context, claims = self.context, self.claims
        judgements: list[Judgement] = [
            judge_identity(context, self.ask(identity_plan(context)), claims)[0],
            judge_access(context, self.ask(access_plan(context))),
        ]
        for operation in context.connector.operations:
            asked = self.ask(separation_plan(context, operation))
            judgements.append(judge_separation(context, operation, asked, claims)[0])
            mixed = self.ask(bleed_plan(context, operation))
            judgements.append(judge_bleed(context, operation, mixed, claims))
        return [finding for judgement in judgements for finding in judgement.findings]


class Minted:
    """A coordinator whose tokens come straight from the emulated tenant."""

    def __init__(self, emulator: Emulator) -> None:
        tenant = emulator.tenant
        self.tokens = {
            name: emulator.entra.mint.access_token(
                tenant.resources[0],
                tenant.clients[CONNECTOR_CLIENT_ID],
                user=tenant.users[name],
                scopes=("user_impersonation",),
            )
            for name in ("alice", "bob")
        }

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        assert (kind, refused) == ("user", None)
        return self.tokens[caller]


@pytest.fixture(scope="module", params=[1, 2], ids=["v1-tokens", "v2-tokens"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with Emulator(EmulatorOptions(token_version=request.param)) as emulator:
        minted = Minted(emulator)
        context = ssl.create_default_context(cafile=emulator.ca_file)
        sender = LiveSender(emulator.app_url, minted, tls=context, concurrency=16)
        claims = {name: claims_of(token) for name, token in minted.tokens.items()}
        yield Bench(emulator, sender, context_of(emulator), claims)
        sender.close()


@pytest.fixture(autouse=True)
def no_fault_before_or_after(bench: Bench) -> Iterator[None]:
    bench.emulator.faults.clear()
    yield
    bench.emulator.faults.clear()


def context_of(emulator: Emulator) -> RunContext:
    told = emulator.description
    users = {n: UserSettings(n, told["users"][n]["username"]) for n in ("alice", "bob")}
    row = AccessRow(
        "GetDocument",
        {"alice": (200,), "bob": (403, 404), "anonymous": (401,)},
        {"id": "doc-alice-1"},
    )
    settings = Settings(
        root=SAMPLES,
        target_name="emulated",
        target_url=emulator.app_url,
        writes="all",
        entra=EntraSettings(tenant_id=told["tenant_id"], authority=told["authority"]),
        users=users,
        anonymous=AnonymousSettings(public=("Health",)),
        delegated=DelegatedSettings(
            identity=(IdentityPointer("WhoAmI", "/userPrincipalName", "upn"),),
            private=PRIVATE,
            access=(row,),
        ),
        operations={
            "SearchDocuments": OperationSettings({"text": "report"}),
            "CreateDocument": OperationSettings(body={"title": "Minutes"}, has_body=True),
        },
    )
    return RunContext(load_connector(SAMPLES / "documents"), settings)


def test_clean_app_is_silent_ten_times_in_a_row(bench: Bench) -> None:
    for _ in range(10):
        assert [f for f in bench.everything() if f.severity != "note"] == []


@pytest.mark.parametrize(
    ("fault", "rule", "operation"),
    [
        ("runs-as-app", "delegated.app-identity", "WhoAmI"),
        ("first-user-cached", "delegated.wrong-identity", "WhoAmI"),
        ("whoami-someone-else", "delegated.wrong-identity", "WhoAmI"),
        ("identity-from-header", "delegated.spoofed", "WhoAmI"),
        ("identity-from-header:ListDocuments", "delegated.spoofed", "ListDocuments"),
        ("identity-from-query", "delegated.spoofed", "WhoAmI"),
        ("identity-from-query:ListDocuments", "delegated.spoofed", "ListDocuments"),
        ("list-not-filtered", "delegated.leak", "ListDocuments"),
        ("get-not-checked", "delegated.foreign-object", "GetDocument"),
        ("get-not-checked", "delegated.access", "GetDocument"),
        ("update-not-checked", "delegated.foreign-write", "ReplaceDocument"),
        ("delete-not-checked", "delegated.foreign-write", "DeleteDocument"),
        ("cached-per-url:WhoAmI", "delegated.bleed", "WhoAmI"),
        ("cached-per-url:ListDocuments", "delegated.bleed", "ListDocuments"),
        ("swapped-under-concurrency", "delegated.bleed", "ListDocuments"),
    ],
    ids=lambda value: str(value),
)
def test_fault_is_found_on_the_right_operation(
    bench: Bench, fault: str, rule: str, operation: str
) -> None:
    bench.emulator.faults.on(fault)

    found = bench.everything()

    matching = [f for f in found if (f.rule, f.operation) == (rule, operation)]
    assert matching, [(f.rule, f.operation, f.message) for f in found]
    assert matching[0].severity == "error"
    assert matching[0].evidence


def test_leak_is_a_warning_where_nothing_says_private(bench: Bench) -> None:
    bench.emulator.faults.on("get-not-checked")
    open_delegated = DelegatedSettings(identity=bench.context.settings.delegated.identity)
    context = replace(
        bench.context,
        settings=replace(bench.context.settings, delegated=open_delegated, writes="examples"),
    )
    operation = context.connector.operation("GetDocument")

    exchanges = bench.ask(separation_plan(context, operation))
    judgement, _ = judge_separation(context, operation, exchanges, bench.claims)

    assert {f.severity for f in judgement.findings} == {"warning"}
    assert "[[delegated.access]]" in judgement.findings[0].data["row"]


def test_one_user_alone_skips_separation_with_the_remedy(bench: Bench) -> None:
    users = {"alice": bench.context.settings.users["alice"]}
    context = replace(bench.context, settings=replace(bench.context.settings, users=users))
    operation = context.connector.operation("WhoAmI")

    judgement, _ = judge_separation(context, operation, [], bench.claims)

    assert judgement.skipped is not None
    assert "[users.NAME]" in judgement.skipped


def test_without_settings_the_identity_is_found(bench: Bench) -> None:
    settings = replace(bench.context.settings, delegated=DelegatedSettings())
    context = replace(bench.context, settings=settings)

    exchanges = bench.ask(identity_plan(context))
    judgement, notes = judge_identity(context, exchanges, bench.claims)

    assert judgement.unverified is None
    assert any("identity seen in WhoAmI" in note for note in notes)
