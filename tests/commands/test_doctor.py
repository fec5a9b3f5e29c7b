"""`connector-harness doctor`: each thing that breaks has a line of its own, with the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli import main
from harness.emulator import Emulator, EmulatorOptions
from tests.acceptance.conftest import SAMPLES, write_settings


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(EmulatorOptions()) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    emulator.faults.clear()
    write_settings(tmp_path, emulator)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    emulator.faults.clear()


def visit(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, str]]:
    """The exit status, and the lines by the step that they are about."""
    arguments = ["doctor", "emulated", "--connector", str(SAMPLES / "documents"), *options]
    status = main(arguments)
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if not line.startswith("      ")]
    return status, {line[6:24].strip(): line for line in rows}


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "connector-harness.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_everything_in_order_is_status_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = visit(capsys, "--sign-in", "password")

    bad = {name: line for name, line in lines.items() if not line.startswith("ok")}
    # The sample's definition names another host, and machines of CI have no keyring.
    assert set(bad) <= {"keyring"}
    assert status in (0, 6)
    assert "WhoAmI: 200" in lines["call as alice"]


def test_nobody_is_asked_for_anything_without_a_flow(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = visit(capsys)

    assert status == 6
    assert lines["user alice"].startswith("?")
    assert lines["door"].startswith("ok")


def test_open_door_is_wrong(
    folder: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.faults.on("auth-off")

    status, lines = visit(capsys, "--sign-in", "password")

    assert status == 1
    assert lines["door"].startswith("WRONG")
    assert "anybody is let in" in lines["door"]


def test_other_api_in_the_settings_shows_both_values(
    folder: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "aaaaaaaa-0000-4000-8000-000000000000"
    real = emulator.description["api_client_id"]
    change(folder, f'api-client-id = "{real}"', f'api-client-id = "{other}"')

    status, lines = visit(capsys, "--sign-in", "password")

    assert status == 1
    assert lines["door"].startswith("WRONG")
    assert other in lines["door"]
    assert real in lines["door"]


def test_wrong_password_is_told_at_its_user(
    folder: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = emulator.description["users"]["bob"]["password"]
    change(folder, secret, "not-the-password")

    _, lines = visit(capsys, "--sign-in", "password")

    assert lines["user alice"].startswith("ok")
    assert not lines["user bob"].startswith("ok")
    assert "not-the-password" not in "".join(lines.values())


def test_refused_token_says_why(
    folder: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.faults.on("refuse-good-token")

    status, lines = visit(capsys, "--sign-in", "password")

    assert status == 1
    assert "401" in lines["call as alice"]


def test_name_that_does_not_resolve_is_told_once(
    folder: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, emulator.description["app_url"], "https://no-such-app.invalid")

    status, lines = visit(capsys)

    assert status == 1
    assert lines["host name"].startswith("WRONG")
    assert lines["app"].startswith("?")
