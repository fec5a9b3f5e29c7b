"""The public cases of `cases/auth.json`, where the shared folder is there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["auth_cases"]

REPOSITORY = Path(__file__).parents[1]


def auth_cases() -> list[dict[str, Any]]:
    """The rows of the file; none where the folder is not there."""
    configured = os.environ.get("CONNECTOR_HARNESS_SHARED")
    folder = Path(configured) if configured else REPOSITORY.parent / "shared"
    path = folder / "cases" / "auth.json"
    if not path.is_file():
        return []
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows
