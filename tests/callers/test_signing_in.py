from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.callers.claims import claims_of
from harness.callers.diagnosis_table import BY_CODE
from harness.errors import SettingsError, SignInError
from harness.settings.values import Deferred, UserSettings
from harness.suites.tokens.fitness import Expectations, token_fitness


def test_password_gives_a_token_for_the_api(tenant: Any) -> None:
    token = tenant.sign_ins().token("alice")

    assert token.claims["aud"] == tenant.emulator.description["api_client_id"]
    assert token.claims["scp"] == "user_impersonation"
    assert token.source == "password"
    assert claims_of(token.id_token.reveal())["preferred_username"] == "alice@contoso.example"
    assert tenant.issued == [("alice", "password")]


def test_each_user_signs_in_once_however_many_threads_ask(tenant: Any) -> None:
    sign_ins = tenant.sign_ins()

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(sign_ins.token, ["alice", "bob"] * 12))

    assert len({id(token) for token in tokens}) == 2
    assert sorted(tenant.issued) == [("alice", "password"), ("bob", "password")]


def test_nobody_signs_in_before_a_token_is_asked_for(tenant: Any) -> None:
    tenant.sign_ins()

    assert tenant.requests("") == 0


def test_an_unknown_user_is_a_settings_error_that_lists_the_known(tenant: Any) -> None:
    with pytest.raises(SettingsError, match="known: alice, bob"):
        tenant.sign_ins().token("mallory")


def test_a_tenant_may_be_named_by_domain(tenant: Any) -> None:
    entra = tenant.entra(tenant_id="contoso.example")

    assert tenant.sign_ins(entra=entra).token("alice").claims["scp"] == "user_impersonation"


def test_a_missing_password_variable_costs_no_attempt(
    tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALICE_PASSWORD", raising=False)
    user = tenant.user("alice", password=Deferred("${ALICE_PASSWORD}", "[users.alice] password"))

    with pytest.raises(SettingsError, match="ALICE_PASSWORD"):
        tenant.sign_ins(user).token("alice")

    assert tenant.issued == []


def test_codes_that_the_tenant_answers_are_diagnosed(tenant: Any) -> None:
    codes = [50034, 50053, 50076, 50105, 53003, 65001, 700082, 7000215, 500011, 90002]
    people = [
        UserSettings(f"u{code}", username=f"u{code}@contoso.example", password=Deferred("p"))
        for code in codes
    ]
    sign_ins = tenant.sign_ins(*people)
    found = {}

    for code in codes:
        tenant.emulator.entra.grants.fail_next(code)
        with pytest.raises(SignInError) as caught:
            sign_ins.token(f"u{code}")
        found[caught.value.code] = caught.value.rule
        assert caught.value.correlation_id

    assert found == {code: BY_CODE[code].rule for code in codes}
    assert tenant.requests("/token") == len(codes)


@pytest.mark.parametrize(
    ("password", "words"),
    [("", "is empty; secrets are not handed"), ("secret\n", "ends with white space")],
    ids=["empty", "line break"],
)
def test_a_password_that_cannot_be_right_costs_no_attempt(
    tenant: Any, monkeypatch: pytest.MonkeyPatch, password: str, words: str
) -> None:
    monkeypatch.setenv("ALICE_PASSWORD", password)
    user = tenant.user("alice", password=Deferred("${ALICE_PASSWORD}"))

    with pytest.raises(SettingsError, match=words) as caught:
        tenant.sign_ins(user).token("alice")

    assert "[users.alice] password (from ALICE_PASSWORD)" in str(caught.value)
    assert "secret\n" not in str(caught.value)
    assert tenant.requests("/token") == 0


@pytest.mark.parametrize("special_tenant", [{"token_version": 1}], indirect=True)
def test_a_slash_at_the_end_of_the_resource_reaches_the_audience_and_is_named(
    special_tenant: Any,
) -> None:
    facts = special_tenant.emulator.description
    entra = special_tenant.entra(scope=f"{facts['app_id_uri']}//user_impersonation")
    expected = Expectations(api_client_id=facts["api_client_id"], scope=entra.scope)

    token = special_tenant.sign_ins(entra=entra).token("alice")
    [unfit] = token_fitness(token.claims, expected, time.time())

    assert token.claims["aud"] == f"{facts['app_id_uri']}/"
    assert "slash at its end" in unfit.says


@pytest.mark.parametrize(
    ("user", "code", "rule"),
    [
        ("carol", 50076, "sign-in.mfa-required"),
        ("dave", 50057, "sign-in.disabled"),
        ("erin", 50055, "sign-in.password-expired"),
        ("frank", 53003, "sign-in.blocked-by-policy"),
    ],
)
def test_users_who_cannot_sign_in_are_diagnosed(
    tenant: Any, user: str, code: int, rule: str
) -> None:
    with pytest.raises(SignInError) as caught:
        tenant.sign_ins(tenant.user(user)).token(user)

    assert (caught.value.code, caught.value.rule, caught.value.user) == (code, rule, user)
    assert caught.value.correlation_id


@pytest.mark.parametrize(
    ("changes", "code", "rule"),
    [
        ({"tenant_id": "nowhere.example"}, 90002, "sign-in.unknown-tenant"),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 700016, "sign-in.unknown-client"),
        ({"client_id": "66666666-1111-4222-8333-444455556666"}, 65001, "sign-in.consent-missing"),
        (
            {"client_id": "55555555-1111-4222-8333-444455556666"},
            7000218,
            "sign-in.public-client-off",
        ),
        ({"scope": "api://nothing/user_impersonation"}, 500011, "sign-in.unknown-scope"),
    ],
)
def test_settings_that_do_not_fit_the_tenant_are_diagnosed(
    tenant: Any, changes: dict[str, str], code: int, rule: str
) -> None:
    with pytest.raises(SignInError) as caught:
        tenant.sign_ins(entra=tenant.entra(**changes)).token("alice")

    assert (caught.value.code, caught.value.rule) == (code, rule)


def test_an_authority_that_is_something_else_is_diagnosed(tenant: Any) -> None:
    entra = tenant.entra(authority=tenant.emulator.app_url)

    with pytest.raises(SignInError, match="not an Entra ID authority") as caught:
        tenant.sign_ins(entra=entra).token("alice")

    assert caught.value.rule == "sign-in.unknown-tenant"


def test_a_failed_user_is_never_tried_twice(tenant: Any) -> None:
    sign_ins = tenant.sign_ins(tenant.user("alice", password=Deferred("wrong")))
    messages = set()

    for _ in range(3):
        with pytest.raises(SignInError) as caught:
            sign_ins.token("alice")
        messages.add(str(caught.value))

    assert len(messages) == 1
    assert "AADSTS50126" in messages.pop()
    assert tenant.requests("/token") == 1


def test_a_tenant_that_is_not_there_is_asked_once_for_all_users(tenant: Any) -> None:
    sign_ins = tenant.sign_ins(entra=tenant.entra(tenant_id="nowhere.example"))

    for user in ("alice", "bob"):
        with pytest.raises(SignInError, match=user):
            sign_ins.token(user)

    assert tenant.requests("openid-configuration") == 1
