"""The error of an authority that gave no usable answer; free of any HTTP library."""

from __future__ import annotations

from typing import Literal

__all__ = ["AuthorityError", "Trouble"]

Trouble = Literal["unreachable", "untrusted", "proxy", "throttled", "down", "odd"]


class AuthorityError(Exception):
    """The authority gave no answer that can be used; says which trouble, and for how long.

    `foreign`: the address was not the authority's own: a federated user's identity provider.
    """

    def __init__(self, trouble: Trouble, message: str, retry_after_s: float | None = None) -> None:
        self.trouble = trouble
        self.retry_after_s = retry_after_s
        self.foreign = False
        super().__init__(message)
