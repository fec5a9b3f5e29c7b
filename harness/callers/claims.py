"""Reading a token's claims without verifying anything, and saying what each one means.

Only the resource may rely on an access token; we look inside to explain, never to trust. Names and
meanings: Microsoft identity platform, "Access token claims reference" and "ID token claims".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.bounds.parsing import parse_json

__all__ = [
    "ClaimRow",
    "account_note",
    "claims_of",
    "header_of",
    "is_account",
    "is_jwt",
    "names_of",
    "table_of",
]

MEANINGS: Mapping[str, str] = {
    "aud": "audience: the API that the token is for; the app accepts no other",
    "iss": "issuer: the tenant that signed it (sts.windows.net: v1, login…/v2.0: v2)",
    "tid": "tenant that the user signed in to",
    "ver": "token version; the API's registration decides it (requestedAccessTokenVersion)",
    "iat": "issued at",
    "nbf": "not valid before",
    "exp": "expires at (the app grants some minutes more)",
    "appid": "client application that asked for it (v1)",
    "azp": "client application that asked for it (v2)",
    "appidacr": "how the client proved itself (v1): 0 public, 1 secret, 2 certificate",
    "azpacr": "how the client proved itself (v2): 0 public, 1 secret, 2 certificate",
    "acr": "how strongly the user signed in (v1): 0 or 1",
    "amr": "how the user signed in: pwd, mfa, rsa …",
    "oid": "object id of the user in the tenant; the same for every app",
    "sub": "subject: the user's id for this app alone",
    "upn": "user principal name (v1; optional in v2)",
    "unique_name": "name for display (v1); may change, never a key",
    "preferred_username": "name for display (v2); may change, never a key",
    "name": "the user's full name",
    "given_name": "first name",
    "family_name": "surname",
    "email": "mail address; not verified, never a key",
    "scp": "delegated scopes: what the client may do for the user",
    "roles": "app roles of the user, or of the app in an app-only token",
    "groups": "group ids of the user",
    "wids": "ids of the user's directory roles",
    "idp": "home identity provider of a guest",
    "ipaddr": "address that the user signed in from",
    "sid": "session id",
    "nonce": "value that the client sent to bind the token to its request",
    "xms_cc": "client capabilities (cp1: understands claims challenges)",
    "aio": "opaque to us",
    "rh": "opaque to us",
    "uti": "opaque to us: id of this token",
    "_claim_names": "groups overage: the user is in more groups than a token can hold, so that "
    "`groups` is missing; a function must ask Microsoft Graph (me/transitiveMemberOf)",
    "_claim_sources": "groups overage: the address to ask for the groups; use Microsoft Graph",
    "hasgroups": "groups overage: the user has groups that the token does not list; ask Graph",
    "emails": "mail addresses of a B2C user",
    "tfp": "the B2C policy (user flow) that signed the user in",
    "acct": "0: a member of the tenant, 1: a guest",
    "idtyp": "app: a token without a user; user: with one",
    "scope": "delegated scopes, as authorities other than Entra ID name them",
    "auth_time": "when the user signed in",
    "login_hint": "value to sign the same account in again",
    "tenant_region_scope": "region of the tenant",
    "verified_primary_email": "mail address that the tenant verified",
    "at_hash": "a hash that only ID tokens have (OpenID Connect Core 3.1.3.6)",
    "c_hash": "a hash that only ID tokens have (OpenID Connect Core 3.3.2.11)",
}
TIMES = frozenset({"iat", "nbf", "exp", "auth_time"})
LAST_TIME = 253_402_300_800
"""The year 10000, which no clock of ours can show, in seconds since the epoch."""
NAME_CLAIMS = ("upn", "preferred_username", "unique_name", "email")


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim as `connector-harness token` shows it."""

    name: str
    value: str
    meaning: str


def is_jwt(text: str) -> bool:
    """Whether a text has the three parts of a signed JWT with JSON in the first two (RFC 7519)."""
    return header_of(text) is not None and bool(claims_of(text))


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, or {} for an opaque or broken token; nothing is verified."""
    parts = token.split(".")
    return (_decoded(parts[1]) or {}) if len(parts) == 3 else {}


def header_of(token: str) -> dict[str, Any] | None:
    """The header of a JWT, or None where there is none."""
    parts = token.split(".")
    return _decoded(parts[0]) if len(parts) == 3 else None


def names_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that claims give their user, in lower case, a guest's home name included."""
    given = [str(claims[name]).lower() for name in NAME_CLAIMS if claims.get(name)]
    emails = claims.get("emails")
    if isinstance(emails, list):
        given += [each.lower() for each in emails if isinstance(each, str)]
    homes = [home for name in given if (home := _home_name(name))]
    return tuple(dict.fromkeys([*given, *homes]))


def is_account(username: str, claims: Mapping[str, Any]) -> bool:
    """Whether claims are of the account with that sign-in name; claims without a name may be."""
    names = names_of(claims)
    return not names or username.lower() in names


def account_note(user: str, claims: Mapping[str, Any]) -> str:
    """What it means that a token names another account than `[users.NAME] username`."""
    shown = next(iter(names_of(claims)), "an account without a name")
    return (
        f"signed in as {shown}, not as the configured account of [users.{user}]; where its "
        "username is an alternate login id (a mail address), set username to this name"
    )


def table_of(claims: Mapping[str, Any]) -> list[ClaimRow]:
    """Every claim with its meaning; those we know first, in the order of the reference."""
    known = [name for name in MEANINGS if name in claims]
    rest = sorted(name for name in claims if name not in MEANINGS)
    return [ClaimRow(n, _shown(n, claims[n]), MEANINGS.get(n, "")) for n in (*known, *rest)]


def _shown(name: str, value: Any) -> str:
    if name in TIMES and isinstance(value, int | float) and 0 <= value < LAST_TIME:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _home_name(name: str) -> str | None:
    """The address of a guest at home, in the ways in which tokens name guests.

    `ann_fabrikam.com#ext#@contoso…` and the same without the hash (`_ext_@`), `live.com#ann@…`,
    `mail#ann@…` (one-time passcode).
    """
    for mark in ("#ext#", "_ext_"):
        local, found, _ = name.partition(mark)
        user, underscore, domain = local.rpartition("_")
        if found and underscore and "@" not in local:
            return f"{user}@{domain}"
    provider, hash_mark, home = name.partition("#")
    return home if hash_mark and "@" in home and "@" not in provider else None


def _decoded(part: str) -> dict[str, Any] | None:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        parsed = parse_json(raw)
    except (ValueError, binascii.Error):
        return None
    return parsed if isinstance(parsed, dict) else None
