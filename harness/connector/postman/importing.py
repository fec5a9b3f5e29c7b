"""Postman collections (v1, v2.0, v2.1) as the connector wizard imports them: Swagger 2.0.

What follows the wizard: request name → operationId, address → host, basePath and path, query and
headers → optional text parameters, raw JSON → a body schema inferred from the sample, saved answers
→ responses. What is decided here: requests of one method and path become one operation, the later
ones further samples of it; requests to other hosts are kept and noted; a body of another kind than
the operation's first (a form beside JSON) is left out and noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.connector.model import Connector, LoadNote, Place
from harness.connector.postman.swagger import Converted, convert
from harness.connector.postman.v1 import is_v1, read_v1
from harness.connector.postman.v2 import is_v2, read_v2
from harness.connector.reading import Document, read_object
from harness.connector.swagger import build_connector
from harness.errors import DefinitionError

__all__ = ["build", "import_postman", "is_collection"]


def is_collection(data: Mapping[str, Any]) -> bool:
    """Whether a document is a Postman collection, also wrapped as Postman's own API gives it."""
    inner, _ = _unwrapped(data)
    return "swagger" not in inner and "openapi" not in inner and (is_v1(inner) or is_v2(inner))


def import_postman(path: Path) -> dict[str, Any]:
    """The Swagger 2.0 definition of a collection, ready to be written as JSON.

    Raises:
        DefinitionError: the file cannot be read or is no Postman collection.
    """
    document = read_object(path, "a Postman collection")
    if not is_collection(document.data):
        raise DefinitionError(
            "this is no Postman collection: it has neither `requests` (v1) nor `info` and `item` "
            "(v2); export it from Postman again",
            file=path,
            line=1,
        )
    return _converted(document).swagger


def build(document: Document) -> Connector:
    """The connector of a collection; notes and lines point into the collection's file."""
    converted = _converted(document)

    def locate(pointer: str) -> int | None:
        while pointer and pointer not in converted.sources:
            pointer = pointer.rpartition("/")[0]
        return document.locate(converted.sources.get(pointer, ""))

    file = document.path.as_posix()
    notes = [
        LoadNote(kind, message, Place(file, source, document.locate(source)))
        for kind, message, source in converted.notes
    ]
    swagger = replace(document, data=converted.swagger, locate=locate)
    return build_connector(swagger, kind="postman", samples=converted.samples, notes=notes)


def _converted(document: Document) -> Converted:
    inner, pointer = _unwrapped(document.data)
    collection = read_v1(inner, pointer) if is_v1(inner) else read_v2(inner, pointer)
    return convert(collection, document.path.stem)


def _unwrapped(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    inner = data.get("collection")
    return (inner, "/collection") if isinstance(inner, Mapping) else (data, "")
