"""Reading challenges as servers really send them."""

from __future__ import annotations

import pytest

from harness.exchanges.challenge import bearer_challenge, parse_challenges

AUTHORITY = "https://login.windows.net/common/oauth2/authorize"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            f'Bearer realm="a.example" authorization_uri="{AUTHORITY}" resource_id="67ff"',
            {"realm": "a.example", "authorization_uri": AUTHORITY, "resource_id": "67ff"},
            id="spaces",
        ),
        pytest.param(
            f'Bearer authorization_uri="{AUTHORITY}", error="invalid_token", '
            'error_description="The access token is from the wrong issuer."',
            {
                "authorization_uri": AUTHORITY,
                "error": "invalid_token",
                "error_description": "The access token is from the wrong issuer.",
            },
            id="commas",
        ),
        pytest.param(
            f"Bearer authorization_uri={AUTHORITY}, resource_id=https://x.example/",
            {"authorization_uri": AUTHORITY, "resource_id": "https://x.example/"},
            id="unquoted",
        ),
        pytest.param('bearer realm="say \\"hi\\", all"', {"realm": 'say "hi", all'}, id="escaped"),
        pytest.param("Bearer", {}, id="bare"),
        pytest.param('Bearer Realm = "a"', {"realm": "a"}, id="spaces-around-equals"),
        pytest.param('Bearer realm="a', {"realm": "a"}, id="unterminated"),
    ],
)
def test_a_bearer_challenge_is_read(value: str, expected: dict[str, str]) -> None:
    challenge = bearer_challenge([value])

    assert challenge is not None
    assert dict(challenge.parameters) == expected


def test_several_challenges_in_one_header_are_told_apart() -> None:
    challenges = parse_challenges('Negotiate YII=, Basic realm="x", Bearer realm="y" error="z"')

    assert [(c.scheme, dict(c.parameters)) for c in challenges] == [
        ("Negotiate", {}),
        ("Basic", {"realm": "x"}),
        ("Bearer", {"realm": "y", "error": "z"}),
    ]


@pytest.mark.parametrize("value", ["", ",,,", "=", '"', "Basic"], ids=repr)
def test_what_is_no_bearer_challenge_yields_none(value: str) -> None:
    assert bearer_challenge([value]) is None
