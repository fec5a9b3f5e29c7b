"""Connectors that sign in by a key or by a password: the same suites, the same proofs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.emulator import Emulator, EmulatorOptions

from .conftest import SAMPLES, Runner

KEY = {"type": "apiKey", "in": "header", "name": "x-api-key"}
ENTRIES = {
    "key": {"api_key": {"type": "securestring"}},
    "basic": {"username": {"type": "string"}, "password": {"type": "securestring"}},
}
SETTINGS = """
writes = "all"
[targets]
keys = "{url}"
[entra]
ca-bundle = '{ca}'
[users.alice]
connection = {{ {alice} }}
[users.bob]
connection = {{ {bob} }}
[anonymous]
public = ["Health"]
[delegated]
identity = [{{ operation = "WhoAmI", pointer = "/userPrincipalName" }}]
private = ["ListDocuments", "GetDocument"]
[operations.Hello]
body = {{ name = "Marc" }}
[operations.SearchDocuments]
parameters = {{ text = "report" }}
"""
SECRETS = {
    "ALICE_KEY": "AliceKey-of-the-sample",
    "BOB_KEY": "BobKey-of-the-sample",
}


@pytest.fixture(scope="module")
def by_keys() -> Iterator[Emulator]:
    with Emulator(EmulatorOptions(by_keys=True)) as running:
        yield running


@pytest.fixture
def options(by_keys: Emulator, tmp_path: Path) -> Iterator[list[str]]:
    by_keys.faults.clear()
    connector(tmp_path / "connector", by_keys, "key", KEY)
    settings(tmp_path, by_keys, 'api_key = "${ALICE_KEY}"', 'api_key = "${BOB_KEY}"')
    yield ["--function-app", "keys", "--connector", "connector"]
    by_keys.faults.clear()


def connector(folder: Path, emulator: Emulator, name: str, scheme: dict[str, Any]) -> None:
    shutil.copytree(SAMPLES / "documents", folder)
    definition = folder / "apiDefinition.swagger.json"
    document = json.loads(definition.read_text(encoding="utf-8"))
    document["host"] = urlsplit(emulator.app_url).netloc
    document["securityDefinitions"] = {name: scheme}
    document["security"] = [{name: []}]
    definition.write_text(json.dumps(document), encoding="utf-8")
    properties = folder / "apiProperties.json"
    content = json.loads(properties.read_text(encoding="utf-8"))
    content["properties"]["connectionParameters"] = ENTRIES[name]
    properties.write_text(json.dumps(content), encoding="utf-8")


def settings(folder: Path, emulator: Emulator, alice: str, bob: str) -> None:
    told = emulator.description
    text = SETTINGS.format(url=told["app_url"], ca=told["ca_file"], alice=alice, bob=bob)
    (folder / "connector-harness.toml").write_text(text, encoding="utf-8")


def test_key_connector_passes_and_no_key_is_written(
    run_pytest: Runner, options: list[str], tmp_path: Path
) -> None:
    ran = run_pytest(*options, "--cassettes", "record", environ=SECRETS)

    assert ran.status == 0, ran.output
    assert ran.rules() == ran.rules("warning") == set()
    assert all(row["passed"] for row in ran.report["suites"].values())
    written = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix in (".json", ".yaml")]
    texts = [ran.output, *(p.read_text(encoding="utf-8") for p in written)]
    assert not [secret for secret in SECRETS.values() for text in texts if secret in text]


def test_recorded_run_replays_without_keys(run_pytest: Runner, options: list[str]) -> None:
    few = ("-k", "GetDocument or Hello or identity or fit")
    run_pytest(*options, *few, "--cassettes", "record", environ=SECRETS)

    ran = run_pytest(*options, *few, "--cassettes", "replay")

    assert ran.status == 0, ran.output
    assert ran.report["requests"]["sent"] == 0


@pytest.mark.parametrize(
    ("fault", "rule", "severity"),
    [
        ("key-any", "token.key-accepted", "error"),
        ("key-case", "token.key-case", "warning"),
        ("key-elsewhere", "token.key-place", "warning"),
        ("auth-off:WhoAmI", "anonymous.open", "error"),
        ("list-not-filtered", "delegated.leak", "error"),
        ("first-user-cached", "delegated.wrong-identity", "error"),
    ],
)
def test_fault_of_a_key_connector_is_found(
    run_pytest: Runner,
    options: list[str],
    by_keys: Emulator,
    fault: str,
    rule: str,
    severity: str,
) -> None:
    by_keys.faults.on(fault)

    few = ("-m", "anonymous or tokens or delegated", "-k", "WhoAmI or Documents or identity")
    ran = run_pytest(*options, *few, environ=SECRETS)

    assert rule in {name for name, _ in ran.rules(severity)}, ran.output


def test_remedies_of_a_key_connector_speak_of_keys(
    run_pytest: Runner, options: list[str], by_keys: Emulator
) -> None:
    by_keys.faults.on("auth-off:WhoAmI")

    ran = run_pytest(*options, "-m", "anonymous", "-k", "WhoAmI", environ=SECRETS)

    [remedy] = {f["remedy"] for f in ran.report["findings"] if f["rule"] == "anonymous.open"}
    assert "key" in remedy
    assert "Authentication" not in remedy


def test_missing_connection_is_named_with_the_line_that_helps(
    run_pytest: Runner, options: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "connector-harness.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[users.alice]")], encoding="utf-8")

    ran = run_pytest(*options, "-m", "tokens or contract", environ=SECRETS)

    assert ran.status == 6, ran.output
    assert '[users.alice] connection = { api_key = "${ALICE_API_KEY}" }' in ran.output
    assert "user_impersonation" not in ran.output


def test_password_connector_passes(
    run_pytest: Runner, options: list[str], by_keys: Emulator, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "connector")
    connector(tmp_path / "connector", by_keys, "basic", {"type": "basic"})
    users = by_keys.description["users"]
    rows = [
        f'username = "{users[name]["username"]}", password = "${{{name.upper()}_KEY}}"'
        for name in ("alice", "bob")
    ]
    settings(tmp_path, by_keys, *rows)

    few = "Document or Hello or WhoAmI or identity or fit or files or shut"
    ran = run_pytest(*options, "-k", few, environ=SECRETS)

    assert ran.status == 0, ran.output
    assert ran.rules() == ran.rules("warning") == set()
