"""Cross-checks of the connector with the app's own authentication settings."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.connector.auth_settings import auth_settings_in, read_auth_settings
from harness.connector.loading import load_connector
from harness.emulator.easy_auth import default_settings
from harness.emulator.identities import API_CLIENT_ID, CONNECTOR_CLIENT_ID, TENANT_ID
from harness.errors import SettingsError
from harness.suites.definition.context import DefinitionFacts
from harness.suites.definition.easy_auth import check_easy_auth

SAMPLE = Path(__file__).parents[3] / "harness" / "emulator" / "samples" / "documents"
GOOD = default_settings("https://login.microsoftonline.com")
PROVIDER = ("identityProviders", "azureActiveDirectory")
FACTS = DefinitionFacts(
    tenant_id=TENANT_ID, client_id=CONNECTOR_CLIENT_ID, scope=f"api://{API_CLIENT_ID}/user"
)
OTHER_TENANT = "https://login.microsoftonline.com/99999999-0000-4000-8000-000000000000/v2.0"


def setting(path: tuple[str, ...], key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(document: dict[str, Any]) -> None:
        node = document
        for step in path:
            node = node.setdefault(step, {})
        node[key] = value

    return edit


@pytest.mark.parametrize(
    ("rule", "edit"),
    [
        (None, setting(("platform",), "enabled", True)),
        ("easy-auth-off", setting(("platform",), "enabled", False)),
        (
            "easy-auth-off",
            setting(("globalValidation",), "unauthenticatedClientAction", "AllowAnonymous"),
        ),
        (
            "easy-auth-issuer",
            setting((*PROVIDER, "registration"), "openIdIssuer", OTHER_TENANT),
        ),
        ("easy-auth-audience", setting((*PROVIDER, "registration"), "clientId", "other")),
        (
            "easy-auth-allow-list",
            setting(
                (*PROVIDER, "validation", "defaultAuthorizationPolicy"), "allowedApplications", []
            ),
        ),
        (
            "easy-auth-allow-list",
            setting(
                (*PROVIDER, "validation", "defaultAuthorizationPolicy"),
                "allowedApplications",
                ["somebody-else"],
            ),
        ),
        (
            None,
            setting(
                (*PROVIDER, "validation", "defaultAuthorizationPolicy"),
                "allowedApplications",
                [CONNECTOR_CLIENT_ID],
            ),
        ),
        ("easy-auth-excluded", setting(("globalValidation",), "excludedPaths", ["/api/*"])),
    ],
)
def test_contradiction_is_found(rule: str | None, edit: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(GOOD)
    if rule == "easy-auth-audience":
        document["identityProviders"]["azureActiveDirectory"]["validation"] = {}
    edit(document)

    found = check_easy_auth(
        auth_settings_in(document, "x"), load_connector(SAMPLE), FACTS, public=("Health",)
    )

    assert {f.rule for f in found} == (set() if rule is None else {f"definition.{rule}"})


@pytest.mark.parametrize(
    "wrap",
    [
        lambda d: d,
        lambda d: {"id": "/subscriptions/x", "properties": d},
        lambda d: {"resources": [{"type": "sites/config", "properties": d}]},
    ],
    ids=["bare", "az", "arm"],
)
def test_settings_are_found_wherever_a_tool_puts_them(
    tmp_path: Path, wrap: Callable[[Any], Any]
) -> None:
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(wrap(GOOD)), encoding="utf-8")

    assert read_auth_settings(path) == auth_settings_in(GOOD, "x")


@pytest.mark.parametrize(
    ("text", "word"), [("{", "the file ends too early"), ('{"a": 1}', "holds no authsettingsV2")]
)
def test_unreadable_settings_give_one_line(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "auth.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=word):
        read_auth_settings(path)
