from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.callers.cache import (
    ENVIRONMENT_VARIABLE,
    CacheChoice,
    data_folder,
    export_cache,
    forget_all,
    open_cache,
)
from harness.callers.cache_files import STALE_LOCK_S, PlainFile
from harness.errors import SettingsError

NOW = 1_800_000_000.0
DAY = 86400
ALICE: Any = {"client_id": "c", "usernames": ["Alice@contoso.example"]}


def no_keyring(_location: str) -> Any:
    raise RuntimeError("no session bus")


def serialized(age_days: float = 1) -> str:
    return json.dumps(
        {
            "AccessToken": {"a": {"secret": "access-canary"}},
            "RefreshToken": {
                "r": {
                    "secret": "refresh-canary",
                    "client_id": "c",
                    "home_account_id": "u.t",
                    "last_modification_time": str(int(NOW - age_days * DAY)),
                }
            },
            "Account": {"k": {"home_account_id": "u.t", "username": "alice@contoso.example"}},
        }
    )


def add_refresh_token(cache: Any, number: int) -> None:
    entry = {"credential_type": "RefreshToken", "secret": f"s{number}", "client_id": f"c{number}"}
    entry |= {"home_account_id": "u.t", "environment": "e"}
    cache.modify("RefreshToken", entry, entry)


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("win32", {"LOCALAPPDATA": "/L"}, Path("/L/connector-harness")),
        ("darwin", {"HOME": "/h"}, Path("/h/Library/Application Support/connector-harness")),
        ("linux", {"HOME": "/h"}, Path("/h/.local/share/connector-harness")),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "/d"}, Path("/d/connector-harness")),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "d"}, Path("/h/.local/share/connector-harness")),
    ],
)
def test_cache_lives_in_the_users_own_data_folder(
    platform: str, environ: dict[str, str], folder: Path
) -> None:
    assert data_folder(platform, environ) == folder


def test_without_a_keyring_memory_alone_keeps_and_a_note_names_the_choices(tmp_path: Path) -> None:
    opened = open_cache(CacheChoice.default({}, tmp_path), encrypted=no_keyring)

    assert opened.kind == "memory"
    assert not opened.is_kept
    [note] = opened.notes
    for words in ("no keyring", "no session bus", "--plain-cache", ENVIRONMENT_VARIABLE):
        assert words in note
    assert not list(tmp_path.iterdir())


def test_an_encrypted_persistence_is_used_where_there_is_one(tmp_path: Path) -> None:
    opened = open_cache(
        CacheChoice.default({}, tmp_path), encrypted=lambda place: PlainFile(Path(place))
    )
    add_refresh_token(opened.cache, 1)

    assert opened.kind == "encrypted"
    assert "s1" in (tmp_path / "tokens.bin").read_text(encoding="utf-8")


def test_a_plain_file_is_made_only_when_asked_for_and_used_from_then_on(tmp_path: Path) -> None:
    opened = open_cache(CacheChoice.plain(tmp_path))
    add_refresh_token(opened.cache, 1)

    later = open_cache(CacheChoice.default({}, tmp_path), encrypted=no_keyring)

    assert later.kind == "plain"
    assert [e["secret"] for e in later.cache.search("RefreshToken")] == ["s1"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mode bits")
def test_a_plain_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text("{}", encoding="utf-8")
    (tmp_path / "tokens.json").chmod(0o644)

    opened = open_cache(CacheChoice.plain(tmp_path))
    before = stat.S_IMODE((tmp_path / "tokens.json").stat().st_mode)
    add_refresh_token(opened.cache, 1)

    assert before == stat.S_IMODE((tmp_path / "tokens.json").stat().st_mode) == 0o600


def test_a_broken_cache_file_costs_no_sign_in_and_is_mended(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text("{ half", encoding="utf-8")
    opened = open_cache(CacheChoice.plain(tmp_path))

    assert list(opened.cache.search("RefreshToken")) == []
    add_refresh_token(opened.cache, 1)

    assert json.loads((tmp_path / "tokens.json").read_text(encoding="utf-8"))["RefreshToken"]


def test_a_lock_left_by_a_dead_run_is_no_obstacle(tmp_path: Path) -> None:
    opened = open_cache(CacheChoice.plain(tmp_path))
    lock = tmp_path / "tokens.json.lockfile"
    lock.write_text("dead", encoding="utf-8")
    os.utime(lock, (0, lock.stat().st_mtime - STALE_LOCK_S - 1))

    add_refresh_token(opened.cache, 1)

    assert "s1" in (tmp_path / "tokens.json").read_text(encoding="utf-8")


WRITER = """
import sys
from pathlib import Path
from harness.callers.cache import CacheChoice, open_cache
cache = open_cache(CacheChoice.plain(Path(sys.argv[1]))).cache
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 8):
    entry = {"credential_type": "RefreshToken", "secret": "s", "client_id": f"c{number}",
             "home_account_id": "u.t", "environment": "e"}
    cache.modify("RefreshToken", entry, entry)
"""


def test_two_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    open_cache(CacheChoice.plain(tmp_path))
    runs = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(first)])
        for first in (0, 100)
    ]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]

    document = json.loads((tmp_path / "tokens.json").read_text(encoding="utf-8"))
    assert len(document["RefreshToken"]) == 16


