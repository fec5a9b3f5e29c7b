from __future__ import annotations

import re
import ssl
import threading
from typing import Any

import httpx
import pytest

from harness.callers.prompting import NoPrompt
from harness.errors import SignInError


def test_a_person_signs_in_with_the_code(tenant: Any) -> None:
    tenant.emulator.entra.grants.device_queue.append("bob")
    sign_ins = tenant.sign_ins(tenant.person("bob"))

    token = sign_ins.token("bob")

    [page] = tenant.prompt.pages
    assert page.url.endswith("/device")
    assert re.fullmatch(r"[0-9A-F]{8}", page.code)
    assert (page.username, page.seconds) == ("bob@contoso.example", 900)
    assert tenant.prompt.ends == ["bob: signed in as bob@contoso.example"]
    assert token.source == "device-code"
    assert tenant.prompt.left[0] == pytest.approx(900, abs=5)


@pytest.mark.parametrize("special_tenant", [{"device_code": "manual"}], indirect=True)
def test_the_code_is_typed_on_the_page(special_tenant: Any) -> None:
    tenant = special_tenant
    alice = tenant.emulator.description["users"]["alice"]

    def type_code(page: Any) -> None:
        form = {"user_code": page.code, **alice}
        context = ssl.create_default_context(cafile=str(tenant.emulator.ca_file))
        assert httpx.post(page.url, data=form, verify=context).status_code == 200

    tenant.prompt.on_show = type_code

    token = tenant.sign_ins(tenant.person("alice")).token("alice")

    assert tenant.issued == [("alice", "device_code")]
    assert token.claims["tid"] == tenant.emulator.description["tenant_id"]


def test_users_are_asked_one_after_another(tenant: Any) -> None:
    tenant.emulator.entra.grants.device_queue.extend(["alice", "bob"])
    sign_ins = tenant.sign_ins(tenant.person("alice"), tenant.person("bob"))
    open_prompts: list[str] = []
    overlaps: list[str] = []

    def opened(page: Any) -> None:
        overlaps.extend(open_prompts)
        open_prompts.append(page.user)

    tenant.prompt.on_show = opened
    tenant.prompt.end = lambda _text: open_prompts.pop()
    first = threading.Thread(target=lambda: sign_ins.token("alice"))
    first.start()
    while not tenant.prompt.pages:
        first.join(timeout=0.01)
    sign_ins.token("bob")
    first.join()

    assert overlaps == []
    assert tenant.issued == [("alice", "device_code"), ("bob", "device_code")]


def test_somebody_elses_account_is_refused_and_said_so(tenant: Any) -> None:
    tenant.emulator.entra.grants.device_queue.append("bob")

    with pytest.raises(SignInError) as caught:
        tenant.sign_ins(tenant.person("alice")).token("alice")

    assert caught.value.rule == "sign-in.wrong-account"
    assert "signed in as bob@contoso.example" in str(caught.value)


def test_a_policy_that_stops_the_person_is_diagnosed(tenant: Any) -> None:
    tenant.emulator.entra.grants.fail_next(53003, grant="device_code")

    with pytest.raises(SignInError, match="AADSTS53003"):
        tenant.sign_ins(tenant.person("alice")).token("alice")

    assert tenant.prompt.ends == ["alice: not signed in"]


def test_a_client_without_consent_is_diagnosed_before_anybody_is_asked(tenant: Any) -> None:
    entra = tenant.entra(client_id="66666666-1111-4222-8333-444455556666")

    with pytest.raises(SignInError, match="AADSTS65001"):
        tenant.sign_ins(tenant.person("alice"), entra=entra).token("alice")

    assert tenant.prompt.pages == []


def test_a_declined_sign_in_is_no_longer_polled(tenant: Any) -> None:
    def decline(_page: Any) -> None:
        for flow in tenant.emulator.entra.grants.flows.values():
            flow.declined = True

    tenant.prompt.on_show = decline

    with pytest.raises(SignInError):
        tenant.sign_ins(tenant.person("alice")).token("alice")

    assert tenant.requests("/token") == 1


@pytest.mark.parametrize("special_tenant", [{"device_code": "manual"}], indirect=True)
def test_a_code_that_runs_out_is_said_so(special_tenant: Any, clock: Any) -> None:
    special_tenant.prompt.on_count = lambda _left: setattr(clock, "now", clock.now + 450)

    with pytest.raises(SignInError, match="ran out") as caught:
        special_tenant.sign_ins(special_tenant.person("alice"), clock=clock).token("alice")

    assert caught.value.rule == "sign-in.not-completed"


@pytest.mark.parametrize("special_tenant", [{"device_code": "manual"}], indirect=True)
def test_ctrl_c_stops_at_once(special_tenant: Any) -> None:
    def interrupt(_left: float) -> None:
        raise KeyboardInterrupt

    special_tenant.prompt.on_count = interrupt
    sign_ins = special_tenant.sign_ins(special_tenant.person("alice"))

    with pytest.raises(KeyboardInterrupt):
        sign_ins.token("alice")

    assert special_tenant.prompt.ends == ["alice: stopped"]
    assert special_tenant.requests("/token") == 0


@pytest.mark.parametrize("special_tenant", [{"device_code": "manual"}], indirect=True)
def test_closing_the_run_ends_a_waiting_sign_in(special_tenant: Any) -> None:
    sign_ins = special_tenant.sign_ins(special_tenant.person("alice"))
    special_tenant.prompt.on_count = lambda _left: sign_ins.close()

    with pytest.raises(SignInError):
        sign_ins.token("alice")


def test_where_nobody_is_there_nobody_is_asked(tenant: Any) -> None:
    sign_ins = tenant.sign_ins(tenant.person("alice"), interactive=False, prompt=NoPrompt())

    with pytest.raises(SignInError, match="connector-harness login alice") as caught:
        sign_ins.token("alice")

    assert caught.value.rule == "sign-in.interaction-needed"
    assert tenant.requests("/devicecode") == 0
