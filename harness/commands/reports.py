"""`report`, `rules` and `access`: from a report.json, or from the rules themselves."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from harness.bounds.files import read_bounded, reason_of
from harness.bounds.limits import LARGEST_RECORD
from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.commands.output import json_text
from harness.errors import HarnessError, one_clear_line
from harness.findings.model import Rule
from harness.report.files import write_report
from harness.report.merging import merged_reports
from harness.report.reading import mapping, rows, text
from harness.report.soundness import problem_of

__all__ = ["access", "report", "rules"]


def read_report(path: Path) -> dict[str, Any]:
    """A report, or one clear line.

    Raises:
        HarnessError: it is missing or not a report.
    """
    try:
        document = parse_json(read_bounded(path, LARGEST_RECORD))
    except OSError as error:
        raise HarnessError(f"{path}: cannot be read: {reason_of(error)}") from None
    except ValueError as error:
        raise HarnessError(f"{path}: not valid JSON: {error}") from None
    problem = problem_of(document)
    if problem is not None:
        raise HarnessError(f"{path}: {problem}")
    return dict(document)


def report(options: argparse.Namespace) -> int:
    """Render every format again, or check that the report passed these files."""
    from harness.report.formats.registry import write_formats
    from harness.suites.registry import all_rules

    files = list(options.files)
    if files[0] == "merge":
        return _merge([Path(each) for each in files[1:]], Path(options.output), har=options.har)
    if len(files) > 1:
        raise HarnessError(f"report takes one file, or merge and several: {' '.join(files)}")
    path = Path(files[0])
    document = read_report(path)
    if options.check_hash is not None:
        return _check_hash(document, Path(options.check_hash))
    done = write_formats(
        document, path.parent, har=options.har, junit=options.junit, rules=all_rules()
    )
    for written in done.written:
        print(written)
    if done.problems:
        raise HarnessError("; ".join(done.problems))
    return 0


def _merge(paths: list[Path], folder: Path, *, har: bool) -> int:
    """Put the reports of a run's shards together; exit as the whole run would have."""
    if not paths:
        raise HarnessError("report merge: name the reports: report merge a.json b.json")
    named = [(str(path), read_report(path)) for path in paths]
    try:
        whole = merged_reports(named)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        told = ", ".join(str(path) for path in paths)
        raise HarnessError(
            f"{told}: not whole reports of this version: {one_clear_line(error)}"
        ) from None
    written, problems = write_report(whole, folder, har=har)
    for each in written:
        print(each)
    if problems:
        raise HarnessError("; ".join(problems))
    return int(whole["exit_status"])


def _check_hash(document: Mapping[str, Any], path: Path) -> int:
    """Whether these files are what the report passed, of any of its connectors."""
    from harness.connector.loading import connector_hash, load_connector
    from harness.report.reading import parts_of

    now = connector_hash(load_connector(path))
    parts = [
        part for _, part in parts_of(document) if mapping(part, "connector").get("hash") == now
    ]
    if not parts and document["verdict"] == "pass":
        print(f"{path} is not what the report passed: run the gate again before redeploying")
        return 1
    verdict = parts[0].get("verdict") if parts else document["verdict"]
    if verdict != "pass":
        print(f"the report's verdict is {verdict}: do not redeploy")
        return 1
    print(f"{path} is exactly what passed")
    return 0


def rules(options: argparse.Namespace) -> int:
    """List the rules of a family, or all."""
    from harness.suites.registry import all_rules

    chosen = [r for r in all_rules().values() if not options.filter or _matches(r, options.filter)]
    if not chosen:
        raise HarnessError(f"no rule or family {options.filter!r}; see connector-harness rules")
    if options.format == "json":
        print(json_text([_plain(rule) for rule in chosen]))
    elif options.format == "markdown":
        print("\n".join(_markdown(rule) for rule in chosen))
    else:
        long = len(chosen) == 1
        print("\n".join(_long(rule) if long else _short(rule) for rule in chosen))
    return 0


def _matches(rule: Rule, wanted: str) -> bool:
    return wanted in (rule.id, rule.family)


def _short(rule: Rule) -> str:
    return f"{rule.id:<42} {rule.severity:<8} {rule.title}"


def _long(rule: Rule) -> str:
    lines = [_short(rule), "", rule.meaning, "", f"why: {rule.why}", f"remedy: {rule.remedy}"]
    if rule.reference:
        lines.append(f"source: {rule.reference}")
    if rule.microsoft:
        lines.append(f"Microsoft: {', '.join(rule.microsoft)}")
    return "\n".join(lines)


def _markdown(rule: Rule) -> str:
    lines = [
        f"## `{rule.id}` ({rule.severity})",
        "",
        f"**{rule.title}.** {rule.meaning}",
        "",
        f"*Why it matters:* {rule.why}",
        "",
        f"*How to fix it:* {rule.remedy}",
        "",
    ]
    return "\n".join(lines)


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        name: getattr(rule, name)
        for name in ("id", "severity", "title", "meaning", "why", "remedy", "reference")
    } | {"microsoft": list(rule.microsoft)}


def access(options: argparse.Namespace) -> int:
    """Print a first draft of the access table: who got which status, operation by operation."""
    document = read_report(Path(options.file))
    seen: dict[tuple[str, str], dict[str, list[int]]] = {}
    wanted = ("delegated/same", "delegated/access", "delegated/identity", "anonymous/plain")
    for exchange in rows(document, "exchanges"):
        response, operation = exchange.get("response"), exchange.get("operation")
        if not response or operation is None or "status" not in response:
            continue
        if not text(exchange.get("purpose")).startswith(wanted):
            continue
        row = seen.setdefault((operation, _inputs(document, operation, exchange)), {})
        statuses = row.setdefault(text(exchange.get("caller")), [])
        if response["status"] not in statuses:
            statuses.append(response["status"])
    if not seen:
        raise HarnessError(
            f"{options.file}: shows no calls of users; run the delegated suite first"
        )
    print("# Observed, not judged: read every row before you keep it.")
    for (operation, inputs), callers in sorted(seen.items()):
        if set(callers) <= {"anonymous"}:
            continue  # a made-up id, tried without a token: nothing to promise
        expect = ", ".join(f"{who} = {_statuses(found)}" for who, found in callers.items())
        print(f'\n[[delegated.access]]\noperation = "{operation}"{inputs}')
        print(f"expect = {{ {expect} }}")
    return 0


def _inputs(document: Mapping[str, Any], operation: str, exchange: Mapping[str, Any]) -> str:
    """The `parameters` line of a row: what stood in the path and the query of the call."""
    covered = mapping(mapping(document, "coverage"), operation)
    template = covered.get("path")
    parts = split_url(text(mapping(exchange, "request").get("url")))
    values: dict[str, str] = {}
    if isinstance(template, str):
        names = re.findall(r"\{([^{}]+)\}", template)
        pattern = re.sub(r"\\\{[^{}]+\\\}", "([^/]+)", re.escape(template))
        found = re.search(f"{pattern}/?$", unquote(parts.path))
        values |= dict(zip(names, found.groups(), strict=True)) if found else {}
    listed = covered.get("parameters")
    known = listed if isinstance(listed, list) else []
    values |= {name: value for name, value in parse_qsl(parts.query) if name in known}
    shown = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in values.items())
    return f"\nparameters = {{ {shown} }}" if shown else ""


def _statuses(found: list[int]) -> str:
    return str(found[0]) if len(found) == 1 else str(sorted(found))
