from __future__ import annotations

import pytest

from harness.errors import SettingsError
from harness.settings.building import resolve_target

AUTHORITY = "https://login.microsoftonline.com"
TARGETS = {"emulated": "https://127.0.0.1:1", "test": "https://test.example"}


@pytest.mark.parametrize(("name", "meant"), [("emulatd", "emulated"), ("tests", "test")])
def test_misspelt_target_is_refused_before_a_token_goes_anywhere(name: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=rf"did you mean '{meant}'.*https://{name}"):
        resolve_target(name, TARGETS, AUTHORITY)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("test", "https://test.example"),
        ("orders", "https://orders.azurewebsites.net"),
        ("orders/staging", "https://orders-staging.azurewebsites.net"),
        ("https://tests.azurewebsites.net", "https://tests.azurewebsites.net"),
    ],
)
def test_other_names_and_addresses_are_taken_as_given(name: str, url: str) -> None:
    assert resolve_target(name, TARGETS, AUTHORITY)[1] == url


def test_host_name_without_scheme_is_told_how_to_write_it() -> None:
    with pytest.raises(SettingsError, match=r"write https://orders\.azurewebsites\.net"):
        resolve_target("orders.azurewebsites.net", TARGETS, AUTHORITY)
