"""What the definition rules say of published connectors, by rule, and how long it takes.

    python -m benchmarks.lint_published FOLDER [--certification] [--names] [--show RULE]

FOLDER holds a folder for each connector. `--names` prints the two tables of Microsoft's names
instead; `--show` prints every finding of one rule. The tables of `docs/definition-rules.md` are
remade with it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from harness.connector.loading import load_connector
from harness.errors import DefinitionError
from harness.findings.model import Finding
from harness.suites.definition.judgement import DefinitionFacts, check_definition
from harness.suites.definition.not_covered import LEFT_OUT
from harness.suites.registry import all_rules

NOT_CONNECTORS = ("history", "schemas")


def judged(folder: Path, facts: DefinitionFacts) -> tuple[dict[str, list[Finding]], list[str]]:
    """The findings of each connector below a folder, and what could not be read."""
    found: dict[str, list[Finding]] = {}
    broken: list[str] = []
    for each in sorted(p for p in folder.iterdir() if p.is_dir() and p.name not in NOT_CONNECTORS):
        try:
            found[each.name] = check_definition(load_connector(each), facts)
        except DefinitionError as error:
            broken.append(f"{each.name}: {error}")
    return found, broken


def print_counts(found: dict[str, list[Finding]]) -> None:
    """A table: rule, its findings by severity, and the connectors that have some."""
    counts = Counter(f.rule for findings in found.values() for f in findings)
    files = Counter(rule for findings in found.values() for rule in {f.rule for f in findings})
    print("| rule | severity | findings | connectors |\n|---|---|---|---|")
    for rule, count in counts.most_common():
        levels = Counter(f.severity for fs in found.values() for f in fs if f.rule == rule)
        shown = ", ".join(
            level if len(levels) == 1 else f"{number} {level}" for level, number in levels.items()
        )
        print(f"| `{rule}` | {shown} | {count} | {files[rule]} |")


def print_names() -> None:
    """Microsoft's names: what is left out and why, and which rule of ours covers the others."""
    print("| Microsoft's name | why it is left out |\n|---|---|")
    for name, reason in sorted(LEFT_OUT.items()):
        print(f"| {name} | {reason} |")
    print("\n| Microsoft's name | rule |\n|---|---|")
    for name in sorted({name for rule in all_rules().values() for name in rule.microsoft}):
        ids = ", ".join(f"`{rule.id}`" for rule in all_rules().values() if name in rule.microsoft)
        print(f"| {name} | {ids} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--certification", action="store_true")
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--show", metavar="RULE")
    arguments = parser.parse_args()
    if arguments.names:
        print_names()
        return 0
    if arguments.folder is None:
        parser.error("give the folder of connectors")
    began = time.perf_counter()
    found, broken = judged(arguments.folder, DefinitionFacts(certification=arguments.certification))
    took = time.perf_counter() - began
    if arguments.show:
        for name, findings in found.items():
            for each in (f for f in findings if f.rule == arguments.show):
                print(f"{name}: {each.message}\n    {each.place.pointer if each.place else ''}")
        return 0
    print_counts(found)
    silent = sum(not findings for findings in found.values())
    each_ms = 1000 * took / max(1, len(found))
    print(f"\n{len(found)} connectors in {took:.2f} s ({each_ms:.0f} ms each)")
    print(f"{silent} of them without a finding; {len(broken)} not readable:")
    print("\n".join(f"  {line}" for line in broken))
    return 0


if __name__ == "__main__":
    sys.exit(main())
