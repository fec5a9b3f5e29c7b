from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path

import pytest

from harness.callers.external_tokens import split_command, token_from_command, token_from_settings
from harness.errors import SettingsError, SignInError
from harness.settings.values import Deferred, UserSettings

NOW = float(int(time.time()))


def jwt(exp: float = NOW + 600, canary: str = "c2lnbmF0dXJl") -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": exp, "aud": "x"}).encode()).decode()
    return f"eyJhbGciOiJSUzI1NiJ9.{claims.rstrip('=')}.{canary}"


def user_printing(folder: Path, text: str, *, status: int = 0, error: str = "") -> UserSettings:
    script = folder / "print token.py"
    script.write_text(
        f"import sys\nprint({text!r})\nprint({error!r}, file=sys.stderr)\nsys.exit({status})\n",
        encoding="utf-8",
    )
    return UserSettings("alice", token_command=f'"{sys.executable}" "{script}"')


@pytest.mark.parametrize(
    "wrap",
    [
        str,
        lambda t: f"WARNING: about to change\n{t}",
        lambda t: json.dumps({"accessToken": t, "expiresOn": "2030-01-01", "tenant": "x"}),
        lambda t: json.dumps({"access_token": t, "token_type": "Bearer"}),
        lambda t: json.dumps({"token": t}, indent=2),
        json.dumps,
    ],
    ids=["bare", "after a warning", "az", "oauth", "azd", "quoted"],
)
def test_a_commands_output_may_be_the_token_or_json(tmp_path: Path, wrap: object) -> None:
    token = token_from_command(user_printing(tmp_path, wrap(jwt())), NOW)  # type: ignore[operator]

    assert token.value.reveal() == jwt()
    assert token.source == "token-command"
    assert token.remaining(NOW) == pytest.approx(600, abs=1)


@pytest.mark.parametrize(
    ("text", "status", "error", "words"),
    [
        ("", 0, "", "printed no token"),
        ("please run az login", 0, "", "printed no token"),
        ("not-a-jwt", 0, "", "is no JWT"),
        ('{"accessToken": 5}', 0, "", "printed no token"),
        ("", 3, "first\nno subscription found", "ended with 3: no subscription found"),
        ("", 1, f"refused {jwt()}", "ended with 1: refused …"),
        (jwt(NOW - 3600), 0, "", "expired 60 minutes ago"),
    ],
    ids=["empty", "prose", "no-jwt", "odd-json", "failed", "token-in-error", "expired"],
)
def test_a_command_without_a_usable_token_is_a_sign_in_error(
    tmp_path: Path, text: str, status: int, error: str, words: str
) -> None:
    user = user_printing(tmp_path, text, status=status, error=error)

    with pytest.raises(SignInError, match=words) as caught:
        token_from_command(user, NOW)

    assert caught.value.rule == "sign-in.token-handed-in"
    assert caught.value.user == "alice"
    assert jwt() not in str(caught.value)


def test_nothing_in_a_command_is_interpreted_by_a_shell(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    user = user_printing(tmp_path, jwt())
    user = UserSettings(
        "alice", token_command=f'{user.token_command} "; touch {marker}" > {marker}'
    )

    token_from_command(user, NOW)

    assert not marker.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [('"open', "cannot be split"), ("", "is empty"), ("no-such-program-here x", "no program")],
)
def test_a_command_that_cannot_be_run_is_a_settings_error(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        split_command(text, "[users.alice] token-command")


def test_backslashes_of_windows_paths_stand_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name)

    words = split_command(r'"C:\Program Files\az.cmd" account "a b"', "x", windows=True)

    assert words == [r"C:\Program Files\az.cmd", "account", "a b"]


def test_a_token_of_the_settings_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALICE_TOKEN", f" Bearer {jwt()}\n")
    user = UserSettings("alice", token=Deferred("${ALICE_TOKEN}", "[users.alice] token"))

    assert token_from_settings(user, NOW).value.reveal() == jwt()


def test_a_token_whose_variable_is_missing_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALICE_TOKEN", raising=False)
    user = UserSettings("alice", token=Deferred("${ALICE_TOKEN}", "[users.alice] token"))

    with pytest.raises(SettingsError, match="ALICE_TOKEN"):
        token_from_settings(user, NOW)


def test_a_token_never_shows_itself() -> None:
    user = UserSettings("alice", token=Deferred(jwt(canary="canary-signature")))
    token = token_from_settings(user, NOW)

    assert "canary" not in f"{token!r}{token}{[token]}"
    assert "alice" in repr(token)
