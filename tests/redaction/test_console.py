"""What commands print and what tests log: shown, never obeyed, and without secrets."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.exchanges.identities import whose
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, Response
from harness.redaction.console import showing_only
from harness.redaction.learning import learn_exchange
from harness.redaction.logs import clean_log_records
from harness.redaction.people import stand_ins_of
from harness.redaction.redactor import known_redactor
from harness.settings.values import EntraSettings, Settings, UserSettings
from harness.traffic.cassette import slug

HOSTILE = "a\x1b[31m\u202eb\x9fc\U000e0041\ud800"


def test_printed_text_is_escaped_and_still_json(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_only():
        print(json.dumps({"a": HOSTILE}, ensure_ascii=False))

    shown = capsys.readouterr().out
    assert shown.isprintable() or shown.rstrip("\n").isprintable()
    assert json.loads(shown) == {"a": HOSTILE}


def test_diff_prints_no_escape_or_bidi_character(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("diff")
    for name, paths in (
        ("old", {f"/{HOSTILE[:-1]}": {"get": {"operationId": HOSTILE[:-1]}}}),
        ("new", {}),
    ):
        document = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": paths}
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")

    status = main(["diff", str(folder / "old.json"), str(folder / "new.json")])

    shown = capsys.readouterr()
    assert status == 1
    assert not {"\x1b", "\u202e", "\x9f"} & set(shown.out + shown.err)


@pytest.mark.parametrize("name", ["con.txt", "CON", "nul.a.b", "com1.x", "lpt9", "aux."])
def test_cassette_is_never_named_as_a_windows_device(name: str) -> None:
    word = slug(name).partition(".")[0].lower()

    assert word not in {"con", "nul", "com1", "lpt9", "aux"}
    assert slug(name) != slug(name.swapcase())


def exchange(headers: tuple[tuple[str, str], ...], body: bytes = b"") -> Exchange:
    request = Request("GET", "/", (("X-Internal", "internal-42"),))
    return Exchange(
        Probe("k", None, ANONYMOUS, request, "tests/call"), Response(200, headers, body, 0.1)
    )


@pytest.mark.parametrize(
    ("printed", "gone"),
    [
        pytest.param("{'session': 'SessionValue123456'}", "SessionValue", id="cookie jar"),
        pytest.param("assert 'ionValue1234567890' == 'x'", "Value1234", id="middle of a cookie"),
        pytest.param("Headers({'x-internal': 'never seen'})", "never", id="own header by place"),
        pytest.param("[(b'Set-Cookie', b'a=fresh; path=/')]", "fresh", id="as httpcore logs it"),
        pytest.param("Set-Cookie: a=fresh; path=/", "fresh", id="as HTTP writes it"),
        pytest.param("value: internal-42", "internal-42", id="own header by value"),
        pytest.param("{'k': 'opaque-token-from-body'}", "opaque-token", id="token of an answer"),
    ],
)
def test_what_a_users_test_prints_holds_no_secret_of_its_calls(printed: str, gone: str) -> None:
    redactor = known_redactor({}, headers=["x-internal"])
    cookie = ("Set-Cookie", "s=SessionValue1234567890; path=/")
    learn_exchange(redactor, exchange((cookie,), b'{"access_token": "opaque-token-from-body"}'))

    assert gone not in redactor.printed(printed)


def test_log_records_are_cleaned_before_any_handler_sees_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    redactor = known_redactor({}, stand_ins={"alice@contoso.com": "alice@users.invalid"})

    with clean_log_records(redactor.printed), caplog.at_level("DEBUG"):
        logging.getLogger("x").debug("GET %s", "/userrealm/alice%40contoso.com")

    assert caplog.messages == ["GET /userrealm/alice%40users.invalid"]


USERS = {"alice": UserSettings("alice", username="other@contoso.com")}
CLAIMS = {
    "alice": {
        "upn": "alice@contoso.com",
        "oid": "o-1-2-3",
        "tid": "a" * 8 + "-1111-1111-1111-111111111111",
    }
}


def settings_of(**more: Any) -> Settings:
    return Settings(Path(), "myapp", "https://myapp.example", users=USERS, **more)


def test_two_values_never_share_a_stand_in() -> None:
    settings = settings_of(entra=EntraSettings(tenant_id="b" * 8 + "-1111-1111-1111-111111111111"))

    shown = stand_ins_of(CLAIMS, settings).shown

    assert len(set(shown.values())) == len(shown) == 5
    assert shown["alice@contoso.com"] == "alice@users.invalid"


def test_what_is_compared_is_shown_so_that_the_difference_can_be_seen() -> None:
    redactor = known_redactor({}, stand_ins=stand_ins_of(CLAIMS, settings_of()).shown)

    assert (
        redactor.told(whose("Alice@contoso.com", CLAIMS)) == "alice's address (alice@users.invalid)"
    )
    assert redactor.told(whose("bob@fabrikam.com", CLAIMS)) == "another address (b…@f…)"
    assert redactor.terminal(whose("bob@fabrikam.com", CLAIMS)).endswith("(bob@fabrikam.com)")
