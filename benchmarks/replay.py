"""Replay: beside the live run of the demo, and over many recordings beside plain vcrpy.

Usage: python -m benchmarks.replay [--rounds 5] [--operations 400]

First: whole runs of the demo, live and replayed in turn; the median of the pairs' ratios. Then: a
server with many operations is recorded once (about 25 exchanges an operation) and judged offline;
plain vcrpy plays the same files to an httpx client that asks for each exchange once.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import contract_speed

PLAIN = """
import sys, time
from pathlib import Path
import httpx, vcr, yaml
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
asked, spent = 0, 0.0
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    rows = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)["interactions"]
    began = time.perf_counter()
    match = ("method", "uri")
    with (
        vcr.VCR(record_mode=vcr.mode.NONE, match_on=match).use_cassette(str(path)),
        httpx.Client() as client,
    ):
        for row in rows:
            sent = row["request"]
            headers = [(k, v) for k, values in sent["headers"].items() for v in values]
            client.request(sent["method"], sent["uri"], headers=headers, content=sent["body"])
            asked += 1
    spent += time.perf_counter() - began
print(asked, spent)
"""


def pytest_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", *arguments]


def demo(rounds: int) -> None:
    """Live and replayed runs of the demo, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        live = pytest_command("--function-app", "demo")
        replay = [*live, "--cassettes", "replay"]
        contract_speed.timed([*live, "--cassettes", "record"], folder)
        first = run_time(replay, folder)
        print(
            f"demo, first replay (YAML is parsed): {first[0]:.2f} s, the command {first[1]:.2f} s"
        )
        ratios: list[tuple[float, float]] = []
        for _ in range(rounds):
            asked, played = run_time(live, folder), run_time(replay, folder)
            ratios.append((asked[0] / played[0], asked[1] / played[1]))
            print(f"demo live {asked[0]:.2f} s   replay {played[0]:.2f} s   "
                  f"{ratios[-1][0]:.1f} x faster   commands {asked[1]:.2f} s, {played[1]:.2f} s",
                  flush=True)  # fmt: skip
        runs, commands = (statistics.median(each) for each in zip(*ratios, strict=True))
        print(f"median {runs:.1f} x faster; with Python's and pytest's own start {commands:.1f} x")


def run_time(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of the run as pytest tells them, and of the whole command."""
    output, whole = contract_speed.timed_output(command, folder)
    told = re.findall(r" in ([0-9.]+)s", output)
    return float(told[-1]), whole


def many(operations: int) -> None:
    """Thousands of recorded exchanges, judged by the harness and played by vcrpy."""
    server = subprocess.Popen(
        [sys.executable, contract_speed.__file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            contract_speed.prepare(folder, operations)
            ours = pytest_command("--function-app", f"http://127.0.0.1:{port}", "-m", "contract")
            ours += ["--writes", "all"]
            contract_speed.timed([*ours, "--cassettes", "record"], folder)
            replay = [*ours, "--cassettes", "replay"]
            for workers in ("0", "2"):
                for label, more in (("YAML parsed", ["--cache-clear"]), ("again", [])):
                    seconds = contract_speed.timed([*replay, "-n", workers, *more], folder)
                    told = json.loads((folder / "reports" / "report.json").read_text("utf-8"))
                    replayed, verdict = told["requests"]["replayed"], told["verdict"]
                    print(f"{replayed} exchanges judged, -n {workers}, {label}: {seconds:.2f} s "
                          f"({verdict})", flush=True)  # fmt: skip
            began = time.perf_counter()
            plain = subprocess.run(
                [sys.executable, "-c", PLAIN, str(folder / "cassettes")],
                capture_output=True,
                text=True,
                check=True,
            )
            asked, spent = plain.stdout.split()
            whole = time.perf_counter() - began
            print(f"plain vcrpy plays {asked} of the same exchanges: {float(spent):.2f} s "
                  f"(whole command {whole:.2f} s; nothing is judged)")  # fmt: skip
    finally:
        server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--operations", type=int, default=400)
    asked = parser.parse_args()
    demo(asked.rounds)
    many(asked.operations)


if __name__ == "__main__":
    main()
