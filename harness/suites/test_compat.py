"""Breaking changes against the connector as deployed."""

from __future__ import annotations

import pytest

from harness.checks import compat_judgement
from harness.run import Check

pytestmark = [pytest.mark.compat, pytest.mark.quick]


def test_existing_flows_keep_working(connector_check: Check) -> None:
    """No change breaks flows and apps that use the deployed connector."""
    connector_check.conclude(compat_judgement(connector_check))
