from __future__ import annotations

import pytest

from harness.exchanges.ledger import Ledger


@pytest.mark.parametrize(
    ("answered", "sent", "is_own"),
    [(10.0, 11.0, False), (11.5, 11.0, True), (0.0, 11.0, False), (10.0, 0.0, False)],
    ids=["list before", "list meanwhile", "list at an unknown time", "creation at an unknown time"],
)
def test_only_a_list_answered_before_the_creation_shows_an_older_object(
    answered: float, sent: float, is_own: bool
) -> None:
    ledger = Ledger()
    ledger.saw("Create", ["a"], answered)

    assert ledger.stood_before("Create", "a", sent) is not is_own
    assert ledger.made("Create", "a", sent) is is_own


def test_the_earliest_list_counts() -> None:
    ledger = Ledger()
    ledger.saw("Create", ["a"], 12.0)
    ledger.saw("Create", ["a"], 10.0)

    assert ledger.stood_before("Create", "a", 11.0)
