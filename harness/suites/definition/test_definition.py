"""What the connector's files say, judged without a single call."""

from __future__ import annotations

import pytest

from harness.connector.model import Operation
from harness.session.check import Check
from harness.session.facts import definition_judgement

pytestmark = [pytest.mark.definition, pytest.mark.quick]


def test_files(connector_check: Check) -> None:
    """Definition and properties as a whole: host, security, metadata, secrets, Easy Auth."""
    connector_check.conclude(definition_judgement(connector_check, None))


def test_operation(operation: Operation, connector_check: Check) -> None:
    """One operation's part of the definition: parameters, responses, extensions."""
    connector_check.conclude(definition_judgement(connector_check, operation.id))
