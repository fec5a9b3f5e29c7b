"""Whole runs as a newcomer would start them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from .conftest import SAMPLES, Runner

SCHEMA = json.loads((SAMPLES.parents[1] / "report" / "schema.json").read_text(encoding="utf-8"))
JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
LIVE = "anonymous or tokens or delegated or contract"


def test_demo_passes_with_every_suite_and_no_finding(run_pytest: Runner) -> None:
    ran = run_pytest("--function-app", "demo", all_plugins=True)

    assert ran.status == 0, ran.output
    assert ran.report["verdict"] == "pass"
    assert [f for f in ran.report["findings"] if f["severity"] != "note"] == []
    assert set(ran.report["suites"]) == {
        "definition",
        "anonymous",
        "tokens",
        "delegated",
        "contract",
    }
    assert all(row["passed"] for row in ran.report["suites"].values())
    Draft202012Validator(SCHEMA).validate(ran.report)


def test_two_workers_give_the_same_findings_and_one_report(run_pytest: Runner) -> None:
    few = ("-k", "WhoAmI or GetDocument or identity or fit or shut or files")
    fault = ("--connector-demo-fault", "type-changed:WhoAmI")

    ran = run_pytest("--function-app", "demo", "-n", "2", *few, *fault)

    assert ran.status == 1, ran.output
    assert ran.rules() == {("contract.body", "WhoAmI")}
    assert len(ran.report["suites"]) == 5


def test_tutorials_collection_passes_with_the_platforms_proof(
    run_pytest: Runner, shared: Path
) -> None:
    collection = shared / "tutorial" / "tutorial-custom-connector.postman_v1.json"

    ran = run_pytest("--function-app", "demo", "--connector", str(collection))

    assert ran.status == 0, ran.output
    assert any("the platform" in note for note in ran.report["notes"])


def test_own_postman_collection_of_hello_passes(run_pytest: Runner) -> None:
    collection = SAMPLES / "hello" / "Hello.postman_collection.json"

    ran = run_pytest("--function-app", "demo", "--connector", str(collection), "-m", LIVE)

    assert ran.status == 0, ran.output


@pytest.mark.parametrize(
    ("fault", "marker", "rule", "operation"),
    [
        ("auth-off:Hello", "anonymous", "anonymous.open", "Hello"),
        ("foreign-redirect", "anonymous", "anonymous.foreign-redirect", "Hello"),
        ("whoami-someone-else", "delegated", "delegated.wrong-identity", "WhoAmI"),
        ("operation-gone:GetDocument", "contract", "contract.operation-gone", "GetDocument"),
    ],
)
def test_fault_turns_the_run_red(
    run_pytest: Runner, fault: str, marker: str, rule: str, operation: str
) -> None:
    only = ("-m", marker, "-k", f"{operation} or identity")

    ran = run_pytest("--function-app", "demo", *only, "--connector-demo-fault", fault)

    assert ran.status == 1, ran.output
    assert (rule, operation) in ran.rules()


def test_report_holds_no_token_password_or_secret(run_pytest: Runner, tmp_path: Path) -> None:
    ran = run_pytest("--function-app", "demo", "-m", "tokens or delegated", "--connector-har")

    assert ran.status == 0, ran.output
    for path in (tmp_path / "reports").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not JWT.search(text), path.name
        assert "session-" not in text, path.name


@pytest.mark.parametrize(
    ("target", "fault", "says"),
    [
        pytest.param("demo", "type-chnged:WhoAmI", "did you mean 'type-changed'?", id="unknown"),
        pytest.param("myapp", "auth-off", "only the demo has faults", id="not the demo"),
    ],
)
def test_wrong_fault_is_a_usage_error(
    run_pytest: Runner, target: str, fault: str, says: str
) -> None:
    sample = str(SAMPLES / "documents")
    options = ("--function-app", target, "--connector", sample, "--connector-demo-fault", fault)

    ran = run_pytest(*options)

    assert ran.status == 4
    assert says in ran.output
    assert "Traceback" not in ran.output
