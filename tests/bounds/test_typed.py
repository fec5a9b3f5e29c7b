"""Printed commands can be pasted: into POSIX shells, and on Windows into PowerShell and cmd."""

from __future__ import annotations

import shlex

import pytest

from harness.bounds.typed import as_typed, quoted


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("--function-app", "--function-app", id="an-option"),
        pytest.param("myapp/staging", "myapp/staging", id="a-slot"),
        pytest.param(r"C:\connectors\docs", r"C:\connectors\docs", id="a-path"),
        pytest.param("test_x.py::test_y[Get]", "test_x.py::test_y[Get]", id="a-check"),
        pytest.param("", '""', id="nothing"),
        pytest.param("my docs", '"my docs"', id="a-space"),
        pytest.param("it's", '"it\'s"', id="an-apostrophe"),
        pytest.param("https://a/?b=1&c=2", '"https://a/?b=1&c=2"', id="an-ampersand"),
        pytest.param("a;b,c(d)|e>f^g", '"a;b,c(d)|e>f^g"', id="signs-of-both-shells"),
        pytest.param("@a", '"@a"', id="splatting"),
        pytest.param("Übersicht", '"Übersicht"', id="other-letters"),
        pytest.param("C:\\my docs\\", '"C:\\my docs\\\\"', id="a-backslash-at-the-end"),
        pytest.param("?$top=1", "'?$top=1'", id="a-variable-of-powershell"),
        pytest.param("o'$x", "'o''$x'", id="both"),
        pytest.param('{"a": 1}', "'{\"a\": 1}'", id="json"),
    ],
)
def test_a_word_is_quoted_for_powershell_and_cmd_on_windows(word: str, expected: str) -> None:
    assert quoted(word, "win32") == expected


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_elsewhere_a_shell_reads_the_same_words_again(platform: str) -> None:
    words = ["pytest", "--connector", "my docs", "it's", "?$top=1", '{"a": 1}', "C:\\x\\", ""]

    assert shlex.split(as_typed(words, platform)) == words


def test_a_windows_command_has_no_quotes_of_posix_shells() -> None:
    words = ["pytest", "--connector", r"C:\my docs", "tests/test_x.py::test_y[Get it]"]

    assert as_typed(words, "win32") == (
        'pytest --connector "C:\\my docs" "tests/test_x.py::test_y[Get it]"'
    )
