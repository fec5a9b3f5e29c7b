"""Whatever ends a check of ours without a finding leaves it unverified, never failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Runner

ENDS = {
    "in a fixture": """
import pytest
@pytest.fixture(autouse=True)
def broken():
    raise RuntimeError("sockets are blocked")
""",
    "in the call": """
import socket
def refuse(*arguments, **named):
    raise RuntimeError("sockets are blocked")
socket.socket.connect = refuse
""",
    "by another plugin's limit": """
import pytest
@pytest.fixture(autouse=True)
def limited():
    pytest.fail("Timeout (>1.0s): sockets are blocked")
""",
}


@pytest.mark.parametrize("source", ENDS.values(), ids=ENDS)
def test_error_inside_a_check_is_unverified_with_its_reason(
    run_pytest: Runner, tmp_path: Path, source: str
) -> None:
    (tmp_path / "conftest.py").write_text(source, encoding="utf-8")

    ran = run_pytest("--function-app", "demo", "-m", "anonymous")

    assert ran.status == 6, ran.output
    assert ran.report["verdict"] == "unverified"
    assert {check["outcome"] for check in ran.report["checks"]} == {"unverified"}
    assert all("sockets are blocked" in check["reason"] for check in ran.report["checks"])
    assert "Traceback" not in ran.output
