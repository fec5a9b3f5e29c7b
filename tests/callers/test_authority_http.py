from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import truststore

from harness.callers.diagnosis import Attempt, diagnose, diagnose_trouble
from harness.callers.http import AuthorityError, AuthorityHttp, _translated, tls_context
from harness.errors import SettingsError, SignInError


def http_of(tenant: Any, waits: list[float] | None = None, *, go_on: bool = True) -> AuthorityHttp:
    def wait(seconds: float) -> bool:
        if waits is not None:
            waits.append(seconds)
        return go_on

    return AuthorityHttp(tenant.emulator.authority, ca_bundle=tenant.emulator.ca_file, wait=wait)


def token_url(tenant: Any) -> str:
    facts = tenant.emulator.description
    return f"{facts['authority']}/{facts['tenant_id']}/oauth2/v2.0/token"


def test_a_ca_variable_of_the_company_does_not_replace_our_bundle(
    tenant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "company.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(other))

    assert tenant.sign_ins().token("alice").source == "password"


def test_a_ca_variable_alone_is_trusted_too(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tenant.emulator.ca_file))

    token = tenant.sign_ins(entra=tenant.entra(ca_bundle=None)).token("alice")

    assert token.source == "password"


def test_without_the_ca_the_setting_is_named(tenant: Any) -> None:
    with pytest.raises(SignInError, match="not trusted") as caught:
        tenant.sign_ins(entra=tenant.entra(ca_bundle=None)).token("alice")

    assert "ca-bundle" in caught.value.remedy


@pytest.mark.parametrize("where", ["file", "missing"])
def test_a_bundle_that_is_no_pem_is_a_settings_error(tmp_path: Path, where: str) -> None:
    bundle = tmp_path / "ca.pem"
    if where == "file":
        bundle.write_text("hello", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"ca-bundle: the CA bundle 'ca.pem'"):
        tls_context(bundle, {})


def test_the_port_that_msal_drops_is_put_back(tenant: Any) -> None:
    with_port = http_of(tenant)

    answer = with_port.get("https://127.0.0.1/common/userrealm/a@b.example?api-version=1.0")

    assert answer.status_code == 200
    with_port.close()


def test_a_guests_name_survives_the_way_into_the_realm_url(tenant: Any) -> None:
    http = http_of(tenant)

    http.get("https://127.0.0.1/common/userrealm/a_b.com#EXT#@c.example?api-version=1.0")

    target = tenant.emulator.log[-1].raw_target.decode()
    assert target == "/common/userrealm/a_b.com%23EXT%23@c.example?api-version=1.0"
    http.close()


@pytest.mark.parametrize("special_tenant", [{"faults": ("entra-throttle:2",)}], indirect=True)
def test_a_throttled_request_waits_as_it_is_told(special_tenant: Any) -> None:
    waits: list[float] = []
    http = http_of(special_tenant, waits)

    answer = http.post(token_url(special_tenant), data={"grant_type": "nonsense"})

    assert answer.status_code == 400
    assert waits == [1.0, 1.0]
    http.close()


@pytest.mark.parametrize("special_tenant", [{"faults": ("entra-throttle:99",)}], indirect=True)
def test_throttling_without_end_is_given_up(special_tenant: Any) -> None:
    http = http_of(special_tenant, waits := [])

    with pytest.raises(AuthorityError, match="429") as caught:
        http.post(token_url(special_tenant), data={})

    assert (caught.value.trouble, len(waits)) == ("throttled", 3)
    http.close()


def test_an_authority_that_is_down_is_diagnosed_and_not_hammered(
    tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.callers.http.FIRST_PAUSE_S", 0.0)
    tenant.emulator.faults.on("entra-down")

    with pytest.raises(SignInError, match="answers 503") as caught:
        tenant.sign_ins().token("alice")

    assert caught.value.rule == "sign-in.unreachable"
    assert tenant.requests("openid-configuration") == 4


def test_an_authority_that_is_slow_is_waited_for(tenant: Any) -> None:
    tenant.emulator.faults.on("entra-slow:0.2")

    assert tenant.sign_ins().token("alice").source == "password"


def test_an_authority_that_is_too_slow_is_given_up_without_another_attempt(
    tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.callers.http.READ_S", 0.2)
    tenant.emulator.faults.on("entra-slow:1")

    with pytest.raises(SignInError, match="did not answer within") as caught:
        tenant.sign_ins().token("alice")

    assert caught.value.rule == "sign-in.unreachable"


def test_a_closed_port_is_diagnosed(tenant: Any) -> None:
    entra = tenant.entra(authority="https://127.0.0.1:9")

    with pytest.raises(SignInError, match=r"127\.0\.0\.1:9 cannot be reached") as caught:
        tenant.sign_ins(entra=entra).token("alice")

    assert "HTTPS_PROXY" in caught.value.remedy


def test_a_proxy_of_the_environment_is_used(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    with pytest.raises(SignInError, match="cannot be reached"):
        tenant.sign_ins().token("alice")

    assert tenant.requests("") == 0


def test_waiting_ends_with_the_run(tenant: Any) -> None:
    tenant.emulator.faults.on("entra-down")
    http = http_of(tenant, waits := [], go_on=False)

    with pytest.raises(AuthorityError):
        http.post(token_url(tenant), data={})

    assert len(waits) == 1
    http.close()


def test_nothing_secret_reaches_any_log(
    tenant: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("msal"), "level", logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    alice = tenant.emulator.description["users"]["alice"]

    token = tenant.sign_ins().token("alice")

    assert caplog.text
    for secret in (alice["password"], token.value.reveal(), token.value.reveal().split(".")[1]):
        assert secret not in caplog.text


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_system_judges_certificates_where_it_has_a_store_of_its_own(platform: str) -> None:
    assert isinstance(tls_context(platform=platform), truststore.SSLContext)


def test_a_proxy_that_asks_for_a_sign_in_is_told_with_the_variable() -> None:
    refused = httpx.ProxyError("407 Proxy Authentication Required")
    error = _translated(refused, "https://a.example/x")
    told = diagnose_trouble(error, Attempt("alice", "password"))

    assert "407" in str(told)
    assert "HTTPS_PROXY" in told.remedy


def test_an_identity_provider_that_is_not_there_is_told_as_federated() -> None:
    error = AuthorityError("unreachable", "adfs.contoso.com cannot be reached")
    error.foreign = True

    told = diagnose_trouble(error, Attempt("alice", "password"))

    assert "federated" in str(told)
    assert "adfs.contoso.com" in str(told)
    assert "device-code" in told.remedy


@pytest.mark.parametrize(
    "words",
    [
        "Unable to find wstrust endpoint from MEX. This typically happens when attempting MSA",
        "Unsuccessful RSTR. {'reason': 'ID3242: The security token could not be authenticated'}",
    ],
)
def test_what_msal_says_of_federated_users_is_told_as_federated(words: str) -> None:
    answered = {"error": "RuntimeError", "error_description": words}

    assert "federated" in str(diagnose(answered, Attempt("alice", "password")))
