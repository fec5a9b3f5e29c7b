from __future__ import annotations

import json

import pytest

from harness.cli import main
from harness.suites.registry import all_rules


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.id)
def test_every_rule_is_explained(rule: object, capsys: pytest.CaptureFixture[str]) -> None:
    told = all_rules()[rule.id]  # type: ignore[attr-defined]

    assert main(["explain", told.id]) == 0

    page = capsys.readouterr().out
    assert all(text in page for text in (told.id, told.title, told.why, told.remedy))
    assert "xample" in page or "See it: `pytest --function-app demo" in page


def test_rule_is_explained_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "anonymous.open", "--format", "json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["rule"], told["because"]) == ("rule", "anonymous.open", [])
    assert {"cause", "message", "remedy"} <= told.keys()


def test_misspelt_rule_is_refused_with_the_nearest_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "anonymous.opn"]) == 4

    assert "did you mean anonymous.open" in capsys.readouterr().err
