"""The proof table of tokens: each fault lets its kind in and is found, none is silent."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
import pytest

import harness.emulator.samples.documents as documents
from harness.connector.loading import load_connector
from harness.emulator import Emulator, EmulatorOptions
from harness.emulator.easy_auth import default_settings
from harness.emulator.identities import CONNECTOR_CLIENT_ID, DAEMON_CLIENT_ID
from harness.exchanges.context import RunContext, perform
from harness.exchanges.model import Exchange
from harness.findings.model import Judgement
from harness.settings.secret import Secret
from harness.settings.values import (
    AnonymousSettings,
    EntraSettings,
    OperationSettings,
    Settings,
    TokenSettings,
)
from harness.suites.tokens.judgement import judge_tokens
from harness.suites.tokens.plan import GenuineTokens, token_plan
from harness.traffic.live import LiveSender

SAMPLE = Path(next(iter(documents.__path__)))
OPERATIONS = {
    "Hello": OperationSettings(body={"name": "Marc"}, has_body=True, safe=True),
    "CreateDocument": OperationSettings(body={"title": "Minutes"}, has_body=True),
    "GetDocument": OperationSettings({"id": "doc-alice-1"}),
    "SearchDocuments": OperationSettings({"text": "report"}),
}
PUBLIC = AnonymousSettings(public=("Health",))


@dataclass
class AliceSignedIn:
    """A coordinator that knows one token."""

    token: str

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        assert (caller, kind) == ("alice", "user"), refused
        return self.token


@dataclass
class Bench:
    """A running emulator, a sender that signs alice in, and what hostile tokens are made of."""

    emulator: Emulator
    sender: LiveSender
    settings: Settings
    outside: GenuineTokens
    inside: GenuineTokens

    def ask(
        self, operation: str, genuine: GenuineTokens, **changes: Any
    ) -> tuple[RunContext, list[Exchange]]:
        context = RunContext(load_connector(SAMPLE), replace(self.settings, **changes))
        plan = token_plan(context, context.connector.operation(operation), genuine)
        return context, perform(plan, self.sender.send)

    def judge(self, operation: str, *, inside: bool = True, **changes: Any) -> Judgement:
        """The judgement on an operation; `inside` with tokens that only the tenant can sign."""
        genuine = self.inside if inside else self.outside
        context, exchanges = self.ask(operation, genuine, **changes)
        wanted = context.connector.operation(operation)
        return judge_tokens(context, wanted, exchanges, genuine.missing())


def ingredients_of(emulator: Emulator) -> GenuineTokens:
    """What somebody outside the tenant has after signing alice in."""
    mint, tenant = emulator.entra.mint, emulator.tenant
    api, other = tenant.resources[:2]
    client, alice = tenant.clients[CONNECTOR_CLIENT_ID], tenant.users["alice"]
    scopes = ("user_impersonation",)
    good = mint.access_token(api, client, user=alice, scopes=scopes)
    elsewhere = mint.access_token(other, client, user=alice, scopes=scopes)
    daemon = mint.access_token(api, tenant.clients[DAEMON_CLIENT_ID], user=None)
    return GenuineTokens(
        user="alice",
        value=Secret(good),
        header=jwt.get_unverified_header(good),
        claims=jwt.decode(good, options={"verify_signature": False}),
        id_token=Secret(mint.id_token(client, alice)),
        app_only=Secret(daemon),
        other_api=Secret(elsewhere),
        jwks={"keys": [mint.key.public()]},
    )


def signed_inside(emulator: Emulator, outside: GenuineTokens) -> GenuineTokens:
    """The same, with every kind that only the tenant can sign."""
    now = int(time.time())
    foreign = "99999999-0000-4000-8000-000000000000"
    own, issuer = outside.claims["tid"], outside.claims["iss"]

    def signed(**changes: Any) -> Secret:
        claims = {**outside.claims, **changes}
        kept = {name: value for name, value in claims.items() if value is not None}
        return Secret(emulator.entra.mint.key.sign(kept))

    kinds: Mapping[str, Secret] = {
        "not-yet-valid": signed(nbf=now + 1200),
        "wrong-issuer": signed(iss="https://sts.example/"),
        "wrong-tenant": signed(tid=foreign, iss=issuer.replace(own, foreign)),
        "no-scope": signed(scp=None),
        "other-scope": signed(scp="Data.Read"),
    }
    return replace(outside, yesterday=signed(exp=now - 1200), tenant_signed=kinds)


@contextmanager
def running(root: Path, **options: Any) -> Iterator[Bench]:
    with Emulator(EmulatorOptions(**options)) as emulator:
        told = emulator.description
        settings = Settings(
            root,
            "emulated",
            told["app_url"],
            entra=EntraSettings(
                tenant_id=told["tenant_id"],
                api_client_id=told["api_client_id"],
                authority=told["authority"],
            ),
            writes="all",
            operations=OPERATIONS,
            anonymous=PUBLIC,
        )
        outside = ingredients_of(emulator)
        sender = LiveSender(
            told["app_url"],
            AliceSignedIn(outside.value.reveal()),
            tls=ssl.create_default_context(cafile=told["ca_file"]),
        )
        try:
            yield Bench(emulator, sender, settings, outside, signed_inside(emulator, outside))
        finally:
            sender.close()


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(tmp_path_factory.mktemp("tokens")) as bench:
        yield bench


@pytest.fixture
def bench(shared_bench: Bench) -> Iterator[Bench]:
    yield shared_bench
    shared_bench.emulator.faults.clear()


def found(judgement: Judgement) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.caller) for finding in judgement.findings]


@pytest.mark.parametrize(
    ("options", "anonymous"),
    [
        ({}, {}),
        ({"token_version": 1}, {}),
        ({"login_page": "script"}, {}),
        ({"action": "Return401"}, {"expect": "401"}),
        ({"action": "Return403"}, {"expect": "403"}),
        ({"action": "AllowAnonymous"}, {"enforced_by": "app"}),
    ],
    ids=["redirect", "v1", "script-page", "return-401", "return-403", "allow-anonymous"],
)
def test_a_right_app_is_silent_in_every_mode(
    tmp_path: Path, options: dict[str, Any], anonymous: dict[str, Any]
) -> None:
    with running(tmp_path, **options) as bench:
        judged = [
            bench.judge(name, anonymous=replace(PUBLIC, **anonymous))
            for name in ("Hello", "WhoAmI", "CreateDocument")
        ]

    assert judged == [Judgement()] * 3


def test_every_operation_of_the_right_app_is_silent(bench: Bench) -> None:
    operations = [o.id for o in load_connector(SAMPLE).operations if o.id != "Health"]

    assert {name: bench.judge(name) for name in operations} == dict.fromkeys(
        operations, Judgement()
    )


FAULTS = [
    ("accept-expired", "token.accepted", "expired"),
    ("accept-not-yet-valid", "token.accepted", "not-yet-valid"),
    ("accept-wrong-audience", "token.accepted", "wrong-audience"),
    ("accept-wrong-issuer", "token.accepted", "wrong-issuer"),
    ("accept-wrong-tenant", "token.accepted", "wrong-tenant"),
    ("accept-bad-signature", "token.accepted", "bad-signature"),
    ("accept-unknown-key", "token.accepted", "unknown-kid"),
    ("accept-alg-none", "token.accepted", "alg-none"),
    ("accept-hs256-confusion", "token.accepted", "hs256-confusion"),
    ("accept-embedded-key", "token.accepted", "embedded-jwk"),
    ("accept-truncated", "token.accepted", "truncated"),
    ("accept-no-scope", "token.delegated-only", "no-scope"),
    ("accept-other-scope", "token.delegated-only", "other-scope"),
    ("accept-app-only", "token.delegated-only", "app-only"),
    ("accept-id-token", "token.accepted", "id-token"),
    ("accept-query-token", "token.carriage", "query-token"),
    ("accept-cookie-token", "token.carriage", "cookie-token"),
]


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize(("fault", "rule", "kind"), FAULTS, ids=[row[0] for row in FAULTS])
def test_each_fault_lets_its_kind_in_and_is_found(
    bench: Bench, fault: str, rule: str, kind: str, inside: bool
) -> None:
    bench.emulator.faults.on(fault)

    judgement = bench.judge("ListCategories", inside=inside)

    named = {(f.rule, k) for f in judgement.findings for k in f.data["kinds"]}
    assert (rule, kind) in named
    assert {f.rule for f in judgement.findings} == {rule}
    assert {f.operation for f in judgement.findings} == {"ListCategories"}


@pytest.mark.parametrize("operation", ["Hello", "CreateDocument", "DeleteDocument"])
def test_a_write_that_lets_a_hostile_token_in_is_found(bench: Bench, operation: str) -> None:
    bench.emulator.faults.on("accept-alg-none")
    before = len(bench.emulator.log)

    judgement = bench.judge(operation)

    assert found(judgement) == [("token.accepted", "forged:alg-none")]
    if operation != "Hello":
        writes = [e for e in bench.emulator.log[before:] if e.method != "GET"]
        assert [e for e in writes if e.status < 300] == []


def test_a_refused_good_token_is_explained_and_nothing_hostile_is_sent(bench: Bench) -> None:
    bench.emulator.faults.on("refuse-good-token")

    context, exchanges = bench.ask("WhoAmI", bench.inside)

    operation = context.connector.operation("WhoAmI")
    judgement = judge_tokens(context, operation, exchanges, {})
    assert found(judgement) == [("token.good-refused", "alice")]
    assert judgement.unverified
    assert len(exchanges) == 2


def test_an_open_door_leaves_the_tokens_unverified_without_a_finding(bench: Bench) -> None:
    bench.emulator.faults.on("auth-off:WhoAmI")

    judgement = bench.judge("WhoAmI")

    assert judgement.findings == ()
    assert "the anonymous suite" in (judgement.unverified or "")


def allowing(*applications: str) -> dict[str, Any]:
    document = default_settings("https://login.microsoftonline.com")
    provider = document["identityProviders"]["azureActiveDirectory"]
    policy = {"allowedApplications": list(applications)}
    provider["validation"]["defaultAuthorizationPolicy"] = policy
    return document


def test_an_allow_list_that_is_not_applied_is_found(tmp_path: Path) -> None:
    with running(tmp_path, auth_settings=allowing(CONNECTOR_CLIENT_ID)) as bench:
        stranger = {**bench.outside.claims, "azp": "99999999-0000-4000-8000-000000000000"}
        outsider = Secret(bench.emulator.entra.mint.key.sign(stranger))
        bench.inside = replace(bench.inside, outsider=outsider)
        applied = bench.judge("WhoAmI")
        bench.emulator.faults.on("accept-outside-allow-list")
        ignored = bench.judge("WhoAmI")

    assert applied == Judgement()
    assert ("token.accepted", "forged:outside-allow-list") in found(ignored)


def test_an_empty_allow_list_is_the_reason_why_nobody_gets_in(tmp_path: Path) -> None:
    with running(tmp_path, auth_settings=allowing()) as bench:
        judgement = bench.judge("WhoAmI")

    assert found(judgement) == [("token.good-refused", "alice")]
    assert "stored empty" in judgement.findings[0].message


def test_delegated_access_alone_can_be_lifted_by_the_settings(bench: Bench) -> None:
    bench.emulator.faults.on("accept-app-only")

    assert bench.judge("WhoAmI", tokens=TokenSettings(accept_app_only=True)) == Judgement()


def test_no_token_but_the_good_one_reaches_the_function(bench: Bench) -> None:
    before = len(bench.emulator.log)

    _, exchanges = bench.ask("WhoAmI", bench.outside)

    served = [e.status for e in bench.emulator.log[before:] if e.status == 200]
    assert len(served) == 2  # the good token, and the good token under `bearer` in lower case
    assert len(exchanges) > 20
