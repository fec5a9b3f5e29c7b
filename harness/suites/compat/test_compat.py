"""Breaking changes against the connector as deployed."""

from __future__ import annotations

import pytest

from harness.session.check import Check
from harness.session.facts import compat_judgement

pytestmark = [pytest.mark.compat, pytest.mark.quick]


def test_existing_flows_keep_working(connector_check: Check) -> None:
    """No change breaks flows and apps that use the deployed connector."""
    connector_check.conclude(compat_judgement(connector_check))
