"""The shared cases of the files gate: what lint and diff say of files that people published."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main

CASES = (
    "b01-body-renamed",
    "b03-required-in-optional-object",
    "b04-enum-to-dynamic",
    "b06-operation-id-capitals",
    "b08-parameter-sets",
    "b10-dynamic-to-static",
    "b11-parameter-order",
    "b13-free-text-to-list",
    "d01-security-in-path",
    "d04-default-integer-at-string",
    "d06-response-without-description",
    "d07-operation-id-slashes",
    "d09-pageable-without-policy",
    "d10-pageable-with-policy",
    "d12-upload-lost-in-v2",
    "d14-generic-reference-missing",
    "d15-policy-wrong-parameter",
    "d16-policy-unknown-operation",
    "d19-connection-parameter-missing",
    "d21-settings-defaults",
    "d22-settings-wrong-path",
    "d25-openapi-3",
    "d28-swashbuckle-clean",
    "d30-internal-no-default",
    "d31-webhook-no-delete",
    "d33-example-on-parameter",
    "d35-bracket-mismatch",
    "d37-gateway-localhost",
    "d40-x-summary-of-a-path",
    "d41-base-path-placeholder",
    "d42-settings-names-another-file",
    "d44-empty-response-schema",
)


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    folder = shared / "cases" / "files"
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}")
    return folder


def findings_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict) and "rule" in node and "severity" in node:
        yield node
    else:
        inner = node.values() if isinstance(node, dict) else node
        for value in inner if isinstance(node, dict | list) else ():
            yield from findings_in(value)


def matches(finding: dict[str, Any], check: dict[str, Any]) -> bool:
    severity = check.get("severity", finding["severity"])
    same = finding["severity"] == severity or (severity, finding["severity"]) == (
        "warning",
        "error",
    )
    return (
        same
        and check["rule"] in ("any", finding["rule"])
        and finding["operation"] == check.get("operation", finding["operation"])
    )


@pytest.mark.parametrize("name", CASES)
def test_case_is_judged_as_its_source_says(
    cases: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = json.loads((cases / name / "expected.json").read_text(encoding="utf-8"))
    check, arguments = case["check"], shlex.split(case["command"])[1:]
    monkeypatch.chdir(cases / name)

    status = main(arguments)
    printed = capsys.readouterr()
    main([arguments[0], "--format", "json", *arguments[1:]])
    plain = capsys.readouterr().out
    found = list(findings_in(json.loads(plain))) if plain.lstrip().startswith("[") else []

    text = printed.out + printed.err
    assert status == check.get("rc", status)
    if "rule" in check:
        assert sum(matches(f, check) for f in found) >= check.get("count", 1)
    if check.get("silent") == "*":
        assert not [f for f in found if f["severity"] in ("error", "warning")]
    assert not [f for f in found if f["rule"] == check.get("silent")]
    if check.get("silent_error"):
        assert not [f for f in found if f["severity"] == "error"]
    assert check.get("mentions", "") in text
    if "breaking" in check:
        assert (status == 1) == check["breaking"]
    for absent in check.get("absent_out", []):
        assert absent not in text
