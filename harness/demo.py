"""The demo target: the sample connector's settings, and the emulator as a process of its own.

The emulator's code is never imported here: it is started as `python -m harness.emulator`, tells its
addresses and passwords over a pipe, and ends when its standard input is closed.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from harness.errors import SettingsError, TargetError
from harness.settings import file as settings_file

__all__ = ["Demo", "check_faults", "demo_document", "emulator_command", "sample_folder"]

START_SECONDS = 30.0
OPERATION_BOUND = ("operations", "delegated", "anonymous")


def sample_folder(name: str = "documents") -> Path:
    """The folder of a sample connector that ships in the package."""
    return Path(str(resources.files("harness"))) / "emulator" / "samples" / name


def demo_document(own: Mapping[str, Any], *, own_connector: bool) -> dict[str, Any]:
    """The settings of a demo run: the sample's, with the user's own laid over them.

    Tenant, clients and users are always the emulator's. With a connector that is not the sample's
    the sample's words on operations are left out, since they would name operations it lacks.
    """
    document = settings_file.read_document(sample_folder() / settings_file.FILE_NAME)
    if not own_connector:
        document = {k: v for k, v in document.items() if k not in OPERATION_BOUND}
    document = {k: v for k, v in document.items() if k not in ("connector", "properties")}
    kept = {k: v for k, v in own.items() if k not in ("entra", "users", "targets")}
    return {**document, **kept}


def emulator_command() -> list[str]:
    """The start of the command that runs the emulator.

    `-m` looks into the current folder first; another package `harness` there is passed over (`-P`).
    """
    own = Path(__file__).parent
    here = Path.cwd() / "harness"
    hidden = any(each.exists() for each in (here, here.with_suffix(".py"))) and here != own
    return [sys.executable, *(["-P"] if hidden else []), "-m", "harness.emulator"]


def check_faults(names: Sequence[str]) -> None:
    """Refuse faults that the emulator does not have, before anything starts.

    Raises:
        SettingsError: names the fault and the nearest known one.
    """
    listed = subprocess.run(
        [*emulator_command(), "--list-faults"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=START_SECONDS,
        check=False,
    )
    known = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
    for name in names:
        base = name.partition(":")[0]
        if known and base not in known:
            near = difflib.get_close_matches(base, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise SettingsError(
                f"--connector-demo-fault {name}: there is no such fault; {hint}"
                "`connector-harness emulate --list-faults` lists them"
            )


class Demo:
    """The running emulator. `description` is what it told about itself when it was ready."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self._process = subprocess.Popen(
            [*emulator_command(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.description: Mapping[str, Any] = self._read_description()

    def _read_description(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, errors = self._process.communicate(timeout=START_SECONDS)
            last = errors.strip().splitlines()[-1:] or ["it said nothing"]
            raise TargetError(f"the demo's emulator did not start: {last[0]}")
        description = json.loads(line)
        if not isinstance(description, dict):
            raise TargetError("the demo's emulator gave no description of itself")
        return description

    def wait(self) -> None:
        """Wait until the emulator ends by itself."""
        self._process.wait()

    def close(self) -> None:
        """Stop the emulator; it is ended hard when it does not stop by itself in time."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
