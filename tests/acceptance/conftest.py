from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.emulator import Emulator, EmulatorOptions

OWN_PLUGINS = ["-p", "xdist.plugin", "-p", "harness.plugin"]
SAMPLES = Path(__file__).parents[2] / "harness" / "emulator" / "samples"


@dataclass(frozen=True)
class Ran:
    status: int
    output: str
    report: dict[str, Any]

    def rules(self, severity: str = "error") -> set[tuple[str, str | None]]:
        return {
            (finding["rule"], finding["operation"])
            for finding in self.report["findings"]
            if finding["severity"] == severity
        }


Runner = Callable[..., Ran]


@pytest.fixture
def run_pytest(tmp_path: Path) -> Runner:
    """Run pytest in a folder of its own, as a user would; its status, output and report.

    Other packages' plugins stay out, since loading them takes most of a small run;
    `all_plugins` keeps them, as a stranger has them.
    """

    def run(
        *arguments: str,
        folder: Path = tmp_path,
        environ: dict[str, str] | None = None,
        all_plugins: bool = False,
    ) -> Ran:
        alone = {} if all_plugins else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        plugins = ["-p", "no:randomly"] if all_plugins else OWN_PLUGINS
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, *arguments],
            cwd=folder,
            env={**os.environ, "CI": "true", **alone, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )
        path = folder / "reports" / "report.json"
        report = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return Ran(done.returncode, done.stdout + done.stderr, report)

    return run


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator of the documents sample; tests switch its faults on and off."""
    with Emulator(EmulatorOptions()) as running:
        yield running


@pytest.fixture
def target(emulator: Emulator, tmp_path: Path) -> Iterator[list[str]]:
    """Options that point a run in `tmp_path` at the emulator, with settings of its own."""
    emulator.faults.clear()
    write_settings(tmp_path, emulator)
    yield ["--function-app", "emulated", "--connector", str(SAMPLES / "documents")]
    emulator.faults.clear()


def write_settings(folder: Path, emulator: Emulator, more: str = "") -> None:
    told = emulator.description
    sample = (SAMPLES / "documents" / "connector-harness.toml").read_text(encoding="utf-8")
    body = sample[sample.index("[anonymous]") :]
    users = "\n".join(
        f'[users.{name}]\nusername = "{told["users"][name]["username"]}"\n'
        f'password = "{told["users"][name]["password"]}"'
        for name in ("alice", "bob")
    )
    text = f"""
writes = "all"
[targets]
emulated = "{told["app_url"]}"
[entra]
tenant-id = "{told["tenant_id"]}"
client-id = "{told["client_id"]}"
connector-client-id = "{told["connector_client_id"]}"
connector-client-secret = "{told["client_secret"]}"
api-client-id = "{told["api_client_id"]}"
scope = "{told["scope"]}"
authority = "{told["authority"]}"
ca-bundle = '{told["ca_file"]}'
{users}
{body}
{more}
"""
    (folder / "connector-harness.toml").write_text(text, encoding="utf-8")
