"""Tokens as the tenant issues them: v1 and v2 access tokens, id tokens, and `client_info`.

Which version is issued is the API registration's choice, not the endpoint's (Microsoft identity
platform, "Access tokens": `requestedAccessTokenVersion`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from harness.emulator.identities import TENANT_ID, Client, Resource, User
from harness.emulator.keys import SigningKey

__all__ = ["TokenMint"]


class TokenMint:
    """Issues tokens for an authority; `lifetime` is that of access tokens, in seconds."""

    def __init__(self, authority: str, lifetime: int = 3600) -> None:
        self.key = SigningKey()
        self.authority = authority
        self.lifetime = lifetime

    def issuer(self, version: int) -> str:
        """The issuer that tokens of a version name."""
        if version == 1:
            return f"https://sts.windows.net/{TENANT_ID}/"
        return f"{self.authority}/{TENANT_ID}/v2.0"

    def access_token(
        self,
        resource: Resource,
        client: Client,
        *,
        user: User | None,
        scopes: tuple[str, ...] = (),
        audience: str | None = None,
        with_secret: bool = False,
    ) -> str:
        """An access token for an API: delegated with a user, app-only without."""
        version = resource.token_version
        claims = self._base(version)
        claims["aud"] = resource.client_id if version == 2 else (audience or resource.uris[0])
        claims["azp" if version == 2 else "appid"] = client.client_id
        claims["azpacr" if version == 2 else "appidacr"] = "1" if with_secret else "0"
        if user is None:
            service = _guid(f"{client.client_id}/service")
            claims |= {"oid": service, "sub": service, "idtyp": "app", "roles": list(client.roles)}
        else:
            claims |= self._person(user, version, resource.client_id)
            claims["scp"] = " ".join(scopes)
            if version == 1:
                claims["amr"] = ["pwd"]
        return self.key.sign(claims)

    def id_token(self, client: Client, user: User, nonce: str | None = None) -> str:
        """The id token of a sign-in: its audience is the client."""
        claims = self._base(2) | self._person(user, 2, client.client_id)
        claims["aud"] = client.client_id
        if nonce:
            claims["nonce"] = nonce
        return self.key.sign(claims)

    def client_info(self, user: User) -> str:
        """What MSAL builds an account from: base64url of user and tenant ids."""
        document = json.dumps({"uid": user.object_id, "utid": TENANT_ID})
        return base64.urlsafe_b64encode(document.encode("utf-8")).decode("ascii").rstrip("=")

    def _base(self, version: int) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer(version),
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime,
            "tid": TENANT_ID,
            "ver": f"{version}.0",
            "uti": hashlib.sha256(str(time.perf_counter_ns()).encode()).hexdigest()[:22],
        }

    def _person(self, user: User, version: int, resource: str) -> dict[str, Any]:
        subject = hashlib.sha256(f"{user.object_id}/{resource}".encode()).digest()
        named = (
            {"preferred_username": user.username}
            if version == 2
            else {"upn": user.username, "unique_name": user.username}
        )
        return {
            "oid": user.object_id,
            "sub": base64.urlsafe_b64encode(subject).decode("ascii").rstrip("="),
            "name": user.name,
            **named,
        }


def _guid(seed: str) -> str:
    digest = hashlib.sha256(seed.encode("utf-8")).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
