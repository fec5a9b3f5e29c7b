"""Collecting our suites wherever the package is installed, with node ids of our own.

Suites live in `harness/suites/<suite>`, which may be under `.venv` or site-packages; appending that
folder to pytest's arguments fails there silently, and gives ids that depend on the machine. So
arguments that name our suites are taken out of pytest's own collection and resolved here. What of
pytest is not public stays in this module: `Module._getobj` and the `nodeid` argument of
`from_parent`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from harness.bounds.files import exists

__all__ = ["Selection", "SuiteModule", "collect_suites", "split_arguments"]

FILES = {
    "definition": "test_definition.py",
    "compat": "test_compat.py",
    "anonymous": "test_anonymous.py",
    "tokens": "test_tokens.py",
    "delegated": "test_delegated.py",
    "contract": "test_contract.py",
}
"""Suite and file, in the order of a run; each file's tests carry its suite's marker."""
SUITES = tuple(FILES.values())
FOLDER = Path(__file__).parents[1] / "suites"
SUITE_OF = {file: suite for suite, file in FILES.items()}


class SuiteModule(pytest.Module):
    """A suite's module under its own short node id; `part` is the connector's name, if any."""

    part = ""

    def _getobj(self) -> ModuleType:
        suite = self.path.parent.name
        return importlib.import_module(f"harness.suites.{suite}.{self.path.stem}")


@dataclass(frozen=True, slots=True)
class Selection:
    """One of our suites, or one test of it, or one parametrised case: `file::test[case]`."""

    file: str
    test: str = ""
    part: str | None = None

    def wants(self, node_id: str, part: str) -> bool:
        """Whether an item belongs to this selection; without a part it is for every part."""
        if self.part not in (None, part):
            return False
        node_id = node_id.removeprefix(f"{part}/")
        wanted = f"{self.file}::{self.test}" if self.test else self.file
        return node_id == wanted or node_id.startswith((f"{wanted}::", f"{wanted}["))


def split_arguments(
    arguments: Sequence[str], invocation_dir: Path, parts: Sequence[str] = ("",)
) -> tuple[list[Selection], list[str]]:
    """Which arguments name our suites, and which are left to pytest.

    A file of the user's with the name of a suite wins over ours. Before the file may stand the
    name of one connector of many.
    """
    ours: list[Selection] = []
    rest: list[str] = []
    for argument in arguments:
        file, _, test = argument.partition("::")
        part, slash, name = file.rpartition("/")
        known = name in SUITES and (not slash or part in parts)
        if known and not exists(invocation_dir / file):
            ours.append(Selection(name, test, part if slash else None))
        else:
            rest.append(argument)
    return ours, rest


def collect_suites(
    session: pytest.Session, selections: Sequence[Selection], parts: Mapping[str, bool]
) -> list[pytest.Item]:
    """The items of the selected suites, connector by connector, in the order of the suites.

    `parts` says of each connector whether there is a baseline to compare it with.

    Raises:
        pytest.UsageError: a selection names nothing.
    """
    items: list[pytest.Item] = []
    found: set[Selection] = set()
    for part, compat in parts.items():
        for name in SUITES:
            wanted = [s for s in selections if s.file == name and s.part in (None, part)]
            if wanted and (compat or name != "test_compat.py"):
                own = _of_module(session, name, part, wanted)
                found.update(s for s in wanted if any(s.wants(i.nodeid, part) for i in own))
                items += own
    for selection in selections:
        if selection not in found and selection.test:
            where = f"{selection.part}/" if selection.part else ""
            raise pytest.UsageError(
                f"not found: {where}{selection.file}::{selection.test} "
                "(no such check in this suite)"
            )
    return items


def _of_module(
    session: pytest.Session, name: str, part: str, wanted: Sequence[Selection]
) -> list[pytest.Item]:
    node_id = f"{part}/{name}" if part else name
    module = SuiteModule.from_parent(
        session, path=FOLDER / SUITE_OF[name] / name, name=node_id, nodeid=node_id
    )
    module.part = part
    items = [i for i in _items(module) if any(s.wants(i.nodeid, part) for s in wanted)]
    for item in items:
        _, line, domain = item.location
        item.location = (node_id, line, domain)
        item.ihook.pytest_itemcollected(item=item)
    report = pytest.CollectReport(node_id, "passed", None, list(items))
    module.ihook.pytest_collectreport(report=report)
    return items


def _items(node: pytest.Collector) -> Iterator[pytest.Item]:
    for child in node.collect():
        if isinstance(child, pytest.Item):
            yield child
        elif isinstance(child, pytest.Collector):
            yield from _items(child)
