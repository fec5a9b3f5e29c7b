from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.commands.emulate import OURS, write_settings
from harness.emulator import Emulator, EmulatorOptions
from harness.errors import HarnessError


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, Any]]:
    with Emulator(EmulatorOptions()) as running:
        yield running.description


def test_file_that_emulate_did_not_write_stays(tmp_path: Path, told: dict[str, Any]) -> None:
    path = tmp_path / "emulated.toml"
    path.write_text("# mine\n", encoding="utf-8")

    with pytest.raises(HarnessError, match="is not a file that emulate wrote"):
        write_settings(path, told, sample="documents")

    assert path.read_text(encoding="utf-8") == "# mine\n"


def test_own_file_is_written_anew(tmp_path: Path, told: dict[str, Any]) -> None:
    path = tmp_path / "emulated.toml"
    path.write_text(f"{OURS}\nold = 1\n", encoding="utf-8")

    write_settings(path, told, sample="documents")

    assert "old = 1" not in path.read_text(encoding="utf-8")
