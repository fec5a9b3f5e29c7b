"""The proof table of the door: each fault of the emulator yields its finding, none yields none."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import harness.emulator.samples.documents as documents
from harness.connector.loading import load_connector
from harness.emulator import Emulator, EmulatorOptions
from harness.exchanges.context import RunContext, perform
from harness.exchanges.model import Exchange
from harness.findings.model import Judgement
from harness.settings.values import AnonymousSettings, EntraSettings, OperationSettings, Settings
from harness.suites.anonymous.judgement import judge_anonymous
from harness.suites.anonymous.plan import anonymous_plan, app_plan
from harness.suites.anonymous.target import judge_target
from harness.traffic.live import LiveSender
from harness.traffic.tls import fetch_tls_facts

SAMPLE = Path(next(iter(documents.__path__)))
OPERATIONS = {
    "Hello": OperationSettings(body={"name": "Marc"}, has_body=True, safe=True),
    "GetDocument": OperationSettings({"id": "doc-alice-1"}),
    "SearchDocuments": OperationSettings({"text": "report"}),
}
PUBLIC = AnonymousSettings(public=("Health",))


class NobodySignsIn:
    """A coordinator for callers who have no token."""

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        raise AssertionError(f"{caller} ({kind}) was to be signed in: {refused}")


@dataclass
class Bench:
    """A running emulator, a sender that trusts it, and the settings of its sample."""

    emulator: Emulator
    sender: LiveSender
    settings: Settings

    def context(self, **changes: Any) -> RunContext:
        return RunContext(load_connector(SAMPLE), replace(self.settings, **changes))

    def ask(self, operation: str, **changes: Any) -> list[Exchange]:
        context = self.context(**changes)
        plan = anonymous_plan(context, context.connector.operation(operation))
        return perform(plan, self.sender.send)

    def judge(self, operation: str, **changes: Any) -> Judgement:
        context = self.context(**changes)
        wanted = context.connector.operation(operation)
        return judge_anonymous(context, wanted, self.ask(operation, **changes))

    def judge_all(self, *names: str, **changes: Any) -> dict[str, Judgement]:
        wanted = names or [o.id for o in self.context().connector.operations]
        return {name: self.judge(name, **changes) for name in wanted}

    def judge_app(self) -> Judgement:
        context = self.context()
        exchanges = perform(app_plan(context), self.sender.send)
        tls = fetch_tls_facts(self.settings.target_url, ca_bundle=self.settings.entra.ca_bundle)
        return judge_target(context, exchanges, tls)


@contextmanager
def running(root: Path, **options: Any) -> Iterator[Bench]:
    with Emulator(EmulatorOptions(**options)) as emulator:
        told = emulator.description
        entra = EntraSettings(
            tenant_id=told["tenant_id"],
            api_client_id=told["api_client_id"],
            scope=told["scope"],
            authority=told["authority"],
            ca_bundle=Path(told["ca_file"]),
        )
        settings = Settings(
            root,
            "emulated",
            told["app_url"],
            entra=entra,
            writes="all",
            operations=OPERATIONS,
            anonymous=PUBLIC,
        )
        trust = ssl.create_default_context(cafile=told["ca_file"])
        sender = LiveSender(told["app_url"], NobodySignsIn(), tls=trust)
        try:
            yield Bench(emulator, sender, settings)
        finally:
            sender.close()


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(tmp_path_factory.mktemp("door")) as bench:
        yield bench


@pytest.fixture
def bench(shared_bench: Bench) -> Iterator[Bench]:
    yield shared_bench
    shared_bench.emulator.faults.clear()


def rules(judgement: Judgement) -> list[str]:
    return [finding.rule for finding in judgement.findings]


@pytest.mark.parametrize(
    ("options", "anonymous"),
    [
        ({}, {}),
        ({"login_page": "script"}, {}),
        ({"token_version": 1}, {"expect": "redirect"}),
        ({"action": "Return401"}, {"expect": "401"}),
        ({"action": "Return403"}, {"expect": "403"}),
        ({"action": "AllowAnonymous"}, {"enforced_by": "app"}),
    ],
    ids=["redirect", "script-page", "v1", "return-401", "return-403", "allow-anonymous"],
)
def test_a_right_app_is_silent_in_every_mode(
    tmp_path: Path, options: dict[str, Any], anonymous: dict[str, Any]
) -> None:
    with running(tmp_path, **options) as bench:
        names = ("Hello", "WhoAmI", "CreateDocument", "DeleteDocument")
        judged = bench.judge_all(*names, anonymous=replace(PUBLIC, **anonymous))

    assert judged == dict.fromkeys(names, Judgement())


def test_every_operation_of_the_right_app_is_silent(bench: Bench) -> None:
    judged = bench.judge_all()

    assert "open on purpose" in (judged.pop("Health").skipped or "")
    assert judged == dict.fromkeys(judged, Judgement())
    assert len(judged) == 10


def test_the_right_app_as_a_whole_is_silent(bench: Bench) -> None:
    assert bench.judge_app() == Judgement()


@pytest.mark.parametrize(
    ("fault", "operation", "rule", "message"),
    [
        ("auth-off:Hello", "Hello", "anonymous.open", "an API client"),
        ("auth-off:WhoAmI", "WhoAmI", "anonymous.open", "an API client and a browser"),
        ("auth-off:GetDocument", "GetDocument", "anonymous.reached-app", "a browser"),
        ("auth-off:CreateDocument", "CreateDocument", "anonymous.reached-app", "API client"),
        ("auth-off:DeleteDocument", "DeleteDocument", "anonymous.reached-app", "API client"),
        ("foreign-redirect", "WhoAmI", "anonymous.foreign-redirect", "host"),
        ("wrong-tenant-redirect", "WhoAmI", "anonymous.wrong-tenant", "another tenant"),
        ("no-nonce", "WhoAmI", "anonymous.redirect-incomplete", "nonce, state"),
        ("foreign-challenge", "WhoAmI", "anonymous.wrong-tenant", "challenge"),
        ("data-in-401", "ListDocuments", "anonymous.data-in-refusal", "success answer"),
        ("data-in-401", "Hello", "anonymous.data-in-refusal", "repeats"),
        ("case-bypass", "ListDocuments", "anonymous.bypass", "in other case"),
        ("slash-bypass", "ListDocuments", "anonymous.bypass", "a trailing slash"),
        ("double-slash-bypass", "ListDocuments", "anonymous.bypass", "a doubled slash"),
        ("encoded-bypass", "ListDocuments", "anonymous.bypass", "a percent-encoded letter"),
        ("dot-bypass", "ListDocuments", "anonymous.bypass", "dot segments"),
        ("method-bypass", "ListDocuments", "anonymous.bypass", "another method"),
        ("override-bypass", "ListDocuments", "anonymous.bypass", "method-override"),
        ("trust-principal-header", "WhoAmI", "anonymous.bypass", "X-MS-CLIENT-PRINCIPAL"),
        ("trust-forwarded", "WhoAmI", "anonymous.bypass", "X-Forwarded"),
        ("empty-authorization-bypass", "WhoAmI", "anonymous.bypass", "an empty or malformed"),
        ("other-scheme-bypass", "WhoAmI", "anonymous.bypass", "another authentication scheme"),
        ("function-key-bypass", "WhoAmI", "anonymous.bypass", "a function key"),
        ("cookie-bypass", "WhoAmI", "anonymous.bypass", "a made-up session"),
        ("trust-principal-header", "DeleteDocument", "anonymous.bypass", "X-MS-CLIENT-PRINCIPAL"),
        ("slash-bypass", "CreateDocument", "anonymous.bypass", "a trailing slash"),
    ],
)
def test_each_fault_of_the_door_yields_its_finding(
    bench: Bench, fault: str, operation: str, rule: str, message: str
) -> None:
    bench.emulator.faults.on(fault)

    judgement = bench.judge(operation)

    assert rules(judgement) == [rule]
    assert message in judgement.findings[0].message
    assert judgement.findings[0].operation == operation


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("http-served", "target.http-served"),
        ("admin-open", "target.admin-open"),
        ("auth-me-open", "target.auth-me-open"),
        ("cors-wildcard-credentials", "target.cors"),
    ],
)
def test_each_fault_of_the_app_yields_its_finding(bench: Bench, fault: str, rule: str) -> None:
    bench.emulator.faults.on(fault)

    assert rules(bench.judge_app()) == [rule]


@pytest.mark.parametrize("operation", ["ListDocuments", "CreateDocument", "DeleteDocument"])
def test_a_fault_of_one_operation_is_found_there_alone(bench: Bench, operation: str) -> None:
    bench.emulator.faults.on(f"auth-off:{operation}")

    judged = bench.judge_all(
        "ListDocuments", "CreateDocument", "GetDocument", "ReplaceDocument", "DeleteDocument"
    )

    assert [name for name, judgement in judged.items() if judgement.findings] == [operation]


def test_authentication_off_is_one_finding_for_each_operation(bench: Bench) -> None:
    bench.emulator.faults.on("auth-off")

    judged = bench.judge_all()

    found = {o: rules(j) for o, j in judged.items() if o != "Health"}
    assert {len(of_operation) for of_operation in found.values()} == {1}
    assert {o for o, r in found.items() if r == ["anonymous.reached-app"]} == {
        "CreateDocument", "GetDocument", "ReplaceDocument", "DeleteDocument",
    }  # fmt: skip


def test_a_public_operation_behind_the_door_is_found(bench: Bench) -> None:
    public = AnonymousSettings(public=("Health", "WhoAmI"))

    assert rules(bench.judge("WhoAmI", anonymous=public)) == ["anonymous.not-public"]


def test_the_very_bytes_of_a_trick_arrive(bench: Bench) -> None:
    before = len(bench.emulator.log)

    exchanges = bench.ask("ListDocuments")

    sent = sorted(e.probe.request.target.encode("ascii") for e in exchanges)
    assert sorted(entry.raw_target for entry in bench.emulator.log[before:]) == sent
    assert {b"//api/documents", b"/api/%64ocuments", b"/api/./documents", b"/API/DOCUMENTS"} <= {
        *sent
    }


def test_no_probe_changes_anything_even_where_the_door_is_open(bench: Bench) -> None:
    bench.emulator.faults.on("trust-principal-header")
    before = len(bench.emulator.log)

    for operation in ("CreateDocument", "ReplaceDocument", "DeleteDocument"):
        bench.judge(operation)

    entries = bench.emulator.log[before:]
    writes = [e for e in entries if e.method in ("POST", "PUT", "PATCH", "DELETE")]
    assert writes
    assert [e for e in writes if e.status < 300] == []
