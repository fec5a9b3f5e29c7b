"""How a contract run grows with the definition, and what generation costs the second time.

Usage: python -m benchmarks.scale [--operations 10 100 1000]

Each size is run twice against a server that answers at once: the first run generates the cases, the
second finds them in pytest's cache folder. Memory is the peak of the largest process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import contract_speed
from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.exchanges.context import RunContext
from harness.inputs.generation_cache import cases_of
from harness.inputs.values import example_values
from harness.settings.values import Settings
from harness.suites.contract.cases import pinned_inputs


def generation_s(connector: Connector, settings: Settings, cache: Path) -> float:
    """Seconds that all cases of a definition take to be had."""
    context = RunContext(connector, settings)
    began = time.perf_counter()
    for operation in connector.operations:
        pinned = pinned_inputs(operation, example_values(context, operation))
        cases_of(connector, operation, pinned=pinned, seed=0, count=20, cache_dir=cache)
    return time.perf_counter() - began


def run(folder: Path, port: int) -> tuple[float, dict[str, Any]]:
    """Seconds of a whole contract run, and its report."""
    command = [sys.executable, "-m", "pytest", "-q", "--function-app", f"http://127.0.0.1:{port}"]
    seconds = contract_speed.timed([*command, "-m", "contract", "--writes", "all"], folder)
    return seconds, json.loads((folder / "reports" / "report.json").read_text("utf-8"))


def measure(operations: int, port: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contract_speed.prepare(folder, operations)
        first, _ = run(folder, port)
        second, report = run(folder, port)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        connector = load_connector(folder / "apiDefinition.swagger.json")
        settings = Settings(folder, "app", f"http://127.0.0.1:{port}", writes="all")
        cache = folder / ".pytest_cache" / "d" / "connector-harness"
        kept = generation_s(connector, settings, cache)
        sent = report["requests"]["sent"]
        print(f"{operations:5d} operations, {sent:6d} calls: first {first:6.2f} s, second "
              f"{second:6.2f} s, {second / operations * 1000:5.1f} ms an operation; "
              f"cases of the second {kept:.2f} s ({kept / report['seconds']:.1%}); "
              f"peak {peak:.0f} MB ({report['verdict']})", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, nargs="*", default=[10, 100, 1000])
    asked = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, contract_speed.__file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        for operations in asked.operations:
            measure(operations, port)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
