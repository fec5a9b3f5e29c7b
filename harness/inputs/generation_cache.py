"""Generated cases, chosen and kept: the same definition, seed and versions cost nothing twice."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.bounds.parsing import parse_json
from harness.connector.model import Connector, Operation
from harness.inputs.generation import Case, Generated, generate
from harness.inputs.generation_document import GenerationDocument, generation_document
from harness.inputs.library_versions import library_versions

__all__ = ["cases_of", "chosen"]

FORMAT = 2
MOST_POSITIVE, MOST_NEGATIVE = 12, 14
_BYTES = "$base64"
_QUOTED = re.compile(r"'([^']+)'")
_EACH_VALUE = frozenset({"enum_value", "example_value", "enum_value_items_array"})
_FIRST = (
    "enum_value",
    "default_value",
    "example_value",
    "invalid_enum_value",
    "invalid_format",
    "object_only_required",
    "value_above_maximum",
    "value_below_minimum",
    "maximum_value",
    "minimum_value",
    "string_above_max_length",
    "maximum_length_string",
    "incorrect_type",
    "valid_object",
)


def cases_of(
    connector: Connector,
    operation: Operation,
    *,
    pinned: frozenset[str],
    seed: int,
    count: int,
    cache_dir: Path | None,
) -> Generated:
    """The cases to send for one operation: from the cache, else generated and put there."""
    source = generation_document(connector, operation, pinned)
    if source.empty:
        return Generated(())
    if cache_dir is None:
        return _trimmed(generate(source, seed=seed, count=count))
    path = cache_dir / "generation" / f"{_key(source, seed, count)}.json"
    kept = _read(path)
    if kept is None:
        kept = _trimmed(generate(source, seed=seed, count=count, home=cache_dir / "hypothesis"))
        _write(path, kept)
    return kept


def chosen(cases: Sequence[Case], most: int) -> list[Case]:
    """At most `most` coverage cases: one per input and kind of variation, the telling kinds first.

    Inputs take turns, so that an operation with many of them has each varied at least once.
    """
    kinds: dict[tuple[str, str, str, str], Case] = {}
    for case in cases:
        # A wrong type is tried once per place; every documented value is worth a case of its own.
        detail = case.what if case.mode == "positive" else ""
        if case.scenario in _EACH_VALUE or "Enum value" in case.what:
            detail += json.dumps([case.inputs, case.body], default=str)
        kinds.setdefault((case.location, case.name, case.pointer + detail, case.scenario), case)
    rank = {scenario: index for index, scenario in enumerate(_FIRST)}
    by_input: dict[tuple[str, str], list[Case]] = {}
    for case in kinds.values():
        by_input.setdefault((case.location, _place(case)), []).append(case)
    queues = [
        sorted(queue, key=lambda c: rank.get(c.scenario, len(rank))) for queue in by_input.values()
    ]
    taken: list[Case] = []
    while len(taken) < most and any(queues):
        for queue in queues:
            if queue and len(taken) < most:
                taken.append(queue.pop(0))
    return taken


def _place(case: Case) -> str:
    """The parameter or property that a case varies."""
    parts = case.pointer.split("/")
    if case.name:
        return case.name
    if len(parts) > 2 and parts[1] == "properties":
        return parts[2]
    quoted = _QUOTED.search(case.what)
    return quoted[1] if quoted else case.what.split(":")[0]


def _trimmed(generated: Generated) -> Generated:
    coverage = [case for case in generated.cases if case.origin == "coverage"]
    positive = chosen([c for c in coverage if c.mode == "positive"], MOST_POSITIVE)
    negative = chosen([c for c in coverage if c.mode == "negative"], MOST_NEGATIVE)
    template = [c for c in coverage if c.mode == "positive"][:1]
    drawn = [case for case in generated.cases if case.origin == "generated"]
    kept = [*template, *(c for c in positive if c not in template), *negative, *drawn]
    return dataclasses.replace(generated, cases=tuple(kept))


def _key(source: GenerationDocument, seed: int, count: int) -> str:
    facts = [FORMAT, library_versions(), seed, count, source.method, source.document]
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:40]


def _read(path: Path) -> Generated | None:
    try:
        plain = parse_json(path.read_text(encoding="utf-8"))
        cases = tuple(Case(**_revived(case)) for case in plain["cases"])
        return Generated(cases, tuple(plain["failures"]), bool(plain["not_negatable"]))
    except (OSError, ValueError, KeyError, TypeError):  # a damaged entry is made anew
        return None


def _write(path: Path, generated: Generated) -> None:
    """Keep the cases; a folder that cannot be written to costs time, not correctness."""
    text = json.dumps(dataclasses.asdict(generated), default=_frozen)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{hashlib.sha256(text.encode()).hexdigest()[:8]}.tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError:
        return


def _frozen(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    raise TypeError(f"not plain: {type(value).__name__}")


def _revived(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {_BYTES}:
            return base64.b64decode(value[_BYTES])
        return {key: _revived(inner) for key, inner in value.items()}
    return [_revived(inner) for inner in value] if isinstance(value, list) else value
