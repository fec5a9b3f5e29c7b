from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

SCHEMA = json.loads((files("harness.report") / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# The example of INTERFACE.md, with its alternatives chosen.
DOCUMENTED: dict[str, Any] = {
    "schema": "connector-harness/report/1",
    "verdict": "fail",
    "harness": {"version": "0.1.0"},
    "mode": "live",
    "target": {"name": "myapp", "url": "https://myapp.example"},
    "connector": {"title": "My", "definition": "a.json", "sha256": "0" * 64, "operations": 12},
    "started": "2026-11-23T10:00:00Z",
    "seconds": 12.3,
    "requests": {"sent": 420, "replayed": 0, "retried": 3, "writes": 7},
    "checks": [
        {
            "id": "test_anonymous.py::test_call_is_refused[Hello]",
            "suite": "anonymous",
            "operation": "Hello",
            "outcome": "passed",
            "seconds": 0.1,
            "reason": None,
        }
    ],
    "findings": [
        {
            "rule": "anonymous.open",
            "severity": "error",
            "operation": "Hello",
            "caller": "forged:none",
            "message": "one sentence",
            "expected": "…",
            "observed": "…",
            "remedy": "what to do",
            "waived": False,
            "place": {"file": "…", "pointer": "/paths/…", "line": 12},
            "evidence": ["x17", "x18"],
        }
    ],
    "exchanges": [
        {
            "id": "x17",
            "operation": "Hello",
            "caller": "alice",
            "purpose": "contract/example",
            "request": {"method": "POST", "url": "…", "headers": {}, "body": "…"},
            "response": {"status": 200, "headers": {}, "body": "…", "seconds": 0.05},
        }
    ],
    "coverage": {
        "Hello": {
            "callers": ["alice"],
            "statuses": [200, 400],
            "parameters": ["name"],
            "not_exercised": ["…"],
        }
    },
}


def test_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_documented_report_is_valid() -> None:
    VALIDATOR.validate(DOCUMENTED)


def test_report_with_every_extra_is_valid(report: dict[str, Any]) -> None:
    VALIDATOR.validate({**report, "parts": [{**report, "name": "documents"}], "more": 1})


@pytest.mark.parametrize("key", sorted(DOCUMENTED))
def test_every_documented_key_is_required(key: str) -> None:
    assert not VALIDATOR.is_valid({k: v for k, v in DOCUMENTED.items() if k != key})


@pytest.mark.parametrize("section", ["checks", "findings", "exchanges"])
def test_every_documented_key_of_a_row_is_required(section: str) -> None:
    for key in DOCUMENTED[section][0]:
        row = {k: v for k, v in DOCUMENTED[section][0].items() if k != key}
        assert not VALIDATOR.is_valid({**DOCUMENTED, section: [row]}), key


@pytest.mark.parametrize(
    ("section", "change"),
    [
        pytest.param("checks", {"outcome": "ok"}, id="unknown outcome"),
        pytest.param("checks", {"outcome": "skipped", "reason": None}, id="skipped, no reason"),
        pytest.param("checks", {"outcome": "unverified", "reason": ""}, id="unverified, no reason"),
        pytest.param("findings", {"severity": "fatal"}, id="unknown severity"),
        pytest.param("findings", {"rule": "Open"}, id="rule without family"),
        pytest.param("findings", {"message": ""}, id="finding without message"),
        pytest.param("findings", {"place": {"file": "a", "pointer": "x", "line": 1}}, id="pointer"),
        pytest.param("exchanges", {"response": {"status": 200}}, id="half a response"),
    ],
)
def test_a_malformed_row_is_refused(section: str, change: dict[str, Any]) -> None:
    row = {**DOCUMENTED[section][0], **change}

    assert not VALIDATOR.is_valid({**DOCUMENTED, section: [row]})


def test_an_exchange_without_answer_is_valid() -> None:
    row = {**DOCUMENTED["exchanges"][0], "response": None, "reason": "timed out"}

    VALIDATOR.validate({**DOCUMENTED, "exchanges": [row]})
