"""A gateway in front of the app: its key goes with every call, and its refusals are its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.emulator import Emulator, EmulatorOptions

from .conftest import SAMPLES, Runner

KEY = "gateway-key-of-the-test"
SETTINGS = """
connector = '{sample}'
[targets]
behind = "{url}"
[entra]
tenant-id = "{tenant}"
client-id = "{client}"
api-client-id = "{api}"
scope = "{scope}"
authority = "{authority}"
ca-bundle = '{ca}'
[users.alice]
username = "{alice}"
password = "${{ALICE_PASSWORD}}"
[anonymous]
public = ["Health"]
[gateway]
headers = {{ {headers} }}
"""


@pytest.fixture(scope="module")
def behind() -> Iterator[Emulator]:
    with Emulator(EmulatorOptions(gateway_key=KEY)) as running:
        yield running


@pytest.fixture
def emulator(behind: Emulator) -> Iterator[Emulator]:
    yield behind
    behind.faults.clear()


def written(emulator: Emulator, folder: Path, headers: str) -> dict[str, str]:
    told = emulator.description
    alice = told["users"]["alice"]
    text = SETTINGS.format(
        sample=(SAMPLES / "documents").as_posix(),
        url=told["app_url"],
        tenant=told["tenant_id"],
        client=told["client_id"],
        api=told["api_client_id"],
        scope=told["scope"],
        authority=told["authority"],
        ca=told["ca_file"],
        alice=alice["username"],
        headers=headers,
    )
    (folder / "connector-harness.toml").write_text(text, encoding="utf-8")
    return {"ALICE_PASSWORD": alice["password"], "GATEWAY_KEY": KEY}


ARGUMENTS = ("--function-app", "behind", "-m", "anonymous", "--connector-operation", "WhoAmI")


def test_app_behind_a_gateway_is_proved_with_its_key(
    emulator: Emulator, run_pytest: Runner, tmp_path: Path
) -> None:
    environ = written(emulator, tmp_path, 'Ocp-Apim-Subscription-Key = "${GATEWAY_KEY}"')
    ran = run_pytest(*ARGUMENTS, environ=environ)

    assert ran.status == 0, ran.output
    assert ran.rules() == set()
    assert KEY not in ran.output


def test_gateway_that_asks_for_a_key_is_no_fault_of_the_app(
    emulator: Emulator, run_pytest: Runner, tmp_path: Path
) -> None:
    ran = run_pytest(*ARGUMENTS, environ=written(emulator, tmp_path, ""))

    assert ran.status == 6, ran.output
    assert ran.rules() == set()
    assert "[gateway] headers" in ran.output


def test_gateway_that_checks_tokens_proves_nothing_of_the_app(
    emulator: Emulator, run_pytest: Runner, tmp_path: Path
) -> None:
    emulator.faults.on("gateway-jwt")
    environ = written(emulator, tmp_path, 'Ocp-Apim-Subscription-Key = "${GATEWAY_KEY}"')
    ran = run_pytest(*ARGUMENTS, environ=environ)

    assert ran.status == 6, ran.output
    assert ran.rules() == set()
    assert "a gateway in front refuses us" in ran.output
