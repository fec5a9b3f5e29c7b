"""Who the app says the caller is: usual words, display names, guests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.exchanges.identities import mentioned, plain_name
from harness.exchanges.model import Response
from tests.suites.delegated.app_double import CLAIMS, context_of, found, identified, operation

ME = {"/me": {"get": operation("Me")}}
KEYS = ["email", "mail", "user", "owner", "login", "userName", "user_principal_name", "displayName"]


def told(key: str, names: dict[str, str]) -> Any:
    return lambda request, who: (200, {key: names[who]}) if "/me" in request.target else (404, None)


def names(key: str, *, swapped: bool) -> dict[str, str]:
    claim = "name" if key == "displayName" else "upn"
    own = {who: str(claims[claim]) for who, claims in CLAIMS.items()}
    return {"alice": own["bob"], "bob": own["alice"]} if swapped else own


@pytest.mark.parametrize("key", KEYS)
def test_answer_that_names_the_caller_in_usual_words_is_a_proof(tmp_path: Path, key: str) -> None:
    judgement = identified(context_of(tmp_path, ME), told(key, names(key, swapped=False)))

    assert (judgement.findings, judgement.unverified) == ((), None)


@pytest.mark.parametrize("key", KEYS)
def test_answer_that_names_the_other_user_is_an_error(tmp_path: Path, key: str) -> None:
    judgement = identified(context_of(tmp_path, ME), told(key, names(key, swapped=True)))

    assert set(found(judgement)) == {
        ("delegated.wrong-identity", "error", "alice"),
        ("delegated.wrong-identity", "error", "bob"),
    }


@pytest.mark.parametrize(
    ("name", "path"),
    [("GetCompany", "/company"), ("ListProfiles", "/profiles"), ("Documents", "/documents")],
)
def test_owner_in_an_operation_about_something_else_says_nothing(
    tmp_path: Path, name: str, path: str
) -> None:
    context = context_of(tmp_path, {path: {"get": operation(name)}})
    body = {"name": "Contoso", "owner": "bob@example.com"}

    assert found(identified(context, lambda _request, _who: (200, body))) == []


def test_account_of_the_app_told_to_everybody_is_a_warning(tmp_path: Path) -> None:
    body = {"user": "svc-reports"}

    judgement = identified(context_of(tmp_path, ME), lambda _request, _who: (200, body))

    assert found(judgement) == [("delegated.app-identity", "warning", "alice")]


def test_identity_that_is_not_proved_names_the_line_of_settings(tmp_path: Path) -> None:
    def app(_request: Any, who: str) -> Any:
        return 200, {"displayName": f"{who} from Sales"}

    judgement = identified(context_of(tmp_path, ME), app)

    assert '{ operation = "Me", pointer = "/displayName", claim = "name" }' in str(
        judgement.unverified
    )


@pytest.mark.parametrize(
    "name",
    [
        "ann@fabrikam.com",
        "live.com#ann@fabrikam.com",
        "mail#Ann@fabrikam.com",
        "ann_fabrikam.com#EXT#@contoso.onmicrosoft.com",
        "ann_fabrikam.com_EXT_@contoso.onmicrosoft.com",
    ],
)
def test_guest_has_one_address_however_it_is_written(name: str) -> None:
    claims = {"ann": {"preferred_username": name}, "ben": {"upn": "ben@contoso.com"}}
    response = Response(200, (), b'{"by": "Ann_Fabrikam.com#EXT#@contoso.onmicrosoft.com"}', 0.1)

    assert plain_name(name) == "ann@fabrikam.com"
    assert mentioned(response, claims) == {"ann"}


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        (b'{"a": "jimbob@example.com"}', set()),
        (b'{"a": "bob@example.com.au"}', set()),
        (b'{"a": "by bob@example.com."}', {"bob"}),
        (rb'{"a": "bob\u0040example.com"}', {"bob"}),
        (b'{"next": "/x?user=bob%40example.com"}', {"bob"}),
        (b"", set()),
    ],
)
def test_address_is_found_as_a_whole_and_however_it_is_escaped(text: bytes, whom: set[str]) -> None:
    assert mentioned(Response(200, (), text, 0.1), CLAIMS) == whom
