"""Our checks in the file that pytest writes for `--junitxml`: operations as classes, findings as
properties. The one place that knows pytest's junitxml plugin from the inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from harness.report.formats.junit import class_name, properties_for

__all__ = ["note_in_junit"]


def note_in_junit(
    config: pytest.Config,
    report: pytest.TestReport,
    payload: Mapping[str, Any],
    connector: str = "",
) -> None:
    """Tell the JUnit file what a check was, in the controlling process.

    To be called from `pytest_runtest_logreport` with the check's payload (`check`, `findings`),
    before or after junitxml's own hook; does nothing where no such file is asked for.
    """
    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    reporter = xml.node_reporter(report)
    reporter.add_attribute("classname", class_name(payload["check"], connector))
    for name, value in properties_for(payload["check"], list(payload["findings"])):
        reporter.add_property(name, value)
