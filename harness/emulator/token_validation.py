"""How App Service Authentication checks a bearer token, and how each fault lets one slip."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import jwt

from harness.emulator.entra_tokens import TokenMint
from harness.emulator.faults import Faults
from harness.emulator.identities import SCOPE, TENANT_ID

__all__ = ["Rejected", "TokenPolicy", "validate"]

GRACE_S = 300


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What authsettingsV2 demands of a token; `applications` None means no allow-list."""

    client_id: str
    audiences: frozenset[str]
    issuers: frozenset[str]
    applications: frozenset[str] | None = None


class Rejected(Exception):
    """A token that is not accepted: 401, or 403 where a policy forbids a valid one."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


def validate(token: str, policy: TokenPolicy, mint: TokenMint, faults: Faults) -> dict[str, Any]:
    """The claims of a token that is accepted.

    Raises:
        Rejected: it is not.
    """
    header, claims = _parts(token, faults)
    _check_signature(token, header, claims, mint, faults)
    _check_times(claims, faults)
    if claims.get("iss") not in policy.issuers and not faults.has("accept-wrong-issuer"):
        foreign = claims.get("tid") != TENANT_ID
        if not (foreign and faults.has("accept-wrong-tenant")):
            raise Rejected(401, "IDX10205 issuer")
    if claims.get("tid") != TENANT_ID and not faults.has("accept-wrong-tenant"):
        raise Rejected(401, "tenant")
    _check_audience(claims, policy, faults)
    application = claims.get("azp") or claims.get("appid")
    allowed = policy.applications
    if (
        allowed is not None
        and application not in allowed
        and not faults.has("accept-outside-allow-list")
    ):
        raise Rejected(403, "application not allowed")
    return claims


def _check_audience(claims: dict[str, Any], policy: TokenPolicy, faults: Faults) -> None:
    if faults.has("refuse-good-token"):
        raise Rejected(401, "IDX10214 audience")
    if claims.get("aud") in policy.audiences:
        return
    # An id token names the client as its audience and carries no scope.
    is_id_token = "scp" not in claims and "azp" not in claims and "appid" not in claims
    if is_id_token and faults.has("accept-id-token"):
        return
    if not is_id_token and faults.has("accept-wrong-audience"):
        return
    raise Rejected(401, "IDX10214 audience")


def _parts(token: str, faults: Faults) -> tuple[dict[str, Any], dict[str, Any]]:
    pieces = token.split(".")
    try:
        header, claims = (_json(piece) for piece in pieces[:2])
    except ValueError:
        raise Rejected(401, "IDX12741 malformed") from None
    if len(pieces) != 3 and not faults.has("accept-truncated"):
        raise Rejected(401, "IDX12741 malformed")
    return header, claims


def _json(piece: str) -> dict[str, Any]:
    document = json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return document


def _check_signature(
    token: str, header: dict[str, Any], claims: dict[str, Any], mint: TokenMint, faults: Faults
) -> None:
    algorithm = str(header.get("alg", ""))
    if algorithm.lower() == "none" and faults.has("accept-alg-none"):
        return
    if algorithm == "HS256" and faults.has("accept-hs256-confusion"):
        return
    embedded = any(name in header for name in ("jwk", "jku", "x5c", "x5u"))
    if embedded and faults.has("accept-embedded-key"):
        return
    if header.get("kid") != mint.key.kid and faults.has("accept-unknown-key"):
        return
    try:
        jwt.decode(
            token,
            mint.key.public_key(),
            algorithms=["RS256"],
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_sub": False,
            },
        )
    except jwt.PyJWTError:
        if faults.has("accept-bad-signature") or faults.has("accept-truncated"):
            return
        if _faulted_claims(claims, mint, faults):
            return
        raise Rejected(401, "IDX10503 signature") from None


def _faulted_claims(claims: dict[str, Any], mint: TokenMint, faults: Faults) -> bool:
    """Nobody outside the tenant can sign: a fault about claims also forgives the signature."""
    now = time.time()
    off = {
        "accept-expired": _number(claims, "exp", now) < now,
        "accept-not-yet-valid": _number(claims, "nbf", now) > now,
        "accept-wrong-issuer": claims.get("iss") not in (mint.issuer(1), mint.issuer(2)),
        "accept-wrong-tenant": claims.get("tid") != TENANT_ID,
        "accept-other-scope": claims.get("scp", SCOPE) != SCOPE,
        "accept-no-scope": "scp" not in claims,
    }
    return any(faults.has(name) and wrong for name, wrong in off.items())


def _check_times(claims: dict[str, Any], faults: Faults) -> None:
    now = time.time()
    if _number(claims, "exp", 0) + GRACE_S < now and not faults.has("accept-expired"):
        raise Rejected(401, "IDX10223 lifetime")
    if _number(claims, "nbf", 0) - GRACE_S > now and not faults.has("accept-not-yet-valid"):
        raise Rejected(401, "IDX10222 not yet valid")


def _number(claims: dict[str, Any], name: str, default: float) -> float:
    value = claims.get(name, default)
    return float(value) if isinstance(value, int | float) else default
