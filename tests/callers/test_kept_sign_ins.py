from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.callers.cache import ENVIRONMENT_VARIABLE, CacheChoice
from harness.errors import SettingsError, SignInError


@pytest.fixture
def kept(tenant: Any, tmp_path: Path) -> CacheChoice:
    """A cache in which alice has signed in before."""
    choice = CacheChoice.plain(tmp_path)
    tenant.sign_ins(tenant.user("alice"), cache=choice).token("alice")
    tenant.emulator.entra.grants.issued.clear()
    return choice


def test_a_kept_sign_in_needs_neither_person_nor_call(tenant: Any, kept: CacheChoice) -> None:
    sign_ins = tenant.sign_ins(tenant.person("alice"), cache=kept, interactive=False)

    token = sign_ins.token("alice")

    assert token.source == "cache"
    assert token.id_token is not None
    assert tenant.issued == []


def test_a_kept_sign_in_whose_access_token_is_gone_is_refreshed(
    tenant: Any, kept: CacheChoice, tmp_path: Path
) -> None:
    forget_access_tokens(cache_file(tmp_path))
    sign_ins = tenant.sign_ins(tenant.person("alice"), cache=kept, interactive=False)

    sign_ins.token("alice")

    assert tenant.issued == [("alice", "refresh_token")]
    assert tenant.prompt.pages == []


def test_the_cache_flow_asks_nobody(tenant: Any, kept: CacheChoice) -> None:
    sign_ins = tenant.sign_ins(tenant.user("bob"), cache=kept, flow="cache")

    with pytest.raises(SignInError, match="only the cache may be used") as caught:
        sign_ins.token("bob")

    assert caught.value.rule == "sign-in.interaction-needed"
    assert tenant.requests("/token") == 1


def test_another_users_kept_sign_in_is_not_taken(tenant: Any, kept: CacheChoice) -> None:
    token = tenant.sign_ins(tenant.user("bob"), cache=kept).token("bob")

    assert token.source == "password"


def test_a_revoked_kept_sign_in_asks_the_person_again(
    tenant: Any, kept: CacheChoice, tmp_path: Path
) -> None:
    forget_access_tokens(cache_file(tmp_path))
    grants = tenant.emulator.entra.grants
    grants.fail_next(700082, grant="refresh_token", times=None)
    grants.device_queue.append("alice")

    token = tenant.sign_ins(tenant.person("alice"), cache=kept).token("alice")

    assert token.source == "device-code"


def test_a_revoked_kept_sign_in_without_a_person_names_the_command(
    tenant: Any, kept: CacheChoice, tmp_path: Path
) -> None:
    forget_access_tokens(cache_file(tmp_path))
    tenant.emulator.entra.grants.fail_next(700082, grant="refresh_token", times=None)

    with pytest.raises(SignInError, match="connector-harness login alice") as caught:
        tenant.sign_ins(tenant.person("alice"), cache=kept, interactive=False).token("alice")

    assert (caught.value.rule, caught.value.code) == ("sign-in.session-expired", 700082)


def test_a_user_without_a_name_is_the_only_one_in_the_cache(tenant: Any, kept: CacheChoice) -> None:
    user = tenant.person("alice", username=None)

    token = tenant.sign_ins(user, cache=kept, interactive=False).token("alice")

    assert token.source == "cache"


def test_an_exported_cache_signs_in_where_it_is_handed_in(
    tenant: Any, kept: CacheChoice, tmp_path: Path
) -> None:
    text = tenant.sign_ins(tenant.person("alice"), cache=kept).export()
    handed_in = CacheChoice.default({ENVIRONMENT_VARIABLE: text}, tmp_path / "nowhere")

    sign_ins = tenant.sign_ins(tenant.person("alice"), cache=handed_in, interactive=False)
    sign_ins.token("alice")

    assert tenant.issued == [("alice", "refresh_token")]
    assert not (tmp_path / "nowhere").exists()


def test_an_ageing_cache_is_remarked_on_when_it_is_used(
    tenant: Any, kept: CacheChoice, tmp_path: Path
) -> None:
    document = json.loads((cache_file(tmp_path)).read_text(encoding="utf-8"))
    for entry in document["RefreshToken"].values():
        entry["last_modification_time"] = str(int(entry["last_modification_time"]) - 85 * 86400)
    handed_in = CacheChoice.default({ENVIRONMENT_VARIABLE: json.dumps(document)})

    sign_ins = tenant.sign_ins(tenant.person("alice"), cache=handed_in, interactive=False)
    sign_ins.token("alice")

    [remark] = sign_ins.remarks
    assert remark.rule == "sign-in.cache-ageing"
    assert "ages out in" in remark.text
    assert tenant.prompt.notes == [remark.text]


def test_what_is_no_cache_stops_before_any_call(tenant: Any) -> None:
    choice = CacheChoice.default({ENVIRONMENT_VARIABLE: "junk"})

    with pytest.raises(SettingsError):
        tenant.sign_ins(tenant.user("alice"), cache=choice).token("alice")

    assert tenant.requests("") == 0


def test_where_nothing_can_be_kept_the_person_is_told_before_signing_in(
    tenant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_keyring(_location: str) -> Any:
        raise RuntimeError("no session bus")

    monkeypatch.setattr("msal_extensions.build_encrypted_persistence", no_keyring)
    tenant.emulator.entra.grants.device_queue.append("alice")

    tenant.sign_ins(tenant.person("alice"), cache=CacheChoice("default", tmp_path)).token("alice")

    [note] = tenant.prompt.notes
    assert "kept for this run only" in note


def test_renewed_tokens_reach_the_cache(tenant: Any, kept: CacheChoice, tmp_path: Path) -> None:
    before = refresh_tokens(cache_file(tmp_path))
    sign_ins = tenant.sign_ins(tenant.person("alice"), cache=kept)
    sign_ins.token("alice")

    sign_ins.token("alice", renew=True)

    assert refresh_tokens(cache_file(tmp_path)) != before


def refresh_tokens(path: Path) -> list[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return [entry["secret"] for entry in document["RefreshToken"].values()]


def cache_file(folder: Path) -> Path:
    [path] = folder.glob("tokens*.json")
    return path


def forget_access_tokens(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["AccessToken"] = {}
    path.write_text(json.dumps(document), encoding="utf-8")
