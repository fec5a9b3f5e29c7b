"""What a rule is and what it says: rules, findings, and the judgement of one check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from harness.connector.model import Connector, Operation, Place
from harness.findings.examples import Example

__all__ = ["Finding", "Judgement", "Rule", "Severity"]

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: a stable id (`anonymous.open`), its severity, its documentation and its proof.

    A rule is a constant next to the judge that yields it. `title` is a short sentence; `meaning`,
    `why` and `remedy` are what `connector-harness explain` and `docs/rules/` print; `reference`
    cites the source of the fact; `shown_by` holds what makes it fire; `microsoft` names the rules
    of Microsoft's Swagger Validator that it covers; `formerly` is the rule's id in older versions,
    which waivers and `[rules]` still accept.
    """

    id: str
    severity: Severity
    title: str
    meaning: str
    why: str
    remedy: str
    reference: str
    shown_by: tuple[Example, ...] = field(hash=False)
    microsoft: tuple[str, ...] = ()
    formerly: str = ""

    def __post_init__(self) -> None:
        if not (self.reference and self.shown_by):
            raise ValueError(f"{self.id} needs a reference and something that shows it")

    @property
    def family(self) -> str:
        """The part before the dot."""
        return self.id.split(".", 1)[0]

    def finding(
        self,
        message: str,
        *,
        operation: str | None = None,
        caller: str | None = None,
        expected: str = "",
        observed: str = "",
        remedy: str = "",
        severity: Severity | None = None,
        place: Place | None = None,
        evidence: tuple[str, ...] = (),
        data: Mapping[str, Any] | None = None,
    ) -> Finding:
        """A finding of this rule; severity and remedy default to the rule's own."""
        return Finding(
            rule=self.id,
            severity=severity or self.severity,
            operation=operation,
            caller=caller,
            message=message,
            expected=expected,
            observed=observed,
            remedy=remedy or self.remedy,
            place=place,
            evidence=evidence,
            data=dict(data or {}),
            formerly=self.formerly,
        )

    def at(
        self,
        connector: Connector,
        message: str,
        pointer: str,
        *,
        operation: Operation | None = None,
        expected: str = "",
        observed: str = "",
        remedy: str = "",
        severity: Severity | None = None,
        place: Place | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Finding:
        """A finding of this rule at a pointer of the connector's definition."""
        return self.finding(
            message,
            operation=None if operation is None else operation.id,
            expected=expected,
            observed=observed,
            remedy=remedy,
            severity=severity,
            place=place or connector.place(pointer),
            data=data,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: rule, operation, caller, expected, observed, remedy, evidence.

    `message` is one sentence; `evidence` cites exchange ids; `data` is plain extra matter for
    machine readers (a JSON pointer, a suggested settings row, the request to repeat). `formerly` is
    the rule's id in older versions, which settings may still name.
    """

    rule: str
    severity: Severity
    operation: str | None
    caller: str | None
    message: str
    expected: str = ""
    observed: str = ""
    remedy: str = ""
    place: Place | None = None
    evidence: tuple[str, ...] = ()
    waived: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)
    formerly: str = ""

    def to_plain(self) -> dict[str, Any]:
        """The finding as `report.json` shows it."""
        place = self.place
        return {
            "rule": self.rule,
            "severity": self.severity,
            "operation": self.operation,
            "caller": self.caller,
            "message": self.message,
            "expected": self.expected,
            "observed": self.observed,
            "remedy": self.remedy,
            "waived": self.waived,
            "place": None
            if place is None
            else {"file": place.file, "pointer": place.pointer, "line": place.line},
            "evidence": list(self.evidence),
            "data": dict(self.data),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Finding:
        """The finding that `to_plain` wrote."""
        place = plain["place"]
        return cls(
            rule=plain["rule"],
            severity=plain["severity"],
            operation=plain["operation"],
            caller=plain["caller"],
            message=plain["message"],
            expected=plain["expected"],
            observed=plain["observed"],
            remedy=plain["remedy"],
            waived=plain["waived"],
            place=None if place is None else Place(place["file"], place["pointer"], place["line"]),
            evidence=tuple(plain["evidence"]),
            data=dict(plain.get("data", {})),
        )

    def as_waived(self) -> Finding:
        """The same finding, accepted for now."""
        return replace(self, waived=True)

    @property
    def is_error(self) -> bool:
        """Whether it fails the run: an error that nobody waived."""
        return self.severity == "error" and not self.waived


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check concluded: findings, and why it judged less than it should, where it did.

    `unverified` says which prerequisite broke (exit status 6); `skipped` why the check does not
    apply here. Both may stand beside findings.
    """

    findings: tuple[Finding, ...] = ()
    unverified: str | None = None
    skipped: str | None = None
