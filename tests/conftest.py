"""Fixtures that tests of every part share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    configured = os.environ.get("CONNECTOR_HARNESS_SHARED")
    folder = Path(configured) if configured else REPOSITORY.parent / "shared"
    if not (folder / "connectors").is_dir():
        pytest.skip(f"no shared data at {folder}; set CONNECTOR_HARNESS_SHARED to its folder")
    return folder
