"""What a finding advises to set in Azure, set on the emulator: the finding goes away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.connector.auth_settings import auth_settings_in
from harness.connector.loading import load_connector
from harness.emulator.easy_auth import default_settings
from harness.emulator.identities import APP_ID_URI, CONNECTOR_CLIENT_ID, TENANT_ID
from harness.findings.examples import Fault
from harness.suites.definition.context import DefinitionFacts
from harness.suites.definition.easy_auth import check_easy_auth
from tests.showing_files import SAMPLE, edited
from tests.showing_live import stage

AAD = "/identityProviders/azureActiveDirectory"
POLICY = f"{AAD}/validation/defaultAuthorizationPolicy"
OTHER = "99999999-0000-4000-8000-000000000000"
ROWS = [
    pytest.param(
        {POLICY: {"allowedApplications": [OTHER]}},
        {POLICY: {"allowedApplications": [OTHER, CONNECTOR_CLIENT_ID]}},
        id="client-added",
    ),
    pytest.param(
        {POLICY: {"allowedApplications": []}},
        {POLICY: {"allowedApplications": None}},
        id="empty-list-removed",
    ),
]
FILE_ROWS = [
    ("off", {"/platform/enabled": False}, {"/platform/enabled": True}),
    ("provider", {f"{AAD}/enabled": False}, {f"{AAD}/enabled": True}),
    (
        "issuer",
        {f"{AAD}/registration/openIdIssuer": f"https://login.microsoftonline.com/{OTHER}/v2.0"},
        {
            f"{AAD}/registration/openIdIssuer": (
                f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
            )
        },
    ),
    (
        "audience",
        {f"{AAD}/validation/allowedAudiences": [], f"{AAD}/registration/clientId": OTHER},
        {f"{AAD}/validation/allowedAudiences": [APP_ID_URI], f"{AAD}/registration/clientId": OTHER},
    ),
    (
        "audience",
        {
            f"{AAD}/validation/allowedAudiences": [f"{APP_ID_URI}/"],
            f"{AAD}/registration/clientId": OTHER,
        },
        {f"{AAD}/validation/allowedAudiences": [APP_ID_URI], f"{AAD}/registration/clientId": OTHER},
    ),
    (
        "excluded",
        {"/globalValidation/excludedPaths": ["/api/*"]},
        {"/globalValidation/excludedPaths": ["/api/health"]},
    ),
]


def found(folder: Path, rule: str, settings: dict[str, Any]) -> list[Any]:
    """What the suite of a rule says of an app with these authentication settings."""
    folder.mkdir()
    document = edited(default_settings("https://login.example", token_version=1), settings)
    with stage(folder, {"auth_settings": document, "token_version": 1}) as here:
        return here.findings(rule.split(".", maxsplit=1)[0], Fault(operation="ListDocuments"))


@pytest.mark.parametrize(("broken", "fixed"), ROWS)
def test_the_setting_that_a_refused_token_is_told_to_need_lets_it_in(
    tmp_path: Path, broken: dict[str, Any], fixed: dict[str, Any]
) -> None:
    [told] = found(tmp_path / "broken", "token.good-refused", broken)

    assert "allowedApplications" in f"{told.message} {told.remedy}"
    assert found(tmp_path / "fixed", "token.good-refused", fixed) == []


@pytest.mark.parametrize(("rule", "broken", "fixed"), FILE_ROWS)
def test_the_setting_that_a_rule_names_makes_its_finding_go_away(
    rule: str, broken: dict[str, Any], fixed: dict[str, Any]
) -> None:
    assert _of_files(broken) == {f"definition.easy-auth-{rule}"}
    assert _of_files(fixed) == set()


def _of_files(settings: dict[str, Any]) -> set[str]:
    document = edited(default_settings("https://login.microsoftonline.com"), settings)
    facts = DefinitionFacts(tenant_id=TENANT_ID, scope=f"{APP_ID_URI}/user_impersonation")
    app = auth_settings_in(document, "auth.json")
    return {f.rule for f in check_easy_auth(app, load_connector(SAMPLE), facts, public=("Health",))}
