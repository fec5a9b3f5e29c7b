from __future__ import annotations

from dataclasses import replace

import pytest

from harness.callers.choosing import check_settings, scopes_of, steps_for
from harness.errors import SettingsError
from harness.settings.values import Deferred, EntraSettings, UserSettings

ENTRA = EntraSettings(tenant_id="contoso.example", client_id="c")
SECRET = replace(ENTRA, client_secret=Deferred("s"))
CERTIFICATE = replace(ENTRA, client_certificate="client.pfx")
ALICE = UserSettings("alice", username="alice@contoso.example", password=Deferred("p"))
NOBODY = UserSettings("bob")


@pytest.mark.parametrize(
    ("entra", "user", "flow", "words"),
    [
        (SECRET, ALICE, "device-code", "needs a public client"),
        (SECRET, ALICE, "interactive", "client-secret is set"),
        (CERTIFICATE, ALICE, "interactive", "client-certificate is set"),
        (SECRET, replace(ALICE, sign_in="device-code"), "auto", "needs a public client"),
        (ENTRA, NOBODY, "password", "username and password missing"),
        (replace(SECRET, client_certificate="x"), ALICE, "auto", "remove the other"),
        (replace(ENTRA, client_id=None), ALICE, "auto", "client-id: is missing"),
        (replace(ENTRA, tenant_id=None), ALICE, "cache", "tenant-id: is missing"),
        (replace(ENTRA, authority="http://login.example"), ALICE, "auto", "https"),
        (
            replace(ENTRA, authority="https://login.windows.net/t"),
            ALICE,
            "auto",
            "leave the tenant",
        ),
        (
            replace(ENTRA, client_certificate_password=Deferred("x")),
            ALICE,
            "auto",
            "no client-certificate",
        ),
        (
            ENTRA,
            replace(NOBODY, token=Deferred("t"), token_command="az"),
            "auto",
            "give one of them",
        ),
    ],
)
def test_combinations_that_cannot_work_are_refused_beforehand(
    entra: EntraSettings, user: UserSettings, flow: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        check_settings(entra, {user.name: user}, flow)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entra", "user", "flow", "steps"),
    [
        (ENTRA, ALICE, "auto", ("cache", "password")),
        (ENTRA, NOBODY, "auto", ("cache", "device-code")),
        (SECRET, NOBODY, "auto", ("cache",)),
        (SECRET, ALICE, "auto", ("cache", "password")),
        (ENTRA, ALICE, "device-code", ("cache", "device-code")),
        (ENTRA, ALICE, "cache", ("cache",)),
        (ENTRA, replace(ALICE, sign_in="interactive"), "auto", ("cache", "interactive")),
        (ENTRA, replace(ALICE, sign_in="interactive"), "cache", ("cache",)),
        (ENTRA, replace(NOBODY, token=Deferred("t")), "password", ("token",)),
        (ENTRA, replace(NOBODY, token_command="az"), "auto", ("token-command",)),
    ],
)
def test_ways_are_tried_in_the_documented_order(
    entra: EntraSettings, user: UserSettings, flow: str, steps: tuple[str, ...]
) -> None:
    assert steps_for(entra, user, flow) == steps


def test_tokens_handed_in_need_no_entra_settings() -> None:
    user = UserSettings("alice", token=Deferred("${T}"))

    check_settings(EntraSettings(), {"alice": user}, "auto")


def test_scopes_that_msal_adds_itself_are_left_to_it() -> None:
    assert scopes_of("openid api://x/a, api://x/b offline_access") == ["api://x/a", "api://x/b"]


def test_a_scope_without_an_api_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="names no scope of an API"):
        scopes_of("openid profile")
