"""Accepted deviations: shown, counted, and they expire."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Runner

FAULT = (
    "--function-app",
    "demo",
    "-k",
    "test_matches_definition and WhoAmI",
    "--connector-demo-fault",
    "type-changed:WhoAmI",
)


def waive(folder: Path, until: str, match: str = "") -> None:
    line = f'match = "{match}"\n' if match else ""
    (folder / "connector-harness.toml").write_text(
        f'[[waivers]]\nrule = "contract.body"\noperation = "WhoAmI"\nreason = "ticket 1"\n'
        f"until = {until}\n{line}",
        encoding="utf-8",
    )


def test_waived_finding_is_shown_and_passes(run_pytest: Runner, tmp_path: Path) -> None:
    waive(tmp_path, "2099-01-31")

    ran = run_pytest(*FAULT)

    assert ran.status == 0, ran.output
    assert "1 xfailed" in ran.output
    assert [f["waived"] for f in ran.report["findings"] if f["rule"] == "contract.body"] == [True]
    assert ran.report["waivers"][0]["used"] == 1


@pytest.mark.parametrize(
    ("until", "match", "word"),
    [
        pytest.param("2020-01-31", "", "its waiver ended on 2020-01-31", id="expired"),
        pytest.param("2099-01-31", "no such text", "accepts nothing any more", id="idle"),
    ],
)
def test_waiver_that_does_not_serve_is_said(
    run_pytest: Runner, tmp_path: Path, until: str, match: str, word: str
) -> None:
    waive(tmp_path, until, match)

    ran = run_pytest(*FAULT)

    assert ran.status == 1, ran.output
    assert word in ran.output
