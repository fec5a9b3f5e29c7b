"""Whole runs with unmistakable secrets: nothing that they write or print holds one of them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from harness.commands.verifying import OTHER_PLUGINS

PASSWORDS = {"alice": "Canary/pass+word=ä 1!", "bob": "Canary&other%word~2"}
SAMPLE = Path(__file__).parents[2] / "harness" / "emulator" / "samples" / "documents"


@pytest.fixture
def issued(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every access and id token that the emulated tenant gives out."""
    seen: list[str] = []
    mint = tenant.emulator.entra.mint
    for name in ("access_token", "id_token"):
        original = getattr(mint, name)

        def kept(*args: Any, _original: Any = original, **kwargs: Any) -> str:
            token: str = _original(*args, **kwargs)
            seen.append(token)
            return token

        monkeypatch.setattr(mint, name, kept)
    return seen


@pytest.fixture
def project(tenant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A connector repository whose users have canaries for passwords."""
    facts = tenant.emulator.description
    for name, password in PASSWORDS.items():
        monkeypatch.setattr(tenant.emulator.tenant.users[name], "password", password)
    settings = [f"connector = {json.dumps(str(SAMPLE / 'apiDefinition.swagger.json'))}", "[entra]"]
    settings += [
        f"{key} = {json.dumps(value)}"
        for key, value in {
            "tenant-id": facts["tenant_id"],
            "client-id": facts["client_id"],
            "connector-client-secret": "${CANARY_SECRET}",
            "api-client-id": facts["api_client_id"],
            "scope": facts["scope"],
            "authority": facts["authority"],
            "ca-bundle": facts["ca_file"],
        }.items()
    ]
    for name in PASSWORDS:
        username = facts["users"][name]["username"]
        password = f"${{CANARY_{name.upper()}}}"
        settings += [f"[users.{name}]", f'username = "{username}"', f'password = "{password}"']
    (tmp_path / "connector-harness.toml").write_text("\n".join(settings), encoding="utf-8")
    (tmp_path / "test_own.py").write_text(
        "def test_own(user_token, token_for, user_client):\n"
        "    bob = token_for('bob')\n"
        "    print(user_token, bob, user_token.claims)\n"
        "    answer = user_client.get('documents/doc-alice-1')\n"
        "    print(answer.text)\n"
        "    assert answer.text == user_client.get('me').text\n",
        encoding="utf-8",
    )
    return tmp_path


def run(tenant: Any, project: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environ = dict(os.environ)
    for name, password in PASSWORDS.items():
        environ[f"CANARY_{name.upper()}"] = password
    environ["CANARY_SECRET"] = tenant.emulator.description["client_secret"]
    environ["XDG_DATA_HOME"] = str(project / "data")
    command = [sys.executable, "-m", "pytest", *OTHER_PLUGINS]
    command += ["--function-app", tenant.emulator.app_url]
    shown = ("-vv", "--showlocals", "--log-level=DEBUG", "--junitxml=junit.xml", "-rA")
    return subprocess.run(
        [*command, *shown, *arguments],
        cwd=project,
        env=environ,
        capture_output=True,
        check=False,
        timeout=240,
    )


def forms(secret: str) -> set[bytes]:
    """A secret raw, as JSON and URLs write it, and in base64 at each of its three alignments."""
    raw = secret.encode()
    found = {
        raw,
        json.dumps(secret)[1:-1].encode(),
        urllib.parse.quote(secret, safe="").encode(),
        urllib.parse.quote_plus(secret).encode(),
    }
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            whole = encode(b"\0" * shift + raw)
            found.add(whole[(shift * 8 + 5) // 6 + 1 : -4])
    return {form for form in found if len(form) >= 8}


def canaries(tenant: Any, issued: list[str]) -> dict[bytes, str]:
    """Every text that must not show, with what it is."""
    found: dict[bytes, str] = {}
    secrets = {**PASSWORDS, "the client's": tenant.emulator.description["client_secret"]}
    for whose, secret in secrets.items():
        found |= dict.fromkeys(forms(secret), f"{whose} secret")
    for token in issued:
        _, claims, signature = token.split(".")
        found |= {claims.encode(): "a token's claims", signature.encode(): "a token's signature"}
    found |= {token.encode(): "a refresh token" for token in tenant.emulator.entra.grants.refresh}
    return found


@pytest.mark.parametrize(
    ("arguments", "fault", "status"),
    [
        (("-m", "tokens", "--connector-operation", "WhoAmI"), None, 0),
        (("-m", "tokens", "--connector-operation", "WhoAmI"), "accept-bad-signature", 1),
        (("-m", "tokens", "--connector-operation", "WhoAmI"), "entra-error:50126", 6),
        (("test_own.py", "--full-trace"), None, 1),
        (("test_own.py", "--full-trace"), "token-echoed:GetDocument", 1),
        (("-m", "contract", "--connector-operation", "GetDocument"), "token-echoed:GetDocument", 1),
        (("test_own.py", "-n", "2"), "entra-error:50076:bob", None),
        (("-m", "delegated", "--cassettes", "record"), None, None),
    ],
    ids=[
        "passes",
        "fails",
        "no sign-in",
        "own test fails",
        "own test shows it",
        "finding quotes it",
        "own test errs",
        "recorded",
    ],
)
def test_no_outcome_shows_a_secret(
    tenant: Any,
    project: Path,
    issued: list[str],
    arguments: tuple[str, ...],
    fault: str | None,
    status: int | None,
) -> None:
    if fault is not None:
        tenant.emulator.faults.on(fault)

    done = run(tenant, project, *arguments)

    written = {str(p): p.read_bytes() for p in project.rglob("*") if p.is_file()}
    written |= {"stdout": done.stdout, "stderr": done.stderr}
    shown = done.stdout.decode("utf-8", "replace")[-1500:]
    assert status in (None, done.returncode), shown
    assert b"connector harness" in done.stdout
    assert "junit.xml" in {Path(name).name for name in written}
    leaks = [
        f"{what} ({text[:24]!r}…) in {place}"
        for text, what in canaries(tenant, issued).items()
        for place, content in written.items()
        if text in content
    ]
    assert leaks == []
