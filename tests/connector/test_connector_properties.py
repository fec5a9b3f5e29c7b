"""apiProperties.json: sign-in settings wherever they stand, however they are spelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.connector.model import Properties
from harness.connector.properties import expected_scope, load_properties


def load(folder: Path, document: Any) -> Properties:
    file = folder / "apiProperties.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return load_properties(file)


def oauth(**settings: Any) -> dict[str, Any]:
    return {"token": {"type": "oauthSetting", "oAuthSettings": settings}}


def aad(resource: str | None, scopes: Any = ()) -> dict[str, Any]:
    custom = {} if resource is None else {"resourceUri": {"value": resource}}
    settings = oauth(identityProvider="aad", scopes=list(scopes), customParameters=custom)
    return {"properties": {"connectionParameters": settings}}


def test_everything_sign_in_needs_is_read(tmp_path: Path) -> None:
    settings = oauth(
        identityProvider="aad",
        clientId="<<client>>",
        scopes=["a b"],
        redirectMode="GlobalPerConnector",
        redirectUrl="https://example.invalid/redirect/x",
        customParameters={
            "loginUri": {"value": "https://login.example.invalid"},
            "tenantId": {"value": "common"},
            "resourceUri": {"value": "api://x"},
        },
    )
    body = {
        "connectionParameters": settings,
        "policyTemplateInstances": [{"templateId": "setHeader"}, "odd"],
        "scriptOperations": ["One"],
    }
    properties = load(tmp_path, {"properties": body})
    assert properties.identity_provider == "aad"
    assert properties.client_id == "<<client>>"
    assert properties.resource_uri == "api://x"
    assert properties.tenant_id == "common"
    assert properties.login_uri == "https://login.example.invalid"
    assert properties.scopes == ("a b",)
    assert properties.redirect_mode == "GlobalPerConnector"
    assert properties.redirect_url == "https://example.invalid/redirect/x"
    assert properties.policies == ({"templateId": "setHeader"},)
    assert properties.has_script
    assert properties.script_operations == ("One",)


def test_keys_are_read_without_regard_to_case(tmp_path: Path) -> None:
    settings = {
        "IdentityProvider": "aad",
        "CustomParameters": {"ResourceUri": {"Value": "api://y"}, "TenantId": "t"},
    }
    token = {"type": "oAuthSetting", "oauthSettings": settings}
    properties = load(tmp_path, {"Properties": {"ConnectionParameters": {"token": token}}})
    assert (properties.resource_uri, properties.tenant_id) == ("api://y", "t")


def test_sets_of_connection_parameters_are_searched_and_entra_preferred(tmp_path: Path) -> None:
    body = {
        "connectionParameters": oauth(identityProvider="oauth2", clientId="other"),
        "connectionParameterSets": {
            "values": [
                {"name": "key", "parameters": {"key": {"type": "securestring"}}},
                {"name": "aad", "parameters": oauth(identityProvider="aad", clientId="mine")},
            ]
        },
    }
    assert load(tmp_path, {"properties": body}).client_id == "mine"


def test_a_connector_without_oauth_has_no_sign_in_settings(tmp_path: Path) -> None:
    body = {"connectionParameters": {"key": {"type": "securestring"}}, "scriptOperations": []}
    properties = load(tmp_path, {"properties": body})
    assert properties.identity_provider is None
    assert expected_scope(properties) is None
    assert not properties.has_script


@pytest.mark.parametrize(
    ("resource", "scopes", "expected"),
    [
        pytest.param("api://x", [], "api://x/user_impersonation", id="resource"),
        pytest.param("https://x/", [], "https://x//user_impersonation", id="trailing slash kept"),
        pytest.param("0000-guid", [], "0000-guid/user_impersonation", id="bare client id"),
        pytest.param("api://x", ["https://y/read"], "https://y/read", id="own scope"),
        pytest.param("api://x", ["read write"], "api://x/read api://x/write", id="bare names"),
        pytest.param(
            "api://x", ["openid", "offline_access"], "api://x/user_impersonation", id="oidc"
        ),
        pytest.param("<<resource>>", [], None, id="placeholder"),
        pytest.param("[[DUMMY]]", [], None, id="other placeholder"),
        pytest.param("@connectionParameters('scope')", [], None, id="expression"),
        pytest.param(None, [], None, id="no resource"),
        pytest.param(None, ["all"], None, id="bare name without a resource"),
        pytest.param(
            "api://x", ["<<scope>>"], "api://x/user_impersonation", id="scope placeholder"
        ),
    ],
)
def test_the_scope_a_token_is_asked_with(
    tmp_path: Path, resource: str | None, scopes: list[str], expected: str | None
) -> None:
    assert expected_scope(load(tmp_path, aad(resource, scopes))) == expected
