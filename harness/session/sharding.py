"""Leaving out what other machines check: `--connector-shard K/N`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from harness.session.items import operation_of
from harness.settings.shard import Shard

if TYPE_CHECKING:
    from harness.session.connector_run import ConnectorRun

__all__ = ["leave_other_shards"]


def leave_other_shards(
    config: pytest.Config,
    shard: Shard | None,
    items: list[pytest.Item],
    part_of: Callable[[pytest.Item], ConnectorRun],
) -> None:
    """Keep the checks of this part's operations, and its share of those about the whole."""
    if shard is None:
        return
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        name = operation_of(item) or part_of(item).local_id(item.nodeid)
        (kept if shard.holds(name) else left).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)
