"""Host names of apps: the unique default ones, and what is said of those that do not resolve."""

from __future__ import annotations

import pytest

from harness.bounds.urls import app_of_unique_host, is_unique_host_of, unresolved

UNIQUE = "my-app-a1b2c3d4e5f6a7b8.westeurope-01.azurewebsites.net"


@pytest.mark.parametrize(
    ("host", "app"),
    [
        (UNIQUE, "my-app"),
        ("my-app-slot-A1B2c3d4e5f6a7b8.usgovvirginia-01.azurewebsites.us", "my-app-slot"),
        ("my-app.azurewebsites.net", None),
        ("my-app.scm.azurewebsites.net", None),
        ("api.contoso.example", None),
    ],
)
def test_app_of_a_unique_default_host_name(host: str, app: str | None) -> None:
    assert app_of_unique_host(host) == app


@pytest.mark.parametrize(
    ("plain", "same"),
    [
        ("my-app.azurewebsites.net", True),
        ("MY-APP.azurewebsites.net", True),
        ("other.azurewebsites.net", False),
        ("my-app.azurewebsites.us", False),
    ],
)
def test_unique_host_belongs_to_the_app_of_the_plain_name(plain: str, same: bool) -> None:
    assert is_unique_host_of(UNIQUE, plain) is same


@pytest.mark.parametrize(
    ("host", "hinted"),
    [("my-app.azurewebsites.net", True), (UNIQUE, False), ("api.contoso.example", False)],
)
def test_only_a_plain_name_of_an_app_gets_the_hint(host: str, hinted: bool) -> None:
    assert ("(Overview, Default domain)" in unresolved(host)) is hinted
