"""Some hundred changed files: every reader gives a result or one clear line, and never a crash."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from .mutants import formats, mutants

COUNT = 450
NAMES = (
    "definition",
    "yaml",
    "properties",
    "postman",
    "settings",
    "report",
    "cassette",
    "auth settings",
    "inventory",
)


@pytest.mark.parametrize("name", NAMES)
def test_changed_file_gives_a_result_or_one_line(name: str, tmp_path: Path, shared: Path) -> None:
    chosen = tuple(form for form in formats(shared) if form.name == name)
    assert chosen[0].seeds

    for mutant in mutants(chosen, seed=13, count=COUNT // len(NAMES)):
        fault = mutant.fault(tmp_path)
        if fault is not None:
            where = traceback.format_tb(fault.__traceback__)[-1]
            pytest.fail(f"{type(fault).__name__}: {fault}\n{where}\n{mutant.content[:4000]!r}")
