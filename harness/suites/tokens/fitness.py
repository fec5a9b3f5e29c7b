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

__all__ = ["Expectations", "Unfit", "resource_of", "token_fitness"]

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
    return [
        *_lifetime(claims, now),
        *_tenant(claims, expected),
        *_audience(claims, expected),
        *_version(claims, expected),
        *(_roles(claims) if is_app else _delegation(claims, expected)),
        *_client(claims, expected),
    ]


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
    granted = str(claims.get("scp") or "").split()
    if not granted:
        app_only = claims.get("idtyp") == "app" or "roles" in claims
        says = "the token is of an app without a user" if app_only else "the token grants no scope"
        yield Unfit(
            "scp",
            "a delegated scope",
            "none",
            f"{says}: calls do not run as anybody",
            "add user_impersonation to the client's API permissions (delegated) and consent to it",
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


def _is_in(value: str, accepted: tuple[str, ...]) -> bool:
    return value.lower() in {each.lower() for each in accepted}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
