"""The door by which pytest finds the plugin, under a name that no repository's own package has.

The harness is imported as `harness`. A repository with a package `harness` of its own hides it
under `python -m pytest` and under `pythonpath = .`. Then this door lets the repository's own tests
run, and says in one line what to do where a function app is named.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

__all__ = ["HiddenPlugin", "plugin"]

OURS = Path(__file__).parents[1] / "harness"


class HiddenPlugin:
    """Stands for the plugin where another package `harness` hides it."""

    def __init__(self, hidden_by: Path) -> None:
        self.hidden_by = hidden_by

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, args: list[str]) -> None:
        """Refuse a run of ours; let every other run be.

        Raises:
            pytest.UsageError: a function app is named (exit status 4).
        """
        if any(each.partition("=")[0] == "--function-app" for each in args):
            raise pytest.UsageError(
                f"connector-harness: {self.hidden_by} hides the package harness of "
                "connector-harness, which has the same import name: run "
                "`connector-harness verify TARGET` in its place, or rename that package"
            )


def _found() -> object:
    """The plugin, or what stands for it while another package `harness` hides it."""
    try:
        return importlib.import_module("harness.plugin")
    except ModuleNotFoundError as error:
        hiding = _folder_of_harness()
        if error.name != "harness.plugin" or hiding is None or hiding == OURS:
            raise
        return HiddenPlugin(hiding)


def _folder_of_harness() -> Path | None:
    """The folder (or file) that `import harness` found."""
    module = sys.modules.get("harness")
    places = [*getattr(module, "__path__", ())] or [getattr(module, "__file__", None)]
    return Path(places[0]) if places[0] else None


plugin = _found()
