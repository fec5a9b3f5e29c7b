"""Fetching a public document; a module of its own, since reading files needs no HTTP client."""

from __future__ import annotations

import httpx

from harness.bounds.limits import LARGEST_FILE
from harness.errors import HarnessError

__all__ = ["fetched"]

FETCH_SECONDS = 60.0


def fetched(url: str) -> bytes:
    """What a URL answers; nothing of the user's is sent along.

    Raises:
        HarnessError: it does not answer with 200, or with more than is read.
    """
    read = bytearray()
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=FETCH_SECONDS) as response:
            if response.status_code != 200:
                raise HarnessError(f"{url}: answered {response.status_code}; give a file instead")
            for part in response.iter_bytes():
                read += part
                if len(read) > LARGEST_FILE:
                    raise HarnessError(f"{url}: the answer is too large to read; give a file")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HarnessError(f"{url}: cannot be fetched: {error or type(error).__name__}") from None
    return bytes(read)
