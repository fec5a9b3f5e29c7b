"""Addresses that files, settings and apps give: taking one apart never raises."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

__all__ = ["split_url"]


def split_url(text: str) -> SplitResult:
    """The parts of a URL; empty ones where it is none (`http://[::1`, a port of 99999).

    `urlsplit` raises for some of them, and its result's `port` for others.
    """
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises for a port that is none
    except ValueError:
        return urlsplit("")
    return parts
