"""The public cases of whom an answer says it ran as."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.settings.values import DelegatedSettings, IdentityPointer, Settings, UserSettings
from harness.suites.delegated.judgement import judge_identity
from tests.public_cases import auth_cases

DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "t", "version": "1"},
    "securityDefinitions": {
        "aad": {
            "type": "oauth2",
            "flow": "accessCode",
            "authorizationUrl": "https://login.windows.net/common/oauth2/authorize",
            "tokenUrl": "https://login.windows.net/common/oauth2/token",
        }
    },
    "security": [{"aad": []}],
    "paths": {"/me": {"get": {"operationId": "WhoAmI", "responses": {"200": {}}}}},
}


CASES = [case for case in auth_cases() if case["kind"] == "identity"]


def judged(case: dict[str, Any], folder: Path) -> str:
    """What the judgement says, a line each: severity, rule and message, or the reason."""
    path = folder / "apiDefinition.swagger.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    rows = tuple(IdentityPointer(**row) for row in case["delegated"]["identity"])
    settings = Settings(
        folder,
        "app",
        "https://app.example",
        users={name: UserSettings(name) for name in case["everybody"]},
        delegated=DelegatedSettings(identity=rows),
    )
    exchanges = [
        Exchange(
            Probe(
                f"identity/{who}", "WhoAmI", user(who), Request("GET", "/me"), "delegated/identity",
                {"part": "identity", "role": "identity"},
            ),
            Response(200, (("Content-Type", "application/json"),), json.dumps(body).encode(), 0.0),
            id=who,
        )
        for who, body in case["answers"].items()
    ]  # fmt: skip
    context = RunContext(load_connector(path), settings)
    judgement, notes = judge_identity(context, exchanges, case["everybody"])
    lines = [f"{f.severity} {f.rule} {f.message}" for f in judgement.findings]
    return "\n".join([*lines, *notes, f"unverified: {judgement.unverified}"])


@pytest.mark.skipif(not CASES, reason="the folder of public cases is not here")
def test_the_public_cases_of_identity_are_there() -> None:
    assert len(CASES) >= 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case_of_identity_is_told(case: dict[str, Any], tmp_path: Path) -> None:
    said = judged(case, tmp_path)

    assert "nothing tells whom" not in said
    assert all(re.search(pattern, said, re.M) for pattern in case["must"]), said
    assert not any(re.search(pattern, said, re.M) for pattern in case["mustnot"]), said
