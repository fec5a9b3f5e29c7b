from __future__ import annotations

import pytest

from harness.redaction.visible import (
    clip,
    decode_base64,
    describe_binary,
    harmless,
    log_text,
    looks_binary,
    one_line,
    visible,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", id="ansi colours"),
        pytest.param("\x9b2J", "\\x9b2J", id="one-byte control sequence introducer"),
        pytest.param("a\x00b\x07\x7f", "a\\x00b\\x07\\x7f", id="control characters"),
        pytest.param("\u202egnp.exe\u202c", "\\u202egnp.exe\\u202c", id="right-to-left override"),
        pytest.param("\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f", id="bidi isolates and marks"),
        pytest.param("a\u200bb\ufeff", "a\\u200bb\\ufeff", id="zero width"),
        pytest.param("a\u2028b", "a\\u2028b", id="line separator"),
        pytest.param("\ud800", "\\ud800", id="lone surrogate"),
        pytest.param("\U000e0041", "\\U000e0041", id="invisible tag"),
        pytest.param("a\rb", "a\\x0db", id="carriage return that overwrites a line"),
        pytest.param("a\r\nb\tc", "a\nb\tc", id="newlines and tabs stay"),
        pytest.param("שלום, Zürich 日本 👩‍🚀", "שלום, Zürich 日本 👩‍🚀", id="ordinary text stays"),
    ],
)
def test_unshowable_characters_become_visible_escapes(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_visible_text_can_always_be_encoded() -> None:
    everything = "".join(map(chr, range(0x110000)))

    assert visible(everything).encode("utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "##vso[task.setvariable variable=a]b",
        "x ##VSO[task.complete result=Succeeded;]",
        "##[error]no",
        "::set-output name=a::b",
        "  ::stop-commands::x",
        "first\n::add-mask::x",
    ],
)
def test_no_line_in_a_log_is_a_command_to_the_build_server(line: str) -> None:
    shown = log_text(line).lower()

    assert "##vso[" not in shown
    assert "##[" not in shown
    assert not any(part.lstrip().startswith("::") for part in shown.splitlines())


def test_one_line_is_one_short_line() -> None:
    assert one_line("a\n\n  b\tc") == "a b c"
    assert one_line("x" * 50, 10) == "xxxxxxxxxx… (40 more characters)"


def test_clip_counts_what_it_leaves_out() -> None:
    assert clip("short", 10) == "short"
    assert clip("x" * 5_000, 2_000).endswith("… (3,000 more characters)")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", True, id="png"),
        pytest.param(bytes(range(128, 256)), True, id="invalid utf-8"),
        pytest.param('{"name":"Zoë"}'.encode(), False, id="utf-8"),
        pytest.param("Zoë".encode("latin-1"), False, id="a little latin-1"),
        pytest.param(b"", False, id="empty"),
    ],
)
def test_binary_is_told_from_text(data: bytes, expected: bool) -> None:
    assert looks_binary(data) is expected


def test_binary_is_described_by_size_type_and_start() -> None:
    shown = describe_binary(b"\x89PNG" + bytes(100), "image/png\x1b")

    assert shown.startswith("binary content, 104 bytes (image/png\\x1b); begins 89 50 4e 47 00")
    assert shown.endswith("…")


def test_broken_base64_is_no_bytes() -> None:
    assert decode_base64("not base64!") == b""
    assert decode_base64("AAE=") == b"\x00\x01"


def test_harmless_reaches_keys_lists_and_numbers_that_json_lacks() -> None:
    assert harmless({"\x1ba": ["\u202e", 1, None, float("nan")]}) == {
        "\\x1ba": ["\\u202e", 1, None, "nan"]
    }
