"""Whatever a text holds, our readers give a value or one short reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from harness.bounds.limits import DEEPEST
from harness.bounds.parsing import OutOfBoundsError, parse_json, parse_toml
from harness.bounds.yamltext import compose

PACKAGE = Path(__file__).parents[2] / "harness"
MAY_PARSE = ("bounds/", "emulator/", "connector/jsontext.py", "inputs/generation.py", "demo.py")
"""The readers themselves, the emulator, which shares nothing, and who reads what it just wrote."""
BARE = {
    ("json", "load"),
    ("json", "loads"),
    ("tomllib", "load"),
    ("tomllib", "loads"),
    ("yaml", "load"),
    ("yaml", "safe_load"),
    ("yaml", "compose"),
}


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2.5]", [1, 2.5]),
        ("1e400", 1.7976931348623157e308),
        ("-1e400", -1.7976931348623157e308),
        ("9" * 5_000, 1.7976931348623157e308),
        ('{"\\ud800": "a\\udfffb"}', {"\ufffd": "a\ufffdb"}),
        ('"\\ud83d\\ude00"', "\U0001f600"),
    ],
    ids=["plain", "huge", "huge-negative", "digits", "half-pairs", "whole-pair"],
)
def test_odd_answer_is_read_all_the_same(text: str, value: object) -> None:
    assert parse_json(text) == value
    assert parse_json(text.encode()) == value


@pytest.mark.parametrize("levels", [DEEPEST + 1, 600, 100_000])
def test_deep_text_is_refused_and_never_a_crash(levels: int) -> None:
    with pytest.raises(OutOfBoundsError, match="nested too deep"):
        parse_json(nested(levels))
    with pytest.raises(OutOfBoundsError, match="nested too deep"):
        parse_toml(f"a = {nested(levels)}")
    with pytest.raises(OutOfBoundsError, match="nested too deep"):
        compose(nested(levels))
    with pytest.raises(OutOfBoundsError, match="nested too deep"):
        compose("- " * levels + "a")


def test_as_deep_as_the_bound_is_read() -> None:
    assert parse_json(nested(DEEPEST))
    assert compose(nested(DEEPEST)) is not None


@pytest.mark.parametrize("merge", ["", "<<: "], ids=["aliases", "merges"])
def test_alias_bomb_is_refused_before_it_grows(merge: str) -> None:
    lines = ["a0: &a0 {k: v}"]
    for n in range(1, 12):
        nine = ", ".join([f"*a{n - 1}"] * 9)
        lines.append(f"a{n}: &a{n}\n  {merge or 'x: '}[{nine}]")

    with pytest.raises(OutOfBoundsError, match="aliases"):
        compose("\n".join(lines))


@pytest.mark.parametrize("text", ["a = 1e400", "a = inf", "a = " + "9" * 400])
def test_toml_number_that_no_double_holds_is_refused(text: str) -> None:
    with pytest.raises(OutOfBoundsError):
        parse_toml(text)


def test_nobody_parses_beside_the_bounds() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(MAY_PARSE) or "samples" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and (owner.id, node.func.attr) in BARE:
                    found.append(f"{name}:{node.lineno}")

    # A recording's loader is bounded itself, and quicker than building nodes first.
    assert [f for f in found if not f.startswith("traffic/cassette.py")] == []
