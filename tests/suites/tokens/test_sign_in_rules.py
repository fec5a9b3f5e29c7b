from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from docs.generate_codes import render_codes
from harness.callers.diagnosis_table import BY_B2C_CODE, BY_CODE, BY_ERROR, UNPUBLISHED
from harness.connector.loading import load_connector
from harness.errors import SignInError
from harness.exchanges.context import RunContext
from harness.settings.values import EntraSettings, Settings
from harness.suites.registry import rules_of
from harness.suites.tokens.fitness import Unfit
from harness.suites.tokens.sign_in import (
    expectations_of,
    judge_fitness,
    judge_user_tokens,
)
from harness.suites.tokens.sign_in_failures import finding_for

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "harness" / "emulator" / "samples" / "documents"
PAGE = ROOT / "docs" / "rules" / "sign-in.md"
API = "0a1b2c3d-4e5f-4678-9abc-def012345678"
CONNECTOR = "5f1c2d3e-7a8b-4c9d-8e0f-112233445566"
RULES = rules_of("sign-in")
CONNECTOR_BREAKS = {
    "sign-in.token-unfit",
    "sign-in.connector-secret",
    "sign-in.connector-consent",
    "sign-in.connector-redirect",
}


@pytest.fixture
def context() -> RunContext:
    """The sample connector, as signed in by its own registration."""
    settings = Settings(
        root=ROOT,
        target_name="x",
        target_url="https://x.example",
        entra=EntraSettings(client_id=CONNECTOR, api_client_id=API),
    )
    return RunContext(load_connector(SAMPLE / "apiDefinition.swagger.json"), settings)


def with_easy_auth(context: RunContext, path: Path, provider: dict[str, Any]) -> RunContext:
    document = {"properties": {"identityProviders": {"azureActiveDirectory": provider}}}
    path.write_text(json.dumps(document), encoding="utf-8")
    return replace(context, settings=replace(context.settings, easy_auth=path))


def claims(**changes: Any) -> dict[str, Any]:
    return {
        "ver": "2.0",
        "aud": API,
        "azp": CONNECTOR,
        "scp": "user_impersonation",
        "exp": 2_000_000_000,
        **changes,
    }


def test_the_page_has_the_generated_table_of_codes() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith("\n" + render_codes())


def test_codes_that_microsoft_does_not_publish_are_told_as_such() -> None:
    rows = {row.split(" | ")[0]: row for row in render_codes().splitlines()}

    assert rows["| AADSTS50126"].endswith("| published |")
    assert rows["| AADSTS53009"].endswith("| seen |")
    assert set(BY_CODE) >= UNPUBLISHED


def test_every_cause_falls_under_a_rule() -> None:
    ids = {rule.id for rule in RULES}

    assert len(ids) == len(RULES)
    assert {
        cause.rule for cause in (*BY_CODE.values(), *BY_B2C_CODE.values(), *BY_ERROR.values())
    } <= ids


def test_only_what_breaks_the_connector_is_an_error() -> None:
    assert {rule.id for rule in RULES if rule.severity == "error"} == CONNECTOR_BREAKS


def test_a_rule_that_nobody_knows_is_still_a_finding() -> None:
    finding = finding_for(SignInError("alice: odd\nwait", user="alice", rule="sign-in.strange"))

    assert (finding.rule, finding.message) == ("sign-in.failed", "alice: odd")


def test_one_misfit_of_two_users_is_one_finding() -> None:
    unfit = Unfit("aud", "a", "b", "says", "remedy")

    [finding] = judge_fitness({"alice": [unfit], "bob": [unfit], "carol": []})

    assert "alice and bob" in finding.message
    assert finding.caller is None
    assert finding.is_error


def test_uncertain_misfits_are_warnings() -> None:
    [finding] = judge_fitness({"alice": [Unfit("aud", "a", "b", "s", "r", certain=False)]})

    assert (finding.severity, finding.caller) == ("warning", "alice")


def test_fitting_tokens_have_no_findings(context: RunContext) -> None:
    judgement = judge_user_tokens(context, {"alice": claims()}, now=1_999_999_000)

    assert judgement.findings == ()


def test_token_is_judged_by_the_servers_time(context: RunContext) -> None:
    ahead = 2_000_000_000 + 7200.0

    by_ours = judge_user_tokens(context, {"alice": claims()}, now=ahead)
    by_the_servers = judge_user_tokens(
        context, {"alice": claims()}, now=ahead, skews={"alice": -7200.0 - 1000}
    )

    assert [f.is_error for f in by_ours.findings] == [True]
    assert by_the_servers.findings == ()


def test_scope_is_expected_from_the_properties(context: RunContext) -> None:
    assert expectations_of(context).scope == f"api://{API}/user_impersonation"


def test_the_apps_own_settings_make_a_misfit_certain(context: RunContext, tmp_path: Path) -> None:
    context = with_easy_auth(
        context,
        tmp_path / "auth.json",
        {
            "registration": {"clientId": "other", "openIdIssuer": "https://sts.windows.net/t/"},
            "validation": {"allowedAudiences": [f"api://{API}"]},
        },
    )

    found = judge_user_tokens(context, {"alice": claims()}, now=1_999_999_000).findings

    assert [(f.severity, f.data["claim"]) for f in found] == [("error", "aud"), ("warning", "iss")]


def test_an_allow_list_without_the_client_is_named_before_any_call(
    context: RunContext, tmp_path: Path
) -> None:
    context = with_easy_auth(
        context,
        tmp_path / "auth.json",
        {
            "registration": {"clientId": API},
            "validation": {"defaultAuthorizationPolicy": {"allowedApplications": []}},
        },
    )

    [finding] = judge_user_tokens(context, {"alice": claims()}, now=1_999_999_000).findings

    assert "nobody" in finding.expected


def test_another_client_than_the_connectors_is_noted(context: RunContext) -> None:
    entra = EntraSettings(client_id="test-client", api_client_id=API)
    context = replace(context, settings=replace(context.settings, entra=entra))

    found = judge_user_tokens(context, {"alice": claims(azp="test-client")}, now=1.0).findings

    assert [(f.rule, f.severity) for f in found] == [("sign-in.separate-client", "note")]


def test_a_recorded_token_is_not_judged_by_todays_clock(context: RunContext) -> None:
    replay = replace(context, settings=replace(context.settings, cassettes_mode="replay"))
    recorded = claims(iat=1_000, exp=4_600)

    assert judge_user_tokens(replay, {"alice": recorded}).findings == ()
    assert judge_user_tokens(context, {"alice": recorded}).findings != ()


def test_judging_needs_neither_msal_nor_the_network() -> None:
    code = (
        "import sys, harness.suites.tokens.sign_in; "
        "print([m for m in ('msal', 'httpx', 'requests', 'cryptography') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
