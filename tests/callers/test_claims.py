from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from harness.callers.claims import claims_of, header_of, is_jwt, names_of, table_of


def jwt_of(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.c2ln"


def test_claims_are_read_without_a_key() -> None:
    assert claims_of(jwt_of({"aud": "api://x", "scp": "user_impersonation"}))["aud"] == "api://x"
    assert header_of(jwt_of({})) == {"alg": "RS256", "typ": "JWT"}


@pytest.mark.parametrize(
    "text",
    ["", "opaque", "a.b", "a.b.c", "e30.bnVsbA.x", "e30.%%%.x", "é.é.é"],
    ids=["empty", "opaque", "two parts", "not base64", "null", "odd characters", "not ascii"],
)
def test_what_is_no_jwt_has_no_claims(text: str) -> None:
    assert claims_of(text) == {}
    assert not is_jwt(text)


def test_a_guests_home_name_counts_as_a_name() -> None:
    names = names_of({"upn": "Ann_fabrikam.com#EXT#@contoso.onmicrosoft.com"})

    assert "ann@fabrikam.com" in names


def test_table_shows_times_in_utc_and_meanings_first() -> None:
    rows = table_of({"zzz": 1, "exp": 0, "aud": "x", "amr": ["pwd", "mfa"]})

    assert [row.name for row in rows] == ["aud", "exp", "amr", "zzz"]
    assert rows[1].value == "1970-01-01 00:00:00 UTC"
    assert rows[2].value == '["pwd", "mfa"]'
    assert all(row.meaning for row in rows[:3])


def test_a_broken_time_is_shown_as_it_stands() -> None:
    assert table_of({"exp": "soon"})[0].value == "soon"
    assert table_of({"exp": 1e30})[0].value == "1e+30"
