"""Judging anonymous calls: a table of answers, each with the findings it must give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, Response, user
from harness.findings.model import Judgement
from harness.findings.page import rule_steps
from harness.settings.values import AnonymousSettings, EntraSettings, Settings
from harness.suites.anonymous.judgement import judge_anonymous
from harness.suites.registry import rules_of

APP = "https://app.example.net"
TENANT = "3596192b-fdf5-4e2c-a6fa-acb706c963d8"
CLIENT = "a0f558c5-f887-4bd1-8811-07ba011d09af"
OTHER = "11111111-2222-4333-8444-555555555555"
LOGIN = "https://login.microsoftonline.com"
BACK = f"{APP}/.auth/login/aad/callback"
DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "t", "version": "1"},
    "basePath": "/api",
    "paths": {
        "/docs": {
            "get": {
                "operationId": "List",
                "parameters": [{"name": "q", "in": "query", "type": "string"}],
                "responses": {
                    "200": {
                        "description": "ok",
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/Doc"}},
                    }
                },
            },
            "post": {
                "operationId": "Create",
                "parameters": [{"name": "body", "in": "body", "schema": {"type": "object"}}],
                "responses": {"201": {"description": "ok"}},
            },
        }
    },
    "definitions": {
        "Doc": {"type": "object", "properties": {"id": {"type": "string"}, "title": {}}}
    },
}
CHALLENGE = (
    f'Bearer realm="app.example.net" authorization_uri="{LOGIN}/{TENANT}/oauth2/v2.0/authorize" '
    f'resource_id="{CLIENT}"'
)


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    return load_connector(path)


@pytest.fixture
def judge(connector: Connector, tmp_path: Path) -> Callable[..., Judgement]:
    def run(
        exchanges: list[Exchange], operation: str = "List", authority: str = LOGIN, **anonymous: Any
    ) -> Judgement:
        entra = EntraSettings(tenant_id=TENANT, api_client_id=CLIENT, authority=authority)
        settings = Settings(
            tmp_path, "app", APP, entra=entra, anonymous=AnonymousSettings(**anonymous)
        )
        context = RunContext(connector, settings)
        return judge_anonymous(context, connector.operation(operation), exchanges)

    return run


def answer(status: int, body: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, pairs, body.encode("utf-8"), 0.01)


def exchange(
    response: Response | None, number: int = 1, target: str = "/api/docs", **meta: Any
) -> Exchange:
    details = {"part": "plain", "leg": "api", "client": "api", **meta}
    method = details.pop("method", "GET")
    probe = Probe(
        f"k{number}", "List", ANONYMOUS, Request(method, target), "anonymous/plain", details
    )
    return Exchange(probe, response, None if response else "no answer in time", id=f"x{number}")


def both(api: Response, browser: Response | None = None) -> list[Exchange]:
    return [exchange(api), exchange(browser or api, 2, leg="browser", client="browser")]


def sign_in(host: str = LOGIN, tenant: str = TENANT, **changes: str | None) -> str:
    query = {
        "response_type": "code id_token",
        "redirect_uri": BACK,
        "client_id": CLIENT,
        "scope": "openid profile email",
        "response_mode": "form_post",
        "nonce": "700887f40fb64d909793d18e7d3627fc_20201206095428",
        "state": "redir=%2F",
        **changes,
    }
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{host}/{tenant}/oauth2/v2.0/authorize?{urlencode(kept)}"


def to(location: str) -> Response:
    return answer(302, location=location)


def script_page(location: str) -> Response:
    body = f'<html><script>window.location.replace("{location}")</script></html>'
    return answer(200, body, content_type="text/html")


def rules(judgement: Judgement) -> list[str]:
    return [finding.rule for finding in judgement.findings]


REFUSED = answer(401, www_authenticate=CHALLENGE)


@pytest.mark.parametrize(
    ("exchanges", "expect"),
    [
        pytest.param(both(REFUSED, to(sign_in())), "refused", id="redirect-to-login-page"),
        pytest.param(both(REFUSED, script_page(sign_in())), "refused", id="script-page"),
        pytest.param(both(REFUSED), "401", id="return-401"),
        pytest.param(both(answer(401)), "refused", id="challenge-turned-off"),
        pytest.param(
            both(answer(401, www_authenticate='Bearer realm="x"')), "401", id="realm-only"
        ),
        pytest.param(
            both(
                answer(
                    401,
                    www_authenticate='Bearer authorization_uri="https://login.windows.net/common/'
                    f'oauth2/authorize" resource_id="{CLIENT.upper()}"',
                )
            ),
            "401",
            id="old-challenge",
        ),
        pytest.param(both(answer(403)), "403", id="return-403"),
        pytest.param(both(REFUSED, to(sign_in())), "redirect", id="api-clients-get-401-anyway"),
        pytest.param(
            both(answer(401, "You do not have permission to view this directory or page.")),
            "refused",
            id="the-platforms-sentence",
        ),
        pytest.param(
            both(answer(401, '{"error": {"code": "Unauthorized", "message": "no"}}')),
            "refused",
            id="an-error-object",
        ),
        pytest.param(
            both(REFUSED, to(sign_in("https://login.windows.net"))), "refused", id="old-host"
        ),
    ],
)
def test_a_right_refusal_gives_no_finding(
    judge: Callable[..., Judgement], exchanges: list[Exchange], expect: str
) -> None:
    assert judge(exchanges, expect=expect) == Judgement()


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        pytest.param(to("https://evil.example/authorize"), "foreign-redirect", id="foreign"),
        pytest.param(to("//evil.example/authorize"), "foreign-redirect", id="protocol-relative"),
        pytest.param(
            to(sign_in("https://login.microsoftonline.com.evil.example")),
            "foreign-redirect",
            id="look-alike",
        ),
        pytest.param(
            to(sign_in("https://login.microsoftonline.com@evil.example")),
            "foreign-redirect",
            id="user-part",
        ),
        pytest.param(
            to(sign_in("http://login.microsoftonline.com")), "foreign-redirect", id="plain-http"
        ),
        pytest.param(
            to(sign_in("https://login.microsoftonline.us")), "foreign-redirect", id="other-cloud"
        ),
        pytest.param(script_page(sign_in("https://evil.example")), "foreign-redirect", id="page"),
        pytest.param(to(sign_in(tenant=OTHER)), "wrong-tenant", id="tenant"),
        pytest.param(to(sign_in(client_id=OTHER)), "wrong-client", id="client"),
        pytest.param(
            to(sign_in(redirect_uri="https://other.example/.auth/login/aad/callback")),
            "redirect-uri",
            id="return-address",
        ),
        pytest.param(
            to(sign_in(redirect_uri=BACK.replace("https", "http"))),
            "redirect-uri",
            id="return-over-http",
        ),
        pytest.param(to(sign_in(nonce=None)), "redirect-incomplete", id="no-nonce"),
        pytest.param(to(sign_in(state=None)), "redirect-incomplete", id="no-state"),
        pytest.param(answer(302), "redirect-incomplete", id="no-location"),
        pytest.param(to(f"{LOGIN}/{TENANT}/"), "redirect-incomplete", id="no-endpoint"),
        pytest.param(
            answer(401, www_authenticate='Basic realm="x"'), "foreign-challenge", id="basic"
        ),
        pytest.param(
            answer(401, www_authenticate=CHALLENGE.replace(LOGIN, "https://evil.example")),
            "foreign-challenge",
            id="foreign-authority",
        ),
        pytest.param(
            answer(401, www_authenticate=CHALLENGE.replace(CLIENT, OTHER)),
            "foreign-challenge",
            id="other-api",
        ),
        pytest.param(
            answer(401, www_authenticate=CHALLENGE.replace(TENANT, OTHER)),
            "wrong-tenant",
            id="challenge-of-another-tenant",
        ),
        pytest.param(
            answer(401, '[{"id": "1", "title": "x"}]'), "data-in-refusal", id="data-in-401"
        ),
        pytest.param(answer(401, '{"items": [{"name": "x"}]}'), "data-in-refusal", id="records"),
        pytest.param(answer(403), "expectation", id="forbidden"),
    ],
)
def test_each_fault_of_a_refusal_gives_its_one_finding(
    judge: Callable[..., Judgement], browser: Response, expected: str
) -> None:
    judgement = judge(both(REFUSED, browser))

    assert rules(judgement) == [f"anonymous.{expected}"]
    assert judgement.findings[0].severity == "error"
    assert judgement.findings[0].evidence == ("x2",)
    assert judgement.findings[0].remedy


def test_a_sign_in_for_every_tenant_is_a_warning(judge: Callable[..., Judgement]) -> None:
    judgement = judge(both(REFUSED, to(sign_in(tenant="common"))))

    assert [(f.rule, f.severity) for f in judgement.findings] == [
        ("anonymous.wrong-tenant", "warning")
    ]


def test_a_sovereign_cloud_has_its_own_sign_in_hosts(judge: Callable[..., Judgement]) -> None:
    exchanges = both(answer(401), to(sign_in("https://login.chinacloudapi.cn")))

    assert judge(exchanges, authority="https://login.partner.microsoftonline.cn") == Judgement()


@pytest.mark.parametrize(
    ("api", "browser", "rule"),
    [
        (answer(200, "[]"), answer(200, "[]"), "anonymous.open"),
        (answer(200, "[]"), answer(404), "anonymous.open"),
        (answer(401), answer(200, "<p>data</p>", content_type="text/html"), "anonymous.open"),
        (answer(400), answer(404), "anonymous.reached-app"),
        (answer(500), answer(401), "anonymous.reached-app"),
    ],
    ids=["both-served", "served-and-missing", "browser-served", "errors", "one-error"],
)
def test_a_door_that_is_not_shut_is_one_finding(
    judge: Callable[..., Judgement], api: Response, browser: Response, rule: str
) -> None:
    assert rules(judge(both(api, browser))) == [rule]


@pytest.mark.parametrize("response", [answer(503), answer(429), None], ids=["503", "429", "none"])
def test_what_the_front_end_says_leaves_the_door_unverified(
    judge: Callable[..., Judgement], response: Response | None
) -> None:
    judgement = judge([exchange(response)])

    assert judgement.findings == ()
    assert judgement.unverified is not None


def test_an_error_of_an_app_that_checks_tokens_itself_is_unverified(
    judge: Callable[..., Judgement],
) -> None:
    judgement = judge([exchange(answer(400))], enforced_by="app")

    assert judgement.findings == ()
    assert "[operations.List]" in (judgement.unverified or "")


def test_a_request_that_such_an_app_recognised_decides(judge: Callable[..., Judgement]) -> None:
    first, second = exchange(answer(400)), exchange(answer(401), 2, part="recognised")

    assert judge([first, second], enforced_by="app") == Judgement()


def test_a_redirect_within_the_host_is_judged_by_its_end(judge: Callable[..., Judgement]) -> None:
    first = exchange(to("/api/items/"))
    served, refused = (exchange(r, 2, "/api/items/", hop=1) for r in (answer(200), REFUSED))

    assert rules(judge([first, served])) == ["anonymous.open"]
    assert judge([first, refused]) == Judgement()


def test_own_sign_in_page_opens_no_data_though_it_is_served(
    judge: Callable[..., Judgement],
) -> None:
    first = exchange(to("/.auth/login/aad"))
    page = exchange(answer(200), 2, "/.auth/login/aad", hop=1)

    assert judge([first, page]) == Judgement()


@pytest.mark.parametrize("status", [200, 400, 404])
def test_a_public_operation_that_answers_is_reported_as_such(
    judge: Callable[..., Judgement], status: int
) -> None:
    judgement = judge([exchange(answer(status))], public=("List",))

    assert "open on purpose" in (judgement.skipped or "")


def test_a_public_operation_that_is_refused_is_found(judge: Callable[..., Judgement]) -> None:
    assert rules(judge([exchange(REFUSED)], public=("List",))) == ["anonymous.not-public"]


def test_an_echo_of_what_was_asked_is_data(judge: Callable[..., Judgement]) -> None:
    asked = exchange(answer(401, "Nothing found for Marc Smith"), target="/api/docs?q=Marc%20Smith")

    assert rules(judge([asked])) == ["anonymous.data-in-refusal"]


def trick(response: Response, name: str = "case", **meta: Any) -> Exchange:
    details = {"part": "trick", "leg": name, "trick": name, "family": "case", **meta}
    return exchange(response, 3, "/API/DOCS", **details)


@pytest.mark.parametrize(
    ("played", "control", "found"),
    [
        pytest.param(answer(401), None, False, id="refused"),
        pytest.param(answer(200, "[]"), None, True, id="served"),
        pytest.param(answer(500), None, False, id="error-without-control"),
        pytest.param(answer(404), answer(404), False, id="same-on-nonsense"),
        pytest.param(answer(400), answer(404), True, id="otherwise-on-nonsense"),
        pytest.param(
            answer(404, '{"error": "no such document"}', content_type="application/json"),
            answer(404),
            True,
            id="the-functions-own-404",
        ),
        pytest.param(answer(503), None, False, id="front-end"),
    ],
)
def test_a_trick_counts_where_it_is_answered_as_if_signed_in(
    judge: Callable[..., Judgement], played: Response, control: Response | None, found: bool
) -> None:
    exchanges = [*both(REFUSED), trick(played)]
    if control is not None:
        exchanges.append(trick(control, part="nonsense"))

    assert rules(judge(exchanges)) == (["anonymous.bypass"] if found else [])


def test_a_preflight_answer_is_no_way_in(judge: Callable[..., Judgement]) -> None:
    options = trick(answer(200), "method-options", family="method", method="OPTIONS")

    assert judge([*both(REFUSED), options]) == Judgement()


def test_tricks_of_one_family_are_one_finding_that_names_them(
    judge: Callable[..., Judgement],
) -> None:
    tricks = [
        trick(answer(200), name, family="doubled-slash")
        for name in ("leading-slashes", "inner-slashes")
    ]

    (finding,) = judge([*both(REFUSED), *tricks]).findings

    assert "a doubled slash (leading-slashes and inner-slashes)" in finding.message
    assert finding.data["tricks"] == ["leading-slashes", "inner-slashes"]


@pytest.mark.parametrize("status", [200, 404])
def test_a_visit_that_another_operation_answers_is_its_own_matter(
    judge: Callable[..., Judgement], status: int
) -> None:
    assert judge(both(REFUSED, answer(status)), "Create") == Judgement()


@pytest.mark.parametrize("status", [200, 404])
def test_a_visit_that_another_operation_answers_proves_nothing_alone(
    judge: Callable[..., Judgement], status: int
) -> None:
    visits = [
        exchange(answer(status), leg="api", client="api", by_path=True),
        exchange(answer(status), leg="browser", client="browser", by_path=True),
    ]

    judgement = judge(visits, "Create")

    assert judgement.findings == ()
    assert "another operation of the same path" in (judgement.unverified or "")


@pytest.mark.parametrize("rule", rules_of("anonymous"), ids=lambda rule: rule.id)
def test_every_rule_has_its_steps(rule: Any) -> None:
    assert all(word in rule_steps(rule) for word in ("Portal", "Bicep", "`az"))


@pytest.mark.parametrize(
    "response",
    [
        answer(401, '{"statusCode": 401, "message": "JWT not present."}'),
        answer(401, '{"statusCode": 401, "message": "Access denied: missing subscription key"}'),
        answer(403, "<html><h2>The request is blocked.</h2></html>", x_azure_ref="0a"),
        answer(403, "<center>Microsoft-Azure-Application-Gateway/v2</center>"),
        answer(403, "<h1>Error 403 - Forbidden</h1> Ip Forbidden", x_ms_forbidden_ip="192.0.2.7"),
    ],
    ids=["validate-jwt", "no-key", "front-door", "application-gateway", "access-restrictions"],
)
def test_a_gateways_refusal_is_no_fault_of_the_app(
    judge: Callable[..., Judgement], response: Response
) -> None:
    judgement = judge(both(response), expect="401")

    assert judgement.findings == ()
    assert "a gateway in front refuses us" in str(judgement.unverified)


@pytest.mark.parametrize(
    ("signed_in", "reason"),
    [
        (answer(200, "[]", content_type="application/json"), None),
        (answer(404, '{"error": "no such"}', content_type="application/json"), None),
        (answer(404), "the same 404"),
        (answer(401), "is refused itself"),
        (None, "got no answer"),
    ],
    ids=["served", "the-apps-own-404", "the-same-404", "refused", "silent"],
)
def test_a_404_refuses_only_next_to_another_answer_for_a_user(
    judge: Callable[..., Judgement], signed_in: Response | None, reason: str | None
) -> None:
    plain = both(answer(404))
    probe = replace(
        plain[0].probe,
        caller=user("alice"),
        meta={"part": "signed-in", "leg": "signed-in", "client": "api"},
    )
    call = Exchange(probe, signed_in, None if signed_in else "no answer in time", id="x9")

    judgement = judge([*plain, call], expect="404")

    assert judgement.findings == ()
    assert (reason is None and judgement == Judgement()) or (
        reason is not None and reason in str(judgement.unverified)
    )


def test_a_404_without_any_signed_in_call_is_unverified(judge: Callable[..., Judgement]) -> None:
    assert "no user is configured" in str(judge(both(answer(404)), expect="404").unverified)
