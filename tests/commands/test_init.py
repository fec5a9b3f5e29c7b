"""`connector-harness init`: settings from the connector's files and the app's own answer."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness.cli import main
from harness.commands.setting_up.facts import Facts, from_refusal
from harness.emulator import Emulator, EmulatorOptions

SAMPLE = Path(__file__).parents[2] / "harness" / "emulator" / "samples" / "documents"
USERS = ["--user", "alice=alice@contoso.example", "--user", "bob=bob@contoso.example"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(EmulatorOptions()) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("apiDefinition.swagger.json", "apiProperties.json"):
        shutil.copy(SAMPLE / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "connector-harness.toml").read_text(encoding="utf-8"))


def test_settings_come_from_files_and_app_and_say_where_from(
    folder: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    told = emulator.description
    options = ["--ca-bundle", told["ca_file"], "--no-az", "--sign-in", "password", "--yes"]

    assert main(["init", told["app_url"], *USERS, *options]) == 0

    written = settings(folder)
    assert written["entra"]["tenant-id"] == told["tenant_id"]
    assert written["entra"]["api-client-id"] == told["api_client_id"]
    assert written["entra"]["authority"] == told["authority"]
    assert written["users"]["alice"]["password"] == "${ALICE_PASSWORD}"
    assert list(written["users"]) == ["alice", "bob"]
    text = (folder / "connector-harness.toml").read_text(encoding="utf-8")
    assert "# from the challenge of" in text
    assert text.startswith("#:schema ./connector-harness.schema.json\n")
    schema = json.loads((folder / "connector-harness.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(written)
    assert "reports/" in (folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "no:schemathesis" in (folder / "pytest.ini").read_text(encoding="utf-8")
    assert capsys.readouterr().out.splitlines()[-1].startswith("next: connector-harness doctor")


def test_nothing_that_is_there_is_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "connector-harness.toml").write_text("# mine\n", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / ".gitignore").write_text("bin/\n", encoding="utf-8")

    assert main(["init", *USERS, "--no-az", "--yes"]) == 0

    assert (folder / "connector-harness.toml").read_text(encoding="utf-8") == "# mine\n"
    assert (folder / "pytest.ini").read_text(encoding="utf-8") == "[pytest]\n"
    assert (folder / ".gitignore").read_text(encoding="utf-8").startswith("bin/\nreports/\n")
    said = capsys.readouterr().out
    assert "-# mine" in said
    assert "+[users.alice]" in said


def test_key_connector_gets_the_lines_of_its_connections(folder: Path) -> None:
    (folder / "apiProperties.json").write_text(
        '{"properties": {"connectionParameters": {"api_key": {"type": "securestring"},'
        ' "region": {"type": "string"}}, "iconBrandColor": "#112233", "capabilities": []}}',
        encoding="utf-8",
    )
    definition = folder / "apiDefinition.swagger.json"
    text = definition.read_text(encoding="utf-8")
    definition.write_text(text.replace('"type": "oauth2"', '"type": "apiKey"'), encoding="utf-8")

    assert main(["init", "--yes"]) == 0

    written = settings(folder)
    assert written["connection"] == {"region": "…"}
    assert written["users"]["alice"]["connection"] == {"api_key": "${ALICE_API_KEY}"}
    assert "tenant-id" not in written.get("entra", {})


def test_tests_of_ones_own_are_written_and_compile(folder: Path) -> None:
    assert main(["init", *USERS, "--no-az", "--yes", "--tests"]) == 0

    path = folder / "tests" / "connector" / "test_own.py"
    compile(path.read_text(encoding="utf-8"), str(path), "exec")


def test_folder_without_a_connector_is_one_line_and_status_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["init", "--yes"]) == 4

    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_redirect_tells_tenant_and_api() -> None:
    facts = Facts()
    tenant, client = "8c1f9a52-3d74-4be6-a0c5-2f6e8d7b9a10", "0a1b2c3d-4e5f-4678-9abc-def012345678"
    where = f"https://login.windows.net/{tenant}/oauth2/v2.0/authorize?client_id={client}&x=1"

    from_refusal(facts, "https://a.example/api", 302, [("Location", where)])

    assert facts.value("tenant-id") == tenant
    assert facts.value("api-client-id") == client
    assert facts.value("authority") is None


def test_verify_gives_pytests_exit_status(folder: Path) -> None:
    import subprocess
    import sys

    code = "import sys; from harness.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", "https://a.invalid", "-m", "definition", "-q"],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout
    assert "warnings summary" not in done.stdout
