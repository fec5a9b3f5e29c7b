"""The walls of the house: who may import whom, how large a room may be, and what a door says."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "harness"
LIMIT = 400

FLOORS = (
    "errors",
    "bounds",
    "settings",
    "connector",
    "exchanges",
    "redaction",
    "findings",
    "inputs",
    "traffic",
    "callers",
    "suites",
    "report",
    "demo",
    "session",
    "suite tests",
    "commands",
    "plugin",
    "cli",
    "__main__",
)
"""The rooms from the ground up: each imports only what stands before it, `emulator` apart.

`suite tests` are the `test_*.py` files of the suites, pytest's face of them.
"""
PYTEST_ROOMS = {"plugin", "session", "suite tests"}
LAZY_DOORS = {
    "callers": 2,
    "cli": 1,
    "commands": 15,
    "connector": 2,
    "inputs": 8,
    "plugin": 2,
    "report": 5,
    "session": 42,
    "suites": 10,
    "traffic": 1,
}
"""How many imports are inside functions, only to start quicker. Lower the figures when you can."""


@dataclass(frozen=True)
class Module:
    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def dotted(self) -> str:
        return "harness." + self.name.removesuffix(".py").replace("/", ".")

    @property
    def room(self) -> str:
        parts = self.path.relative_to(PACKAGE).parts
        if parts[0] == "suites" and parts[-1].startswith("test_"):
            return "suite tests"
        return parts[0].removesuffix(".py")

    @property
    def lines_of_rules(self) -> int:
        """The lines of the module's `Rule` constants, which are texts and no second idea."""
        values = [node.value for node in self.tree.body if isinstance(node, ast.Assign)]
        calls = [v for v in values if isinstance(v, ast.Call) and isinstance(v.func, ast.Name)]
        return sum(c.end_lineno - c.lineno + 1 for c in calls if c.func.id == "Rule")

    def imports(self) -> Iterator[str]:
        """Every module that the file imports, also inside functions and for types alone."""
        for node in ast.walk(self.tree):
            yield from imported(node)


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        if node.module.startswith("harness"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)


@cache
def modules() -> tuple[Module, ...]:
    paths = sorted(p for p in PACKAGE.rglob("*.py") if "samples" not in p.parts)
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    return tuple(Module(p, ast.parse(text), len(text.splitlines())) for p, text in texts)


def rooms_of(module: Module) -> set[str]:
    """The other rooms that a module imports from."""
    names = (name.split(".") for name in module.imports() if name.startswith("harness."))
    return {parts[1] for parts in names} - {module.room, "__version__"}


def test_emulator_shares_no_code_with_the_rest() -> None:
    for module in modules():
        if module.room == "emulator":
            assert not rooms_of(module), module.name
        else:
            assert "emulator" not in rooms_of(module), module.name


def test_imports_point_down() -> None:
    wrong = []
    for module in modules():
        if module.room in ("emulator", "__init__"):
            continue
        own = FLOORS.index(module.room)
        up = [room for room in rooms_of(module) if FLOORS.index(room) > own]
        wrong += [f"{module.name} reaches up to {room}" for room in sorted(up)]

    assert wrong == []


def test_no_suite_imports_another() -> None:
    wrong = []
    for module in modules():
        parts = module.dotted.split(".")
        if parts[1] != "suites" or len(parts) < 4:
            continue
        names = [n.split(".") for n in module.imports() if n.startswith("harness.suites.")]
        others = {name[2] for name in names if len(name) > 3} - {parts[2]}
        wrong += [f"{module.name} imports {other}" for other in sorted(others)]

    assert wrong == []


def test_pytest_is_imported_only_where_pytest_runs() -> None:
    users = {m.room for m in modules() if any(n.split(".")[0] == "pytest" for n in m.imports())}

    assert users <= PYTEST_ROOMS


def test_imports_inside_functions_stay_few() -> None:
    counts: Counter[str] = Counter()
    for module in modules():
        if module.room != "emulator":
            counts[module.room] += lazy_imports(module.tree)

    assert {room: n for room, n in counts.items() if n > LAZY_DOORS.get(room, 0)} == {}


def lazy_imports(tree: ast.Module) -> int:
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {
        id(node)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return len(inside)


def test_no_module_is_in_an_import_cycle() -> None:
    by_name = {m.dotted: m for m in modules() if m.path.name != "__init__.py"}
    edges = {
        name: {n for node in module.tree.body for n in imported(node) if n in by_name}
        for name, module in by_name.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name in done:
            return
        for other in sorted(edges[name]):
            visit(other, (*trail, name))
        done.add(name)

    for name in by_name:
        visit(name, ())


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.name)
def test_module_has_one_idea_and_says_which(module: Module) -> None:
    assert ast.get_docstring(module.tree), "no docstring"
    assert module.lines - module.lines_of_rules <= LIMIT, "two ideas in one room?"
