"""What Microsoft's libraries say of a token: IDX and IDW codes, and ASP.NET Core's own sentences.

Sources: Microsoft.IdentityModel (IDX), Microsoft.Identity.Web (IDW), and the descriptions that
ASP.NET Core's JwtBearer handler puts into `error_description`. Other libraries (PyJWT, jose,
express-oauth2-jwt-bearer, Spring) use words of the same kind, which are matched as well.
"""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["meaning_of"]

Topic = Literal["token", "time", "audience", "issuer", "signature", "scope", "role", "setup"]

_CLOCK = (
    "if the token is fresh, set the clock of the machine that runs the app, or hand in a fresh "
    "token"
)
_AUDIENCE = (
    "the app does not accept the token's audience (aud)",
    "add the audience to what the app accepts (allowedAudiences, or ValidAudiences and ClientId in "
    "its own settings), or ask for the API's own scope",
)
_ISSUER = (
    "the app does not accept the token's issuer (iss): another tenant, or the other version of "
    "tokens",
    "let the app's authority (Instance, TenantId, openIdIssuer) be the tenant's, and of the "
    "version that the API registration issues (requestedAccessTokenVersion)",
)
_SIGNATURE = (
    "the app cannot verify the token's signature: it is signed with a key that the app does not "
    "know",
    "see that the app reads the keys of the token's own authority; a token for Microsoft Graph can "
    "never be verified by others",
)
_SCOPE = (
    "the token lacks a scope that the app asks for",
    "add the scope to the API ('Expose an API') and to the client's permissions, consent to it, "
    "and ask for it in [entra] scope; or let the function accept the scope that the token has",
)
_ROLE = (
    "the user (or the app) lacks a role that the app asks for",
    "assign the role in the API's enterprise application (Users and groups), and see that the "
    "registration's App roles hold it",
)
_KEYS_UNREACHABLE = (
    "the app could not read the authority's metadata or keys, so it can verify no token at all",
    "check the app's authority setting and its way to the internet (VNet, DNS, proxy)",
)
_MALFORMED = (
    "the app cannot read the token: it is not a JWT, or it was cut or changed on the way",
    "hand in the access token itself; an opaque or encrypted token is of another API",
)
_LATER = (
    "the app's own request for a further token (on behalf of the user) failed",
    "consent to the app's own permissions for its downstream API",
)
_SETUP = (
    "the app's own authentication is not configured as it should be",
    "set what the message names in the app's settings (AzureAd section)",
)

_MEANINGS: tuple[tuple[str, Topic, tuple[str, str]], ...] = (
    (r"IDW10203|'scope' or 'scp' claim", "scope", _SCOPE),
    (r"IDW10204|'roles?' or 'roles?' claim does not", "role", _ROLE),
    (r"IDW10201|neither scope (?:or|nor) roles", "scope", (
        "the token has neither a scope nor a role, so the app knows neither user nor app in it",
        "add a delegated scope to the client's permissions and consent to it; for app-only "
        "tokens, give the client an app role",
    )),
    (r"IDW103\d\d|IDX10205|IDX10208\b|IDX10211|IDX10212|IDX40001|IDX40003"
     r"|\bissuer\b.{0,80}(?:invalid|wrong|mismatch|does not match|not match|not valid|expected"
     r"|validation failed)"
     r"|(?:invalid|wrong|unexpected|unknown) issuer|jwt issuer invalid"
     r"|\"iss\" claim", "issuer", _ISSUER),
    (r"IDX10214|IDX10206|IDX10231|\baudience\b.{0,80}(?:invalid|wrong|mismatch|does not|doesn't"
     r"|not match|not valid|expected|validation failed|empty)"
     r"|(?:invalid|wrong|unexpected) (?:authorization )?(?:token )?audience"
     r"|jwt audience invalid|\"aud\" claim", "audience", _AUDIENCE),
    (r"IDX10222|not valid before|not yet valid|not active|immature|used before"
     r"|\"nbf\" claim", "time", (
        "the app finds the token not valid yet: its clock is behind the authority's",
        _CLOCK,
    )),
    (r"IDX10223|IDX10225|IDX10230|IDX10224|(?:token|jwt) (?:is |has |was )?(?:already )?expired"
     r"|expired at|lifetime"
     r"|jwt expired|signature has expired|\"exp\" claim", "time", (
        "the app finds the token expired: it is old, or the app's clock is ahead",
        _CLOCK,
    )),
    (r"IDX2080[3-7]|IDX20108|IDX10803|unable to obtain (?:open ?id )?configuration"
     r"|unable to find jwks|fetch(?:ing)? (?:the )?jwks", "setup", _KEYS_UNREACHABLE),
    (r"IDX105\d\d|IDX10653|signature (?:key|validation|verification|is invalid|invalid)"
     r"|signature.{0,30}(?:invalid|failed|not valid)|invalid signature|signing key|no matching key",
     "signature", _SIGNATURE),
    (r"IDX1274\d|IDX12729|IDX14\d\d\d|not well formed|jwt malformed|malformed (?:token|jwt)"
     r"|not enough segments|invalid jwt serialization|invalid compact", "token", _MALFORMED),
    (r"IDX10603|IDX10609|IDX10619|decrypt", "token", (
        "the token is encrypted, and the app has no key to read it",
        "let the API's registration issue tokens that are not encrypted, or give the app the key",
    )),
    (r"IDW10502|MsalUiRequired", "setup", _LATER),
    (r"IDW10\d\d\d", "setup", _SETUP),
    (r"IDX1\d{4}|IDX2\d{4}|IDX4\d{4}", "token", (
        "the app's token library refuses the token",
        "look the IDX code up in Microsoft.IdentityModel's messages",
    )),
)  # fmt: skip
_COMPILED = tuple((re.compile(p, re.I | re.S), topic, told) for p, topic, told in _MEANINGS)


def meaning_of(text: str) -> tuple[Topic, str, str] | None:
    """Topic, meaning and remedy of a validation message, or None where it is not one."""
    for pattern, topic, (meaning, remedy) in _COMPILED:
        if pattern.search(text):
            return topic, meaning, remedy
    return None
