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

from harness.cli import build_parser
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


SCHEMAS = {
    "vendor.github-workflows": ("examples/github-actions.yml", "examples/with-the-action.yml"),
    "vendor.github-actions": ("action.yml",),
    "vendor.azure-pipelines": (
        "examples/azure-pipelines.yml",
        "examples/templates/connector-harness.yml",
    ),
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_hold_to_the_schemas_of_their_services(schema: str) -> None:
    options = ["--builtin-schema", schema]
    if "azure" in schema:
        options += ["--regex-variant", "nonunicode", "--data-transform", "azure-pipelines"]
    files = [str(EXAMPLES.parent / name) for name in SCHEMAS[schema]]

    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *options, *files],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_action_and_template_take_the_same_inputs() -> None:
    action = yaml.safe_load((EXAMPLES.parent / "action.yml").read_text(encoding="utf-8"))
    path = EXAMPLES / "templates" / "connector-harness.yml"
    template = yaml.safe_load(path.read_text(encoding="utf-8"))
    named = {row["name"].lower() for row in template["parameters"]}

    assert {"target", "suites", "baseline", "cassettes", "arguments", "package"} <= named
    assert {name.replace("-", "") for name in action["inputs"]} >= named - {"secrets"}


def test_hooks_of_pre_commit_call_commands_that_exist() -> None:
    hooks = yaml.safe_load((EXAMPLES.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    for hook in hooks:
        command = [*shlex.split(hook["entry"])[1:], *hook["args"]]
        assert build_parser().parse_args(command).command in ("lint", "diff")


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
        words = shlex.split(line)
        assert words[:2] == ["connector-harness", "verify"]
        ran = run_pytest("--function-app", *words[2:], folder=repository)
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
