"""Wrong settings are told as such: the app agrees with itself, and only the settings differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, Response
from harness.findings.model import Judgement
from harness.settings.values import EntraSettings, Settings
from harness.suites.anonymous.judgement import judge_anonymous

APP = "https://app.example.net"
LOGIN = "https://login.microsoftonline.com"
TENANT = "3596192b-fdf5-4e2c-a6fa-acb706c963d8"
API = "a0f558c5-f887-4bd1-8811-07ba011d09af"
MISTYPED = "11111111-2222-4333-8444-555555555555"


def challenge(tenant: str = TENANT, api: str = API) -> Response:
    text = f'Bearer authorization_uri="{LOGIN}/{tenant}/oauth2/v2.0/authorize" resource_id="{api}"'
    return Response(401, (("www-authenticate", text),), b"", 0.01)


def redirect(tenant: str = TENANT, api: str = API, more: str = "&nonce=n&state=s") -> Response:
    where = (
        f"{LOGIN}/{tenant}/oauth2/v2.0/authorize?response_type=code&client_id={api}"
        f"&redirect_uri={APP}/.auth/login/aad/callback{more}"
    )
    return Response(302, (("location", where),), b"", 0.01)


def judged(
    folder: Path, api: Response, browser: Response, properties: dict[str, Any] | None, **entra: Any
) -> Judgement:
    definition = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/me": {"get": {"operationId": "Me", "responses": {"200": {"description": ""}}}}},
    }
    (folder / "apiDefinition.swagger.json").write_text(json.dumps(definition), encoding="utf-8")
    if properties is not None:
        oauth = {"identityProvider": "aad", "clientId": MISTYPED, "customParameters": properties}
        token = {"type": "oauthSetting", "oAuthSettings": oauth}
        text = json.dumps({"properties": {"connectionParameters": {"token": token}}})
        (folder / "apiProperties.json").write_text(text, encoding="utf-8")
    connector = load_connector(folder / "apiDefinition.swagger.json")
    known = {"tenant_id": TENANT, "api_client_id": API, **entra}
    settings = Settings(folder, "app", APP, entra=EntraSettings(**known))
    exchanges = [
        Exchange(
            Probe(
                client,
                "Me",
                ANONYMOUS,
                Request("GET", "/me"),
                "anonymous/plain",
                {"part": "plain", "leg": client, "client": client},
            ),
            response,
            None,
            id=client,
        )
        for client, response in (("api", api), ("browser", browser))
    ]
    return judge_anonymous(RunContext(connector, settings), connector.operation("Me"), exchanges)


@pytest.mark.parametrize(
    ("entra", "named"),
    [
        pytest.param({"tenant_id": MISTYPED}, ("tenant-id", TENANT), id="tenant"),
        pytest.param({"api_client_id": MISTYPED}, ("api-client-id", API), id="api"),
    ],
)
@pytest.mark.parametrize(
    ("api", "browser"),
    [
        pytest.param(challenge(), redirect(), id="challenge-and-redirect"),
        pytest.param(challenge(), challenge(), id="challenges-alone"),
        pytest.param(challenge(api=f"api://{API.upper()}"), redirect(), id="api-by-its-uri"),
        pytest.param(redirect(), redirect(), id="redirects-alone"),
    ],
)
def test_settings_that_differ_from_an_app_of_one_mind_are_unverified_with_both_values(
    tmp_path: Path, api: Response, browser: Response, entra: dict[str, str], named: tuple[str, str]
) -> None:
    judgement = judged(tmp_path, api, browser, None, **entra)

    assert judgement.findings == ()
    assert "your settings and the app disagree" in str(judgement.unverified)
    assert all(each in str(judgement.unverified) for each in (*named, MISTYPED))


@pytest.mark.parametrize(
    ("api", "browser", "rule"),
    [
        pytest.param(challenge(), redirect(tenant=MISTYPED), "wrong-tenant", id="tenant"),
        pytest.param(challenge(), redirect(api=MISTYPED), "wrong-client", id="client"),
        pytest.param(challenge(api=MISTYPED), redirect(), "foreign-challenge", id="api"),
        pytest.param(
            Response(401, (), b"", 0.01), redirect(tenant=MISTYPED), "wrong-tenant", id="one-answer"
        ),
    ],
)
def test_an_app_that_contradicts_itself_is_an_error(
    tmp_path: Path, api: Response, browser: Response, rule: str
) -> None:
    judgement = judged(tmp_path, api, browser, None)

    assert [finding.rule for finding in judgement.findings] == [f"anonymous.{rule}"]


@pytest.mark.parametrize(
    ("properties", "wrong", "rules"),
    [
        pytest.param(
            {"tenantId": {"value": TENANT}},
            {"tenant": MISTYPED},
            {"anonymous.wrong-tenant"},
            id="tenant",
        ),
        pytest.param(
            {"resourceUri": {"value": f"api://{API}"}},
            {"api": MISTYPED},
            {"anonymous.wrong-client", "anonymous.foreign-challenge"},
            id="api",
        ),
    ],
)
def test_settings_that_the_properties_confirm_accuse_the_app(
    tmp_path: Path, properties: dict[str, Any], wrong: dict[str, str], rules: set[str]
) -> None:
    judgement = judged(tmp_path, challenge(**wrong), redirect(**wrong), properties)

    assert {finding.rule for finding in judgement.findings} == rules
    assert judgement.unverified is None


def test_other_faults_of_a_refusal_are_found_next_to_wrong_settings(tmp_path: Path) -> None:
    judgement = judged(tmp_path, challenge(), redirect(more=""), None, tenant_id=MISTYPED)

    assert [f.rule for f in judgement.findings] == ["anonymous.redirect-incomplete"]


def test_two_answers_that_name_a_foreign_host_confirm_nothing(tmp_path: Path) -> None:
    foreign = redirect()
    location = foreign.headers[0][1].replace(LOGIN, "https://evil.example")
    answer = Response(302, (("location", location),), b"", 0.01)

    judgement = judged(tmp_path, answer, answer, None, tenant_id=MISTYPED)

    assert {f.rule for f in judgement.findings} == {"anonymous.foreign-redirect"}
