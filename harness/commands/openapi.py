"""`import-openapi`: a connector's definition from what the app says about itself."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from harness.commands.files import write_definition
from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.connector.openapi.converting import convert_openapi
from harness.connector.reading import Document, parse_document, read_bytes
from harness.connector.swagger import build_connector
from harness.errors import DefinitionError
from harness.findings.model import Finding
from harness.findings.text import explain
from harness.suites.contract.inventory import inventory_from_text
from harness.suites.contract.inventory_judgement import judge_inventory
from harness.suites.definition.judgement import DefinitionFacts, check_definition

__all__ = ["import_openapi_command"]

Note = tuple[int | None, str]


def import_openapi_command(options: argparse.Namespace) -> int:
    """Write the definition, and say each loss and what lint would say; or compare routes."""
    is_url = options.source.lower().startswith(("http://", "https://"))
    document = _fetched(options.source) if is_url else _read(Path(options.source))
    swagger, notes = _converted(document, options.source if is_url else "")
    if options.against is not None:
        _print_differences(load_connector(Path(options.against)), swagger, options.source)
        if options.output is None:
            return 0
    made = _connector_of(document, swagger, options.output)
    write_definition(swagger, [*notes, *_lint_notes(made)], options.output)
    return 0


def _read(path: Path) -> Document:
    return _checked(parse_document(read_bytes(path), path))


def _fetched(url: str) -> Document:
    """What a URL answers, as a document.

    Raises:
        HarnessError: it does not answer with a document of a size that is read.
    """
    from harness.commands.fetching import fetched

    name = PurePosixPath(urlsplit(url).path).name or "openapi.json"
    return _checked(parse_document(fetched(url), Path(name)))


def _checked(document: Document) -> Document:
    """The document where it is one of OpenAPI.

    Raises:
        DefinitionError: it is something else; says what was expected.
    """
    data = document.data
    if not isinstance(data, dict) or not ("openapi" in data or "swagger" in data):
        message = 'this is no OpenAPI document: it has no `"openapi": "3..."`'
        raise DefinitionError(message, file=document.path, line=1)
    if not isinstance(data.get("paths", {}), dict) or not data.get("paths"):
        message = "the document has no `paths`, so it describes no operation"
        raise DefinitionError(message, file=document.path, line=document.locate("/paths"))
    if "openapi" in data and not str(data["openapi"]).startswith("3"):
        version = data["openapi"]
        message = f"OpenAPI {version} is not known; 3.0 and 3.1 are (and Swagger 2.0)"
        raise DefinitionError(message, file=document.path, line=document.locate("/openapi"))
    return document


def _converted(document: Document, origin: str) -> tuple[dict[str, Any], list[Note]]:
    if "openapi" not in document.data:
        return document.data, [(None, "this is Swagger 2.0 already: taken as it is")]
    conversion = convert_openapi(document.data, origin)
    losses = [(document.locate(loss.pointer), loss.message) for loss in conversion.losses]
    version = str(document.data["openapi"])
    if not version.startswith(("3.0", "3.1")):
        losses.insert(0, (document.locate("/openapi"), f"OpenAPI {version} is read as 3.1"))
    return conversion.swagger, losses


def _connector_of(document: Document, swagger: dict[str, Any], output: str | None) -> Connector:
    """The connector that the definition would be."""
    path = Path(output) if output else document.path
    digest = hashlib.sha256(json.dumps(swagger).encode("utf-8", "replace")).hexdigest()
    made = replace(document, path=path, data=swagger, sha256=digest, notes=())
    return build_connector(replace(made, locate=lambda _pointer: None))


def _lint_notes(connector: Connector) -> Iterator[Note]:
    """What lint would call an error or a warning."""
    for finding in check_definition(connector, DefinitionFacts()):
        if finding.severity != "note":
            yield None, f"lint: {finding.severity}: {finding.message} ({finding.rule})"


def _print_differences(connector: Connector, swagger: dict[str, Any], source: str) -> None:
    """What the connector lacks, and what it has too much, as the inventory check judges it."""
    inventory = inventory_from_text(json.dumps(swagger), source)
    findings: tuple[Finding, ...] = judge_inventory(connector, inventory).findings
    for finding in findings:
        print(f"{finding.severity}: {explain(finding)}\n")
    words = f"{len(findings)} differences" if findings else "the connector has every route"
    print(f"{connector.definition_path.as_posix()} against {source}: {words}", file=sys.stdout)
