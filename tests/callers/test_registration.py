from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.callers.registration import (
    GLOBAL_REDIRECT,
    CheckedRegistration,
    check_registration,
    redirect_urls,
)
from harness.connector.model import Properties
from harness.settings.values import Deferred
from harness.suites.tokens.sign_in import judge_registration

EXPIRED = "44444444-1111-4222-8333-444455556666"
CONFIDENTIAL = "55555555-1111-4222-8333-444455556666"
UNCONSENTED = "66666666-1111-4222-8333-444455556666"
OWN_REDIRECT = f"{GLOBAL_REDIRECT}/documents-5fsample"
PROPERTIES = Properties(
    path=Path("apiProperties.json"),
    raw={},
    redirect_mode="GlobalPerConnector",
    redirect_url=OWN_REDIRECT,
)


def states(checked: CheckedRegistration) -> dict[str, str]:
    return {part.name: part.state for part in checked.parts}


def connector_of(tenant: Any, client_id: str, secret: str | None = None) -> dict[str, Any]:
    known = tenant.emulator.tenant.clients[client_id].secret
    return {
        "connector_client_id": client_id,
        "connector_client_secret": Deferred(secret or known),
    }


def test_a_registration_that_works_has_no_findings(tenant: Any) -> None:
    own = tenant.emulator.description["client_id"]
    sign_ins = tenant.sign_ins(entra=tenant.entra(**connector_of(tenant, own)))

    checked = check_registration(sign_ins, PROPERTIES)
    judgement = judge_registration(checked)

    assert states(checked) == {"secret": "ok", "consent": "ok", "redirect": "ok"}
    assert checked.is_same_client
    assert judgement.findings == ()
    assert judgement.unverified is judgement.skipped is None


@pytest.mark.parametrize(
    ("client", "secret", "code"),
    [
        (None, "wrong", 7000215),
        (EXPIRED, None, 7000222),
        ("00000000-0000-4000-8000-000000000000", "x", 700016),
    ],
    ids=["wrong", "expired", "unknown client"],
)
def test_a_connector_whose_secret_does_not_work_is_an_error(
    tenant: Any, client: str | None, secret: str | None, code: int
) -> None:
    client = client or tenant.emulator.description["client_id"]
    known = tenant.emulator.tenant.clients.get(client)
    entra = tenant.entra(
        connector_client_id=client,
        connector_client_secret=Deferred(secret or known.secret),
    )

    checked = check_registration(tenant.sign_ins(entra=entra), None)
    findings = [f for f in judge_registration(checked).findings if "secret" in f.rule]

    [finding] = findings
    assert (finding.rule, finding.severity) == ("sign-in.connector-secret", "error")
    assert f"AADSTS{code}" in finding.observed
    assert finding.data["correlation_id"]


def test_a_redirect_url_that_is_not_registered_is_an_error(tenant: Any) -> None:
    properties = replace(PROPERTIES, redirect_url=f"{GLOBAL_REDIRECT}/another-5fone")

    checked = check_registration(tenant.sign_ins(), properties)

    [finding] = judge_registration(checked).findings
    assert finding.rule == "sign-in.connector-redirect"
    assert "another-5fone" in finding.message
    assert "AADSTS50011" in finding.observed


def test_the_redirect_url_itself_is_never_called(tenant: Any) -> None:
    check_registration(tenant.sign_ins(), PROPERTIES)

    targets = [entry.raw_target.decode() for entry in tenant.emulator.log[tenant.seen :]]
    [authorize] = [target for target in targets if "/authorize?" in target]
    assert "prompt=none" in authorize
    assert not any(target.startswith("/redirect") for target in targets)


