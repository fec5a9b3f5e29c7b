"""`import-postman` and `lint`: a connector's files, without a single call."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.bounds.files import reason_of
from harness.commands.file_settings import FileSettings, is_open_error, read_file_settings
from harness.commands.finding_connectors import connectors_under
from harness.commands.fix_command import fix_all
from harness.commands.output import json_text
from harness.connector.loading import load_connector
from harness.connector.postman.importing import import_postman
from harness.errors import DefinitionError, HarnessError, SettingsError
from harness.findings.model import Finding
from harness.findings.text import explain
from harness.redaction.whole_files import write_whole

__all__ = ["import_postman_command", "lint", "sarif_of", "write_definition"]

PARALLEL_FROM = 24
LARGEST_DEFINITION = 1024 * 1024
"""Bytes that the wizard and paconn take (Microsoft, "Create a custom connector ...")."""


def import_postman_command(options: argparse.Namespace) -> int:
    """Write the definition that the wizard would make of a collection; say what was lost."""
    document, notes = import_postman(Path(options.file))
    write_definition(document, [(n.place.line, n.message) for n in notes], options.output)
    return 0


def write_definition(
    document: dict[str, Any], notes: Sequence[tuple[int | None, str]], output: str | None
) -> None:
    """Write a definition to a file or standard output, and its notes to standard error.

    It is written without white space where that keeps it below the platform's limit.

    Raises:
        HarnessError: the file cannot be written.
    """
    for line, message in notes:
        print(f"note: {f'line {line}: ' if line else ''}{message}", file=sys.stderr)
    if output is None:
        print(json_text(document, indent=_indent(document)))
        return
    path = Path(output)
    indent = _indent(document)
    separators = (",", ":") if indent is None else None
    text = json.dumps(document, indent=indent, separators=separators, ensure_ascii=False)
    try:
        write_whole(path, text + "\n")
    except (OSError, ValueError) as error:
        raise HarnessError(f"{path}: cannot be written: {reason_of(error)}") from None
    print(f"{path}: {len(document['paths'])} paths; now set host, scheme and security")


def _indent(document: dict[str, Any]) -> int | None:
    size = len(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "replace"))
    return 2 if size < LARGEST_DEFINITION else None


def lint(options: argparse.Namespace) -> int:
    """Judge connectors' files; 1 on an error finding, 4 on a file that cannot be read."""
    if options.suggest_schemas is not None:
        return _suggest(options)
    targets = [found for path in options.paths for found in connectors_under(Path(path))]
    if options.diff and not options.fix:
        raise SettingsError("--diff shows what --fix would write; add --fix")
    if options.fix:
        fix_all(targets, write=not options.diff)
    settings = read_file_settings(options.config)
    if options.agent:
        settings = replace(settings, agent=True)
    results = _lint_all([str(path) for path in targets], settings)
    _print_findings(results, options.format)
    if any(broken is not None for _, _, broken in results):
        return 4
    return 1 if any(is_open_error(f) for _, found, _ in results for f in found) else 0


Result = tuple[str, list[dict[str, Any]], str | None]


def _lint_all(paths: Sequence[str], settings: FileSettings) -> list[Result]:
    judge = partial(lint_one, settings=settings)
    if len(paths) < PARALLEL_FROM:
        return [judge(path) for path in paths]
    with ProcessPoolExecutor() as pool:
        return list(pool.map(judge, paths, chunksize=4))


def lint_one(path: str, settings: FileSettings) -> Result:
    """The findings of one connector, or why it cannot be read."""
    from harness.suites.definition.judgement import DefinitionFacts, check_definition

    try:
        connector = load_connector(Path(path))
    except DefinitionError as error:
        return path, [], str(error)
    facts = DefinitionFacts(certification=settings.certification, agent=settings.agent)
    found = settings.settled(check_definition(connector, facts))
    return path, [f.to_plain() for f in found], None


def _print_findings(results: Sequence[Result], form: str) -> None:
    findings = [finding for _, found, _ in results for finding in found]
    if form == "json":
        rows = [
            {"connector": path, "error": broken, "findings": found}
            for path, found, broken in results
        ]
        print(json_text(rows))
    elif form == "sarif":
        print(json.dumps(sarif_of(findings), indent=1))
    else:
        for path, found, broken in results:
            if broken is not None:
                print(broken)
            for plain in found:
                state = "waived" if plain["waived"] else plain["severity"]
                print(f"{state}: {explain(Finding.from_plain(plain))}\n")
            if broken is None:
                print(f"{path}: {_counted(found)}")


def _counted(found: Sequence[dict[str, Any]]) -> str:
    waived = sum(bool(f["waived"]) for f in found)
    counts = {
        s: sum(f["severity"] == s and not f["waived"] for f in found)
        for s in ("error", "warning", "note")
    }
    counted = ", ".join(f"{n} {s}s" for s, n in counts.items())
    return f"{counted}, {waived} waived" if waived else counted


def sarif_of(findings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Findings without a run, as SARIF."""
    from harness import __version__
    from harness.report.formats.sarif import render_sarif
    from harness.suites.registry import all_rules

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
        json_text(suggest_schemas(Path(options.paths[0]), Path(options.suggest_schemas)), indent=2)
    )
    return 0
