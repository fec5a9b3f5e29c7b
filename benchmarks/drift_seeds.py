"""Every drift of the emulator, alone and all together, and the clean app in every mode, over seeds.

Usage: python benchmarks/drift_seeds.py [--seeds 10]

A table of drifts and of how many seeds found them; the exit status is 1 where one was missed or a
clean app was not silent. The drifts are those of tests/suites/contract/test_contract_emulator.py.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.connector.loading import load_connector
from harness.emulator import Emulator, EmulatorOptions

TESTS = Path(__file__).parents[1] / "tests" / "suites" / "contract" / "test_contract_emulator.py"
MODES = ("RedirectToLoginPage", "Return401", "Return403", "AllowAnonymous")
TOGETHER = {
    "GetDocument": ["missing-property", "enum-changed", "format-changed", "extra-property"],
    "ListDocuments": ["status-changed", "invalid-accepted", "header-dropped"],
    "SearchDocuments": ["required-ignored", "null-value"],
    "Hello": ["content-type-changed"],
    "ListCategories": ["operation-gone"],
    "ReplaceDocument": ["method-changed"],
    "CreateDocument": ["required-ignored"],
    "WhoAmI": ["type-changed"],
    "ListAnnouncements": ["array-to-object"],
    "Health": ["content-type-changed"],
}
"""Many at once: what each operation has, which must all be found there."""


def load_tests() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drifts", TESTS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["drifts"] = module
    spec.loader.exec_module(module)
    return module


def wanted_rules(tests: ModuleType) -> dict[str, str]:
    """The rule that a kind of drift is found by."""
    return {fault.partition(":")[0]: rule for fault, rule in tests.DRIFTS}


def alone(tests: ModuleType, connector: Any, seeds: Iterable[int], kept: Path) -> dict[str, int]:
    found = {fault: 0 for fault, _ in tests.DRIFTS}
    with Emulator(EmulatorOptions()) as running:
        for sender in tests._sender(running):
            for seed in seeds:
                here = tests.context(connector, running, seed)
                for fault, rule in tests.DRIFTS:
                    name = fault.partition(":")[2] or "ListDocuments"
                    running.faults.on(fault)
                    got = tests.rules(tests.judged(here, name, sender, kept))
                    running.faults.clear()
                    also = set(got) - {rule} - tests.SIDE_EFFECTS.get(fault, set())
                    found[fault] += rule in got and not also
    return found


def together(tests: ModuleType, connector: Any, seeds: Iterable[int], kept: Path) -> dict[str, int]:
    rules = wanted_rules(tests)
    found = {f"{kind}:{name}": 0 for name, kinds in TOGETHER.items() for kind in kinds}
    with Emulator(EmulatorOptions()) as running:
        for sender in tests._sender(running):
            for fault in found:
                running.faults.on(fault)
            for seed in seeds:
                here = tests.context(connector, running, seed)
                for name, kinds in TOGETHER.items():
                    left = tests.rules(tests.judged(here, name, sender, kept))
                    for kind in kinds:
                        if rules[kind] in left:
                            left.remove(rules[kind])
                            found[f"{kind}:{name}"] += 1
    return found


def clean(tests: ModuleType, connector: Any, seeds: Iterable[int], kept: Path) -> dict[str, int]:
    silent = dict.fromkeys(MODES, 0)
    for mode in MODES:
        with Emulator(EmulatorOptions(action=mode)) as running:
            for sender in tests._sender(running):
                for seed in seeds:
                    here = tests.context(connector, running, seed)
                    judged = [tests.judged(here, o.id, sender, kept) for o in connector.operations]
                    loud = [r for j in judged for r in tests.rules(j)]
                    silent[mode] += not loud and not any(j.unverified for j in judged)
    return silent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    count = parser.parse_args().seeds
    tests, seeds = load_tests(), range(count)
    connector = load_connector(tests.SAMPLE)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for title, run in (("clean app silent", clean), ("alone", alone), ("together", together)):
            began = time.perf_counter()
            table = run(tests, connector, seeds, Path(folder))
            print(f"\n{title} ({time.perf_counter() - began:.0f} s)", flush=True)
            for name, times in table.items():
                print(f"  {name:<40} {times} of {count}", flush=True)
                missed += times != count
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
