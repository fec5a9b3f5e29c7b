"""Collecting our suites wherever the package is installed, with node ids of our own.

Suites live in `harness/suites`, which may be under `.venv` or site-packages; appending that folder
to pytest's arguments fails there silently, and gives ids that depend on the machine. So arguments
that name our suites are taken out of pytest's own collection and resolved here. What of pytest is
not public stays in this module: `Module._getobj` and the `nodeid` argument of `from_parent`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

__all__ = ["Selection", "collect_suites", "split_arguments"]

SUITES = (
    "test_definition.py",
    "test_compat.py",
    "test_anonymous.py",
    "test_tokens.py",
    "test_delegated.py",
    "test_contract.py",
)
FOLDER = Path(__file__).parent / "suites"


class SuiteModule(pytest.Module):
    """A suite's module under its own short node id."""

    def _getobj(self) -> ModuleType:
        return importlib.import_module(f"harness.suites.{self.path.stem}")


@dataclass(frozen=True, slots=True)
class Selection:
    """One of our suites, or one test of it, or one parametrised case: `file::test[case]`."""

    file: str
    test: str = ""

    def wants(self, node_id: str) -> bool:
        """Whether an item's node id belongs to this selection."""
        wanted = f"{self.file}::{self.test}" if self.test else self.file
        return node_id == wanted or node_id.startswith((f"{wanted}::", f"{wanted}["))


def split_arguments(
    arguments: Sequence[str], invocation_dir: Path
) -> tuple[list[Selection], list[str]]:
    """Which arguments name our suites, and which are left to pytest.

    A file of the user's with the name of a suite wins over ours.
    """
    ours: list[Selection] = []
    rest: list[str] = []
    for argument in arguments:
        file, _, test = argument.partition("::")
        if file in SUITES and not (invocation_dir / file).exists():
            ours.append(Selection(file, test))
        else:
            rest.append(argument)
    return ours, rest


def collect_suites(
    session: pytest.Session, selections: Sequence[Selection], *, compat: bool
) -> list[pytest.Item]:
    """The items of the selected suites, in the order of the suites.

    Raises:
        pytest.UsageError: a selection names nothing.
    """
    items: list[pytest.Item] = []
    for name in SUITES:
        wanted = [selection for selection in selections if selection.file == name]
        if wanted and (compat or name != "test_compat.py"):
            items += _of_module(session, name, wanted)
    for selection in selections:
        if not any(selection.wants(item.nodeid) for item in items) and selection.test:
            raise pytest.UsageError(
                f"not found: {selection.file}::{selection.test} (no such check in this suite)"
            )
    return items


def _of_module(
    session: pytest.Session, name: str, wanted: Sequence[Selection]
) -> list[pytest.Item]:
    module = SuiteModule.from_parent(session, path=FOLDER / name, nodeid=name)
    items = [i for i in _items(module) if any(s.wants(i.nodeid) for s in wanted)]
    for item in items:
        _, line, domain = item.location
        item.location = (name, line, domain)
        item.ihook.pytest_itemcollected(item=item)
    report = pytest.CollectReport(name, "passed", None, list(items))
    module.ihook.pytest_collectreport(report=report)
    return items


def _items(node: pytest.Collector) -> Iterator[pytest.Item]:
    for child in node.collect():
        if isinstance(child, pytest.Item):
            yield child
        elif isinstance(child, pytest.Collector):
            yield from _items(child)
