"""How long a run takes to start, beside a bare pytest run that imports schemathesis.

Usage: python benchmarks/start_up.py [--rounds 9]

Three starts: the contract suite of the demo collected and nothing sent (goal: at most 1.2 times the
bare run), the whole demo collected, and a bystander's run without `--function-app`, beside one that
blocks the plugin. Figures are medians of the ratios of neighbouring runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PYTEST = [sys.executable, "-m", "pytest", "-q"]
BARE = [*PYTEST, "test_bare.py"]
CASES = {
    "contract suite collected": (
        [*PYTEST, "--function-app", "demo", "-m", "contract", "--co"],
        BARE,
    ),
    "whole demo collected": ([*PYTEST, "--function-app", "demo", "--co"], BARE),
    "without --function-app": (
        [*PYTEST, "test_nothing.py"],
        [*PYTEST, "-p", "no:harness.plugin", "test_nothing.py"],
    ),
}


def seconds(command: list[str], folder: Path) -> float:
    # Without kept bytecode either side would measure the compiler.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stdout.decode('utf-8', 'replace')[-2000:]}")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        test = "import schemathesis\n\ndef test_bare():\n    assert schemathesis.__version__\n"
        (folder / "test_bare.py").write_text(test, encoding="utf-8")
        nothing = "def test_nothing():\n    assert True\n"
        (folder / "test_nothing.py").write_text(nothing, encoding="utf-8")
        for case, (own, peer) in CASES.items():
            seconds(peer, folder), seconds(own, folder)
            pairs = [(seconds(peer, folder), seconds(own, folder)) for _ in range(rounds)]
            ratio = statistics.median(mine / bare for bare, mine in pairs)
            mine = statistics.median(mine for _, mine in pairs)
            bare = statistics.median(bare for bare, _ in pairs)
            print(f"{case:<26} {mine:.2f} s beside {bare:.2f} s: {ratio:.2f} x", flush=True)


if __name__ == "__main__":
    main()
