"""No source is parsed beside the main thread, whose parser shares its depth with every other.

Before, one run in four on a busy machine ended in "AST constructor recursion depth mismatch".
`benchmarks/busy_machine.py` runs the contract suite twenty times beside threads that parse.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Runner


@pytest.mark.parametrize("workers", ["0", "2"])
def test_other_threads_import_and_compile_nothing(
    run_pytest: Runner, tmp_path: Path, workers: str
) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    environ = {
        "CONNECTOR_THREAD_WATCH": str(watched),
        "PYTHONPATH": str(Path(__file__).parent),
    }
    few = ("-k", "GetDocument or CreateDocument or Hello or fit or registration")
    options = ["-p", "thread_watch", "-n", workers, "--function-app", "demo"]

    ran = run_pytest(*options, "-m", "contract or tokens", *few, environ=environ)

    assert ran.status == 0, ran.output
    told = {path.name: path.read_text(encoding="utf-8") for path in watched.iterdir()}
    assert len(told) == 1 + int(workers)
    assert set(told.values()) == {""}
