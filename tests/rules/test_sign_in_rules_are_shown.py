from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.callers.diagnosis import Attempt, diagnose, diagnose_trouble, interaction_needed
from harness.callers.http import AuthorityError
from harness.callers.registration_facts import CheckedRegistration, RegistrationCheck
from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.findings.examples import TenantAnswer
from harness.findings.model import Finding, Rule
from harness.settings.values import EntraSettings, Settings
from harness.suites.registry import rules_of
from harness.suites.tokens.sign_in import judge_registration, judge_user_tokens
from harness.suites.tokens.sign_in_failures import finding_for
from tests.showing_files import FACTS, SAMPLE

SHOWN = [(r, e) for r in rules_of("sign-in") for e in r.shown_by if isinstance(e, TenantAnswer)]
ERRORS = [(r, e) for r, e in SHOWN if e.error and not e.about]
REGISTRATION = [(r, e) for r, e in SHOWN if e.about]
TOKENS = [(r, e) for r, e in SHOWN if e.claims]
SITUATIONS = {e.situation: r for r, e in SHOWN if e.situation and not e.claims}
PLAYED_BY_CALLERS = {
    "sign-in.cache-ageing",
    "sign-in.clock",
    "sign-in.no-app-token",
    "sign-in.token-handed-in",
    "sign-in.wrong-account",
}
"""What happens on the way to a token and not in an answer: `tests/callers` plays it."""
ATTEMPT = Attempt("alice")
GOOD = {
    "ver": "2.0",
    "aud": FACTS["api_client_id"],
    "azp": FACTS["client_id"],
    "scp": "user_impersonation",
    "exp": 2_000_000_000,
}


def ids(rows: list[tuple[Rule, TenantAnswer]]) -> list[str]:
    return [rule.id for rule, _ in rows]


def plain(answer: TenantAnswer) -> dict[str, Any]:
    return {"error": answer.error, "error_description": answer.description}


@pytest.mark.parametrize(("rule", "answer"), ERRORS, ids=ids(ERRORS))
def test_answer_of_the_tenant_shows_the_rule(rule: Rule, answer: TenantAnswer) -> None:
    assert finding_for(diagnose(plain(answer), ATTEMPT)).rule == rule.id


@pytest.mark.parametrize(("rule", "answer"), REGISTRATION, ids=ids(REGISTRATION))
def test_broken_registration_shows_the_rule(rule: Rule, answer: TenantAnswer) -> None:
    broken = RegistrationCheck(answer.about, "broken", answer.description)

    found = judge_registration(CheckedRegistration("a", "a", (broken,))).findings

    assert [finding.rule for finding in found] == [rule.id]


def judged(claims: dict[str, Any], client: str) -> tuple[Finding, ...]:
    entra = EntraSettings(client_id=client, api_client_id=FACTS["api_client_id"])
    settings = Settings(SAMPLE, "x", "https://x.example", entra=entra)
    context = RunContext(load_connector(SAMPLE), settings)
    return judge_user_tokens(context, {"alice": claims}, now=1_999_999_000).findings


@pytest.mark.parametrize(("rule", "answer"), TOKENS, ids=ids(TOKENS))
def test_token_shows_the_rule(rule: Rule, answer: TenantAnswer) -> None:
    client = str(answer.claims.get("azp", FACTS["client_id"]))

    found = judged({**GOOD, **answer.claims}, client)

    assert {finding.rule for finding in found} == {rule.id}


def test_fitting_token_and_sound_registration_are_silent() -> None:
    sound = tuple(RegistrationCheck(n, "ok") for n in ("secret", "consent", "redirect"))

    assert judged(GOOD, FACTS["client_id"]) == ()
    assert judge_registration(CheckedRegistration("a", "a", sound)).findings == ()


def test_situations_show_their_rules() -> None:
    played = {
        "sign-in.interaction-needed": interaction_needed(ATTEMPT, "no terminal"),
        "sign-in.throttled": diagnose_trouble(AuthorityError("throttled", "429"), ATTEMPT),
        "sign-in.unreachable": diagnose_trouble(AuthorityError("unreachable", "503"), ATTEMPT),
    }

    assert {i: finding_for(error).rule for i, error in played.items()} == {i: i for i in played}
    assert {r.id for r in SITUATIONS.values()} - played.keys() == PLAYED_BY_CALLERS


@pytest.mark.parametrize("rule", sorted(PLAYED_BY_CALLERS))
def test_situations_of_callers_are_played_there(rule: str) -> None:
    callers = Path(__file__).parents[1] / "callers"

    assert any(rule in p.read_text(encoding="utf-8") for p in callers.glob("test_*.py"))
