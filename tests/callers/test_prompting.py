from __future__ import annotations

import io

import pytest

from harness.callers.prompting import SignInPage, TerminalPrompt

PAGE = SignInPage("alice", "alice@contoso.example", "https://login.example/device", "ABC123", 900)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_page_code_account_and_time_are_shown() -> None:
    stream = io.StringIO()

    TerminalPrompt(stream).show(PAGE)

    shown = stream.getvalue()
    for part in ("alice@contoso.example", PAGE.url, PAGE.code, "15 min", "Ctrl-C"):
        assert part in shown


def test_a_terminal_line_is_rewritten_each_second() -> None:
    stream = Terminal()
    prompt = TerminalPrompt(stream)

    for left in (61.0, 60.0, 59.5):
        prompt.count_down(left)
    prompt.end("alice: signed in")

    assert stream.getvalue().count("\n") == 2
    assert "\r  waiting … 1:01 left" in stream.getvalue()
    assert stream.getvalue().endswith("\n  alice: signed in\n")


def test_a_log_gets_one_line_a_minute() -> None:
    stream = io.StringIO()
    prompt = TerminalPrompt(stream)
    prompt.show(PAGE)
    before = stream.getvalue().count("\n")

    for left in range(180, 0, -1):
        prompt.count_down(left)

    assert stream.getvalue().count("\n") - before == 3


def test_a_stream_without_unicode_is_written_to_all_the_same() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)

    TerminalPrompt(stream).count_down(5)

    assert b"waiting ? 0:05 left" in raw.getvalue()


@pytest.mark.parametrize("username", [None, "alice@contoso.example"])
def test_whom_to_sign_in_as_is_always_said(username: str | None) -> None:
    stream = io.StringIO()

    TerminalPrompt(stream).show(SignInPage("alice", username, "https://x", "C", 60))

    assert (username or "the account for 'alice'") in stream.getvalue()
