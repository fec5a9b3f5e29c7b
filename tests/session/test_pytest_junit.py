from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.report.test_junit_report import validate

CONFTEST = """
import pytest
from harness.session.pytest_junit import note_in_junit

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        finding = {"rule": "anonymous.open", "severity": "error", "message": "\\x1bopen",
                   "remedy": "Shut it."}
        check = {"suite": "anonymous", "operation": "Hello", "outcome": "failed", "reason": None}
        report.payload = {"check": check, "findings": [finding]}
    return report

class Coordinator:
    def __init__(self, config):
        self.config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        if hasattr(report, "payload"):
            note_in_junit(self.config, report, report.payload)

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Coordinator(config))
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_pytests_file_has_operations_as_classes_and_findings_as_properties(
    pytester: pytest.Pytester, workers: str
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test_call_is_refused(): assert False")

    pytester.runpytest_subprocess("--junitxml=junit.xml", "-n", workers, "-p", "no:cacheprovider")

    document = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    validate(document)
    (case,) = ElementTree.fromstring(document).iter("testcase")
    properties = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert case.get("classname") == "Hello"
    assert properties["rule"] == "anonymous.open"
    assert properties["remedy"] == "Shut it."
    assert properties["message"] == "\\x1bopen"
    assert case.find("failure") is not None


def test_nothing_happens_without_a_junit_file(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test_call_is_refused(): pass")

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1)
