"""How large a report of 1,000 operations and 20,000 exchanges is, and how fast it opens.

    python -m benchmarks.report_size [--open]

`--open` also measures the time to open it in headless Chromium (needs chromedriver).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.report.formats.html import render_html

ORIGIN = "https://large.azurewebsites.net"
SUITES = ("definition", "anonymous", "tokens", "delegated", "contract")


def large_report(operations: int = 1_000, exchanges: int = 20_000) -> dict[str, Any]:
    """A report whose bodies differ from each other, as those of a real app do."""
    names = [f"Operation{number:04d}" for number in range(operations)]
    each = max(1, exchanges // operations)
    made = [_exchange(number, names[number // each % operations]) for number in range(exchanges)]
    return {
        "schema": "connector-harness/report/1",
        "verdict": "fail",
        "harness": {"version": "0.1.0"},
        "mode": "live",
        "target": {"name": "large", "url": ORIGIN},
        "connector": {
            "title": "Large",
            "definition": "apiDefinition.swagger.json",
            "sha256": "0" * 64,
            "operations": operations,
        },
        "started": "2026-11-23T10:00:00Z",
        "seconds": 600.0,
        "requests": {"sent": exchanges, "replayed": 0, "retried": 0, "writes": 0},
        "checks": [_check(suite, name) for suite in SUITES for name in names],
        "findings": [_finding(number, name, each) for number, name in enumerate(names)],
        "exchanges": made,
        "coverage": {
            name: {
                "callers": ["alice", "anonymous", "bob"],
                "statuses": [200, 401],
                "parameters": ["id", "top"],
                "not_exercised": ["status 404: no call reached it"],
            }
            for name in names
        },
    }


def _check(suite: str, name: str) -> dict[str, Any]:
    return {
        "id": f"test_{suite}.py::test_promise_is_kept[{name}]",
        "suite": suite,
        "operation": name,
        "outcome": "failed" if suite == "contract" else "passed",
        "seconds": 0.1,
        "reason": None,
    }


def _finding(number: int, name: str, each: int) -> dict[str, Any]:
    return {
        "rule": "contract.schema",
        "severity": "error",
        "operation": name,
        "caller": "alice",
        "message": f"size of {name} is a number, but the definition says string.",
        "expected": "string at /items/0/size",
        "observed": str(number),
        "remedy": "Declare size as integer, or answer it as text.",
        "waived": False,
        "place": {"file": "apiDefinition.swagger.json", "pointer": f"/paths/{number}", "line": 9},
        "evidence": [f"x{number * each}", f"x{number * each + 1}"],
        "data": {"curl": f"curl -i '{ORIGIN}/api/{name}'"},
    }


def _exchange(number: int, name: str) -> dict[str, Any]:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    items = [
        {"id": f"{digest[:8]}-{n}", "title": digest[n : n + 20], "size": number + n}
        for n in range(12)
    ]
    return {
        "id": f"x{number}",
        "operation": name,
        "caller": ("alice", "bob", "anonymous", "forged:none")[number % 4],
        "purpose": "contract/coverage",
        "request": {
            "method": "GET",
            "url": f"{ORIGIN}/api/{name}/{digest[:12]}?top={number}",
            "headers": {"accept": "application/json", "authorization": "Bearer {alice}"},
            "body": None,
        },
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json", "request-id": digest},
            "body": json.dumps({"items": items}),
            "seconds": 0.05 + number % 100 / 1000,
        },
        "reason": None,
        "attempts": 1,
        "at": 1795428000.0 + number,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", action="store_true", help="open it in headless Chromium too")
    arguments = parser.parse_args()
    report = large_report()
    began = time.perf_counter()
    page = render_html(report)
    took = time.perf_counter() - began
    raw = len(json.dumps(report).encode("utf-8")) / 1e6
    print(f"report.json {raw:.1f} MB, index.html {len(page.encode('utf-8')) / 1e6:.1f} MB")
    print(f"rendered in {took:.1f} s")
    if arguments.open:
        _measure_opening(page)
    return 0


def _measure_opening(page: str) -> None:
    from tests.report.browser import opened_browser

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "index.html"
        path.write_text(page, encoding="utf-8", newline="\n")
        with opened_browser(Path(folder) / "profile") as browser:
            for attempt in range(3):
                browser.open(path)
                print(f"opened in {browser.seconds_to_open():.2f} s (attempt {attempt + 1})")
            browser.open(path, "#/op/0/=Operation0500")
            print(f"one operation opened in {browser.seconds_to_open():.2f} s")


if __name__ == "__main__":
    sys.exit(main())