@pytest.mark.parametrize("wrap", [str, lambda t: base64.b64encode(t.encode()).decode()])
def test_a_cache_handed_in_stays_in_memory(tmp_path: Path, wrap: Any) -> None:
    choice = CacheChoice.default({ENVIRONMENT_VARIABLE: wrap(serialized())}, tmp_path)

    opened = open_cache(choice, clock=lambda: NOW)
    add_refresh_token(opened.cache, 1)

    assert opened.kind == "environment"
    assert not list(tmp_path.iterdir())
    assert "canary" not in repr(choice)


@pytest.mark.parametrize("text", ["hello", "[]", "{}", "e30="])
def test_what_is_no_cache_is_a_settings_error_that_does_not_show_it(text: str) -> None:
    choice = CacheChoice.default({ENVIRONMENT_VARIABLE: text})

    with pytest.raises(SettingsError, match="login --export") as caught:
        open_cache(choice)

    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("age", "words"), [(10, None), (75.5, None), (80, "in 10 days"), (95, "has aged out")]
)
def test_an_ageing_refresh_token_is_told_days_before(age: float, words: str | None) -> None:
    choice = CacheChoice.default({ENVIRONMENT_VARIABLE: serialized(age)})

    opened = open_cache(choice, clock=lambda: NOW)

    if words is None:
        assert opened.ageing == []
    else:
        [text] = opened.ageing
        assert words in text
        assert "alice@contoso.example" in text


def test_an_export_holds_refresh_tokens_and_no_access_tokens() -> None:
    choice = CacheChoice.default({ENVIRONMENT_VARIABLE: serialized()})
    text = export_cache(open_cache(choice, clock=lambda: NOW), NOW, **ALICE)

    assert "\n" not in text
    assert "refresh-canary" in text
    assert "access-canary" not in text
    again = open_cache(CacheChoice.default({ENVIRONMENT_VARIABLE: text}), clock=lambda: NOW)
    assert len(list(again.cache.search("RefreshToken"))) == 1


@pytest.mark.parametrize("other", [{"client_id": "d"}, {"usernames": ["bob@contoso.example"]}])
def test_other_clients_and_accounts_are_not_exported(other: dict[str, Any]) -> None:
    opened = open_cache(CacheChoice.default({ENVIRONMENT_VARIABLE: serialized()}))

    with pytest.raises(SettingsError, match="of these users"):
        export_cache(opened, NOW, **(ALICE | other))


def test_an_empty_cache_cannot_be_exported() -> None:
    with pytest.raises(SettingsError, match="no refresh token"):
        export_cache(open_cache(CacheChoice.none()), NOW, **ALICE)


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("https://login.microsoftonline.com", "tokens.json"),
        ("https://127.0.0.1:4711", "tokens-127.0.0.1-4711.json"),
    ],
)
def test_an_authority_on_a_port_of_its_own_has_a_cache_of_its_own(
    tmp_path: Path, authority: str, name: str
) -> None:
    open_cache(CacheChoice.plain(tmp_path), authority=authority)

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_forgetting_removes_every_file_and_what_the_system_keeps(tmp_path: Path) -> None:
    kept: dict[str, str] = {}

    class Keyring(PlainFile):
        """The content is elsewhere; the file only marks that there is one."""

        def save(self, content: str) -> None:
            kept[self.get_location()] = content
            Path(self.get_location()).touch()

    choice = CacheChoice.default({}, tmp_path)
    for authority in ("https://login.example", "https://127.0.0.1:4711"):
        opened = open_cache(
            choice, authority=authority, encrypted=lambda place: Keyring(Path(place))
        )
        add_refresh_token(opened.cache, 1)

    removed = forget_all(tmp_path, encrypted=lambda place: Keyring(Path(place)))

    assert removed == ["tokens-127.0.0.1-4711.bin", "tokens.bin"]
    assert set(kept.values()) == {"{}"}
    assert not list(tmp_path.iterdir())
