"""One block for one cause: findings of one rule with one remedy, whatever their operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness.suites.registry import all_rules

__all__ = ["Group", "grouped", "rule_texts"]

FROM = 3
"""So many findings of one cause become one block."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one cause, in their order."""

    findings: tuple[Mapping[str, Any], ...]

    @property
    def first(self) -> Mapping[str, Any]:
        """The finding that stands for the others."""
        return self.findings[0]

    @property
    def operations(self) -> list[str]:
        """The operations that it is about, each once."""
        names = (str(f.get("operation") or "the whole connector") for f in self.findings)
        return list(dict.fromkeys(names))

    @property
    def title(self) -> str:
        """What the findings have in common: their rule's title."""
        return rule_texts(str(self.first.get("rule")))[0] or str(self.first.get("message"))


def grouped(findings: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Findings of one rule, severity and remedy together from three on; else each alone."""
    causes: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for finding in findings:
        causes.setdefault(_cause(finding), []).append(finding)
    groups = []
    for finding in findings:
        own = causes[_cause(finding)]
        if len(own) < FROM:
            groups.append(Group((finding,)))
        elif own[0] is finding:
            groups.append(Group(tuple(own)))
    return groups


def _cause(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        finding.get("rule"),
        finding.get("severity"),
        bool(finding.get("waived")),
        finding.get("remedy"),
    )


@cache
def rule_texts(rule_id: str) -> tuple[str, str]:
    """Title of a rule, and why it matters; empty for one that this version does not know."""
    rule = all_rules().get(rule_id)
    return ("", "") if rule is None else (rule.title, rule.why)
