"""The versions of the libraries that choose what is sent: cases and recordings depend on them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

__all__ = ["library_versions"]


@cache
def library_versions() -> str:
    """`schemathesis 4.32.5, hypothesis 6.170.15`."""
    return ", ".join(f"{name} {version(name)}" for name in ("schemathesis", "hypothesis"))
