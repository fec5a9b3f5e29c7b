"""A connector whose calls run as an app without a user."""

from __future__ import annotations

from pathlib import Path

from harness.emulator import Emulator

from .conftest import Runner


def test_app_user_signs_in_by_client_credentials(
    run_pytest: Runner, target: list[str], emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.on("accept-app-only")
    path = tmp_path / "connector-harness.toml"
    text = path.read_text(encoding="utf-8")
    daemon = emulator.description["daemon"]
    users = text[text.index("[users.alice]") : text.index("[anonymous]")]
    text = text.replace(users, '[users.service]\nsign-in = "app"\n')
    text = text.replace(
        f'client-id = "{emulator.description["client_id"]}"',
        f'client-id = "{daemon["client_id"]}"\nclient-secret = "${{APP_SECRET}}"',
        1,
    )
    path.write_text(text[: text.index("[delegated]")], encoding="utf-8")
    options = [*target, "-m", "tokens", "--connector-operation", "ListCategories"]

    ran = run_pytest(*options, environ={"APP_SECRET": daemon["client_secret"]})

    assert ran.rules() == set(), ran.output
    hostile = "test_tokens.py::test_hostile_tokens_are_refused[ListCategories]"
    outcomes = {check["id"]: check["outcome"] for check in ran.report["checks"]}
    assert outcomes[hostile] == "passed", ran.output
    assert daemon["client_secret"] not in ran.output


def test_app_user_without_a_secret_is_refused_at_once(
    run_pytest: Runner, target: list[str], tmp_path: Path
) -> None:
    write = tmp_path / "connector-harness.toml"
    text = write.read_text(encoding="utf-8")
    write.write_text(f'{text}\n[users.service]\nsign-in = "app"\n', encoding="utf-8")

    ran = run_pytest(*target, "-m", "tokens")

    assert "client-secret" in ran.output
    assert ran.status in (4, 6)
