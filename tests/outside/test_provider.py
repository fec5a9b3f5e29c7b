"""Signing in at a provider that nobody here wrote, in each of its layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.callers.cache import CacheChoice
from harness.callers.discovery import endpoint
from harness.callers.signing_in import SignIns
from harness.errors import SignInError
from harness.settings.values import Deferred, EntraSettings, UserSettings
from tests.outside.person import approve

pytestmark = pytest.mark.outside

SCOPE = "user_impersonation"


class Silent:
    """A prompt that shows its page to `on_show`, if anybody is in front of it."""

    def __init__(self, on_show: Callable[[Any], object] = lambda _page: None) -> None:
        self._on_show = on_show

    def show(self, page: Any) -> None:
        self._on_show(page)

    def count_down(self, seconds_left: float) -> None: ...
    def end(self, text: str) -> None: ...
    def note(self, text: str) -> None: ...


def sign_ins(outside: Any, password: str, prompt: Silent | None = None) -> SignIns:
    entra = EntraSettings(
        tenant_id=outside.tenant_id,
        client_id="public-client",
        scope=SCOPE,
        authority=outside.authority,
        ca_bundle=outside.ca_file,
    )
    alice = UserSettings("alice", username="alice@contoso.com", password=Deferred(password))
    return SignIns(
        entra,
        {"alice": alice},
        scope=SCOPE,
        flow="password" if prompt is None else "device-code",
        interactive=prompt is not None,
        prompt=prompt or Silent(),
        cache=CacheChoice.none(),
    )


def test_a_password_gives_a_token_of_the_api(outside: Any) -> None:
    made = sign_ins(outside, "good-password")
    try:
        token = made.token("alice")
    finally:
        made.close()

    assert token.audience == "api://outside"
    assert token.claims["scope"] == SCOPE


def test_a_wrong_password_is_told_as_one_without_any_code(outside: Any) -> None:
    made = sign_ins(outside, "bad-password")
    try:
        with pytest.raises(SignInError) as caught:
            made.token("alice")
    finally:
        made.close()

    assert caught.value.rule == "sign-in.wrong-credentials"
    assert "look the code up" not in caught.value.remedy


@pytest.mark.parametrize("name", ["authorization_endpoint", "jwks_uri", "token_endpoint"])
def test_endpoints_are_the_providers_own(outside: Any, name: str) -> None:
    made = sign_ins(outside, "good-password")
    try:
        found = endpoint(made.connections.http, made.connections.entra, name)
    finally:
        made.close()

    assert found.startswith(outside.authority)


def test_the_device_code_flow_works_on_the_providers_real_pages(outside: Any) -> None:
    def person(page: Any) -> None:
        statuses.extend(approve(page.url, page.code, "alice@contoso.com", outside.ca_file))

    statuses: list[int] = []
    made = sign_ins(outside, "good-password", Silent(person))
    try:
        first = made.token("alice")
        renewed = made.token("alice", renew=True)
    finally:
        made.close()

    assert set(statuses) == {200}
    assert first.audience == renewed.audience == "api://outside"
    assert first.value.reveal() != renewed.value.reveal()
