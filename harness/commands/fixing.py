"""`lint --fix`: writing back what has one safe answer, and nothing that would break a flow.

Safe are: https, x-ms-summary from the name, a slash at the end of basePath, misspelt extensions,
capitals of x-ms-visibility, empty lists, repeated values and parameters, descriptions of answers,
and the one AAD scheme applied to all operations. An operationId is never touched. The result is
compared with what was there as `diff` does; where that is breaking, nothing is written.
"""

from __future__ import annotations

import http
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.bounds.parsing import parse_json
from harness.commands.json_edits import JsonEdits
from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.reading import decode, read_bytes
from harness.connector.schema.walk import Shape, shapes_of
from harness.errors import DefinitionError
from harness.findings.model import Finding
from harness.suites.compat.judgement import compare
from harness.suites.definition.aad import is_aad
from harness.suites.definition.schemas import VISIBILITIES, meant_extension

__all__ = ["Fixed", "fix"]

ROUNDS = 8
EMPTY = ("required", "enum", "allOf", "tags", "consumes", "produces")
"""Lists that say nothing when they are empty, and that the official schema may refuse so."""
ONCE = ("required", "enum", "tags", "consumes", "produces", "schemes")
PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
_WORDS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a definition: its file, old and new text, what was done, and what it changes.

    `refused` holds the breaking changes for which nothing is to be written.
    """

    path: Path
    old: str
    new: str
    done: tuple[str, ...]
    changes: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()


def fix(connector: Connector) -> Fixed:
    """The definition with every safe fix made.

    Raises:
        DefinitionError: the file is no JSON definition.
    """
    path = connector.definition_path
    if connector.kind == "postman" or path.suffix.lower() in (".yaml", ".yml"):
        raise DefinitionError(
            "only JSON definitions can be fixed; convert the file to JSON first", file=path
        )
    raw = read_bytes(path)
    bom = "\ufeff" if raw.startswith(b"\xef\xbb\xbf") else ""
    old = bom + decode(raw, path)
    new, done = _rounds(old, path, connector)
    if new == old:
        return Fixed(path, old, old, ())
    changes = _changes(connector, new)
    refused = tuple(c for c in changes if c.severity == "error")
    return Fixed(path, old, new, tuple(done), tuple(changes), refused)


def _rounds(text: str, path: Path, connector: Connector) -> tuple[str, list[str]]:
    done: list[str] = []
    for _ in range(ROUNDS):
        document = parse_json(text.removeprefix("\ufeff"))
        if not isinstance(document, dict):
            raise DefinitionError("the file holds no object", file=path)
        edits = JsonEdits(text)
        done += [said for said in _all(document, connector, edits) if said not in done]
        changed = edits.applied()
        if changed == text:
            break
        text = changed
    return text, done


def _changes(connector: Connector, text: str) -> list[Finding]:
    """What `diff` says of the new text against the old one, properties left as they are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "apiDefinition.swagger.json"
        path.write_bytes(text.encode("utf-8"))
        return compare(load_connector(connector.definition_path), load_connector(path))


def _all(document: dict[str, Any], connector: Connector, edits: JsonEdits) -> Iterator[str]:
    yield from _root(document, edits)
    yield from _security(document, connector, edits)
    hidden = _hidden_operations(document)
    for shape in shapes_of(document):
        if shape.pointer in edits.spans:
            for fixer in FIXERS:
                yield from fixer(shape, edits, hidden)


def _root(document: dict[str, Any], edits: JsonEdits) -> Iterator[str]:
    schemes = document.get("schemes")
    if isinstance(schemes, list) and "https" not in schemes:
        edits.replace("/schemes", ["https"])
        yield "schemes: https"
    base = document.get("basePath")
    if isinstance(base, str) and base.startswith("/") and base.rstrip("/") != base and base != "/":
        edits.replace("/basePath", base.rstrip("/") or "/")
        yield "basePath: no slash at the end"


def _security(document: dict[str, Any], connector: Connector, edits: JsonEdits) -> Iterator[str]:
    """The one AAD scheme, where security applies to nothing at all."""
    schemes = document.get("securityDefinitions")
    if not is_aad(connector) or not isinstance(schemes, Mapping) or len(schemes) != 1:
        return
    ((name, scheme),) = schemes.items()
    if not isinstance(scheme, Mapping) or scheme.get("type") != "oauth2":
        return
    if document.get("security") or any(o.raw.get("security") for o in connector.operations):
        return
    row: list[dict[str, list[str]]] = [{str(name): []}]
    if "security" in document:
        edits.replace("/security", row)
    else:
        edits.insert("", "security", row)
    yield f"security: {name} for all operations"


