from __future__ import annotations

import pytest

from harness.errors import SettingsError
from harness.settings.shard import Shard, parse_shard

NAMES = [f"Operation{number}" for number in range(200)]
IN_SECOND_OF_THREE = ["Operation0", "Operation9", "Operation11"]


def test_every_operation_is_in_exactly_one_part() -> None:
    parts = [Shard(part, 5) for part in range(1, 6)]

    assert all(sum(part.holds(name) for part in parts) == 1 for name in NAMES)
    assert all(sum(part.holds(name) for name in NAMES) > 20 for part in parts)


def test_name_alone_decides_and_gives_the_same_part_on_every_machine() -> None:
    assert [name for name in NAMES[:12] if Shard(2, 3).holds(name)] == IN_SECOND_OF_THREE


def test_part_is_read_as_it_is_typed() -> None:
    assert parse_shard("2/5") == Shard(2, 5)
    assert parse_shard(None) is None


@pytest.mark.parametrize(
    "text", ["", "3", "0/2", "3/2", "1/0", "-1/2", "a/b", "1/2/3", "1.0/2", "²/3"]
)
def test_what_names_no_part_is_one_clear_line(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--connector-shard.*K-th of N parts"):
        parse_shard(text)
