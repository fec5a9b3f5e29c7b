"""Reading bodies that come from an app: whatever they hold, at worst a ValueError comes of it."""

from __future__ import annotations

from typing import Any

from harness.bounds.parsing import parse_json

__all__ = ["parsed_json"]


def parsed_json(body: bytes | str) -> Any:
    """The JSON value of a body.

    Raises:
        ValueError: it is no JSON, or nested deeper than this interpreter reads.
    """
    return parse_json(body)
