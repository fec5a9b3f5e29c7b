"""The example pipelines: each is YAML, and each of its commands really runs."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.emulator import Emulator

from .conftest import SAMPLES, Runner, write_settings

EXAMPLES = Path(__file__).parents[2] / "examples"
PIPELINES = ("github-actions.yml", "azure-pipelines.yml")
OURS = ("pytest", "connector-harness")


def commands(node: Any) -> Iterator[str]:
    """Every command line of a pipeline, in its order."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "script") and isinstance(value, str):
                yield value.strip()
            else:
                yield from commands(value)
    elif isinstance(node, list):
        for value in node:
            yield from commands(value)


def ours(name: str) -> list[str]:
    document = yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))
    return [line for line in commands(document) if line.startswith(OURS)]


def test_both_pipelines_run_the_same_commands() -> None:
    assert ours(PIPELINES[0]) == ours(PIPELINES[1])
    assert len(ours(PIPELINES[0])) == 4


@pytest.fixture
def repository(tmp_path: Path, emulator: Emulator) -> Path:
    """A git repository with the sample connector and settings for the running emulator."""
    emulator.faults.clear()
    folder = tmp_path / "repository"
    for name in ("connector", "deployed"):
        target = folder / name
        target.mkdir(parents=True)
        for file in ("apiDefinition.swagger.json", "apiProperties.json"):
            shutil.copy(SAMPLES / "documents" / file, target / file)
    write_settings(folder, emulator)
    path = folder / "connector-harness.toml"
    text = path.read_text(encoding="utf-8").replace("emulated =", "myapp =")
    path.write_text(f'connector = "connector"\n{text}', encoding="utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "connector"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "connector"], check=True)
    subprocess.run([*git, "update-ref", "refs/remotes/origin/main", "HEAD"], check=True)
    return folder


def test_every_command_runs(run_pytest: Runner, repository: Path) -> None:
    offline, nightly, gate, check = ours(PIPELINES[0])

    for line in (nightly, offline, gate):
        ran = run_pytest(*shlex.split(line)[1:], folder=repository)
        assert ran.status == 0, f"{line}\n{ran.output}"

    arguments = shlex.split(check)[1:]
    module = [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main())"]
    passed = subprocess.run([*module, *arguments], cwd=repository, check=False)
    assert passed.returncode == 0
    definition = repository / "connector" / "apiDefinition.swagger.json"
    definition.write_text(
        definition.read_text(encoding="utf-8").replace("Say hello", "Greet"), encoding="utf-8"
    )
    changed = subprocess.run([*module, *arguments], cwd=repository, check=False)
    assert changed.returncode == 1
