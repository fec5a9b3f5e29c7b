"""Whether a token fits what the app expects, told from its claims before any call.

Plain data: what a misfit means for the run is left to `harness.suites.tokens.sign_in`. Facts:
Microsoft identity platform, "Access token claims reference"; App Service, "Microsoft Entra
provider".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Expectations", "Unfit", "is_id_token", "notes_on", "resource_of", "token_fitness"]

GRACE_S = 300
"""How long past `exp` the app still accepts a token, in seconds."""
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
KNOWN_AUDIENCES = {
    "https://graph.microsoft.com": "Microsoft Graph",
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
    "https://management.azure.com": "Azure Resource Manager",
    "https://management.core.windows.net": "Azure Resource Manager",
}


@dataclass(frozen=True, slots=True)
class Expectations:
    """What settings, properties and, where known, the app's authentication settings expect.

    `audiences` and `clients` are the app's own lists and None where nobody told them; `version` is
    the token version that the app's issuer URL stands for; `client_id` signs the users in.
    """

    tenant_id: str | None = None
    client_id: str | None = None
    connector_client_id: str | None = None
    api_client_id: str | None = None
    scope: str | None = None
    resource_uri: str | None = None
    audiences: tuple[str, ...] | None = None
    clients: tuple[str, ...] | None = None
    version: int | None = None
    identities: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """One misfit: the claim, what was expected and seen, what it means and what to do.

    `certain` says that the app must refuse the token; otherwise it may.
    """

    claim: str
    expected: str
    observed: str
    says: str
    remedy: str
    certain: bool = True


def token_fitness(
    claims: Mapping[str, Any], expected: Expectations, now: float, *, is_app: bool = False
) -> list[Unfit]:
    """Every misfit of a token; `now` is seconds since the epoch; `is_app`: it has no user."""
    if not claims:
        says = "the token is opaque or encrypted, so nothing can be told before the first call"
        return [Unfit("aud", "a JWT", "no claims", says, "nothing to do if calls succeed", False)]
    if is_id_token(claims):
        return [*_lifetime(claims, now), _id_token(claims)]
    return [
        *_lifetime(claims, now),
        *_tenant(claims, expected),
        *_audience(claims, expected),
        *_version(claims, expected),
        *(_roles(claims) if is_app else _delegation(claims, expected)),
        *_client(claims, expected),
        *_principals(claims, expected),
    ]


def is_id_token(claims: Mapping[str, Any]) -> bool:
    """Whether claims are an ID token's: a user, and neither a scope nor a client that asked.

    Access tokens of Entra ID always name their client (`appid`, `azp`). Sources: "ID token claims
    reference", "Access token claims reference"; OpenID Connect Core 1.0 section 2.
    """
    if str(claims.get("typ") or "").upper() == "ID" or claims.get("at_hash"):
        return True
    asked = any(claims.get(name) for name in ("scp", "scope", "appid", "azp", "cid", "client_id"))
    is_app = claims.get("idtyp") == "app" or claims.get("appidacr") or claims.get("azpacr")
    names = ("nonce", "c_hash", "preferred_username", "upn", "unique_name", "name", "email")
    return not asked and not is_app and any(claims.get(name) for name in names)


def notes_on(claims: Mapping[str, Any]) -> list[str]:
    """What is worth knowing about a token that fits: a guest, groups left out, an app's own."""
    names = " ".join(str(claims.get(n) or "") for n in ("upn", "unique_name", "preferred_username"))
    notes = []
    if claims.get("acct") == 1 or claims.get("idp") or "#ext#" in names.lower():
        notes.append(
            "note: the user is a guest of the tenant; oid is the guest's id in this tenant"
        )
    overage = claims.get("_claim_names")
    if claims.get("hasgroups") or (isinstance(overage, Mapping) and "groups" in overage):
        notes.append(
            "note: groups overage: the token lists no groups; a function that reads groups must "
            "ask Microsoft Graph"
        )
    if claims.get("idtyp") == "app":
        notes.append("note: idtyp app: a token of an app without a user; roles say what it may do")
    if claims.get("unique_name") and not (claims.get("upn") or claims.get("preferred_username")):
        notes.append(
            "note: unique_name only: the user has no upn here (a guest, or a personal one)"
        )
    return notes


