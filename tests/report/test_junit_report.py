from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema

from harness.report.formats.junit import class_name, properties_for, render_junit

HERE = Path(__file__).parent
JENKINS = xmlschema.XMLSchema(str(HERE / "junit-10.xsd"))
"""The schema of Jenkins' xUnit plugin, which pytest tests its own files with. It knows no
properties of a test case, which pytest, Azure Pipelines and GitLab do: they are taken out first."""
WITH_PROPERTIES = xmlschema.XMLSchema(str(HERE / "junit-subset.xsd"))


def validate(document: str) -> None:
    WITH_PROPERTIES.validate(ElementTree.fromstring(document))
    root = ElementTree.fromstring(document)
    for case in root.iter("testcase"):
        for properties in case.findall("properties"):
            case.remove(properties)
    JENKINS.validate(root)


def _case(document: str, operation: str, suite: str) -> ElementTree.Element:
    root = ElementTree.fromstring(document)
    found = root.find(f"./testsuite[@name='{suite}']/testcase[@classname='{operation}']")
    assert found is not None
    return found


def _properties(case: ElementTree.Element) -> list[tuple[str | None, str | None]]:
    return [(p.get("name"), p.get("value")) for p in case.iterfind("./properties/property")]


def test_file_is_valid(report: dict[str, Any]) -> None:
    validate(render_junit(report))


def test_file_of_hostile_content_is_valid(hostile_report: dict[str, Any]) -> None:
    document = render_junit(hostile_report)

    validate(document)
    assert document.encode("utf-8")


def test_operations_are_classes(report: dict[str, Any]) -> None:
    root = ElementTree.fromstring(render_junit(report))

    assert {case.get("classname") for case in root.iter("testcase")} == set(report["coverage"])
    assert {suite.get("name") for suite in root.iter("testsuite")} == set(report["suites"])


def test_failure_carries_rule_expectation_and_remedy(report: dict[str, Any]) -> None:
    case = _case(render_junit(report), "ListDocuments", "anonymous")
    failure = case.find("failure")

    assert failure is not None
    assert failure.get("type") == "anonymous.open"
    assert "observed: 200 with 2 documents" in str(failure.text)
    assert ("rule", "anonymous.open") in _properties(case)
    assert any(name == "remedy" for name, _ in _properties(case))


@pytest.mark.parametrize(
    ("operation", "suite", "tag", "kind"),
    [
        ("DeleteDocument", "contract", "error", "unverified"),
        ("CreateDocument", "contract", "skipped", "waived"),
        ("Health", "anonymous", "skipped", "skipped"),
    ],
)
def test_outcomes_keep_their_reasons(
    report: dict[str, Any], operation: str, suite: str, tag: str, kind: str
) -> None:
    found = _case(render_junit(report), operation, suite).find(tag)

    assert found is not None
    assert found.get("type") == kind
    assert found.get("message")


def test_passed_check_has_neither_failure_nor_error(report: dict[str, Any]) -> None:
    case = _case(render_junit(report), "WhoAmI", "delegated")

    assert [child.tag for child in case] == ["properties"]


def test_totals_add_up(report: dict[str, Any]) -> None:
    root = ElementTree.fromstring(render_junit(report))

    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("30", "3", "1")


def test_properties_name_every_finding_in_step(report: dict[str, Any]) -> None:
    check = {"suite": "contract", "outcome": "failed", "reason": None}
    pairs = properties_for(check, report["findings"][:2])

    assert pairs[:2] == [("suite", "contract"), ("outcome", "failed")]
    assert [value for name, value in pairs if name == "rule"] == [
        "anonymous.open",
        "delegated.leak",
    ]
    assert all("\n" not in value for _, value in pairs)


def test_class_name_tells_connectors_apart() -> None:
    assert class_name({"operation": "Hello"}, "expenses") == "expenses.Hello"
    assert class_name({"operation": None}) == "whole connector"


def test_finding_goes_to_the_check_that_it_names(report: dict[str, Any]) -> None:
    other = {**report["checks"][-5], "id": "test_contract.py::test_examples_answer[GetDocument]"}
    report["checks"].append({**other, "outcome": "passed"})
    report["findings"][2]["check"] = other["id"]
    report["findings"][2]["severity"] = "warning"

    cases = ElementTree.fromstring(render_junit(report)).iter("testcase")
    rules = {case.get("name"): dict(_properties(case)).get("rule") for case in cases}

    assert other["operation"] == "GetDocument"
    assert rules["contract: examples answer"] == "contract.schema"
