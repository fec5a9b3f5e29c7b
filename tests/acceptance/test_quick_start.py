"""What a run and a command do not import: loading it would take longer than their work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import SAMPLES, Runner

REPOSITORY = Path(__file__).parents[2]
HELLO = str(SAMPLES / "documents")
GENERATION = ("schemathesis", "hypothesis")
RUNS = ("pytest", "schemathesis", "hypothesis", "httpx", "aiohttp", "msal")
LISTING = """
import json, pathlib, sys
def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        pathlib.Path("imported.json").write_text(json.dumps(sorted(sys.modules)))
"""
COMMAND = """
import json, sys
from harness.cli import main
status = main(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]))
"""


@pytest.fixture
def listing(tmp_path: Path) -> tuple[str, ...]:
    """Options that make a run list what it imported, and leave the libraries' plugins out."""
    (tmp_path / "listing.py").write_text(LISTING, encoding="utf-8")
    return ("-p", "listing", "-o", "pythonpath=.", "--function-app", "demo")


def imported(folder: Path) -> list[str]:
    return [str(name) for name in json.loads((folder / "imported.json").read_text("utf-8"))]


@pytest.mark.parametrize(
    "selected",
    [
        ("--cassettes", "replay", "--cassette-dir", str(REPOSITORY / "cassettes")),
        ("-m", "definition or anonymous or tokens or delegated"),
    ],
    ids=["replay", "no-contract"],
)
def test_run_without_generation_loads_no_generator(
    selected: tuple[str, ...], run_pytest: Runner, listing: tuple[str, ...], tmp_path: Path
) -> None:
    ran = run_pytest(*listing, *selected, "-k", "WhoAmI or files or identity")

    assert ran.status == 0, ran.output
    assert {check["suite"] for check in ran.report["checks"]} >= {"definition", "delegated"}
    assert [name for name in GENERATION if name in imported(tmp_path)] == []


def test_run_with_kept_cases_loads_no_generator(
    run_pytest: Runner, listing: tuple[str, ...], tmp_path: Path
) -> None:
    selected = ("-m", "contract", "-k", "Hello")
    first = run_pytest(*listing, *selected)
    generated = imported(tmp_path)

    second = run_pytest(*listing, *selected)

    assert (first.status, second.status) == (0, 0), second.output
    assert second.report["requests"] == first.report["requests"]
    assert "hypothesis" in generated
    assert [name for name in GENERATION if name in imported(tmp_path)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", HELLO),
        ("diff", HELLO, HELLO),
        ("explain", "contract.body"),
        ("explain", "AADSTS53003"),
        ("import-postman", "{shared}/postman/v2.0.0/xform__echo.json"),
        ("import-openapi", "{shared}/cases/files/d25-openapi-3/apiDefinition.swagger.json"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_command_on_files_loads_nothing_of_a_run(
    arguments: tuple[str, ...], shared: Path, tmp_path: Path
) -> None:
    given = [argument.format(shared=shared) for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *given],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )

    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert status == 0, done.stderr
    assert [name for name in RUNS if name in loaded] == []
