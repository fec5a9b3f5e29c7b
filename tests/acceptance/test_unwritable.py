"""Files that cannot be written cost files, and never what was found."""

from __future__ import annotations

from pathlib import Path

from .conftest import Runner

FEW = ("--function-app", "demo", "-m", "anonymous", "-k", "Hello")


def test_report_that_cannot_be_written_is_told_on_the_terminal(
    run_pytest: Runner, tmp_path: Path
) -> None:
    for name in ("report.json", "index.html"):
        (tmp_path / "reports" / name).mkdir(parents=True)

    ran = run_pytest(*FEW, "--connector-demo-fault", "auth-off")

    assert "Traceback" not in ran.output
    assert "INTERNALERROR" not in ran.output
    assert "anonymous.open" in ran.output
    assert ran.output.count("cannot be written") == 2
    assert (tmp_path / "reports" / "report.sarif").is_file()
    assert ran.status == 1


def test_cache_that_cannot_be_written_is_done_without(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / ".pytest_cache").write_text("", encoding="utf-8")

    ran = run_pytest(*FEW)

    assert ran.status == 0, ran.output


def test_recording_that_cannot_be_kept_is_unverified(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes" / "demo").write_text("", encoding="utf-8")

    ran = run_pytest(*FEW, "--cassettes", "record")

    assert ran.status == 6, ran.output
    assert "cannot be written" in ran.output
    assert "is wrong" not in ran.output