def _id_token(claims: Mapping[str, Any]) -> Unfit:
    return Unfit(
        "aud",
        "an access token for the API",
        f"an ID token for the client {claims.get('aud')}",
        "this is an ID token: it tells the client who signed in, and is not for calling an API",
        "hand in the access token (scope api://<api client id>/user_impersonation), not the ID "
        "token; an app that takes ID tokens takes anybody who can sign in to that client",
    )


def _principals(claims: Mapping[str, Any], expected: Expectations) -> Iterator[Unfit]:
    """Whether the user is among allowedPrincipals, where the app's settings list some."""
    if expected.identities is None and expected.groups is None:
        return
    oid, groups = str(claims.get("oid") or ""), claims.get("groups")
    held = tuple(str(each) for each in groups) if isinstance(groups, list) else ()
    named = bool(oid) and _is_in(oid, expected.identities or ())
    member = any(_is_in(group, expected.groups or ()) for group in held)
    if named or member or (expected.groups and not held):
        return
    yield Unfit(
        "oid",
        " or ".join((*(expected.identities or ()), *(expected.groups or ()))) or "nobody",
        oid or "none",
        "the user is not among those whom the app's settings let in (allowedPrincipals)",
        "add the user's object id to allowedPrincipals.identities, or a group of theirs",
        certain=False,
    )


def resource_of(scope: str) -> str:
    """The resource that a scope belongs to: everything before its last slash.

    Source: Microsoft identity platform, "Scopes and permissions".
    """
    first = scope.split()[0] if scope.split() else ""
    return first.rpartition("/")[0] if "/" in first else ""


def _lifetime(claims: Mapping[str, Any], now: float) -> Iterator[Unfit]:
    expires, begins = _number(claims.get("exp")), _number(claims.get("nbf"))
    if expires is not None and expires + GRACE_S < now:
        yield Unfit(
            "exp",
            "a time to come",
            f"{(now - expires) / 60:.0f} minutes ago",
            "the token has expired",
            "hand in a fresh token, or let the harness sign in",
        )
    if begins is not None and begins - GRACE_S > now:
        yield Unfit(
            "nbf",
            "a time gone by",
            f"in {(begins - now) / 60:.0f} minutes",
            "the token is not valid yet",
            "set this computer's clock right",
            certain=False,
        )


def _tenant(claims: Mapping[str, Any], expected: Expectations) -> Iterator[Unfit]:
    tenant, tid = expected.tenant_id or "", str(claims.get("tid") or "")
    if GUID.fullmatch(tenant) and tid and tid.lower() != tenant.lower():
        yield Unfit(
            "tid",
            tenant,
            tid,
            "the token is of another tenant than [entra] tenant-id names",
            "sign in to the tenant of the app, or correct tenant-id",
        )
    issuer = str(claims.get("iss") or "")
    if tid and issuer and tid.lower() not in issuer.lower():
        yield Unfit("iss", tid, issuer, "issuer and tenant of the token differ", "report it", False)


def _audience(claims: Mapping[str, Any], expected: Expectations) -> Iterator[Unfit]:
    audience = claims.get("aud")
    aud = audience if isinstance(audience, str) else " ".join(map(str, audience or ()))
    accepted = _accepted(expected)
    if not aud or not accepted or _is_in(aud, accepted):
        return
    certain = expected.audiences is not None
    shown = " or ".join(sorted(accepted))
    says, remedy = _why_audience(claims, aud, accepted, expected)
    yield Unfit("aud", shown, aud, says, remedy, certain)


def _accepted(expected: Expectations) -> tuple[str, ...]:
    """The audiences that the app takes: as told, else what registrations usually give."""
    api = expected.api_client_id
    if expected.audiences is not None:
        return expected.audiences
    resource = resource_of(expected.scope or "")
    named = (api, f"api://{api}" if api else None, resource.rstrip("/"), expected.resource_uri)
    return tuple(dict.fromkeys(n.rstrip("/") for n in named if n))


