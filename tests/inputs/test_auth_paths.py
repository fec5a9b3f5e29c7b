"""The addresses of App Service Authentication, moved by the app's own settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import harness.emulator.samples.documents as documents
from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import Probe, Request, user
from harness.inputs.auth_paths import auth_path
from harness.inputs.permission import refusal
from harness.settings.values import Settings

SAMPLE = Path(next(iter(documents.__path__)))


def context(folder: Path, http: dict[str, Any] | None) -> RunContext:
    path = None
    if http is not None:
        path = folder / "auth.json"
        document = {"properties": {"platform": {"enabled": True}, "globalValidation": {}}}
        document["properties"]["httpSettings"] = http
        path.write_text(json.dumps(document), encoding="utf-8")
    settings = Settings(folder, "app", "https://app.example", easy_auth=path)
    return RunContext(load_connector(SAMPLE), settings)


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        (None, "/.auth/me"),
        ({}, "/.auth/me"),
        ({"routes": {"apiPrefix": "/own/auth"}}, "/own/auth/me"),
        ({"routes": {"apiPrefix": "own/"}}, "/own/me"),
        ({"routes": {"apiPrefix": "[parameters('prefix')]"}}, "/.auth/me"),
    ],
    ids=["no-settings", "nothing-said", "moved", "slashes", "expression"],
)
def test_prefix_of_the_settings_moves_the_addresses(
    tmp_path: Path, http: dict[str, Any] | None, expected: str
) -> None:
    assert auth_path(context(tmp_path, http), "me") == expected


def test_session_is_asked_for_at_the_moved_address_alone(tmp_path: Path) -> None:
    moved = context(tmp_path, {"routes": {"apiPrefix": "/own"}})

    def asked(target: str) -> str | None:
        request = Request("POST", target)
        return refusal(moved, Probe("s", None, user("alice"), request, "delegated/session"))

    assert asked("/own/login/aad") is None
    assert asked("/.auth/login/aad") is not None
