"""From a file's bytes to a document: text, data, notes, hash, and the line of every pointer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from harness.bounds.files import read_bounded, reason_of
from harness.connector.jsontext import DuplicateKey, index_json, line_and_column, parse_json
from harness.connector.model import LoadNote, Place
from harness.connector.pointers import unescape
from harness.errors import DefinitionError

__all__ = ["Document", "decode", "parse_document", "read_bytes", "read_document", "read_object"]

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_YAML_START = re.compile(r"---|%YAML|#|[\w.$-]+\s*:(\s|$)|['\"][\w.$-]+['\"]\s*:(\s|$)")

Index = Callable[[], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its data (JSON's types), its notes and the hash of its bytes."""

    path: Path
    data: Any
    sha256: str
    notes: tuple[LoadNote, ...]
    locate: Callable[[str], int | None]


def read_document(path: Path) -> Document:
    """Read a JSON or YAML file.

    YAML is known by the file's name or, whatever the name, by a text that plainly begins as YAML.
    Lines are worked out when `locate` is first called.

    Raises:
        DefinitionError: the file cannot be read, is not UTF-8, or is neither JSON nor YAML.
    """
    return parse_document(read_bytes(path), path)


def parse_document(raw: bytes, path: Path) -> Document:
    """Like `read_document`, for bytes that are there already; `path` names them in messages."""
    text = decode(raw, path)
    notes = []
    if raw.startswith(_UTF8_BOM):
        notes.append(_note("bom", "the file begins with a byte order mark; it was skipped", path))
    if _is_yaml(text, path):
        from harness.connector.yamltext import index_yaml, parse_yaml

        data, root, twice = parse_yaml(text, path)
        index: Index = partial(index_yaml, root)
    else:
        data, has_duplicates = parse_json(text, path)
        twice = index_json(text)[1] if has_duplicates else []
        index = partial(_json_lines, text)
    notes.extend(_duplicate_note(key, path) for key in twice)
    return Document(path, data, hashlib.sha256(raw).hexdigest(), tuple(notes), _locator(index))


def read_object(path: Path, what: str) -> Document:
    """Like `read_document`, for files that must hold an object; `what` names them in the error."""
    document = read_document(path)
    if not isinstance(document.data, dict):
        found = "a list" if isinstance(document.data, list) else "a single value"
        raise DefinitionError(
            f"{what} should be an object, but the file holds {found}", file=path, line=1
        )
    return document


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DefinitionError: it cannot be read; says why.
    """
    try:
        return read_bounded(path)
    except (OSError, ValueError) as error:
        raise DefinitionError(f"cannot be read: {reason_of(error)}", file=path) from None


def decode(raw: bytes, file: Path) -> str:
    """Text from UTF-8 bytes, with or without a byte order mark.

    Raises:
        DefinitionError: not UTF-8; names the first bad byte, its line and column, and the remedy.
    """
    if raw.startswith(_UTF16_BOMS):
        raise DefinitionError("the file is UTF-16; save it as UTF-8", file=file, line=1, column=1)
    raw = raw.removeprefix(_UTF8_BOM)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = line_and_column(before, len(before))
        raise DefinitionError(
            f"byte 0x{raw[error.start]:02X} is not UTF-8 (the file was perhaps saved as "
            "Windows-1252); save it as UTF-8",
            file=file,
            line=line,
            column=column,
        ) from None


def _is_yaml(text: str, path: Path) -> bool:
    if path.suffix.lower() in (".yaml", ".yml"):
        return True
    return _YAML_START.match(text.lstrip()) is not None


def _json_lines(text: str) -> dict[str, int]:
    return index_json(text)[0]


def _note(kind: str, message: str, path: Path, pointer: str = "", line: int = 1) -> LoadNote:
    return LoadNote(kind, message, Place(path.as_posix(), pointer, line))


def _duplicate_note(key: DuplicateKey, path: Path) -> LoadNote:
    name = unescape(key.pointer.rpartition("/")[2])
    return _note(
        "duplicate-key",
        f"the key {name!r} is given twice (lines {key.first_line}, {key.line}); the last counts",
        path,
        key.pointer,
        key.line,
    )


def _locator(index: Index) -> Callable[[str], int | None]:
    """Line of a pointer, or of the nearest element above it; the first call makes the index."""
    lines: dict[str, int] = {}

    def locate(pointer: str) -> int | None:
        if not lines:
            lines.update(index())
        while pointer not in lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return lines.get(pointer)

    return locate
