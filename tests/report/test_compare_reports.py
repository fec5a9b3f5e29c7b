from __future__ import annotations

from typing import Any

import pytest

from harness.report.compare import compare, fingerprint


def _rules(findings: Any) -> list[tuple[str, str | None]]:
    return sorted((finding["rule"], finding["operation"]) for finding in findings)


def test_findings_are_sorted_into_new_still_mended_and_unjudged(
    report: dict[str, Any], previous: dict[str, Any]
) -> None:
    comparison = compare(report, previous)

    assert _rules(comparison.new) == [("delegated.leak", "GetDocument")]
    assert _rules(comparison.mended) == [("contract.schema", "WhoAmI")]
    assert _rules(comparison.unjudged) == [("contract.schema", "DeleteDocument")]
    assert len(comparison.still) == 5


def test_a_report_against_itself_holds_nothing_new(report: dict[str, Any]) -> None:
    comparison = compare(report, report)

    assert (comparison.new, comparison.mended, comparison.unjudged) == ((), (), ())
    assert len(comparison.still) == len(report["findings"])


def test_nothing_is_mended_by_a_run_that_left_its_checks_out(report: dict[str, Any]) -> None:
    partial = {**report, "findings": [], "checks": report["checks"][:6]}

    comparison = compare(partial, report)

    assert _rules(comparison.mended) == [("definition.summary", "Health"), ("target.http", None)]
    assert len(comparison.unjudged) == 4


def test_the_same_finding_twice_is_counted_twice(report: dict[str, Any]) -> None:
    doubled = {**report, "findings": [report["findings"][0], report["findings"][0]]}
    once = {**report, "findings": [report["findings"][0]]}

    assert len(compare(doubled, once).new) == 1
    assert len(compare(once, doubled).mended) == 1


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({"message": "size is 7, says the definition"}, False, id="another message"),
        pytest.param({"observed": "something else"}, True, id="another observation"),
        pytest.param({"evidence": ["x99"]}, True, id="other evidence"),
        pytest.param({"waived": True}, True, id="waived since"),
        pytest.param({"caller": "bob"}, False, id="another caller"),
        pytest.param({"data": {"pointer": "/other"}}, False, id="another pointer"),
        pytest.param({"rule": "contract.status"}, False, id="another rule"),
    ],
)
def test_fingerprint_follows_the_meaning(
    report: dict[str, Any], change: dict[str, Any], same: bool
) -> None:
    finding = report["findings"][2]

    assert (fingerprint({**finding, **change}) == fingerprint(finding)) is same


def test_fingerprint_ignores_numbers_ids_and_lines(report: dict[str, Any]) -> None:
    first = {**report["findings"][0], "message": "12 answers, first 3fa85f64-5717-4562-b3fc-2c963f"}
    first["message"] = "12 answers, first 3fa85f64-5717-4562-b3fc-2c963f66afa6"
    second = {**first, "message": "7 answers, first 00000000-0000-0000-0000-000000000001"}
    second["place"] = {**first["place"], "line": 900}

    assert fingerprint(first) == fingerprint(second)


def test_connectors_are_compared_by_name(report: dict[str, Any], previous: dict[str, Any]) -> None:
    now = {**report, "parts": [{**report, "name": "a"}, {**report, "name": "b"}]}
    before = {**previous, "parts": [{**previous, "name": "a"}, {**report, "name": "b"}]}

    assert _rules(compare(now, before).new) == [("delegated.leak", "GetDocument")]


def test_a_connector_that_is_new_has_only_new_findings(report: dict[str, Any]) -> None:
    now = {**report, "parts": [{**report, "name": "a"}, {**report, "name": "b"}]}
    before = {**report, "parts": [{**report, "name": "a"}]}

    assert len(compare(now, before).new) == len(report["findings"])
