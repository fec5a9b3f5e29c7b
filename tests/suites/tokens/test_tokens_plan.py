"""Which tokens go out for which operation, in which order, and that none of them shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext, perform
from harness.exchanges.model import Exchange, Probe, Response, to_plain
from harness.settings.secret import Secret
from harness.settings.values import AnonymousSettings, OperationSettings, Settings
from harness.suites.tokens.carriage import CARRIAGES
from harness.suites.tokens.forging import KINDS
from harness.suites.tokens.plan import GenuineTokens, token_plan, token_skips

TENANT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/docs": {
            "get": {"operationId": "List", "responses": {"200": {}}},
            "post": {
                "operationId": "Create",
                "parameters": [{"name": "body", "in": "body", "schema": {"type": "object"}}],
                "responses": {"201": {}},
            },
        },
        "/more": {"get": {"operationId": "More", "responses": {"200": {}}}},
        "/run": {"post": {"operationId": "Run", "responses": {"200": {}}}},
    },
}


@pytest.fixture
def situate(tmp_path: Path) -> Callable[..., RunContext]:
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    connector = load_connector(path)

    def make(quick: bool = False, **settings: object) -> RunContext:
        values = Settings(tmp_path, "app", "https://app.example", **settings)  # type: ignore[arg-type]
        return RunContext(connector, values, quick)

    return make


@pytest.fixture(scope="module")
def genuine() -> GenuineTokens:
    claims = {"aud": "api", "iss": "https://login/t1/v2.0", "tid": "t1", "scp": "s", "oid": "o"}
    value = jwt.encode(claims, TENANT_KEY, "RS256", {"kid": "k1"})
    key = json.loads(RSAAlgorithm.to_jwk(TENANT_KEY.public_key()))
    jwks = {"keys": [{**key, "kid": "k1", "use": "sig"}]}
    header = {"alg": "RS256", "kid": "k1", "typ": "JWT"}
    return GenuineTokens("alice", Secret(value), header, claims, jwks=jwks)


def respond(status: int) -> Response:
    return Response(status, (), b"", 0.01)


def fair(probe: Probe) -> Response:
    return respond(200 if probe.meta["kind"] == "good" else 401)


def tried(
    context: RunContext,
    genuine: GenuineTokens,
    operation: str = "List",
    door: Callable[[Probe], Response] = fair,
) -> list[Exchange]:
    plan = token_plan(context, context.connector.operation(operation), genuine)
    return perform(plan, lambda probes: [Exchange(probe, door(probe)) for probe in probes])


def kinds(exchanges: list[Exchange]) -> list[str]:
    return [str(e.probe.meta["kind"]) for e in exchanges]


def test_the_good_token_and_none_go_first(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    exchanges = tried(situate(), genuine)

    assert kinds(exchanges)[:2] == ["good", "none"]
    assert [e.probe.caller.kind for e in exchanges[:2]] == ["user", "anonymous"]


@pytest.mark.parametrize(
    ("good", "none"), [(401, 401), (403, 401), (503, 401), (200, 200), (200, 404)]
)
def test_hostile_tokens_are_not_tried_where_they_prove_nothing(
    situate: Callable[..., RunContext], genuine: GenuineTokens, good: int, none: int
) -> None:
    exchanges = tried(
        situate(),
        genuine,
        door=lambda p: respond(good if p.meta["kind"] == "good" else none),
    )

    assert kinds(exchanges) == ["good", "none"]


def test_a_quick_run_sends_six(situate: Callable[..., RunContext], genuine: GenuineTokens) -> None:
    assert kinds(tried(situate(quick=True), genuine)) == [
        "good",
        "none",
        "bad-signature",
        "alg-none",
        "expired",
        "wrong-audience",
    ]


def test_a_full_run_stays_within_the_documented_number(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    tenants = {k.name: Secret("t.t.t") for k in KINDS if k.tenant_only}
    everything = replace(genuine, tenant_signed=tenants)

    assert len(tried(situate(), everything, "More")) == 22
    assert len(tried(situate(), everything, "List")) == 36


def test_one_operation_stands_for_the_app(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    once = {k.name for k in KINDS if k.pace == "once"} | {"lower-case-scheme"}

    assert once <= set(kinds(tried(situate(), genuine, "List")))
    assert not once & set(kinds(tried(situate(), genuine, "More")))


def test_a_tenants_token_takes_the_place_of_a_forged_one(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    with_real = replace(genuine, yesterday=Secret("real"), app_only=Secret("app"))

    probes = {e.probe.meta["kind"]: e.probe for e in tried(situate(), with_real, "More")}

    assert probes["expired"].caller.token == Secret("real")
    assert probes["expired"].meta["signed_by_tenant"] is True
    assert probes["app-only"].caller.name == "forged:app-only"
    assert probes["wrong-issuer"].meta["signed_by_tenant"] is False


def test_what_is_missing_is_named_with_its_reason(genuine: GenuineTokens) -> None:
    partly = replace(
        genuine,
        yesterday=Secret("real"),
        reasons={"app_only": "no client secret is set"},
        jwks=None,
    )

    skips = token_skips(partly)

    assert skips["app-only"] == "no client secret is set"
    assert "expired" not in skips
    assert {"wrong-issuer", "not-yet-valid", "id-token", "hs256-confusion"} <= set(skips)


def test_no_token_stands_in_what_reports_and_cassettes_see(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    exchanges = tried(situate(), genuine)

    shown = json.dumps([to_plain(e) for e in exchanges]) + repr(exchanges)

    assert len(exchanges) > 30
    signature = genuine.value.reveal().rpartition(".")[2]
    assert signature not in shown
    assert "eyJ" not in shown


def test_no_write_carries_a_browsers_user_agent(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    exchanges = tried(situate(writes="all"), genuine, "Create")

    assert {e.probe.request.header("user-agent") for e in exchanges} == {"connector-harness"}


def writes(exchanges: list[Exchange]) -> list[str]:
    """The kinds of token with which a request went out that may change state."""
    return [
        str(e.probe.meta["kind"])
        for e in exchanges
        if e.probe.request.method not in ("GET", "HEAD", "OPTIONS")
    ]


def test_a_write_stops_at_the_first_token_let_in(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    def door(probe: Probe) -> Response:
        if probe.request.method == "POST" and probe.meta["kind"] == "alg-none":
            return respond(201)
        return respond(404 if probe.meta["kind"] == "good" else 401)

    assert kinds(tried(situate(), genuine, "Create", door))[-1] == "alg-none"


def test_no_write_goes_out_where_a_hostile_token_reads(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    def door(probe: Probe) -> Response:
        return respond(404 if probe.meta["kind"] in ("good", "alg-none") else 401)

    assert writes(tried(situate(writes="all"), genuine, "Create", door)) == []


@pytest.mark.parametrize("mode", ["none", "examples", "all"])
def test_the_good_token_writes_nothing(
    situate: Callable[..., RunContext], genuine: GenuineTokens, mode: str
) -> None:
    written = writes(tried(situate(writes=mode), genuine, "Create"))

    assert not {"good", *(c.name for c in CARRIAGES)} & set(written)
    assert bool(written) == (mode != "none")


@pytest.mark.parametrize("mode", ["none", "examples", "all"])
def test_what_has_nothing_to_falsify_is_visited_only(
    situate: Callable[..., RunContext], genuine: GenuineTokens, mode: str
) -> None:
    exchanges = tried(situate(writes=mode), genuine, "Run")

    assert kinds(exchanges)[:2] == ["good", "none"]
    assert writes(exchanges) == []


def test_an_app_that_checks_tokens_itself_gets_a_call_it_recognises(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    def door(probe: Probe) -> Response:
        if probe.request.body != b'{"name": "x"}':
            return respond(400)
        return fair(probe)

    context = situate(
        quick=True,
        anonymous=AnonymousSettings(enforced_by="app"),
        operations={"Create": OperationSettings(body={"name": "x"}, has_body=True)},
    )

    assert len(tried(context, genuine, "Create", door)) == 8


def test_a_public_operation_is_left_alone(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    context = situate(anonymous=AnonymousSettings(public=("List",)))

    assert tried(context, genuine) == []


@pytest.mark.parametrize("carriage", CARRIAGES, ids=lambda carriage: carriage.name)
def test_a_carriage_says_where_the_token_goes(
    situate: Callable[..., RunContext], genuine: GenuineTokens, carriage: object
) -> None:
    from harness.redaction.tokens import with_token

    exchanges = tried(situate(), genuine)
    name = carriage.name  # type: ignore[attr-defined]
    (probe,) = [e.probe for e in exchanges if e.probe.meta["kind"] == name]

    filled = with_token(probe.request, "TOKEN")

    headers = " ".join(value for _, value in filled.headers)
    assert "TOKEN" in filled.target + headers
    assert ("Authorization", "Bearer TOKEN") not in filled.headers or name == "duplicate-header"


def test_a_replay_asks_what_the_recording_asked(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    live = replace(genuine, yesterday=Secret("y"), tenant_signed={"wrong-issuer": Secret("w")})
    plain = json.loads(json.dumps(live.to_recording()))

    replayed = tried(situate(), GenuineTokens.from_recording(plain))

    recorded = tried(situate(), live)
    assert [(e.probe.key, e.probe.meta) for e in replayed] == [
        (e.probe.key, e.probe.meta) for e in recorded
    ]


def test_a_replay_without_keys_asks_no_key_confusion(
    situate: Callable[..., RunContext], genuine: GenuineTokens
) -> None:
    plain = replace(genuine, jwks=None).to_recording()

    replayed = tried(situate(), GenuineTokens.from_recording(plain))

    assert "hs256-confusion" not in kinds(replayed)
    assert len(replayed) > 30
