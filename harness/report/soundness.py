"""Whether a document that was read is a report: every part of it of the type that it should have.

Parts may be absent, as in a report of an interrupted run or one written by hand; a part of another
type than `schema.json` says is damage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["problem_of"]

TEXTS = ("text", (str,))
TEXT_OR_NULL = ("text or null", (str, type(None)))
NUMBER = ("a number", (int, float))
FLAG = ("true or false", (bool,))
OBJECT = ("an object", (Mapping,))
OBJECT_OR_NULL = ("an object or null", (Mapping, type(None)))

Kind = tuple[str, tuple[type, ...]]
TOP: Mapping[str, Kind] = {
    "verdict": TEXTS,
    "harness": OBJECT,
    "target": OBJECT,
    "connector": OBJECT,
    "requests": OBJECT,
    "coverage": OBJECT,
    "suites": OBJECT,
    "seconds": NUMBER,
}
ROWS: Mapping[str, Mapping[str, Kind]] = {
    "checks": {"id": TEXTS, "suite": TEXTS, "operation": TEXT_OR_NULL, "outcome": TEXTS},
    "findings": {
        "rule": TEXTS,
        "severity": TEXTS,
        "operation": TEXT_OR_NULL,
        "message": TEXTS,
        "waived": FLAG,
        "place": OBJECT_OR_NULL,
    },
    "exchanges": {
        "id": TEXTS,
        "operation": TEXT_OR_NULL,
        "caller": TEXTS,
        "purpose": TEXTS,
        "request": OBJECT,
        "response": OBJECT_OR_NULL,
    },
}
CALL: Mapping[str, Kind] = {"method": TEXTS, "url": TEXTS, "body": TEXT_OR_NULL}
ANSWER: Mapping[str, Kind] = {
    "status": ("a whole number", (int,)),
    "body": TEXT_OR_NULL,
    "truncated": FLAG,
}


def problem_of(report: Any) -> str | None:
    """What is wrong with a report, in one clause that names the place; None where it is sound."""
    if not isinstance(report, Mapping) or "verdict" not in report:
        return "it is no report of the connector harness"
    parts = report.get("parts", [])
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        return "parts must be an array of objects"
    found = [_problem_in(report, ""), *(_problem_in(p, f"parts/{n}/") for n, p in enumerate(parts))]
    return next((problem for problem in found if problem), None)


def _problem_in(report: Mapping[str, Any], where: str) -> str | None:
    problem = _wrong(report, TOP, where)
    if problem is not None:
        return problem
    for key, kinds in ROWS.items():
        rows = report.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            return f"{where}{key} must be an array of objects"
        for number, row in enumerate(rows):
            place = f"{where}{key}/{number}/"
            problem = _wrong(row, kinds, place)
            if problem is None and key == "exchanges":
                problem = _wrong(row.get("request") or {}, CALL, f"{place}request/")
                problem = problem or _wrong(row.get("response") or {}, ANSWER, f"{place}response/")
            if problem is not None:
                return problem
    covered = report.get("coverage", {})
    odd = next((name for name, row in covered.items() if not isinstance(row, Mapping)), None)
    return None if odd is None else f"{where}coverage/{odd} must be an object"


def _wrong(row: Mapping[str, Any], kinds: Mapping[str, Kind], where: str) -> str | None:
    for key, (name, types) in kinds.items():
        if key not in row:
            continue
        value = row[key]
        is_flag = isinstance(value, bool) and bool not in types
        if is_flag or not isinstance(value, types):
            return f"{where}{key} must be {name}"
    return None
