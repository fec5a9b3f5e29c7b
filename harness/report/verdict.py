"""What the verdict of a report means, in a newcomer's words, and the counts behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.report.reading import counts, mapping, parts_of, rows, text

__all__ = ["VERDICT_WORDS", "headline", "plural", "plural_noun", "total"]

Report = Mapping[str, Any]

VERDICT_WORDS = {"pass": "Pass", "fail": "Fail", "unverified": "Could not verify"}
# Exit statuses that say more than the verdict `unverified` does.
_ENDINGS = {
    2: "The run was interrupted before its end: what follows is what it knew by then.",
    3: "The harness itself broke: what follows is what it knew by then.",
    4: "The run could not start as it was configured.",
    5: "Nothing was checked: no check was selected.",
}


def headline(report: Report) -> tuple[str, str]:
    """The verdict in a word or three, and what it means in a sentence or two."""
    verdict = text(report.get("verdict"))
    sums = total(report)
    ended = _ENDINGS.get(_number(report.get("exit_status")))
    meaning = ended if verdict == "unverified" and ended else _meaning(verdict, sums)
    return VERDICT_WORDS.get(verdict, verdict or "No verdict"), meaning


def total(report: Report) -> dict[str, int]:
    """Counts over all parts: findings, outcomes, operations (and wrong ones), requests."""
    sums: dict[str, int] = {}
    for _, part in parts_of(report):
        own = counts(part)
        wrong = {
            text(f.get("operation"))
            for f in rows(part, "findings")
            if f.get("severity") == "error" and not f.get("waived")
        }
        own["operations"] = _number(mapping(part, "connector").get("operations"))
        own["wrong operations"] = len(wrong - {""})
        own["own failed"] = sum(
            check.get("outcome") == "failed" and check.get("suite") == "tests"
            for check in rows(part, "checks")
        )
        own["sent"] = _number(mapping(part, "requests").get("sent"))
        own["replayed"] = _number(mapping(part, "requests").get("replayed"))
        for key, value in own.items():
            sums[key] = sums.get(key, 0) + value
    return sums


def plural(number: int, one: str) -> str:
    """A number with its noun."""
    return f"{number:,} {plural_noun(one, number)}"


def plural_noun(one: str, number: int) -> str:
    """The noun as it stands after the number."""
    return one if number == 1 else f"{one}s"


def _meaning(verdict: str, sums: Mapping[str, int]) -> str:
    unverified, warnings = sums["unverified"], sums["warning"]
    if verdict == "fail":
        operations, wrong = sums["operations"], sums["wrong operations"]
        where = (
            f" in {wrong:,} of {plural(operations, 'operation')}" if wrong and operations else ""
        )
        also = f" {plural(unverified, 'check')} could not be made." if unverified else ""
        own = sums["own failed"]
        what = f"{plural(sums['error'], 'error')}{where}." if sums["error"] else ""
        if own:
            what += f" {plural(own, 'test')} of your own failed."
        elif not what:
            what = f"{plural(sums['failed'], 'check')} failed; pytest's output says why."
        return what.strip() + also
    if verdict == "unverified":
        applying = sums["checks"] - sums["skipped"]
        if not unverified:
            return "No error was found, but too little was judged to prove anything."
        if unverified == applying:
            return f"None of the {plural(applying, 'check')} that apply could be made."
        return (
            f"No error was found, but {unverified:,} of the {plural(applying, 'check')} that"
            " apply could not be made."
        )
    if verdict == "pass":
        extra = f" {plural(warnings, 'warning')} may deserve a look." if warnings else ""
        waived = sums["waived findings"]
        accepted = f" {plural(waived, 'finding')} accepted by waiver." if waived else ""
        return f"Every check that applies was made, and no error was found.{extra}{accepted}"
    return ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
