from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.callers.diagnosis import (
    INTERACTION_RULES,
    Attempt,
    code_of,
    diagnose,
    diagnose_trouble,
    needs_interaction,
)
from harness.callers.diagnosis_table import BY_CODE, BY_ERROR
from harness.callers.http import AuthorityError
from harness.suites.tokens.sign_in import RULES, finding_for

ATTEMPT = Attempt("alice", "password", "client-1", "contoso.example", "api://x/user_impersonation")
CORRELATION = "11111111-2222-3333-4444-555555555555"
RULE_IDS = {rule.id for rule in RULES}


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
    assert error.rule in RULE_IDS - {"sign-in.failed"} or code in (
        900144, 9002313, 9002326, 9002327, 700054,
    )  # fmt: skip
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


def test_the_authoritys_words_lose_whatever_looks_like_a_secret() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9." + "x" * 60
    error = diagnose({"error": "odd", "error_description": f"refused {token} here"}, ATTEMPT)

    assert token not in str(error)
    assert "refused" in str(error)


def test_the_account_name_is_never_told() -> None:
    error = diagnose(answer(50034), Attempt("alice", "password", "c", "t", "s"))

    assert "@" not in str(error)


@pytest.mark.parametrize("code", [50076, 50079, 50158, 700082, 70043, 50173, 70016])
def test_what_a_person_can_solve_is_marked_as_such(code: int) -> None:
    assert needs_interaction(diagnose(answer(code), ATTEMPT))


@pytest.mark.parametrize("code", [50126, 50053, 53003, 7000215, 90002])
def test_what_a_person_cannot_solve_is_not(code: int) -> None:
    assert not needs_interaction(diagnose(answer(code), ATTEMPT))


def test_interaction_rules_are_rules() -> None:
    assert RULE_IDS >= INTERACTION_RULES


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
