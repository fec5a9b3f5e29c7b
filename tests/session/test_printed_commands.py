"""The commands that a run prints are quoted for the shells of the platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.session.check import rerun_command
from harness.settings.values import Settings
from harness.traffic.replay import record_command

APP = "https://app.example.net/?a=1&b=2"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", "pytest --connector 'my docs' 'test_anonymous.py::test_x[Get it]'"),
        ("win32", 'pytest --connector "my docs" "test_anonymous.py::test_x[Get it]"'),
    ],
)
def test_the_command_that_runs_a_check_again(tmp_path: Path, platform: str, expected: str) -> None:
    settings = Settings(tmp_path, "app", APP, given_options=("--connector", "my docs"))

    told = rerun_command(settings, "test_anonymous.py::test_x[Get it]", platform)

    assert told == expected


@pytest.mark.parametrize(("platform", "quote"), [("darwin", "'"), ("win32", '"')])
def test_the_command_that_records_what_is_missing(
    tmp_path: Path, platform: str, quote: str
) -> None:
    told = record_command(Settings(tmp_path, "app", APP), "Get it", platform)

    assert told == (
        f"record it: pytest --function-app {quote}{APP}{quote} --cassettes record "
        f"--connector-operation {quote}Get it{quote}"
    )
