from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.callers.diagnosis import (
    Attempt,
    code_of,
    diagnose,
    diagnose_trouble,
)
from harness.callers.diagnosis_table import BY_B2C_CODE, BY_CODE, BY_ERROR
from harness.callers.http import AuthorityError
from harness.suites.registry import rules_of
from harness.suites.tokens.sign_in_failures import finding_for

ATTEMPT = Attempt("alice", "password", "client-1", "contoso.example", "api://x/user_impersonation")
CORRELATION = "11111111-2222-3333-4444-555555555555"
RULE_IDS = {rule.id for rule in rules_of("sign-in")}


def answer(code: int, error: str = "invalid_grant") -> dict[str, object]:
    return {
        "error": error,
        "error_description": f"AADSTS{code}: Words. Trace ID: x Correlation ID: {CORRELATION}",
        "error_codes": [code],
        "correlation_id": CORRELATION,
    }


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_each_code_becomes_one_finding_that_says_what_to_do(code: int) -> None:
    error = diagnose(answer(code), ATTEMPT)
    finding = finding_for(error)

    assert error.code == code
    assert error.rule in RULE_IDS
    assert finding.rule == error.rule
    assert finding.caller == "alice"
    assert error.remedy
    assert str(error).count("\n") == 1
    assert f"AADSTS{code}" in str(error)
    assert CORRELATION in str(error)
    assert "{" not in str(error)


def test_every_code_of_the_facts_is_known(shared: Path) -> None:
    text = (shared / "azure-facts.md").read_text(encoding="utf-8")
    section = text.split("## 2. Entra ID")[1].split("## 3.")[0]
    rows = [line for line in section.splitlines() if re.match(r"\| \d", line)]
    codes = {int(c) for row in rows for c in re.findall(r"\d{5,}", row.split("|")[1])}

    assert len(codes) > 25
    assert codes <= set(BY_CODE)


def test_every_code_of_the_dossier_is_known(shared: Path) -> None:
    text = (shared / "azure-dossier.md").read_text(encoding="utf-8")
    section = text.split("## 2.5")[1].split("## 2.6")[0]
    rows = [line for line in section.splitlines() if re.match(r"\| \d", line)]
    codes = {int(c) for row in rows for c in re.findall(r"\d{5,}", row.split("|")[1])}

    assert codes - set(BY_CODE) == set()


@pytest.mark.parametrize("error", sorted(BY_ERROR))
def test_each_error_without_a_code_is_known(error: str) -> None:
    assert diagnose({"error": error}, ATTEMPT).rule in RULE_IDS


def test_an_unknown_code_keeps_the_authoritys_first_sentence() -> None:
    error = diagnose(answer(4711), ATTEMPT)

    assert error.rule == "sign-in.failed"
    assert "Words." in str(error)
    assert "Trace ID" not in str(error)
    assert "https://login.microsoftonline.com/error?code=4711" in error.remedy


def test_the_authoritys_words_lose_whatever_looks_like_a_secret() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9." + "x" * 60
    error = diagnose({"error": "odd", "error_description": f"refused {token} here"}, ATTEMPT)

    assert token not in str(error)
    assert "refused" in str(error)


def test_the_account_name_is_never_told() -> None:
    error = diagnose(answer(50034), Attempt("alice", "password", "c", "t", "s"))

    assert "@" not in str(error)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error_description": "AADSTS50126: x\r\nTrace ID: y"}, 50126),
        ({"error_codes": [7000215], "error_description": "AADSTS1: x"}, 7000215),
        ({"error_codes": []}, None),
        ({}, None),
    ],
)
def test_code_is_found_where_the_authority_puts_it(
    answer: dict[str, object], code: int | None
) -> None:
    assert code_of(answer) == code


def test_trouble_with_the_network_names_the_setting() -> None:
    error = diagnose_trouble(AuthorityError("untrusted", "login.example: not trusted"), ATTEMPT)

    assert error.rule == "sign-in.unreachable"
    assert "ca-bundle" in error.remedy


def test_failed_sign_ins_are_no_errors_of_the_connector() -> None:
    finding = finding_for(diagnose(answer(50126), ATTEMPT))

    assert finding.severity == "warning"
    assert finding.data == {"code": "AADSTS50126", "correlation_id": CORRELATION}


@pytest.mark.parametrize("flow", ["password", "refresh", "device-code", "interactive"])
def test_invalid_grant_without_a_code_goes_by_the_flow(flow: str) -> None:
    error = diagnose({"error": "invalid_grant"}, replace(ATTEMPT, flow=flow))

    assert error.rule == {
        "password": "sign-in.wrong-credentials",
        "refresh": "sign-in.session-expired",
    }.get(flow, "sign-in.not-completed")
    assert "look the code up" not in error.remedy


@pytest.mark.parametrize(
    ("has_secret", "rule"), [(False, "unknown-client"), (True, "client-secret")]
)
def test_invalid_client_without_a_secret_is_not_a_wrong_secret(has_secret: bool, rule: str) -> None:
    attempt = replace(ATTEMPT, has_secret=has_secret)

    assert diagnose({"error": "invalid_client"}, attempt).rule == f"sign-in.{rule}"


def test_the_authoritys_sentence_is_quoted_where_there_is_no_code() -> None:
    refused = {"error": "invalid_grant", "error_description": "grant request is invalid"}

    assert 'the authority says "grant request is invalid"' in str(diagnose(refused, ATTEMPT))


def test_an_unknown_code_is_explained_by_its_words_before_its_oauth_error() -> None:
    error = diagnose(answer(4711, "interaction_required"), ATTEMPT)

    assert "Words." in str(error)
    assert "multi-factor" not in str(error)
    assert error.remedy.startswith("a person has to sign in in a browser")


def test_words_of_the_authority_lose_account_names() -> None:
    answered = {"error": "odd", "error_description": "User 'ann@fabrikam.com' is gone"}

    assert "fabrikam" not in str(diagnose(answered, ATTEMPT))


@pytest.mark.parametrize("code", sorted(BY_B2C_CODE))
def test_each_code_of_b2c_becomes_one_finding(code: int) -> None:
    described = {"error": "access_denied", "error_description": f"AADB2C{code}: Words."}
    error = diagnose(described, ATTEMPT)

    assert error.rule in RULE_IDS
    assert f"[AADB2C{code}]" in str(error)
    assert "{" not in str(error)


def test_a_telling_code_goes_before_the_one_that_opens_the_chain() -> None:
    text = "AADSTS70002: Error validating credentials. AADSTS50126: Invalid username or password."

    assert code_of({"error_codes": [70002, 50126], "error_description": text}) == 50126


def test_codes_with_two_meanings_go_by_the_words() -> None:
    told = {"error": "invalid_client", "error_codes": [50012]}
    secret = diagnose({**told, "error_description": "Invalid client secret is provided."}, ATTEMPT)
    certificate = diagnose({**told, "error_description": "The certificate is odd."}, ATTEMPT)

    assert "secret of client" in str(secret)
    assert "certificate of client" in str(certificate)
