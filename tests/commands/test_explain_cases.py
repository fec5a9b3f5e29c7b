"""Every public case of sign-in, refusal, token and settings, told by `explain`."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.public_cases import auth_cases

CASES = auth_cases()
TENANT = "3596192b-fdf5-4e2c-a6fa-acb706c963d8"
API = "a0f558c5-f887-4bd1-8811-07ba011d09af"
CLIENT = "11112222-3333-4444-5555-666677778888"
DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "t", "version": "1"},
    "host": "contoso-fn.azurewebsites.net",
    "basePath": "/api",
    "schemes": ["https"],
    "paths": {
        "/docs": {"get": {"operationId": "List", "responses": {"200": {"description": "d"}}}}
    },
}


def folder_of(case: dict[str, Any], folder: Path) -> Path:
    """A connector's folder with the settings that a case speaks of."""
    entra = {
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "api_client_id": API,
        "scope": case.get("scope", f"api://{API}/user_impersonation"),
        **case.get("entra", {}),
    }
    lines = ["[entra]", *(f"{key.replace('_', '-')} = {json.dumps(v)}" for key, v in entra.items())]
    target = case.get("target", "https://contoso-fn.azurewebsites.net")
    lines += ["[targets]", f"test = {json.dumps(target)}"]
    anonymous = case.get("anonymous")
    if isinstance(anonymous, dict):
        lines += ["[anonymous]"]
        lines += [f"{key.replace('_', '-')} = {json.dumps(v)}" for key, v in anonymous.items()]
    lines += ["[users.alice]"]
    if "username" in case:
        lines += [f"username = {json.dumps(case['username'])}"]
    if case["kind"] == "good":
        lines += [f"token = {json.dumps(jwt(case['claims']))}"]
    (folder / "connector-harness.toml").write_text("\n".join(lines), encoding="utf-8")
    definition = folder / "apiDefinition.swagger.json"
    definition.write_text(json.dumps(DEFINITION), encoding="utf-8")
    return folder


def jwt(claims: dict[str, Any]) -> str:
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join((*(part.rstrip("=") for part in encoded), "c2lnbmF0dXJl"))


def printed(answer: dict[str, Any]) -> str:
    """An answer as `curl -i` prints it."""
    headers = "".join(f"{name}: {value}\n" for name, value in answer.get("headers", {}).items())
    return f"HTTP/1.1 {answer['status']} Reason\n{headers}\n{answer.get('body', '')}"


def things(case: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What a person would paste for a case, with the options that go with it."""
    kind = case["kind"]
    if kind == "aadsts":
        code = case.get("code")
        words = f"AADSTS{code}: {case['words']}" if code else case["words"]
        told = {"error": case["error"], "error_description": words}
        if code:
            told["error_codes"] = case.get("codes", [code])
        flow = ["--flow", case["flow"]] if "flow" in case else []
        return [(json.dumps(told), flow), (words, flow)]
    if kind == "anonymous":
        return [(printed(case[leg]), []) for leg in ("api", "browser") if leg in case]
    if kind == "good":
        return [(printed(case["good"]), ["--as", "user"])]
    return [(json.dumps(case["auth"] if kind == "auth" else case["claims"]), [])]


def explained(
    text: str, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8"))))
    status = main(["explain", "-", *options])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def spoken(plain: dict[str, Any]) -> str:
    """The words of the JSON form, a line each, as a machine would read them."""
    lines = [plain["message"], plain["cause"], plain["remedy"], *plain["because"]]
    lines += plain.get("shows", [])
    lines += [f"{f['severity']} {f['rule']} {f['message']}" for f in plain.get("findings", [])]
    return "\n".join(lines)


TOLD = [case for case in CASES if case["kind"] != "identity"]


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case["id"])
def test_case_is_told(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(folder_of(case, tmp_path))
    for text, options in things(case):
        status, said = explained(text, options, monkeypatch, capsys)

        assert status == 0, said
        for pattern in case["must"]:
            assert re.search(pattern, said, re.M | re.I), f"{pattern!r} not in:\n{said}"
        for pattern in case["mustnot"]:
            assert not re.search(pattern, said, re.M | re.I), f"{pattern!r} in:\n{said}"


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case["id"])
def test_case_is_told_to_machines(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(folder_of(case, tmp_path))
    for text, options in things(case):
        _, said = explained(text, [*options, "--format", "json"], monkeypatch, capsys)
        plain = json.loads(said)

        assert {"kind", "rule", "cause", "message", "remedy", "because"} <= set(plain)
        assert plain["message"]
        assert plain["remedy"]
        assert all(re.search(pattern, spoken(plain), re.M) for pattern in case["must"])
        assert not any(re.search(pattern, spoken(plain), re.M) for pattern in case["mustnot"])


@pytest.mark.skipif(not CASES, reason="the folder of public cases is not here")
def test_every_public_case_is_told_here_or_with_the_delegated_suite() -> None:
    identities = [case for case in CASES if case["kind"] == "identity"]

    assert len(TOLD) + len(identities) == len(CASES) >= 65
