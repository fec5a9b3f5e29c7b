"""Whatever stands on the command line: one line, and one of the documented exit statuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main

LONG = "x" * 300
DEEP = "[" * 100_000
COMMANDS = (
    ["lint", LONG],
    ["lint", "a\0b"],
    ["lint", "deep.json"],
    ["diff", LONG, LONG],
    ["diff", "deep.json", "deep.json"],
    ["report", LONG],
    ["report", "deep.json"],
    ["report", "null.json"],
    ["access", "null.json"],
    ["access", "."],
    ["import-postman", LONG],
    ["import-postman", "deep.json"],
    ["token", "alice", "--connector-config", LONG],
    ["login", "--connector-config", "a\0b"],
    ["emulate", LONG],
    ["emulate", "--upstream", "http://[::1"],
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda a: " ".join(a)[:40].replace("\0", "0"))
def test_odd_argument_is_one_line_and_exit_4(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "deep.json").write_text(DEEP, encoding="utf-8")
    (tmp_path / "null.json").write_text('{"verdict": "pass", "exchanges": null}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    status = main(arguments)

    told = capsys.readouterr()
    assert status == 4
    assert "Traceback" not in told.err
    assert len((told.err + told.out).strip().splitlines()) <= 2
