"""The findings of a whole run from those of its checks, or of its parts: each once, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["distinct_findings"]

MOST_EVIDENCE = 6
SEVERITY_ORDER = {"error": 0, "warning": 1, "note": 2}


def distinct_findings(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings in the order of their checks, the same one once, the worst first."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for finding in findings:
        key: tuple[Any, ...] = (
            finding["rule"],
            finding["operation"],
            finding["caller"],
            finding["message"],
            (finding["place"] or {}).get("pointer"),
        )
        if finding["rule"] == "token.good-refused" and finding["operation"] is None:
            key = (*key, finding["check"])  # of several operations; another part may know more
        found.setdefault(key, finding)
    merged = one_for_the_run(list(found.values()))
    return sorted(merged, key=lambda f: SEVERITY_ORDER[f["severity"]])


def one_for_the_run(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A token that several operations refuse for one reason is one finding, not one for each."""
    kept: list[dict[str, Any]] = []
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    for finding in findings:
        if finding["rule"] != "token.good-refused":
            kept.append(finding)
            continue
        reasons = tuple(finding["data"].get("reasons", ()))
        key = (finding["caller"], reasons, finding["waived"], finding["observed"])
        if key not in first:
            first[key] = finding
            finding["data"]["operations"] = _refusing(finding)
            kept.append(finding)
            continue
        whole = first[key]
        refusing = {*whole["data"]["operations"], *_refusing(finding)}
        whole["data"]["operations"] = sorted(refusing)
        evidence = {*whole["evidence"], *finding["evidence"]}
        whole["evidence"] = sorted(evidence, key=lambda name: (len(name), name))[:MOST_EVIDENCE]
        count = len(whole["data"]["operations"])
        likely = f"; likely: {'; '.join(reasons)}" if reasons else ""
        whole["operation"] = None
        whole["message"] = (
            f"{count} operations refuse the token that {finding['caller']} signed in for{likely}"
        )
    return kept


def _refusing(finding: Mapping[str, Any]) -> list[str]:
    """The operations that a finding on a refused token is about, of one check or of a report."""
    return list(finding["data"].get("operations") or [finding["operation"]])
