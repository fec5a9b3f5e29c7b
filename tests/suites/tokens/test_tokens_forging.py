"""Forged tokens are what their names say: each is refused by PyJWT for its own reason."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from harness.suites.tokens.forging import KINDS, TokenParts, forge, parts_of, signing_key_pem

TENANT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NOW = int(time.time())
CLAIMS: dict[str, Any] = {
    "aud": "api",
    "iss": "https://login.example/t1/v2.0",
    "tid": "t1",
    "scp": "user_impersonation",
    "oid": "o1",
    "upn": "alice@contoso.example",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 3600,
}
GOOD = jwt.encode(CLAIMS, TENANT_KEY, "RS256", {"kid": "k1"})
JWK = {**json.loads(RSAAlgorithm.to_jwk(TENANT_KEY.public_key())), "kid": "k1"}
PEM = signing_key_pem({"keys": [JWK]}, "k1")


@pytest.fixture
def parts() -> TokenParts:
    return parts_of(GOOD, PEM)


def forged(kind: str, parts: TokenParts) -> str:
    token = forge(kind, parts)
    assert token is not None
    return token


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


@pytest.mark.parametrize("kind", [k.name for k in KINDS if k.make is not None])
def test_no_forged_token_is_valid(kind: str, parts: TokenParts) -> None:
    with pytest.raises(jwt.PyJWTError):
        jwt.decode(
            forged(kind, parts), TENANT_KEY.public_key(), ["RS256"], audience="api",
            issuer=CLAIMS["iss"],
        )  # fmt: skip


@pytest.mark.parametrize("kind", [k.name for k in KINDS if k.make is not None])
def test_every_kind_can_be_made_without_a_good_token(kind: str) -> None:
    parts = TokenParts({}, {}, public_pem=PEM)

    assert forged(kind, parts).count(".") == 2


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("expired", lambda c: c["exp"] <= time.time() - 900),
        ("not-yet-valid", lambda c: c["nbf"] >= time.time() + 900),
        ("wrong-audience", lambda c: c["aud"] != "api"),
        ("wrong-issuer", lambda c: c["iss"] != CLAIMS["iss"]),
        ("wrong-tenant", lambda c: c["tid"] != "t1" and "t1" not in c["iss"]),
        ("no-scope", lambda c: "scp" not in c),
        ("other-scope", lambda c: c["scp"] != "user_impersonation"),
        ("app-only", lambda c: c["idtyp"] == "app" and "scp" not in c and "upn" not in c),
    ],
)
def test_a_claim_is_wrong_as_the_name_says_and_the_rest_is_right(
    kind: str, wrong: Any, parts: TokenParts
) -> None:
    claims = claims_of(forged(kind, parts))

    assert wrong(claims)
    assert claims["oid"] == "o1"


@pytest.mark.parametrize("kind", ["bad-signature", "truncated", "signature-removed"])
def test_the_good_tokens_own_claims_are_kept(kind: str, parts: TokenParts) -> None:
    token = forged(kind, parts)

    assert token.rpartition(".")[0] == GOOD.rpartition(".")[0]
    assert token != GOOD


@pytest.mark.parametrize(
    ("kind", "spelling"),
    [
        ("alg-none", "none"),
        ("alg-none-capital", "None"),
        ("alg-none-upper", "NONE"),
        ("alg-none-mixed", "nOnE"),
    ],
)
def test_alg_none_comes_in_its_spellings(kind: str, spelling: str, parts: TokenParts) -> None:
    token = forged(kind, parts)

    assert jwt.get_unverified_header(token)["alg"] == spelling
    assert token.endswith(".")


def test_key_confusion_signs_with_the_tenants_public_key(parts: TokenParts) -> None:
    import hashlib
    import hmac

    body, _, signature = forged("hs256-confusion", parts).rpartition(".")
    digest = hmac.new((PEM or "").encode("ascii"), body.encode("ascii"), hashlib.sha256).digest()

    assert jwt.utils.base64url_decode(signature) == digest


def test_key_confusion_needs_the_public_key() -> None:
    assert forge("hs256-confusion", parts_of(GOOD)) is None


def test_an_embedded_key_verifies_its_own_token(parts: TokenParts) -> None:
    token = forged("embedded-jwk", parts)
    key = jwt.PyJWK.from_dict(jwt.get_unverified_header(token)["jwk"])

    assert jwt.decode(token, key, ["RS256"], audience="api")["oid"] == "o1"


def test_an_unknown_key_stands_under_the_known_key_id(parts: TokenParts) -> None:
    assert jwt.get_unverified_header(forged("unknown-key", parts))["kid"] == "k1"
    assert jwt.get_unverified_header(forged("unknown-kid", parts))["kid"] != "k1"


def test_names_are_unique_and_each_kind_says_what_it_means() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.how and kind.accepted_means for kind in KINDS)


def test_what_is_no_token_cannot_be_taken_apart() -> None:
    with pytest.raises(ValueError, match="three parts"):
        parts_of("opaque")