def _hidden_operations(document: Mapping[str, Any]) -> set[str]:
    return {
        shape.pointer
        for shape in shapes_of(document)
        if shape.kind == "operation" and shape.node.get("x-ms-visibility") == "internal"
    }


Fixer = Callable[[Shape, JsonEdits, set[str]], Iterator[str]]


def _summary(shape: Shape, edits: JsonEdits, hidden: set[str]) -> Iterator[str]:
    """x-ms-summary of a parameter that makers see, from its name."""
    node, pointer = shape.node, shape.pointer
    name = node.get("name")
    if shape.kind != "parameter" or node.get("in") == "body" or not isinstance(name, str):
        return
    if node.get("x-ms-visibility") == "internal":
        return
    if any(pointer.startswith(f"{operation}/") for operation in hidden):
        return
    given, title = node.get("x-ms-summary"), _title_case(name)
    if not title or (isinstance(given, str) and given.strip() and not _is_raw(given, name)):
        return
    if "x-ms-summary" in node:
        edits.replace(f"{pointer}/x-ms-summary", title)
    else:
        edits.insert(pointer, "x-ms-summary", title)
    yield f"{pointer}: x-ms-summary {title!r}"


def _is_raw(given: str, name: str) -> bool:
    """Whether a summary is but the name of the parameter, in the lower case of programs."""
    return given == name and given[:1].islower() and given != _title_case(name)


def _title_case(name: str) -> str:
    words = _WORDS.findall(name)
    return " ".join(word if word.isupper() else word[:1].upper() + word[1:] for word in words)


def _description(shape: Shape, edits: JsonEdits, _hidden: set[str]) -> Iterator[str]:
    """The description that each answer must have."""
    if shape.kind != "response" or "$ref" in shape.node or "description" in shape.node:
        return
    status = shape.pointer.rpartition("/")[2]
    text = PHRASES.get(int(status), "Answer") if status.isdigit() else "Default answer"
    edits.insert(shape.pointer, "description", f"{text}.")
    yield f"{shape.pointer}: description"


def _words(shape: Shape, edits: JsonEdits, _hidden: set[str]) -> Iterator[str]:
    """Misspelt extensions, and capitals of x-ms-visibility."""
    for key, value in shape.node.items():
        place = f"{shape.pointer}/{escape(str(key))}"
        meant = meant_extension(str(key), shape.pointer)
        if meant is not None and meant not in shape.node:
            edits.rename(place, meant)
            yield f"{place}: {meant}"
        elif key == "x-ms-visibility" and isinstance(value, str):
            lowered = value.lower()
            if lowered != value and lowered in VISIBILITIES:
                edits.replace(place, lowered)
                yield f"{place}: {lowered}"


def _lists(shape: Shape, edits: JsonEdits, _hidden: set[str]) -> Iterator[str]:
    """Empty lists, and values that are there twice."""
    for key in dict.fromkeys((*EMPTY, *ONCE)):
        value = shape.node.get(key)
        place = f"{shape.pointer}/{key}"
        if not isinstance(value, list) or (shape.kind == "root" and key != "schemes"):
            continue
        if not value and key in ("required", "enum", "allOf"):
            edits.remove(place)
            yield f"{place}: empty, removed"
        seen: set[str] = set()
        for index, item in enumerate(value if key in ONCE else ()):
            text = json.dumps(item, sort_keys=True)
            if text in seen:
                edits.remove(f"{place}/{index}")
                yield f"{place}: {text} once"
                break
            seen.add(text)


def _parameters(shape: Shape, edits: JsonEdits, _hidden: set[str]) -> Iterator[str]:
    """Parameters that are there twice, word for word."""
    listed = shape.node.get("parameters")
    if shape.kind not in ("operation", "path") or not isinstance(listed, list):
        return
    seen: set[str] = set()
    for index, entry in enumerate(listed):
        text = json.dumps(entry, sort_keys=True)
        if text in seen:
            edits.remove(f"{shape.pointer}/parameters/{index}")
            yield f"{shape.pointer}: parameter {entry.get('name', entry.get('$ref'))} once"
            return
        seen.add(text)


FIXERS: tuple[Fixer, ...] = (_summary, _description, _words, _lists, _parameters)