@pytest.mark.parametrize(
    ("client", "state", "rules"),
    [
        (CONFIDENTIAL, "ok", []),
        (UNCONSENTED, "broken", ["sign-in.connector-consent"]),
    ],
    ids=["given", "missing"],
)
def test_consent_of_a_separate_connector_is_tried_with_its_own_client(
    tenant: Any, client: str, state: str, rules: list[str]
) -> None:
    sign_ins = tenant.sign_ins(entra=tenant.entra(**connector_of(tenant, client)))
    sign_ins.token("alice")

    checked = check_registration(sign_ins, None)

    assert states(checked)["consent"] == state
    found = [f.rule for f in judge_registration(checked).findings]
    assert [rule for rule in found if "consent" in rule] == rules


def test_consent_of_a_separate_connector_without_its_secret_is_skipped(tenant: Any) -> None:
    entra = tenant.entra(connector_client_id=CONFIDENTIAL)

    checked = check_registration(tenant.sign_ins(entra=entra), None)

    assert states(checked)["consent"] == "skipped"
    assert "connector-client-secret" in checked.parts[1].says


def test_missing_consent_of_the_connectors_own_client_is_an_error(tenant: Any) -> None:
    entra = tenant.entra(client_id=UNCONSENTED)

    checked = check_registration(tenant.sign_ins(entra=entra), None)

    assert "sign-in.connector-consent" in [f.rule for f in judge_registration(checked).findings]


def test_a_token_handed_in_proves_consent_of_the_client_that_asked_for_it(tenant: Any) -> None:
    raw = tenant.sign_ins().token("alice").value.reveal()
    handed_in = tenant.user("alice", password=None, token=Deferred(raw))
    own = check_registration(tenant.sign_ins(handed_in), None)
    other = check_registration(
        tenant.sign_ins(handed_in, entra=tenant.entra(client_id=CONFIDENTIAL)), None
    )

    assert states(own)["consent"] == "ok"
    assert states(other)["consent"] == "skipped"


def test_users_who_cannot_sign_in_leave_consent_unverified_with_the_reason(tenant: Any) -> None:
    judgement = judge_registration(check_registration(tenant.sign_ins(tenant.user("dave")), None))

    assert "AADSTS50057" in (judgement.unverified or "")


def test_an_authority_that_is_down_leaves_it_unverified(
    tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.callers.http.FIRST_PAUSE_S", 0.0)
    tenant.emulator.faults.on("entra-down")
    own = tenant.emulator.description["client_id"]
    sign_ins = tenant.sign_ins(entra=tenant.entra(**connector_of(tenant, own)))

    judgement = judge_registration(check_registration(sign_ins, PROPERTIES))

    assert judgement.findings == ()
    assert "503" in (judgement.unverified or "")


@pytest.mark.parametrize(
    ("mode", "url", "urls"),
    [
        (None, None, [GLOBAL_REDIRECT]),
        ("Global", None, [GLOBAL_REDIRECT]),
        ("Global", "https://europe-001.consent.azure-apim.net/redirect", None),
        ("GlobalPerConnector", OWN_REDIRECT, [OWN_REDIRECT]),
        ("GlobalPerConnector", GLOBAL_REDIRECT, []),
        ("GlobalPerConnector", None, []),
        ("GlobalPerConnector", "<<redirect>>", []),
    ],
)
def test_redirect_urls_follow_the_mode(
    mode: str | None, url: str | None, urls: list[str] | None
) -> None:
    found, reason = redirect_urls(replace(PROPERTIES, redirect_mode=mode, redirect_url=url))

    assert found == ([url] if urls is None else urls)
    assert bool(reason) == (not found)


def test_what_was_found_survives_the_way_between_processes(tenant: Any) -> None:
    checked = check_registration(tenant.sign_ins(), PROPERTIES)

    assert CheckedRegistration.from_plain(checked.to_plain()) == checked


def test_nothing_to_check_is_skipped_with_reasons(tenant: Any) -> None:
    user = tenant.user("alice", password=None, token=Deferred("x"))
    entra = tenant.entra(client_id=None, tenant_id=None)

    judgement = judge_registration(check_registration(tenant.sign_ins(user, entra=entra), None))

    assert judgement.skipped
    assert "no client id" in judgement.skipped
