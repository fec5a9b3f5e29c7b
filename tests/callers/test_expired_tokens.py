"""An access token kept until it serves as an expired one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from harness.callers.expired_tokens import forget_expired, keep_and_take

NOW = 2_000_000_000.0


class Store:
    """An encrypted persistence as msal-extensions builds it, without a keyring."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def load(self) -> str:
        return base64.b64decode(self.path.read_bytes()).decode()

    def save(self, text: str) -> None:
        self.path.write_bytes(base64.b64encode(text.encode()))


def token(exp: float) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": exp}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{claims}.c2ln"


def run(folder: Path, text: str, now: float, **environ: str) -> tuple[str | None, str]:
    return keep_and_take("k", text, environ=environ, folder=folder, build=Store, now=now)


def test_todays_token_serves_once_it_is_dead(tmp_path: Path) -> None:
    today = token(NOW + 3600)
    assert run(tmp_path, today, NOW)[0] is None

    later = NOW + 3600 + 16 * 60

    assert run(tmp_path, token(later + 3600), later)[0] == today


def test_token_within_the_grace_does_not_serve(tmp_path: Path) -> None:
    run(tmp_path, token(NOW + 3600), NOW)

    assert run(tmp_path, token(NOW + 9000), NOW + 3600 + 300)[0] is None


def test_nothing_is_kept_in_ci(tmp_path: Path) -> None:
    expired, reason = run(tmp_path, token(NOW), NOW, CI="true")

    assert expired is None
    assert "CI" in reason
    assert list(tmp_path.iterdir()) == []


def test_without_an_encrypted_store_nothing_is_kept(tmp_path: Path) -> None:
    def refuse(_path: str) -> Store:
        raise RuntimeError("no keyring")

    expired, reason = keep_and_take(
        "k", token(NOW), environ={}, folder=tmp_path, build=refuse, now=NOW
    )

    assert expired is None
    assert "no encrypted store" in reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "not base64", "W10="])
def test_broken_store_starts_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "expired-tokens.bin").write_text(content, encoding="utf-8")

    assert run(tmp_path, token(NOW + 3600), NOW)[0] is None


def test_logging_out_forgets_it(tmp_path: Path) -> None:
    run(tmp_path, token(NOW + 3600), NOW)

    assert forget_expired(tmp_path, Store) == ["expired-tokens.bin"]
    assert list(tmp_path.iterdir()) == []