def _why_audience(
    claims: Mapping[str, Any], aud: str, accepted: tuple[str, ...], expected: Expectations
) -> tuple[str, str]:
    """What an audience that the app does not take means, and what to do."""
    known = KNOWN_AUDIENCES.get(aud.rstrip("/").lower())
    if known is not None:
        return (
            f"the token is for {known}, not for the app",
            "set [entra] scope to the API's own scope, such as api://<api client id>/"
            "user_impersonation",
        )
    if _is_in(aud.rstrip("/"), tuple(a.rstrip("/") for a in accepted)):
        return (
            "the audience differs by the slash at its end alone, and that makes it another one",
            "give resourceUri (apiProperties.json), [entra] scope and the App ID URI the same "
            "ending, or add this audience to allowedAudiences",
        )
    if str(claims.get("ver")) == "2.0" and GUID.fullmatch(aud):
        return (
            "the API issues v2 tokens, whose audience is its client id, and the app accepts "
            "another one",
            f"add {aud} to allowedAudiences, or set the API registration's "
            "requestedAccessTokenVersion to 1",
        )
    if str(claims.get("ver")) == "1.0":
        return (
            "the API issues v1 tokens, whose audience is the App ID URI as it was asked for, and "
            "the app accepts another one",
            f"add {aud} to allowedAudiences, or set the API registration's "
            "requestedAccessTokenVersion to 2",
        )
    api = expected.api_client_id or "the API's client id"
    return "the token is for another API", f"compare [entra] scope with the App ID URI of {api}"


def _version(claims: Mapping[str, Any], expected: Expectations) -> Iterator[Unfit]:
    issued = str(claims.get("ver") or "")
    if expected.version is None or issued not in ("1.0", "2.0"):
        return
    if issued != f"{expected.version}.0":
        yield Unfit(
            "iss",
            f"an issuer of version {expected.version}",
            str(claims.get("iss") or ""),
            f"the API issues v{issued[0]} tokens, but the app's issuer URL is that of "
            f"v{expected.version} tokens",
            "set the API registration's requestedAccessTokenVersion to "
            f"{expected.version}, or the app's openIdIssuer to the version of its tokens",
            certain=False,
        )


def _roles(claims: Mapping[str, Any]) -> Iterator[Unfit]:
    """An app's own token: what it may do is in `roles`."""
    if not claims.get("roles"):
        yield Unfit(
            "roles",
            "an application permission",
            "none",
            "the app's token has no roles: no application permission of the API is granted to it",
            "add an app role to the API's registration, grant it to the client (application "
            "permission) and consent to it; or leave it where the function checks the client alone",
            certain=False,
        )


def _delegation(claims: Mapping[str, Any], expected: Expectations) -> Iterator[Unfit]:
    granted = _scopes(claims)
    if not granted:
        app_only = claims.get("idtyp") == "app" or "roles" in claims
        says = "the token is of an app without a user" if app_only else "the token grants no scope"
        yield Unfit(
            "scp",
            "a delegated scope",
            "none",
            f"{says}: calls do not run as anybody",
            'give the row sign-in = "app" where an app is meant, else sign a user in'
            if app_only
            else "add user_impersonation to the client's API permissions (delegated) and consent "
            "to it",
        )
        return
    wanted = [s.rpartition("/")[2] for s in (expected.scope or "").split()]
    missing = [s for s in wanted if s and s != ".default" and s not in granted]
    if missing:
        yield Unfit(
            "scp",
            " ".join(wanted),
            " ".join(granted),
            f"the scope {' '.join(missing)} was asked for but not granted",
            "add it to the client's API permissions (delegated) and consent to it",
        )


def _client(claims: Mapping[str, Any], expected: Expectations) -> Iterator[Unfit]:
    claim = "azp" if claims.get("azp") else "appid"
    client = str(claims.get(claim) or "")
    if not client:
        return
    if expected.clients is not None and not _is_in(client, expected.clients):
        allowed = " or ".join(expected.clients) or "nobody: the list is stored empty"
        yield Unfit(
            claim,
            allowed,
            client,
            "the client that signed in is not on the app's allow-list (allowedApplications)",
            f"add {client} to allowedApplications, or sign in with a client that is on it",
        )
        return
    if expected.client_id and client.lower() != expected.client_id.lower():
        known = " (the Azure CLI)" if client.lower() == AZURE_CLI else ""
        yield Unfit(
            claim,
            expected.client_id,
            client,
            f"the token was asked for by another client{known} than [entra] client-id names, so "
            "consent and allow-list are not met as the connector will meet them",
            "hand in a token of that client, or let the harness sign in",
            certain=False,
        )


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    """The delegated scopes: a text (Entra ID, RFC 9068) or a list (others)."""
    held = claims.get("scp") or claims.get("scope") or ""
    return [str(each) for each in held] if isinstance(held, list) else str(held).split()


def _is_in(value: str, accepted: tuple[str, ...]) -> bool:
    return value.lower() in {each.lower() for each in accepted}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
