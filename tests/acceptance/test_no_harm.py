"""Whatever the mode, the door and the token: a run changes nothing that stood in the app before.

A real app behind the emulator's Easy Auth counts what reaches it. All suites run, with all tricks
and tokens, against a definition full of traps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.emulator import Emulator, EmulatorOptions

from .conftest import Runner, write_settings
from .traps import DEFINITION, Traps, serving

MODES = ("none", "examples", "all")
FAULTS = ("", "auth-off", "accept-query-token")


@pytest.fixture
def traps() -> Traps:
    return Traps()


@pytest.fixture
def door(traps: Traps) -> Iterator[Emulator]:
    with serving(traps) as url, Emulator(EmulatorOptions(upstream=url)) as emulator:
        yield emulator


def prepare(folder: Path, emulator: Emulator) -> list[str]:
    write_settings(folder, emulator)
    path = folder / "connector-harness.toml"
    text = path.read_text(encoding="utf-8").replace('writes = "all"\n', "")
    path.write_text(text[: text.index("[anonymous]")], encoding="utf-8")
    definition = folder / "apiDefinition.swagger.json"
    definition.write_text(json.dumps(DEFINITION), encoding="utf-8")
    return ["--function-app", "emulated", "-q", "--connector-examples", "4"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault or "right-door")
def test_nothing_that_stood_there_is_changed(
    run_pytest: Runner, tmp_path: Path, traps: Traps, door: Emulator, mode: str, fault: str
) -> None:
    if fault:
        door.faults.on(fault)
    before = traps.checksum()

    ran = run_pytest(*prepare(tmp_path, door), "--writes", mode)

    assert ran.status in (0, 1, 6), ran.output
    assert traps.left() == ""
    assert traps.checksum() == before
    if mode != "all":
        assert traps.writes == []
        assert mode == "examples" or ran.report["requests"]["writes"] == 0
    else:
        assert not [w for w in traps.writes if "rec-" in w]
        assert any(w.startswith("DELETE /api/items/") for w in traps.writes)
