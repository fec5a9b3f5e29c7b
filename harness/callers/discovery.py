"""Where an authority has its endpoints: read from its discovery document, never built by hand.

OpenID Connect Discovery 1.0 section 4; for Entra ID and B2C, "OpenID Connect on the Microsoft
identity platform" and "Azure AD B2C: OpenID Connect metadata endpoint".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.callers.authority_error import AuthorityError
from harness.callers.http import AuthorityHttp
from harness.settings.values import EntraSettings

__all__ = ["discovery_url", "endpoint", "has_path", "msal_authority"]

_WELL_KNOWN = "/.well-known/openid-configuration"
_B2C_HOST = ".b2clogin."


def has_path(entra: EntraSettings) -> bool:
    """Whether the authority names its issuer whole, tenant or policy included."""
    return bool(split_url(entra.authority).path.strip("/"))


def discovery_url(entra: EntraSettings) -> str:
    """The address of the authority's discovery document."""
    base = entra.authority.rstrip("/")
    if not has_path(entra):
        return f"{base}/{entra.tenant_id or 'common'}/v2.0{_WELL_KNOWN}"
    is_b2c = _B2C_HOST in split_url(base).netloc and not base.endswith("/v2.0")
    return f"{base}{'/v2.0' if is_b2c else ''}{_WELL_KNOWN}"


def msal_authority(entra: EntraSettings) -> dict[str, Any]:
    """The authority as MSAL's application classes take it."""
    base, host = entra.authority.rstrip("/"), split_url(entra.authority).netloc
    if has_path(entra) and _B2C_HOST not in host:
        return {"oidc_authority": base}
    whole = base.removesuffix("/v2.0") if has_path(entra) else f"{base}/{entra.tenant_id}"
    known = host in WELL_KNOWN_AUTHORITY_HOSTS
    return {"authority": whole, "instance_discovery": None if known else False}


def endpoint(http: AuthorityHttp, entra: EntraSettings, name: str) -> str:
    """An address of the discovery document, such as `authorization_endpoint` or `jwks_uri`.

    Raises:
        AuthorityError: there is no document, or it does not have that address.
    """
    url = discovery_url(entra)
    try:
        document = parse_json(http.get(url).text)
    except ValueError:
        document = None
    found = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(found, str) or not found:
        raise AuthorityError("odd", f"{url} is not a discovery document with {name}")
    return found
