"""Importing in the main thread what other threads will need.

An import that Python has not compiled yet parses source, and CPython 3.11 counts the parser's depth
once per interpreter (python/cpython issue 106905): nothing is imported first beside the main
thread. `tests/acceptance/test_threads.py` fails where something is.
"""

from __future__ import annotations

import importlib

__all__ = ["preload_sending", "preload_sign_in"]

SENDING = (
    "encodings.idna",  # which socket.getaddrinfo asks for
    "concurrent.futures.thread",  # which an event loop asks for
)
SIGN_IN = (
    *SENDING,
    "httpcore",  # which httpx imports with its first client
    "harness.callers.cache",
    "harness.callers.registration",
    "harness.callers.signing_in",
    "harness.callers.token_supply",
    "harness.connector.properties",
)


def preload_sending() -> None:
    """Import what sending needs in the event loop's thread."""
    _preload(SENDING)


def preload_sign_in() -> None:
    """Import what signing in needs where xdist workers ask for it."""
    _preload(SIGN_IN)


def _preload(names: tuple[str, ...]) -> None:
    for name in names:
        importlib.import_module(name)
