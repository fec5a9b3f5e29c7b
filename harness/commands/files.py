"""`import-postman`, `lint` and `diff`: connectors' files, without a single call."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from harness.connector.loading import load_connector
from harness.connector.postman import import_postman
from harness.errors import DefinitionError, HarnessError, SettingsError
from harness.outcomes import explain
from harness.rules.model import Finding

__all__ = ["diff", "import_postman_command", "lint"]

DEFINITION_NAMES = (
    "apidefinition.swagger.json",
    "apidefinition.json",
    "apidefination.swagger.json",
)
PARALLEL_FROM = 24


def import_postman_command(options: argparse.Namespace) -> int:
    """Write the definition that the wizard would make of a collection."""
    document = import_postman(Path(options.file))
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if options.output is None:
        sys.stdout.write(text)
        return 0
    path = Path(options.output)
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise HarnessError(f"{path}: cannot be written: {error.strerror or error}") from None
    print(f"{path}: {len(document['paths'])} paths; now set host, scheme and security")
    return 0


def lint(options: argparse.Namespace) -> int:
    """Judge connectors' files; 1 on an error finding, 4 on a file that cannot be read."""
    if options.suggest_schemas is not None:
        return _suggest(options)
    targets = [found for path in options.paths for found in connectors_under(Path(path))]
    results = _lint_all([str(path) for path in targets])
    _print_findings(results, options.format)
    if any(broken is not None for _, _, broken in results):
        return 4
    return 1 if any(f["severity"] == "error" for _, found, _ in results for f in found) else 0


Result = tuple[str, list[dict[str, Any]], str | None]


def connectors_under(path: Path) -> list[Path]:
    """A connector itself, or every one in the folders below.

    Raises:
        SettingsError: there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SettingsError(f"{path}: there is no such file or folder")
    found = sorted(
        p
        for p in path.rglob("*.json")
        if p.name.lower() in DEFINITION_NAMES and not _is_foreign(p.relative_to(path))
    )
    if not found:
        raise SettingsError(f"{path}: holds no apiDefinition.swagger.json")
    return found


def _is_foreign(path: Path) -> bool:
    """Whether a file belongs to an environment or a package, not to the user."""
    skipped = ("node_modules", "site-packages", "venv")
    return any(part.startswith(".") or part in skipped for part in path.parts[:-1])


def _lint_all(paths: Sequence[str]) -> list[Result]:
    if len(paths) < PARALLEL_FROM:
        return [lint_one(path) for path in paths]
    with ProcessPoolExecutor() as pool:
        return list(pool.map(lint_one, paths, chunksize=4))


def lint_one(path: str) -> Result:
    """The findings of one connector, or why it cannot be read."""
    from harness.rules.definition import DefinitionFacts, check_definition

    try:
        connector = load_connector(Path(path))
    except DefinitionError as error:
        return path, [], str(error)
    return path, [f.to_plain() for f in check_definition(connector, DefinitionFacts())], None


def _print_findings(results: Sequence[Result], form: str) -> None:
    findings = [finding for _, found, _ in results for finding in found]
    if form == "json":
        rows = [
            {"connector": path, "error": broken, "findings": found}
            for path, found, broken in results
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    elif form == "sarif":
        print(json.dumps(sarif_of(findings), indent=1))
    else:
        for path, found, broken in results:
            if broken is not None:
                print(broken)
            for plain in found:
                print(f"{plain['severity']}: {explain(Finding.from_plain(plain))}\n")
            counts = {
                s: sum(f["severity"] == s for f in found) for s in ("error", "warning", "note")
            }
            if broken is None:
                print(f"{path}: " + ", ".join(f"{n} {s}s" for s, n in counts.items()))


def sarif_of(findings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Findings without a run, as SARIF."""
    from harness import __version__
    from harness.report.sarif import render_sarif
    from harness.rules.registry import all_rules

    report = {
        "harness": {"version": __version__},
        "verdict": "fail" if any(f["severity"] == "error" for f in findings) else "pass",
        "findings": list(findings),
        "checks": [],
        "exchanges": [],
    }
    return render_sarif(report, all_rules())


def _suggest(options: argparse.Namespace) -> int:
    from harness.commands.suggesting import suggest_schemas

    print(
        json.dumps(
            suggest_schemas(Path(options.paths[0]), Path(options.suggest_schemas)),
            indent=2,
            ensure_ascii=False,
        )
    )
    return 0


def diff(options: argparse.Namespace) -> int:
    """Class every change between two connectors; 1 where one breaks existing flows."""
    from harness.connector.baseline import load_reference
    from harness.rules.compat import compare

    new_path = Path(options.new)
    new = load_connector(new_path)
    old = load_reference(options.old, new_path)
    findings = [] if old is None else compare(old, new)
    plain = [finding.to_plain() for finding in findings]
    if options.format == "json":
        print(json.dumps(plain, indent=1, ensure_ascii=False))
    elif options.format == "sarif":
        print(json.dumps(sarif_of(plain), indent=1))
    else:
        _print_changes(findings, new_connector=old is None)
    return 1 if any(f.severity == "error" for f in findings) else 0


def _print_changes(findings: Sequence[Finding], *, new_connector: bool) -> None:
    if new_connector:
        print("a new connector: there is nothing to compare with")
        return
    for finding in findings:
        kind = finding.data.get("change", finding.severity)
        print(f"{kind}: {finding.data.get('sentence') or finding.message}")
        where = finding.place.pointer if finding.place else ""
        print(f"    {finding.rule} {finding.operation or ''} {where}".rstrip())
        if finding.expected or finding.observed:
            print(f"    was {finding.expected}; is {finding.observed}")
    kinds = [str(f.data.get("change", f.severity)) for f in findings]
    counts = {kind: kinds.count(kind) for kind in ("breaking", "risky", "harmless")}
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
