"""A repository with a package `harness` of its own: its tests run, and ours say what to do."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness.demo import emulator_command

ROOT = Path(__file__).parents[2]
AS_PYTEST_LOADS_IT = (
    "import sys, connector_harness, pytest;"
    "sys.exit(pytest.main(sys.argv[1:], plugins=[connector_harness.plugin]))"
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose package has our import name."""
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text("VALUE = 1\n", encoding="utf-8")
    test = "from harness import VALUE\n\ndef test_own():\n    assert VALUE == 1\n"
    (tmp_path / "test_own.py").write_text(test, encoding="utf-8")
    return tmp_path


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST", "PYTHONSAFEPATH"))}
    return subprocess.run(
        [sys.executable, "-c", AS_PYTEST_LOADS_IT, *arguments],
        cwd=folder,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_repositorys_own_tests_run(repository: Path) -> None:
    done = pytest_in(repository, "-q")

    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize("option", [("--function-app", "demo"), ("--function-app=demo",)])
def test_a_run_of_ours_ends_in_one_line_that_names_the_way_out(
    repository: Path, option: tuple[str, ...]
) -> None:
    done = pytest_in(repository, *option, "--sign-in", "cache")
    said = [line for line in (done.stdout + done.stderr).splitlines() if line]

    assert done.returncode == 4
    assert len(said) == 1
    assert str(repository / "harness") in said[0]
    assert "connector-harness verify TARGET" in said[0]


def test_the_entry_point_is_the_plugin_itself() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, attribute = project["entry-points"]["pytest11"]["harness.plugin"].partition(":")

    found = getattr(importlib.import_module(module), attribute)

    assert found is importlib.import_module("harness.plugin")


def test_the_emulator_starts_next_to_a_package_of_the_same_name(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)

    listed = subprocess.run(
        [*emulator_command(), "--list-faults"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert "wrong-tenant-redirect" in listed.stdout, listed.stderr
