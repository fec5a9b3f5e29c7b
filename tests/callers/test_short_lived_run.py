"""A run on several workers outlives its tokens: one sign-in a user, few renewals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.commands.verifying import OTHER_PLUGINS

SAMPLE = Path(__file__).parents[2] / "harness" / "emulator" / "samples" / "documents"
OWN_TESTS = """
import time
import pytest

@pytest.mark.parametrize("worker", range(2))
def test_calls_go_on(worker, as_user):
    until = time.monotonic() + 6
    while time.monotonic() < until:
        assert as_user("alice").get("me").status_code == 200
        assert as_user("bob").get("me").status_code == 200
        time.sleep(0.2)
"""

HURRY = """
from harness.callers import signing_in

signing_in.RENEWAL_GAP_S = 2.0
"""
"""Tokens of eight seconds are renewed oftener than real ones may be."""


@pytest.mark.parametrize("special_tenant", [{"token_lifetime": 8}], indirect=True)
def test_workers_share_one_sign_in_a_user_and_few_renewals(
    special_tenant: Any, tmp_path: Path
) -> None:
    facts = special_tenant.emulator.description
    lines = [f"connector = {json.dumps(str(SAMPLE / 'apiDefinition.swagger.json'))}", "[entra]"]
    for key in ("tenant_id", "client_id", "api_client_id", "scope", "authority"):
        lines.append(f'{key.replace("_", "-")} = "{facts[key]}"')
    lines.append(f"ca-bundle = {json.dumps(facts['ca_file'])}")
    for name in ("alice", "bob"):
        lines += [f"[users.{name}]", f'username = "{facts["users"][name]["username"]}"']
        lines.append(f'password = "${{{name.upper()}_PASSWORD}}"')
    (tmp_path / "connector-harness.toml").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "conftest.py").write_text(HURRY, encoding="utf-8")
    (tmp_path / "test_long.py").write_text(OWN_TESTS, encoding="utf-8")
    passwords = {f"{n.upper()}_PASSWORD": facts["users"][n]["password"] for n in ("alice", "bob")}
    own = {"XDG_DATA_HOME": str(tmp_path / "data"), **passwords}
    command = [
        *(sys.executable, "-m", "pytest", *OTHER_PLUGINS),
        *("--function-app", special_tenant.emulator.app_url),
    ]

    began = time.monotonic()
    done = subprocess.run(
        [*command, "test_long.py", "-n", "2", "-q"],
        cwd=tmp_path,
        env={**os.environ, **own},
        capture_output=True,
        check=False,
        timeout=240,
    )
    seconds = time.monotonic() - began

    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-2000:]
    for user in ("alice", "bob"):
        grants = [grant for who, grant in special_tenant.issued if who == user]
        assert grants.count("password") == 1
        assert 1 <= grants.count("refresh_token") <= seconds / 4
        assert set(grants) == {"password", "refresh_token"}
