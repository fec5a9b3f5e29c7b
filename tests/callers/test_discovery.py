"""Where an authority has its endpoints, whatever its addresses look like."""

from __future__ import annotations

from typing import Any

import pytest

from harness.callers.authority_error import AuthorityError
from harness.callers.discovery import discovery_url, endpoint, msal_authority
from harness.callers.http import AuthorityHttp
from harness.settings.values import EntraSettings

B2C = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin"
END = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("authority", "url"),
    [
        ("https://login.microsoftonline.com", f"https://login.microsoftonline.com/t/v2.0{END}"),
        (B2C, f"{B2C}/v2.0{END}"),
        (f"{B2C}/v2.0/", f"{B2C}/v2.0{END}"),
        ("https://id.example/realms/x", f"https://id.example/realms/x{END}"),
    ],
    ids=["entra", "b2c", "b2c-with-version", "keycloak"],
)
def test_the_discovery_document_is_where_the_authority_has_it(authority: str, url: str) -> None:
    assert discovery_url(EntraSettings(tenant_id="t", authority=authority)) == url


@pytest.mark.parametrize(
    ("authority", "key", "value"),
    [
        ("https://login.microsoftonline.com", "authority", "https://login.microsoftonline.com/t"),
        (f"{B2C}/v2.0", "authority", B2C),
        ("https://id.example/realms/x/", "oidc_authority", "https://id.example/realms/x"),
    ],
    ids=["entra", "b2c", "keycloak"],
)
def test_msal_is_told_the_authority_in_the_way_of_its_kind(
    authority: str, key: str, value: str
) -> None:
    assert msal_authority(EntraSettings(tenant_id="t", authority=authority))[key] == value


def test_endpoints_are_those_of_the_document(tenant: Any) -> None:
    entra = tenant.entra()
    http = AuthorityHttp(tenant.emulator.authority, ca_bundle=tenant.emulator.ca_file)

    try:
        assert endpoint(http, entra, "jwks_uri").startswith(tenant.emulator.authority)
        with pytest.raises(AuthorityError, match="not a discovery document with nothing_endpoint"):
            endpoint(http, entra, "nothing_endpoint")
    finally:
        http.close()
