"""JSON pointers (RFC 6901): writing them, and finding what they name in a document."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any

__all__ = ["escape", "find", "unescape"]


def escape(token: str) -> str:
    """One reference token, escaped as RFC 6901 section 3 asks."""
    return token.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """The key that a reference token names (RFC 6901 section 4)."""
    return token.replace("~1", "/").replace("~0", "~")


def find(document: Any, pointer: str) -> Any:
    """What a pointer (`/a/b`) or a local reference (`#/a/b`) names; None where nothing is there.

    A reference is a URI fragment (RFC 6901 section 6), so a key that is not there as written is
    looked up percent-decoded too.
    """
    node = document
    for token in pointer.removeprefix("#").split("/")[1:]:
        key = unescape(token)
        if isinstance(node, Mapping) and key not in node:
            key = unescape(urllib.parse.unquote(token))
        if isinstance(node, Mapping) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node
