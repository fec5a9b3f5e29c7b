from __future__ import annotations

from pathlib import Path

import pytest

from harness.findings.examples import Edit
from tests.showing_files import definition_findings


@pytest.mark.parametrize("host", ["localhost:7071", "127.0.0.1:8080", "myapp.azurewebsites.net"])
def test_a_host_that_is_the_target_is_right_whatever_it_is(tmp_path: Path, host: str) -> None:
    edit = Edit({"/host": host}, facts={"target_url": f"http://{host}"})

    assert [f.rule for f in definition_findings(tmp_path, edit) if "target." in f.rule] == []


def test_a_local_host_that_is_not_the_target_is_left_over(tmp_path: Path) -> None:
    edit = Edit({"/host": "localhost:7071"}, facts={"target_url": "https://myapp.example"})

    found = definition_findings(tmp_path, edit)

    assert [f.rule for f in found if f.rule.startswith("target.")] == ["target.host-left-over"]


def test_unique_default_host_is_never_replaced_by_the_plain_name(tmp_path: Path) -> None:
    host = "myapp-a1b2c3d4e5f6a7b8.westeurope-01.azurewebsites.net"
    edit = Edit({"/host": host}, facts={"target_url": "https://myapp.azurewebsites.net"})

    [found] = [f for f in definition_findings(tmp_path, edit) if f.rule.startswith("target.")]

    assert found.rule == "target.host-other"
    assert f"Test https://{host}" in found.remedy
    assert "myapp.azurewebsites.net" not in found.remedy
