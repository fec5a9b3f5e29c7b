from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from harness.redaction.redactor import HIDDEN, known_redactor

SECRET = "s3cret/Canary+value=="
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SECRET, id="raw"),
        pytest.param(quote(SECRET, safe=""), id="url-encoded"),
        pytest.param(base64.b64encode(SECRET.encode()).decode(), id="base64"),
        pytest.param(base64.b64encode(b"x" + SECRET.encode()).decode(), id="base64-shifted-1"),
        pytest.param(base64.b64encode(b"xy" + SECRET.encode()).decode(), id="base64-shifted-2"),
        pytest.param(base64.urlsafe_b64encode(SECRET.encode()).decode(), id="base64-url"),
    ],
)
def test_known_secret_is_found_in_every_form(text: str) -> None:
    redactor = known_redactor({SECRET: "{alice}"})

    assert redactor.leaks(f"before {text} after")
    assert not redactor.leaks(redactor.text(f"before {text} after"))


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        pytest.param(f"token {JWT} end", f"token {HIDDEN} end", id="jwt"),
        pytest.param("a=1&access_token=abc&b=2", f"a=1&access_token={HIDDEN}&b=2", id="form"),
        pytest.param('{"id_token": "abc"}', f'{{"id_token": "{HIDDEN}"}}', id="json"),
        pytest.param("?code=AbCdEfGhIjKlMnOpQrStUvWx", f"?code={HIDDEN}", id="function-key"),
        pytest.param("?code=LHR", "?code=LHR", id="airport-code"),
        pytest.param("plain text", "plain text", id="nothing"),
    ],
)
def test_unknown_secret_is_hidden_by_its_place(text: str, hidden: str) -> None:
    assert known_redactor({}).text(text) == hidden


def test_placeholder_of_a_caller_stays_readable() -> None:
    headers = (("Authorization", "Bearer {alice}"), ("Cookie", "session=1"), ("X-Own", "1"))

    shown = known_redactor({}, headers=["x-own"]).shown_headers(headers)

    assert shown == (("Authorization", "Bearer {alice}"), ("Cookie", HIDDEN), ("X-Own", HIDDEN))


def test_pointer_hides_every_element() -> None:
    redactor = known_redactor({}, pointers=["/items/*/iban"])

    assert redactor.body_text('{"items": [{"iban": "DE1"}, {"iban": "DE2"}]}').count(HIDDEN) == 2


def test_identity_is_replaced_also_inside_base64() -> None:
    redactor = known_redactor({}, stand_ins={"alice@contoso.com": "alice@users.invalid"})
    principal = base64.b64encode(b'{"val":"Alice@contoso.com"}').decode()

    shown = redactor.text(f"X {principal} and ALICE@contoso.com")

    assert "contoso" not in shown
    assert base64.b64encode(b'{"val":"alice@users.invalid"}').decode() in shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"is '{SECRET[:20]}...", id="its beginning"),
        pytest.param(f"'...{SECRET[-14:]}'", id="its end"),
        pytest.param(f"{SECRET[:13]}", id="cut without a word"),
        pytest.param(f"is '{SECRET[:5]}...", id="little of it"),
    ],
)
def test_secret_that_was_cut_short_is_hidden_too(text: str) -> None:
    redactor = known_redactor({SECRET: "{alice}"})

    hidden = redactor.text(text)

    assert SECRET[:5] not in hidden
    assert SECRET[-5:] not in hidden
    assert "{alice}" in hidden
    assert redactor.leaks(hidden) == []


def test_name_that_is_a_word_is_replaced_as_it_is_spelt_alone() -> None:
    redactor = known_redactor({}, stand_ins={"Test": "Alice Stand-In", "Ann Lee": "Bob Stand-In"})

    shown = redactor.text("Test said: the test test_contract.py of ann lee Tested nothing")

    assert shown == "Alice Stand-In said: the test test_contract.py of Bob Stand-In Tested nothing"


def test_longer_identities_are_replaced_before_those_within_them() -> None:
    stand_ins = {"anna": "Someone", "anna@example.com": "alice@users.invalid"}
    redactor = known_redactor({}, stand_ins=stand_ins)

    assert redactor.text("anna@example.com, anna") == "alice@users.invalid, Someone"
