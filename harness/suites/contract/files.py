"""Judging answers that are files: media type, first bytes, size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.model import Response

__all__ = ["is_file", "wrong_with_file"]

_MAGIC: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "image/bmp": (b"BM",),
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "application/gzip": (b"\x1f\x8b",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
}
"""How files of a type begin: PNG (ISO 15948 5.2), JPEG (ITU-T T.81), PDF (ISO 32000 7.5.2) ..."""
_TALK = ("text/html", "application/json", "application/problem+json")


def is_file(schema: Any) -> bool:
    """Whether a schema says that the body is a file."""
    return isinstance(schema, Mapping) and (
        schema.get("type") == "file" or schema.get("format") == "binary"
    )


def wrong_with_file(
    operation: Operation, schema: Mapping[str, Any], response: Response
) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a success answer that should be a file: message, expected, observed.

    Only the operation's own `produces` is a promise about its file: the document's is about JSON.
    """
    own = operation.raw.get("produces")
    listed = (
        [str(each).split(";")[0].strip().lower() for each in own] if isinstance(own, list) else []
    )
    binary = [each for each in listed if each not in _TALK and "*" not in each]
    promised = " or ".join(binary)
    if binary and not set(listed) & set(_TALK) and response.media_type in _TALK:
        yield "The answer is no file of the documented type", promised, response.media_type
        return
    kind = response.media_type if response.media_type in _MAGIC else ""
    if not kind and len(binary) == 1 and binary[0] in _MAGIC:
        kind = binary[0]
    if kind and response.body and not response.body.startswith(_MAGIC[kind]):
        seen = f"it begins with {response.body[:12]!r}"
        yield f"The file is sent as {kind}, but its bytes are none", f"the bytes of {kind}", seen
    most = schema.get("maxLength")
    if isinstance(most, int) and len(response.body) > most:
        size = f"{len(response.body)} bytes"
        yield "The file is larger than the definition says", f"up to {most} bytes", size
