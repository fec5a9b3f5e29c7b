"""`diff`: what changed between the deployed connector and the new one, for one or for hundreds."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from harness.bounds.files import exists, is_dir, is_file
from harness.commands.file_settings import FileSettings, is_open_error, read_file_settings
from harness.commands.files import sarif_of
from harness.commands.finding_connectors import connectors_under
from harness.commands.output import json_text
from harness.connector.baseline import load_reference
from harness.connector.loading import load_connector
from harness.errors import DefinitionError, SettingsError
from harness.findings.model import Finding

__all__ = ["diff"]

PARALLEL_FROM = 24
GIT = "git:"


@dataclass(frozen=True, slots=True)
class Pair:
    """A connector to deploy and where its deployed version is; `old` is None for a new one."""

    name: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The changes of one pair as plain data; `broken` says why one of them cannot be read."""

    pair: Pair
    changes: tuple[dict[str, Any], ...] = ()
    is_new: bool = False
    broken: str | None = None


def diff(options: argparse.Namespace) -> int:
    """Class every change between connectors; 1 where one breaks existing flows, 4 unreadable."""
    settings = read_file_settings(options.config)
    pairs, gone = pairs_of(options.old, Path(options.new))
    results = _compare_all(pairs, settings)
    many = len(pairs) > 1 or pairs[0].name != ""
    if not many and results[0].broken is not None:
        raise DefinitionError(results[0].broken)
    _print(results, gone, options.format, many=many)
    if any(result.broken is not None for result in results):
        return 4
    return 1 if gone or any(is_open_error(c) for r in results for c in r.changes) else 0


def pairs_of(old: str, new: Path) -> tuple[list[Pair], list[str]]:
    """The connectors to compare, by their place below both folders, and those that are gone.

    A folder that holds a definition itself is one connector; else every one in the folders below.

    Raises:
        SettingsError: there is nothing to compare.
    """
    found = connectors_under(new)
    if is_file(new) or [path.parent for path in found] == [new]:
        return [Pair("", old, str(new))], []
    places = {path.parent.relative_to(new).as_posix(): path for path in found}
    if old.startswith(GIT):
        return [Pair(place, old, str(new / place)) for place in places], []
    base = Path(old)
    if not exists(base):
        raise SettingsError(f"{old}: there is no such file or folder")
    if not is_dir(base):
        raise SettingsError(f"{old}: must be a folder too, since {new} holds many connectors")
    before = {path.parent.relative_to(base).as_posix() for path in connectors_under(base)}
    pairs = [
        Pair(place, str(base / place) if place in before else None, str(new / place))
        for place in places
    ]
    return pairs, sorted(before - set(places))


def compare_one(pair: Pair, settings: FileSettings) -> Compared:
    """Every change of one pair."""
    from harness.suites.compat.judgement import compare

    try:
        new = load_connector(Path(pair.new))
        old = None if pair.old is None else load_reference(pair.old, Path(pair.new))
    except DefinitionError as error:
        return Compared(pair, broken=str(error))
    if old is None:
        return Compared(pair, is_new=True)
    changes = settings.settled(compare(old, new))
    return Compared(pair, tuple(change.to_plain() for change in changes))


def _compare_all(pairs: Sequence[Pair], settings: FileSettings) -> list[Compared]:
    judge = partial(compare_one, settings=settings)
    if len(pairs) < PARALLEL_FROM or (os.cpu_count() or 1) < 2:
        return [judge(pair) for pair in pairs]
    with ProcessPoolExecutor() as pool:
        return list(pool.map(judge, pairs, chunksize=4))


def _print(results: Sequence[Compared], gone: Sequence[str], form: str, *, many: bool) -> None:
    changes = [change for result in results for change in result.changes]
    if form == "sarif":
        print(json.dumps(sarif_of(changes), indent=1))
    elif form == "json":
        rows: list[dict[str, Any]] = [_row(r) for r in results] if many else changes
        rows += [_gone_row(name) for name in gone]
        print(json_text(rows))
    else:
        for result in results:
            _print_one(result, many=many)
        for name in gone:
            print(f"{name}: breaking: the connector is gone; every flow that uses it breaks")


def _row(result: Compared) -> dict[str, Any]:
    return {
        "connector": result.pair.name,
        "new": result.is_new,
        "error": result.broken,
        "changes": list(result.changes),
    }


def _gone_row(name: str) -> dict[str, Any]:
    return {"connector": name, "new": False, "gone": True, "error": None, "changes": []}


def _print_one(result: Compared, *, many: bool) -> None:
    start = f"{result.pair.name}: " if many else ""
    if result.broken is not None:
        print(f"{start}{result.broken}")
    elif result.is_new:
        print(f"{start}a new connector: there is nothing to compare with")
    else:
        findings = [Finding.from_plain(change) for change in result.changes]
        for finding in findings:
            _print_change(finding)
        kinds = [kind_of(finding) for finding in findings]
        counts = {kind: kinds.count(kind) for kind in ("breaking", "risky", "harmless")}
        waived = kinds.count("waived")
        counted = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        print(f"{start}{counted}{f', {waived} waived' if waived else ''}")


def kind_of(finding: Finding) -> str:
    """Breaking, risky or harmless for flows and apps; or waived."""
    return "waived" if finding.waived else str(finding.data.get("change", finding.severity))


def _print_change(finding: Finding) -> None:
    print(f"{kind_of(finding)}: {finding.data.get('sentence') or finding.message}")
    where = finding.place.pointer if finding.place else ""
    print(f"    {finding.rule} {finding.operation or ''} {where}".rstrip())
    sides = [f"{word} {text}" for word, text in sides_of(finding) if text]
    if sides:
        print(f"    {'; '.join(sides)}")


def sides_of(finding: Finding) -> tuple[tuple[str, str], tuple[str, str]]:
    """What was and what is, each with its word."""
    return ("was", finding.expected), ("is", finding.observed)
