"""Running what shows a rule of answers: a fault of the emulator, and each suite's own probes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.callers.claims import claims_of
from harness.emulator import Emulator, EmulatorOptions
from harness.emulator.identities import CONNECTOR_CLIENT_ID
from harness.exchanges.context import Plan, RunContext, perform
from harness.exchanges.model import Exchange
from harness.findings.examples import Edit, Fault
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
from harness.suites.anonymous.judgement import judge_anonymous
from harness.suites.anonymous.plan import anonymous_plan, app_plan
from harness.suites.anonymous.target import judge_target
from harness.suites.contract.inventory import read_inventory
from harness.suites.contract.inventory_judgement import judge_inventory
from harness.suites.contract.judgement import judge_contract
from harness.suites.contract.plan import contract_plan
from harness.suites.delegated.judgement import (
    judge_access,
    judge_bleed,
    judge_identity,
    judge_separation,
)
from harness.suites.delegated.plan import access_plan, bleed_plan, identity_plan, separation_plan
from harness.suites.tokens.judgement import judge_tokens
from harness.suites.tokens.plan import GenuineTokens, token_plan
from harness.traffic.live import LiveSender
from harness.traffic.pacing import PacingLimits
from harness.traffic.tls import fetch_tls_facts
from tests.acceptance.test_proof_tokens import ingredients_of, signed_inside
from tests.showing_files import SAMPLE, written

PATIENCE = PacingLimits(first_backoff_s=0.01, cold_start_s=10.0, read_s=30.0)
PRIVATE = ("ListDocuments", "SearchDocuments", "GetDocument", "ReplaceDocument", "DeleteDocument")
OPERATIONS = {
    "Hello": OperationSettings(body={"name": "Marc"}, has_body=True, safe=True),
    "SearchDocuments": OperationSettings({"text": "report"}),
    "CreateDocument": OperationSettings(body={"title": "Minutes"}, has_body=True),
    "ReplaceDocument": OperationSettings(body={"title": "Corrected"}, has_body=True),
}


@dataclass
class Stage:
    """A running emulator with the sample's settings, on which examples of rules are played."""

    emulator: Emulator
    sender: LiveSender
    settings: Settings
    claims: Mapping[str, Mapping[str, Any]]
    genuine: GenuineTokens
    folder: Path

    def findings(self, family: str, fault: Fault) -> list[Finding]:
        """What the family's suite says of the operation while the fault is on."""
        connector = written(self.folder, Edit(fault.definition, fault.properties))
        context = RunContext(connector, _with(self.settings, fault.settings))
        if fault.name:
            self.emulator.faults.on(fault.name)
        try:
            return [f for j in self._judged(family, context, fault.operation) for f in j.findings]
        finally:
            self.emulator.faults.clear()

    def _judged(self, family: str, context: RunContext, name: str | None) -> Iterator[Judgement]:
        if family == "target":
            tls = fetch_tls_facts(context.origin, ca_bundle=context.settings.entra.ca_bundle)
            yield judge_target(context, self._ask(app_plan(context)), tls)
        elif family == "delegated":
            yield from self._delegated(context, name)
        elif name is None:
            yield judge_inventory(context.connector, read_inventory(SAMPLE / "function_app.py"))
        else:
            yield self._of_operation(family, context, name)

    def _of_operation(self, family: str, context: RunContext, name: str) -> Judgement:
        operation = context.connector.operation(name)
        if family == "anonymous":
            asked = self._ask(anonymous_plan(context, operation))
            return judge_anonymous(context, operation, asked)
        if family == "token":
            asked = self._ask(token_plan(context, operation, self.genuine))
            return judge_tokens(context, operation, asked, self.genuine.missing())
        asked = self._ask(contract_plan(context, operation, cache_dir=self.folder / "cases"))
        return judge_contract(context, operation, asked)

    def _delegated(self, context: RunContext, name: str | None) -> Iterator[Judgement]:
        claims = self.claims
        yield judge_identity(context, self._ask(identity_plan(context)), claims)[0]
        yield judge_access(context, self._ask(access_plan(context)))
        if name is not None:
            operation = context.connector.operation(name)
            asked = self._ask(separation_plan(context, operation))
            yield judge_separation(context, operation, asked, claims)[0]
            mixed = self._ask(bleed_plan(context, operation))
            yield judge_bleed(context, operation, mixed, claims)

    def _ask(self, plan: Plan) -> list[Exchange]:
        return perform(plan, self.sender.send)


class _Minted:
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
        assert kind == "user", refused
        return self.tokens[caller]


@contextmanager
def stage(folder: Path, options: Mapping[str, Any]) -> Iterator[Stage]:
    """The emulator with the options of an example, until the block ends."""
    with Emulator(EmulatorOptions(**options)) as emulator:
        minted, told = _Minted(emulator), emulator.description
        sender = LiveSender(
            emulator.app_url,
            minted,
            tls=ssl.create_default_context(cafile=told["ca_file"]),
            concurrency=16,
            limits=PATIENCE,
        )
        genuine = signed_inside(emulator, ingredients_of(emulator))
        claims = {name: claims_of(token) for name, token in minted.tokens.items()}
        try:
            here = Stage(emulator, sender, _settings(folder, told), claims, genuine, folder)
            here.findings("delegated", Fault())  # the app has met both users
            yield here
        finally:
            sender.close()


def _settings(folder: Path, told: Mapping[str, Any]) -> Settings:
    row = AccessRow(
        "GetDocument",
        {"alice": (200,), "bob": (403, 404), "anonymous": (401,)},
        {"id": "doc-alice-1"},
    )
    return Settings(
        root=folder,
        target_name="emulated",
        target_url=told["app_url"],
        writes="all",
        entra=EntraSettings(
            tenant_id=told["tenant_id"],
            api_client_id=told["api_client_id"],
            scope=told["scope"],
            authority=told["authority"],
            ca_bundle=Path(told["ca_file"]),
        ),
        users={n: UserSettings(n, told["users"][n]["username"]) for n in ("alice", "bob")},
        anonymous=AnonymousSettings(public=("Health",)),
        delegated=DelegatedSettings(
            identity=(IdentityPointer("WhoAmI", "/userPrincipalName", "upn"),),
            private=PRIVATE,
            access=(row,),
        ),
        operations=OPERATIONS,
    )


def _with(settings: Settings, rows: Mapping[str, Any]) -> Settings:
    """The settings with rows of an example (`anonymous.expect` → value)."""
    for key, value in rows.items():
        section, _, name = key.partition(".")
        given = tuple(value) if isinstance(value, list) else value
        changed = replace(getattr(settings, section), **{name.replace("-", "_"): given})
        settings = replace(settings, **{section: changed})
    return settings
