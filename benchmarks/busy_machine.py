"""Run the demo's contract suite twenty times while other threads burn CPU.

    python benchmarks/busy_machine.py [TIMES]

Ends with 1 where any run did not pass. Each run is a process of its own, and switches threads
as often as it can.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

TIMES = 20
PLUGIN = """
import sys, threading

def burn():
    total = 0
    while True:
        total = (total + 1) % 1_000_003

sys.setswitchinterval(1e-5)
for _ in range(3):
    threading.Thread(target=burn, daemon=True).start()
"""


def main(times: int) -> int:
    """The number of runs that did not pass."""
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "burning.py").write_text(PLUGIN, encoding="utf-8")
        options = ["-p", "burning", "--function-app", "demo", "-m", "contract", "-q"]
        for number in range(1, times + 1):
            command = [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            failed += done.returncode != 0
            print(f"run {number}: exit {done.returncode}", flush=True)
            if done.returncode != 0:
                print(done.stdout[-4000:], done.stderr[-2000:])
    print(f"{times - failed} of {times} passed")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES) else 0)
