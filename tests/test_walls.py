"""The walls of the house: who may import whom, how large a room may be, and what a door says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "harness"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "samples" not in p.parts)
LIMIT = 400
TABLES = {"definition_rules.py"}
"""Modules that are one long table of rules, and no second idea."""

LAYERS = {
    "errors": 0,
    "settings": 0,
    "settings_table": 0,
    "settings_file": 0,
    "settings_build": 0,
    "settings_many": 0,
    "settings_secrets": 0,
    "whole_files": 0,
    "library_versions": 0,
    "connector": 0,
    "callers": 1,
    "traffic": 1,
    "context": 1,
    "rules": 3,
    "probes": 3,
    "outcomes": 4,
    "run": 4,
    "report": 4,
    "checks": 5,
    "suites": 6,
}
"""Who stands on whom; what is not named here (plugin, session, cli ...) is at the top.

`probes` and `rules` share a floor: a plan stops when a pure judgement says the door is open,
and a rule reads what a plan left out. `report` and `run` share one too: a finished check is a row
of the report.
"""


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, also inside functions and for types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("harness."):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("harness."))


def test_emulator_shares_no_code_with_the_rest() -> None:
    for path in MODULES:
        inside = part_of(path) == "emulator"
        for name in imports_of(path):
            crosses = name.split(".")[1] == "emulator"
            assert crosses == inside, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    own = LAYERS.get(part_of(path))
    if own is None:
        return
    for name in imports_of(path):
        other = LAYERS.get(name.split(".")[1])
        assert other is not None, f"{path.name} reaches up to {name}"
        assert other <= own, f"{path.name} reaches up to {name}"


def load_imports(path: Path) -> Iterator[str]:
    """What is imported when the module is loaded."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("harness"):
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names)


def test_no_module_is_in_an_import_cycle() -> None:
    names = {
        "harness." + p.relative_to(PACKAGE).as_posix().removesuffix(".py").replace("/", "."): p
        for p in MODULES
        if p.name != "__init__.py"
    }
    edges = {name: {i for i in load_imports(path) if i in names} for name, path in names.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name in done:
            return
        for other in sorted(edges[name]):
            visit(other, (*trail, name))
        done.add(name)

    for name in names:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_module_has_one_idea_and_says_which(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert path.name in TABLES or len(text.splitlines()) <= LIMIT, "two ideas in one room?"
