"""Judging calls with tokens: who may get how far, kind by kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Caller, Exchange, Probe, Request, Response, user
from harness.findings.model import Judgement
from harness.findings.page import rule_steps
from harness.settings.values import AnonymousSettings, EntraSettings, Settings, TokenSettings
from harness.suites.registry import rules_of
from harness.suites.tokens.forging import BY_NAME, KINDS
from harness.suites.tokens.judgement import judge_token_skips, judge_tokens

APP = "https://app.example.net"
API = "a0f558c5-f887-4bd1-8811-07ba011d09af"
TENANT = "3596192b-fdf5-4e2c-a6fa-acb706c963d8"
DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/docs": {"get": {"operationId": "List", "responses": {"200": {}}}}},
}


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    return load_connector(path)


@pytest.fixture
def judge(connector: Connector, tmp_path: Path) -> Callable[..., Judgement]:
    def run(
        *exchanges: Exchange, tokens: TokenSettings | None = None, **anonymous: Any
    ) -> Judgement:
        settings = Settings(
            tmp_path,
            "app",
            APP,
            entra=EntraSettings(tenant_id=TENANT, api_client_id=API),
            anonymous=AnonymousSettings(**anonymous),
            tokens=tokens or TokenSettings(),
        )
        context = RunContext(connector, settings)
        skips = {"wrong-issuer": "only the tenant can sign such a token"}
        return judge_tokens(context, connector.operation("List"), exchanges, skips)

    return run


def answer(status: int, body: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, pairs, body.encode("utf-8"), 0.01)


def exchange(caller: Caller, response: Response, **meta: Any) -> Exchange:
    request = Request("GET", "/docs")
    key = f"{meta['part']}/{meta['kind']}"
    return Exchange(Probe(key, "List", caller, request, "tokens", meta), response, id=key)


def good(response: Response, **meta: Any) -> Exchange:
    told = {"audience": API, "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0", **meta}
    return exchange(user("alice"), response, part="control", kind="good", **told)


def none(response: Response) -> Exchange:
    return exchange(ANONYMOUS, response, part="none", kind="none")


def hostile(kind: str, response: Response, by_tenant: bool = False) -> Exchange:
    caller = Caller(f"forged:{kind}", "forgery")
    cause = BY_NAME[kind].cause
    return exchange(
        caller, response, part="hostile", kind=kind, cause=cause, signed_by_tenant=by_tenant
    )


def carried(kind: str, response: Response, may_count: bool = False) -> Exchange:
    caller = Caller(f"forged:{kind}", "forgery")
    return exchange(caller, response, part="carriage", kind=kind, may_count=may_count)


OK, NO = answer(200, "[]"), answer(401)
SHUT = (good(OK), none(NO))


def found(judgement: Judgement) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.caller) for finding in judgement.findings]


def test_an_app_that_refuses_every_kind_gives_no_finding(judge: Callable[..., Judgement]) -> None:
    tries = [hostile(kind.name, NO) for kind in KINDS]

    assert judge(*SHUT, *tries) == Judgement()


@pytest.mark.parametrize("kind", [k for k in KINDS if not k.policy], ids=lambda kind: kind.name)
def test_every_kind_that_is_let_in_is_found(judge: Callable[..., Judgement], kind: Any) -> None:
    judgement = judge(*SHUT, hostile("bad-signature", NO), hostile(kind.name, OK, True))

    assert found(judgement) == [("token.accepted", f"forged:{kind.name}")]
    assert kind.accepted_means in judgement.findings[0].message


@pytest.mark.parametrize("kind", ["no-scope", "other-scope", "app-only"])
def test_delegated_access_alone_is_the_default(judge: Callable[..., Judgement], kind: str) -> None:
    let_in = hostile(kind, OK, True)
    meant = TokenSettings(accept_app_only=True, accept_any_scope=True)

    assert found(judge(*SHUT, let_in)) == [("token.delegated-only", f"forged:{kind}")]
    assert judge(*SHUT, let_in, tokens=meant) == Judgement()


def test_unchecked_signatures_are_one_finding_for_all_that_follows(
    judge: Callable[..., Judgement],
) -> None:
    ours = [hostile(k.name, OK) for k in KINDS if k.make is not None]

    (finding,) = judge(*SHUT, *ours).findings

    assert (finding.rule, finding.caller) == ("token.accepted", "forged:bad-signature")
    assert len(finding.data["kinds"]) == len(ours)


def test_different_mistakes_are_different_findings(judge: Callable[..., Judgement]) -> None:
    judgement = judge(
        *SHUT,
        hostile("bad-signature", NO),
        hostile("expired", OK, True),
        hostile("wrong-audience", OK, True),
    )

    assert found(judgement) == [
        ("token.accepted", "forged:expired"),
        ("token.accepted", "forged:wrong-audience"),
    ]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_the_same_error_as_the_good_token_gets_counts_as_let_in(
    judge: Callable[..., Judgement], status: int
) -> None:
    judgement = judge(good(answer(status)), none(NO), hostile("expired", answer(status)))

    assert found(judgement) == [("token.accepted", "forged:expired")]


@pytest.mark.parametrize("status", [400, 404, 405, 500])
def test_another_error_means_that_the_app_was_reached(
    judge: Callable[..., Judgement], status: int
) -> None:
    judgement = judge(*SHUT, hostile("expired", answer(status)))

    assert found(judgement) == [("token.reached-app", "forged:expired")]


@pytest.mark.parametrize("status", [400, 413, 431])
def test_an_oversized_token_may_be_refused_by_the_front_end(
    judge: Callable[..., Judgement], status: int
) -> None:
    assert judge(*SHUT, hostile("oversized", answer(status))) == Judgement()


def test_an_app_may_call_a_broken_token_a_bad_request(judge: Callable[..., Judgement]) -> None:
    assert judge(*SHUT, hostile("truncated", answer(400)), enforced_by="app") == Judgement()


@pytest.mark.parametrize(
    ("kind", "by_tenant", "settings", "expected"),
    [
        ("app-only", True, {}, []),
        ("no-scope", True, {}, []),
        ("outside-allow-list", True, {}, []),
        ("bad-signature", False, {}, [("token.unexpected-refusal", "forged:bad-signature")]),
        ("bad-signature", False, {"expect": "403"}, []),
        ("bad-signature", False, {"enforced_by": "app"}, []),
    ],
)
def test_403_is_for_valid_tokens_that_policy_forbids(
    judge: Callable[..., Judgement],
    kind: str,
    by_tenant: bool,
    settings: dict[str, str],
    expected: list[tuple[str, str]],
) -> None:
    judgement = judge(*SHUT, hostile(kind, answer(403), by_tenant), **settings)

    assert found(judgement) == expected


@pytest.mark.parametrize("kind", ["query-token", "cookie-token", "other-scheme", "other-header"])
def test_a_token_counts_in_its_own_header_alone(judge: Callable[..., Judgement], kind: str) -> None:
    assert found(judge(*SHUT, hostile("expired", NO), carried(kind, OK))) == [
        ("token.carriage", f"forged:{kind}")
    ]


def test_two_headers_are_a_note_and_lower_case_is_right(
    judge: Callable[..., Judgement],
) -> None:
    judgement = judge(
        *SHUT,
        hostile("expired", NO),
        carried("duplicate-header", OK),
        carried("lower-case-scheme", OK, may_count=True),
    )

    assert [(f.rule, f.severity) for f in judgement.findings] == [("token.carriage", "note")]


def test_an_open_door_is_left_to_the_anonymous_rules(judge: Callable[..., Judgement]) -> None:
    judgement = judge(good(OK), none(OK))

    assert judgement.findings == ()
    assert "the anonymous suite" in (judgement.unverified or "")


def test_strangers_before_users_is_not_monotone(judge: Callable[..., Judgement]) -> None:
    judgement = judge(good(answer(403)), none(OK))

    assert found(judgement) == [("token.not-monotone", "anonymous")]
    assert judgement.unverified


def test_a_hostile_token_before_the_good_one_is_not_monotone(
    judge: Callable[..., Judgement],
) -> None:
    judgement = judge(good(answer(500)), none(NO), hostile("expired", OK))

    assert ("token.not-monotone", "forged:expired") in found(judgement)


V2 = 'Bearer authorization_uri="https://login.windows.net/t/oauth2/v2.0/authorize"'


@pytest.mark.parametrize(
    ("response", "claims", "reason"),
    [
        pytest.param(
            answer(401, www_authenticate=V2), {"audience": "api://x/"}, "slash", id="slash"
        ),
        pytest.param(
            answer(401, www_authenticate=V2), {"audience": "api://x"}, "audience", id="aud"
        ),
        pytest.param(
            answer(401, www_authenticate=V2),
            {"issuer": f"https://sts.windows.net/{TENANT}/"},
            "requestedAccessTokenVersion",
            id="version",
        ),
        pytest.param(
            answer(401, www_authenticate=V2),
            {"issuer": "https://login.microsoftonline.com/other/v2.0"},
            "not of the tenant",
            id="tenant",
        ),
        pytest.param(answer(401), {}, "authLevel", id="key"),
        pytest.param(answer(403), {"client": "connector-1"}, "allow-list", id="allow-list"),
        pytest.param(answer(401, www_authenticate=V2), {}, "log stream", id="unknown"),
    ],
)
def test_a_refused_good_token_is_explained(
    judge: Callable[..., Judgement], response: Response, claims: dict[str, str], reason: str
) -> None:
    judgement = judge(good(response, **claims), none(NO))

    assert found(judgement) == [("token.good-refused", "alice")]
    assert reason in judgement.findings[0].message
    assert judgement.unverified


@pytest.mark.parametrize(
    "exchanges",
    [
        (good(answer(503)), none(NO)),
        (good(OK), none(answer(503))),
        (*SHUT, hostile("expired", answer(502))),
    ],
    ids=["good", "none", "hostile"],
)
def test_what_the_front_end_says_is_unverified(
    judge: Callable[..., Judgement], exchanges: tuple[Exchange, ...]
) -> None:
    judgement = judge(*exchanges)

    assert judgement.findings == ()
    assert judgement.unverified


def test_a_run_without_hostile_tokens_says_why(judge: Callable[..., Judgement]) -> None:
    assert "only the tenant" in (judge(*SHUT).skipped or "")


def test_kinds_that_were_not_to_be_had_are_named_by_their_reason() -> None:
    skips = {
        "wrong-issuer": "only the tenant",
        "expired": "kept none",
        "no-scope": "only the tenant",
    }

    assert judge_token_skips(skips).skipped == (
        "not tried with a token of the tenant: wrong-issuer and no-scope: only the tenant; "
        "expired: kept none"
    )
    assert judge_token_skips({}) == Judgement()


def test_a_public_operation_asks_for_no_token(judge: Callable[..., Judgement]) -> None:
    assert "public" in (judge(public=("List",)).skipped or "")


@pytest.mark.parametrize("rule", rules_of("token"), ids=lambda rule: rule.id)
def test_every_rule_has_its_steps(rule: Any) -> None:
    assert all(word in rule_steps(rule) for word in ("Portal", "Bicep", "`az"))


def test_every_kind_stands_in_the_docs() -> None:
    text = (Path(__file__).parents[3] / "docs" / "rules" / "token.md").read_text(encoding="utf-8")
    spelt = text.replace("`-upper`", "`alg-none-upper`").replace("`-mixed`", "`alg-none-mixed`")

    assert [kind.name for kind in KINDS if f"`{kind.name}`" not in spelt] == []


BAD_INPUT = answer(400, '{"error": "no such field"}')
NO_ROUTE = answer(404)


def test_refused_input_is_no_proof_that_the_token_got_in(judge: Callable[..., Judgement]) -> None:
    tries = (hostile("bad-signature", NO), hostile("app-only", BAD_INPUT, by_tenant=True))

    judgement = judge(good(BAD_INPUT), none(NO), *tries)

    assert [(f.rule, f.severity) for f in judgement.findings] == [
        ("token.delegated-only", "warning")
    ]


def test_empty_404_of_a_route_is_unverified_where_the_ids_form_is_a_guess(
    judge: Callable[..., Judgement],
) -> None:
    tried = hostile("app-only", NO_ROUTE, by_tenant=True)
    guessed = replace(
        tried, probe=replace(tried.probe, meta={**tried.probe.meta, "fitting": False})
    )

    judgement = judge(good(NO_ROUTE), none(NO), hostile("bad-signature", NO), guessed)

    assert judgement.findings == ()
    assert "[operations.List] parameters" in str(judgement.unverified)


def test_call_that_learnt_an_id_is_not_judged(judge: Callable[..., Judgement]) -> None:
    learnt = exchange(user("alice"), OK, part="", kind="learn")

    assert judge(learnt, *SHUT, hostile("bad-signature", NO)) == Judgement()


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_app_only_token_that_reaches_the_app_is_one_finding(
    judge: Callable[..., Judgement], status: int
) -> None:
    judgement = judge(*SHUT, hostile("app-only", answer(status, "no"), True))

    assert found(judgement) == [("token.delegated-only", "forged:app-only")]
    assert judgement.findings[0].severity == "warning"


@pytest.mark.parametrize(
    ("response", "topic"),
    [
        pytest.param(
            answer(401, www_authenticate='Bearer error="insufficient_claims", claims="e30="'),
            "claims challenge",
            id="claims-challenge",
        ),
        pytest.param(
            answer(401, '{"title": "Unauthorized", "detail": "IDX10223: Lifetime failed"}'),
            "expired",
            id="problem-details",
        ),
        pytest.param(
            answer(403, "IDW10204: The 'roles' or 'role' claim does not contain roles 'X'"),
            "role",
            id="idw",
        ),
    ],
)
def test_the_answers_own_reason_goes_before_guesses(
    judge: Callable[..., Judgement], response: Response, topic: str
) -> None:
    refused = judge(good(response, audience="api://other", issuer="https://x/"), none(NO))

    assert topic in refused.findings[0].message
    assert "allowedAudiences lists" not in refused.findings[0].message


@pytest.mark.parametrize(
    "message",
    ["JWT not present.", "Access denied due to missing subscription key."],
    ids=["validate-jwt", "no-key"],
)
def test_a_gateways_refusal_says_nothing_of_the_app(
    judge: Callable[..., Judgement], message: str
) -> None:
    refused = answer(401, json.dumps({"statusCode": 401, "message": message}))
    judgement = judge(good(refused), none(NO))

    assert judgement.findings == ()
    assert "a gateway in front refuses us: API Management" in str(judgement.unverified)


def test_where_404_refuses_the_good_tokens_404_proves_nothing(
    judge: Callable[..., Judgement],
) -> None:
    judgement = judge(good(answer(404)), none(answer(404)), expect="404")

    assert judgement.findings == ()
    assert "give an input that the app knows" in str(judgement.unverified)


def test_a_firewalls_page_says_nothing_of_the_token(judge: Callable[..., Judgement]) -> None:
    page = answer(403, "<html><h2>The request is blocked.</h2></html>", x_azure_ref="0a")
    judgement = judge(good(page), none(NO))

    assert judgement.findings == ()
    assert "firewall" in str(judgement.unverified)
