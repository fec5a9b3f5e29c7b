"""Where things are in the sample connector that examples of rules edit, as JSON pointers.

The sample is the demo's: `harness/emulator/samples/documents`.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CREATE_DOCUMENT",
    "DOCUMENT",
    "GET_DOCUMENT",
    "HELLO",
    "LIST_DOCUMENTS",
    "NEW_DOCUMENT",
    "NEW_TITLE",
    "OAUTH",
    "query",
]

HELLO = "/paths/~1Hello/post"
LIST_DOCUMENTS = "/paths/~1documents/get"
CREATE_DOCUMENT = "/paths/~1documents/post"
GET_DOCUMENT = "/paths/~1documents~1{id}/get"
DOCUMENT = "/definitions/Document"
NEW_DOCUMENT = "/definitions/NewDocument"
NEW_TITLE = "/definitions/NewDocument/properties/title"
OAUTH = "/properties/connectionParameters/token/oAuthSettings"
"""In `apiProperties.json`: how users sign in."""


def query(name: str, **more: Any) -> dict[str, Any]:
    """A query parameter to add, with whatever makes it special."""
    given = {"name": name, "in": "query", "type": "string", "x-ms-summary": "X", **more}
    return {key.replace("_", "-"): value for key, value in given.items()}
