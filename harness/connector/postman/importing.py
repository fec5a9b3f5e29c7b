"""Postman collections (v1, v2.0, v2.1) as the connector wizard imports them: Swagger 2.0.

What follows the wizard: request name → operationId, address → host, basePath and path, query and
headers → optional text parameters, raw JSON → a body schema inferred from the sample, saved answers
→ responses. What is decided here: requests of one method and path become one operation, the later
ones further samples of it; requests to other hosts are left out, since the app's tokens would go
there; a body of another kind than the operation's first (a form next to JSON) is left out. Every
loss is a note.
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

__all__ = ["build", "import_postman", "is_collection", "refuse_relative"]


def is_collection(data: Mapping[str, Any]) -> bool:
    """Whether a document is a Postman collection, also wrapped as Postman's own API gives it."""
    inner, _ = _unwrapped(data)
    return "swagger" not in inner and "openapi" not in inner and (is_v1(inner) or is_v2(inner))


def import_postman(path: Path) -> tuple[dict[str, Any], tuple[LoadNote, ...]]:
    """The Swagger 2.0 definition of a collection, ready to be written as JSON, and what was lost.

    Raises:
        DefinitionError: the file cannot be read, is no Postman collection, or holds no request.
    """
    document = read_object(path, "a Postman collection")
    refuse_relative(document)
    if not is_collection(document.data):
        raise DefinitionError(
            "this is no Postman collection: it has neither `requests` (v1) nor `info` and `item` "
            "(v2); export it from Postman again",
            file=path,
            line=1,
        )
    converted = _converted(document)
    return converted.swagger, _notes(document, converted)


def refuse_relative(document: Document) -> None:
    """Say what a file is that Postman writes too, and that holds no requests.

    Raises:
        DefinitionError: it is an environment, a test run, a dump of a workspace, or OpenAPI.
    """
    said = _kind_of(document.data)
    if said is not None:
        raise DefinitionError(said, file=document.path, line=1)


def _kind_of(data: Mapping[str, Any]) -> str | None:
    holds_requests = "item" in data or "requests" in data
    if (
        "values" in data
        and not holds_requests
        and ("_postman_variable_scope" in data or "name" in data)
    ):
        scope = "globals" if data.get("_postman_variable_scope") == "globals" else "an environment"
        return f"this is {scope} of Postman, no collection; export the collection itself"
    if isinstance(data.get("run"), Mapping) or (
        isinstance(data.get("results"), list) and ("collection_id" in data or "totalPass" in data)
    ):
        return "this is a test run of Postman, no collection; export the collection itself"
    if isinstance(data.get("collections"), list):
        return "this is a dump of a whole Postman workspace; export one collection"
    if isinstance(data.get("log"), Mapping) and "entries" in data["log"]:
        return "this is a HAR file (recorded traffic), no collection; export a collection"
    if "openapi" in data:
        return "this is OpenAPI 3, no Postman collection; use `connector-harness import-openapi`"
    if "swagger" in data:
        return "this is a Swagger definition, no Postman collection; it needs no import"
    return None


def build(document: Document) -> Connector:
    """The connector of a collection; notes and lines point into the collection's file."""
    converted = _converted(document)

    def locate(pointer: str) -> int | None:
        while pointer and pointer not in converted.sources:
            pointer = pointer.rpartition("/")[0]
        return document.locate(converted.sources.get(pointer, ""))

    notes = _notes(document, converted)
    swagger = replace(document, data=converted.swagger, locate=locate)
    return build_connector(swagger, kind="postman", samples=converted.samples, notes=notes)


def _notes(document: Document, converted: Converted) -> tuple[LoadNote, ...]:
    file = document.path.as_posix()
    return tuple(
        LoadNote(kind, message, Place(file, source, document.locate(source)))
        for kind, message, source in converted.notes
    )


def _converted(document: Document) -> Converted:
    """The conversion.

    Raises:
        DefinitionError: no request is left to make an operation of.
    """
    inner, pointer = _unwrapped(document.data)
    collection = read_v1(inner, pointer) if is_v1(inner) else read_v2(inner, pointer)
    converted = convert(collection, document.path.stem)
    if not converted.swagger["paths"]:
        lost = "; ".join(dict.fromkeys(message for _, message, _ in converted.notes))
        raise DefinitionError(
            "the collection holds no request that a connector can make"
            + (f": {lost}" if lost else "; add requests in Postman and export it again"),
            file=document.path,
            line=1,
        )
    return converted


def _unwrapped(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    inner = data.get("collection")
    return (inner, "/collection") if isinstance(inner, Mapping) else (data, "")
