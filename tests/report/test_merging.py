from __future__ import annotations

import copy
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.report.coverage import merged_coverage
from harness.report.distinct import distinct_findings
from harness.report.merging import merged_reports

from .sample import sample_report

Report = dict[str, Any]


def parts_of_one_run(count: int = 2) -> list[tuple[str, Report]]:
    """The sample's checks dealt out to several machines, each with what its checks told."""
    whole = sample_report()
    parts = []
    for number in range(count):
        part = copy.deepcopy(whole)
        part["shard"] = f"{number + 1}/{count}"
        part["checks"] = whole["checks"][number::count]
        part["findings"] = copy.deepcopy(whole["findings"][number::count])
        part["exit_status"] = (6, 1)[number % 2]
        parts.append((f"part{number + 1}.json", part))
    return parts


def test_whole_has_every_check_and_finding_once() -> None:
    whole, merged = sample_report(), merged_reports(parts_of_one_run())

    assert {check["id"] for check in merged["checks"]} == {check["id"] for check in whole["checks"]}
    assert len(merged["checks"]) == len(whole["checks"])
    told = {(f["rule"], f["operation"], f["message"]) for f in whole["findings"]}
    assert {(f["rule"], f["operation"], f["message"]) for f in merged["findings"]} == told
    assert merged["requests"]["sent"] == 2 * whole["requests"]["sent"]
    assert (merged["verdict"], merged["exit_status"]) == ("fail", 1)
    assert "shard" not in merged


def test_evidence_still_names_the_exchange_it_named() -> None:
    parts = parts_of_one_run()
    merged = merged_reports(parts)

    before = {e["id"]: e for e in parts[0][1]["exchanges"]}
    after = {e["id"]: e for e in merged["exchanges"]}
    assert len(after) == 2 * len(before)
    for finding in merged["findings"]:
        own = next(
            f
            for _, part in parts
            for f in part["findings"]
            if (f["rule"], f["operation"], f["message"])
            == (finding["rule"], finding["operation"], finding["message"])
        )
        assert [after[e]["request"] for e in finding["evidence"]] == [
            before[e]["request"] for e in own["evidence"]
        ]


def test_missing_part_is_named_and_proves_nothing() -> None:
    parts = parts_of_one_run(3)
    for _, part in parts:
        part["exit_status"], part["findings"] = 0, []

    merged = merged_reports([parts[0], parts[2]])

    assert (merged["verdict"], merged["exit_status"]) == ("unverified", 6)
    assert any("2/3" in note for note in merged["notes"])


def test_part_that_holds_no_check_takes_nothing_from_the_others() -> None:
    parts = parts_of_one_run()
    parts[0][1].update(exit_status=0, findings=[])
    parts[1][1].update(exit_status=5, findings=[], checks=[])

    assert merged_reports(parts)["exit_status"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"connector": {"title": "Other", "sha256": "1" * 64}}, "different connectors"),
        ({"target": {"name": "other", "url": "https://other.example"}}, "different function apps"),
        ({"mode": "replay"}, "different modes"),
        ({"harness": {"version": "9.9"}}, "different harnesss"),
        ({"shard": "1/7"}, "not parts of one run"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_reports_of_different_runs_are_refused(change: Report, said: str) -> None:
    parts = parts_of_one_run()
    parts[1][1].update(change)

    with pytest.raises(HarnessError, match=said):
        merged_reports(parts)


def test_connectors_of_one_run_are_put_together_by_name() -> None:
    parts = parts_of_one_run()
    for _, part in parts:
        part["connector"]["hash"] = "0" * 64
    many = [
        (file, {**report, "parts": [{**report, "name": "expenses"}, {**report, "name": "travel"}]})
        for file, report in parts
    ]

    merged = merged_reports(many)

    assert [part["name"] for part in merged["parts"]] == ["expenses", "travel"]
    assert len(merged["checks"]) == 2 * len(sample_report()["checks"])


def refused(operation: str, check: str, evidence: str) -> Report:
    return {
        "rule": "token.good-refused",
        "severity": "error",
        "operation": operation,
        "caller": "alice",
        "message": f"{operation} refuses the token",
        "observed": "401",
        "waived": False,
        "place": None,
        "check": check,
        "evidence": [evidence],
        "data": {"reasons": ["wrong audience"]},
    }


def test_token_refused_everywhere_is_one_finding_however_the_run_was_shared() -> None:
    def each() -> list[Report]:
        return [refused(f"Op{n}", f"t[Op{n}]", f"x{n}") for n in range(1, 5)]

    one, two, three, four = each()
    shared = [*distinct_findings([one, three]), *distinct_findings([two, four])]

    assert distinct_findings(shared) == distinct_findings(each())
    assert distinct_findings(each())[0]["message"].startswith("4 operations refuse the token")


def row(callers: list[str], parameters: list[str], gaps: list[str]) -> Report:
    return {"callers": callers, "statuses": [], "parameters": parameters, "not_exercised": gaps}


def test_what_one_part_exercised_is_no_gap_of_the_whole() -> None:
    unseen = ": no call that was let in carried it"
    parts = [
        {
            "Op": row(
                ["alice"], ["a"], ["its own words", f"parameter b{unseen}", f"parameter c{unseen}"]
            )
        },
        {"Op": row(["bob"], ["b"], [f"parameter a{unseen}", f"parameter c{unseen}"])},
        {"Op": row([], [], ["the whole operation: not called"])},
    ]

    assert merged_coverage(parts, [])["Op"] == row(
        ["alice", "bob"], ["a", "b"], ["its own words", f"parameter c{unseen}"]
    )


def test_operation_that_no_part_called_keeps_the_reason() -> None:
    parts = [{"Op": row([], [], ["the whole operation: not called"])}] * 2
    checks = [{"operation": "Op", "reason": "writes are off", "outcome": "skipped"}]

    merged = merged_coverage(parts, checks)

    assert merged["Op"]["not_exercised"] == ["the whole operation: writes are off"]
