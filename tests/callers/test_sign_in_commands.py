from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.callers.cache import ENVIRONMENT_VARIABLE
from harness.callers.claims import ClaimRow
from harness.cli import main
from harness.commands.sign_in import claim_lines


@pytest.fixture
def project(tenant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings for the emulated tenant, and a data folder of its own."""
    facts = tenant.emulator.description
    text = "[entra]\n" + "".join(
        f"{key} = {json.dumps(value)}\n"
        for key, value in {
            "tenant-id": facts["tenant_id"],
            "client-id": facts["client_id"],
            "api-client-id": facts["api_client_id"],
            "scope": facts["scope"],
            "authority": facts["authority"],
            "ca-bundle": facts["ca_file"],
        }.items()
    )
    for name in ("alice", "bob"):
        text += f'[users.{name}]\nusername = "{facts["users"][name]["username"]}"\n'
    text += 'password = "${BOB_PASSWORD}"\n'
    (tmp_path / "connector-harness.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "LOCALAPPDATA", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.setenv("BOB_PASSWORD", facts["users"]["bob"]["password"])
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    tenant.emulator.entra.grants.device_queue.append("alice")
    return tmp_path


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_location: str) -> Any:
        raise RuntimeError("no session bus")

    monkeypatch.setattr("msal_extensions.build_encrypted_persistence", fails)


@pytest.mark.usefixtures("project", "no_keyring")
def test_login_signs_every_user_in_and_keeps_it(
    tenant: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["login", "--plain-cache"]) == 0
    assert main(["login"]) == 0

    shown = capsys.readouterr().out
    assert "alice: signed in as alice@contoso.example (kept from now on)" in shown
    assert "bob: signed in as bob@contoso.example (was kept already)" in shown
    assert sorted(tenant.issued) == [("alice", "device_code"), ("bob", "password")]


@pytest.mark.usefixtures("project", "no_keyring")
def test_login_without_a_keyring_says_the_choices_before_asking(
    tenant: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["login", "alice"]) == 4

    shown = capsys.readouterr().err
    assert "no keyring" in shown
    assert "--plain-cache" in shown
    assert tenant.requests("") == 0


@pytest.mark.usefixtures("no_keyring")
def test_an_export_serves_a_run_elsewhere(
    tenant: Any,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["login", "alice", "--export", "cache.json"]) == 0
    exported = (project / "cache.json").read_text(encoding="utf-8")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, exported)

    assert main(["token", "alice"]) == 0

    assert [grant for _, grant in tenant.issued] == ["device_code", "refresh_token"]
    secret = next(iter(json.loads(exported)["RefreshToken"].values()))["secret"]
    assert secret not in "".join(capsys.readouterr())
    if sys.platform != "win32":
        assert stat.S_IMODE((project / "cache.json").stat().st_mode) == 0o600


@pytest.mark.usefixtures("project", "no_keyring")
def test_token_shows_claims_with_their_meaning_and_never_itself(
    tenant: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "bob"]) == 0

    shown = capsys.readouterr().out
    assert "user bob: bob@contoso.example, by password" in shown
    assert "delegated scopes" in shown
    assert "eyJ" not in shown


@pytest.mark.usefixtures("project", "no_keyring")
def test_only_reveal_prints_the_raw_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "bob", "--reveal"]) == 0

    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("eyJ")
    assert line.count(".") == 2


@pytest.mark.usefixtures("project", "no_keyring")
def test_logout_forgets(capsys: pytest.CaptureFixture[str]) -> None:
    main(["login", "bob", "--plain-cache"])

    assert main(["logout"]) == 0
    assert main(["logout"]) == 0

    shown = capsys.readouterr().out
    assert "forgotten: tokens-127.0.0.1-" in shown
    assert "nothing was kept" in shown


@pytest.mark.usefixtures("project", "no_keyring")
def test_a_login_that_fails_is_status_1_and_exports_nothing(
    tenant: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.emulator.entra.grants.fail_next(53003, times=None)

    assert main(["login", "bob", "--export", "cache.json"]) == 1

    assert "AADSTS53003" in capsys.readouterr().err
    assert not (project / "cache.json").exists()


@pytest.mark.usefixtures("project", "no_keyring")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["token", "mallory"], "known: alice, bob"),
        (["login", "--sign-in", "magic"], "must be one of auto, device-code"),
        (["login", "--connector-config", "missing.toml"], "no such settings file"),
    ],
)
def test_usage_errors_are_one_line_and_status_4(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 4

    [line] = capsys.readouterr().err.splitlines()
    assert words in line


@pytest.mark.parametrize("width", [40, 80, 200])
def test_claims_stay_within_the_terminal_where_values_do(width: int) -> None:
    rows = [ClaimRow("aud", "x" * 12, "m" * 30), ClaimRow("scp", "s", "")]

    lines = claim_lines(rows, width)

    assert all(len(line) <= width for line in lines)
    assert "".join(lines).count("m" * 30) == 1


@pytest.mark.usefixtures("project")
def test_disk_that_fills_while_signing_in_is_told_by_login(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.callers.cache_files.PlainFile.save", full)
    monkeypatch.setattr("harness.callers.cache_files.PlainFile.load", lambda _self: "{}")
    monkeypatch.setattr("harness.callers.cache_files.PlainFile.__init__", _plain_file)

    assert main(["login", "--plain-cache", "bob"]) == 1

    told = capsys.readouterr()
    assert "kept from now on" not in told.out
    assert "could not be saved" in told.err


def _plain_file(self: Any, path: Path) -> None:
    from msal_extensions import FilePersistence

    path.parent.mkdir(parents=True, exist_ok=True)
    FilePersistence.__init__(self, str(path))
