"""What the files of a connector that signs in by AAD must say, and where they may be silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.findings.examples import REMOVED, Edit
from harness.findings.sample import OAUTH
from tests.showing_files import definition_findings

RESOURCE = f"{OAUTH}/customParameters/resourceUri/value"
API = "0a1b2c3d-4e5f-4678-9abc-def012345678"
OTHER = "99999999-4e5f-4678-9abc-def012345678"
TENANT = "8c1f9a52-3d74-4be6-a0c5-2f6e8d7b9a10"


def levels(folder: Path, edit: Edit) -> dict[str, str]:
    found = definition_findings(folder, edit)
    return {f.rule.removeprefix("definition."): f.severity for f in found if "aad" in f.rule}


@pytest.mark.parametrize(
    ("resource", "facts", "expected"),
    [
        (f"api://{API}", {}, {}),
        (API, {}, {"aad-resource": "warning"}),
        (f"api://{OTHER}", {}, {"aad-resource": "error"}),
        (f"api://{API}/", {}, {"aad-resource": "warning"}),
        (f"api://{OTHER}", {"scope": None}, {"aad-resource": "error"}),
        (f"api://{TENANT}/documents", {"scope": None}, {}),
        ("https://documents.contoso.com", {"scope": None}, {}),
        ("documents.contoso.com", {"scope": None}, {"aad-resource-form": "error"}),
        ("<<resource>>", {}, {"aad-placeholder": "note"}),
    ],
    ids=["same", "bare", "other", "slash", "client", "tenant", "https", "no-scheme", "placeholder"],
)
def test_resource_is_held_against_what_the_settings_know(
    tmp_path: Path, resource: str, facts: dict[str, Any], expected: dict[str, str]
) -> None:
    assert levels(tmp_path, Edit(properties={RESOURCE: resource}, facts=facts)) == expected


def test_resource_that_the_user_fills_in_is_not_missing(tmp_path: Path) -> None:
    edit = Edit(
        properties={
            RESOURCE: REMOVED,
            "/properties/connectionParameters/token:resourceUri": {"type": "string"},
        }
    )

    assert levels(tmp_path, edit) == {}


def test_schemes_without_https_are_an_error_for_aad(tmp_path: Path) -> None:
    found = definition_findings(tmp_path, Edit({"/schemes": ["http"]}))

    assert [(f.rule, f.severity) for f in found] == [("definition.no-https", "error")]
