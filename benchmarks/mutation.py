"""Change one operator of rules and plans at a time, and see whether the tests notice.

    python benchmarks/mutation.py [COUNT [SEED]]

Copies the package and its tests, makes COUNT seeded mutants of `harness/suites` and
`harness/inputs` (one comparison, `and`/`or`, `not` or number each), runs the tests of the mutant's
own folder first and then the proofs of all rules, and prints each survivor. Ends with 1 where any
survived, with 4 where these tests fail without a mutant.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("harness/suites", "harness/inputs")
COUNT, SEED = 100, 20261125
LIMIT_S = 600
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the line, what was and what is."""

    file: str
    line: int
    was: str
    now: str
    text: str


def main(count: int, seed: int) -> int:
    """1 where a mutant survived, 4 where the tests fail without one."""
    chosen = random.Random(seed).sample(list(mutants()), count)
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "reports")
        shutil.copytree(REPOSITORY, copy, ignore=ignored)
        for folder_of_tests in sorted({f for mutant in chosen for f in folders_of(mutant)}):
            if fails(copy, folder_of_tests):
                print(f"{folder_of_tests} fails without any mutant: nothing can be measured")
                return 4
        for number, mutant in enumerate(chosen, 1):
            killed = is_killed(copy, mutant)
            print(f"{number:4} {'killed  ' if killed else 'SURVIVED'} {shown(mutant)}", flush=True)
            survivors += [] if killed else [mutant]
    print(f"{count - len(survivors)} of {count} killed (seed {seed})")
    return 1 if survivors else 0


def shown(mutant: Mutant) -> str:
    return f"{mutant.file}:{mutant.line}: {mutant.was}  ->  {mutant.now}"


def mutants() -> Iterator[Mutant]:
    """Every mutant of the rooms; texts of rules and suite tests are left alone."""
    for room in ROOMS:
        for path in sorted((REPOSITORY / room).rglob("*.py")):
            if not path.name.startswith("test_"):
                yield from mutants_of(path)


def mutants_of(path: Path) -> Iterator[Mutant]:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for node in [n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)]:
        if not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
            continue
        was = ast.unparse(node)
        now = changed(ast.parse(was, mode="eval").body)
        segment = ast.get_source_segment(source, node)
        if now is None or segment is None:
            continue
        start = offset(source, node.lineno, node.col_offset)
        text = source[:start] + f"({now})" + source[start + len(segment) :]
        yield Mutant(path.relative_to(REPOSITORY).as_posix(), node.lineno, was, now, text)


def changed(node: ast.expr) -> str | None:
    """The expression with its outermost operator changed."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        node.ops[0] = SWAPS[type(node.ops[0])]()  # type: ignore[call-overload]
    elif isinstance(node, ast.BoolOp):
        node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ast.unparse(node.operand)
    else:
        return None
    return ast.unparse(node)


def offset(source: str, line: int, column: int) -> int:
    """Where a node begins, in characters; `column` counts bytes of UTF-8."""
    lines = source.splitlines(keepends=True)
    before = lines[line - 1].encode("utf-8")[:column].decode("utf-8")
    return sum(map(len, lines[: line - 1])) + len(before)


def is_killed(copy: Path, mutant: Mutant) -> bool:
    target = copy / mutant.file
    sound = target.read_text(encoding="utf-8")
    target.write_text(mutant.text, encoding="utf-8")
    try:
        return any(fails(copy, folder) for folder in folders_of(mutant))
    finally:
        target.write_text(sound, encoding="utf-8")


def folders_of(mutant: Mutant) -> list[str]:
    """The tests that should notice, the likeliest first."""
    parts = mutant.file.split("/")
    if parts[1] == "suites":
        own = [f"tests/suites/{parts[2]}"] if len(parts) > 3 else []
        return [*own, "tests/rules"]
    return ["tests/inputs", "tests/suites/contract", "tests/suites/delegated", "tests/rules"]


def fails(copy: Path, folder: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", folder]
    shared = os.environ.get("CONNECTOR_HARNESS_SHARED") or str(REPOSITORY.parent / "shared")
    paths = {"PYTHONPATH": str(copy), "CONNECTOR_HARNESS_SHARED": shared}
    try:
        done = subprocess.run(
            command, cwd=copy, env={**os.environ, **paths}, capture_output=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    raise SystemExit(main(*(numbers + [COUNT, SEED][len(numbers) :])))
