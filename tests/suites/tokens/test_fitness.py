from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.suites.tokens.fitness import Expectations, resource_of, token_fitness

NOW = 1_800_000_000.0
TENANT = "8c1f9a52-3d74-4be6-a0c5-2f6e8d7b9a10"
API = "0a1b2c3d-4e5f-4678-9abc-def012345678"
CLIENT = "5f1c2d3e-7a8b-4c9d-8e0f-112233445566"
URI = f"api://{API}"
EXPECTED = Expectations(
    tenant_id=TENANT, client_id=CLIENT, api_client_id=API, scope=f"{URI}/user_impersonation"
)
V2 = {
    "ver": "2.0",
    "aud": API,
    "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "tid": TENANT,
    "azp": CLIENT,
    "scp": "user_impersonation",
    "nbf": NOW - 60,
    "exp": NOW + 3600,
}
V1 = {
    "ver": "1.0",
    "aud": URI,
    "iss": f"https://sts.windows.net/{TENANT}/",
    "tid": TENANT,
    "appid": CLIENT,
    "scp": "user_impersonation",
    "exp": NOW + 3600,
}


@pytest.mark.parametrize("claims", [V1, V2], ids=["v1", "v2"])
def test_a_fitting_token_has_no_misfit(claims: dict[str, Any]) -> None:
    assert token_fitness(claims, EXPECTED, NOW) == []


EASY_AUTH_V1 = replace(EXPECTED, audiences=(URI,), version=1)
EASY_AUTH_V2 = replace(EXPECTED, audiences=(API,), version=2)


@pytest.mark.parametrize(
    ("claims", "expected", "claim", "words"),
    [
        ({"exp": NOW - 900}, EXPECTED, "exp", "expired"),
        ({"nbf": NOW + 900}, EXPECTED, "nbf", "not valid yet"),
        ({"tid": API}, EXPECTED, "tid", "another tenant"),
        ({"aud": "https://graph.microsoft.com"}, EXPECTED, "aud", "Microsoft Graph"),
        ({"aud": f"{URI}/"}, EXPECTED, "aud", "slash at its end"),
        ({"aud": "api://else"}, EXPECTED, "aud", "another API"),
        ({"aud": API}, EASY_AUTH_V1, "aud", "v2 tokens, whose audience is its client id"),
        ({}, EASY_AUTH_V1, "iss", "v2 tokens, but the app's issuer URL"),
        ({"scp": ""}, EXPECTED, "scp", "grants no scope"),
        ({"scp": "", "idtyp": "app"}, EXPECTED, "scp", "app without a user"),
        ({"scp": "read"}, EXPECTED, "scp", "not granted"),
        ({"azp": API}, EXPECTED, "azp", "another client"),
        (
            {"azp": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"},
            EXPECTED,
            "azp",
            "another client (the Azure CLI)",
        ),
        ({}, replace(EXPECTED, clients=(API,)), "azp", "allow-list"),
        ({}, replace(EXPECTED, clients=()), "azp", "allow-list"),
    ],
)
def test_each_misfit_is_explained(
    claims: dict[str, Any], expected: Expectations, claim: str, words: str
) -> None:
    found = token_fitness(V2 | claims, expected, NOW)

    assert claim in [unfit.claim for unfit in found]
    assert any(words in unfit.says for unfit in found if unfit.claim == claim)
    assert all(unfit.remedy for unfit in found)


def test_a_v1_token_at_an_app_that_wants_v2_is_explained_in_words() -> None:
    [audience, issuer] = token_fitness(V1, EASY_AUTH_V2, NOW)

    assert "App ID URI as it was asked for" in audience.says
    assert "requestedAccessTokenVersion to 2" in audience.remedy
    assert audience.certain
    assert "v1 tokens" in issuer.says


def test_grace_after_expiry_is_the_apps_own() -> None:
    assert token_fitness(V2 | {"exp": NOW - 200}, EXPECTED, NOW) == []


def test_an_opaque_token_is_no_certain_misfit() -> None:
    [unfit] = token_fitness({}, EXPECTED, NOW)

    assert not unfit.certain


def test_a_tenant_named_by_domain_cannot_be_compared() -> None:
    expected = replace(EXPECTED, tenant_id="contoso.example")

    assert token_fitness(V2, expected, NOW) == []


@pytest.mark.parametrize(
    ("scope", "resource"),
    [
        (f"{URI}/user_impersonation", URI),
        ("https://x//user_impersonation", "https://x/"),
        ("https://x/.default", "https://x"),
        ("user_impersonation", ""),
        ("", ""),
    ],
)
def test_resource_is_what_stands_before_the_last_slash(scope: str, resource: str) -> None:
    assert resource_of(scope) == resource
