"""YAML read as JSON would be: text keys, no dates, last key wins, and the line of every element.

Scalars follow the JSON-like core schema of YAML 1.2 (section 10.3), so `on`, `no` and `2024-01-01`
stay text, as the tools that write OpenAPI documents expect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.bounds.parsing import OutOfBoundsError, check_document
from harness.bounds.yamltext import compose
from harness.connector.jsontext import DuplicateKey
from harness.connector.pointers import escape
from harness.errors import DefinitionError

__all__ = ["index_yaml", "parse_yaml"]

_MERGE = "<<"
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_BASED_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def parse_yaml(text: str, file: Path | str) -> tuple[Any, yaml.Node, list[DuplicateKey]]:
    """Parse one YAML document to JSON's types.

    Returns:
        The data, the root node (for `index_yaml`) and the keys that stand twice (the last wins).

    Raises:
        DefinitionError: not YAML; one line with file, line, column and what is wrong.
    """
    try:
        root = compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DefinitionError(
            f"not YAML: {error.problem or error.context}; correct it",
            file=file,
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
        ) from None
    except yaml.YAMLError as error:
        raise DefinitionError(f"not YAML: {' '.join(str(error).split())}", file=file) from None
    except OutOfBoundsError as error:
        raise DefinitionError(f"{error}; flatten it", file=file) from None
    if root is None:
        raise DefinitionError("the file is empty; it should hold an object", file=file, line=1)
    builder = _Builder(file)
    return builder.build(root, ""), root, builder.duplicates


class _Builder:
    """Turns YAML nodes into data; an anchor's node is built once and shared."""

    def __init__(self, file: Path | str) -> None:
        self.file = file
        self.duplicates: list[DuplicateKey] = []
        self._built: dict[int, Any] = {}
        self._open: set[int] = set()

    def build(self, node: yaml.Node, pointer: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            mark = node.start_mark
            raise DefinitionError(
                "this anchor contains itself; use $ref for recursive schemas",
                file=self.file,
                line=mark.line + 1,
                column=mark.column + 1,
            )
        if id(node) not in self._built:
            self._open.add(id(node))
            self._built[id(node)] = self._collection(node, pointer)
            self._open.discard(id(node))
        return self._built[id(node)]

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            value = _scalar(node)
            check_document(value)
        except ValueError as error:  # Python reads no more than 4,300 digits
            mark = node.start_mark
            reason = error if isinstance(error, OutOfBoundsError) else "a number is out of range"
            raise DefinitionError(
                f"{reason}; correct it",
                file=self.file,
                line=mark.line + 1,
                column=mark.column + 1,
            ) from None
        return value

    def _collection(self, node: yaml.Node, pointer: str) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, f"{pointer}/{n}") for n, item in enumerate(node.value)]
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = _key(key_node)
            if key == _MERGE and not getattr(key_node, "style", None):
                merged = {**self._merge(value_node, pointer), **merged}
                continue
            line = key_node.start_mark.line + 1
            below = f"{pointer}/{escape(key)}"
            if key in own:
                self.duplicates.append(DuplicateKey(below, lines[key], line))
            lines[key] = line
            own[key] = self.build(value_node, below)
        return {**merged, **own}

    def _merge(self, node: yaml.Node, pointer: str) -> dict[str, Any]:
        value = self.build(node, pointer)
        merged: dict[str, Any] = {}
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                merged = {**part, **merged}
        return merged


def _key(node: yaml.Node) -> str:
    """A mapping's key as text: response codes and other numbers are written as they stand."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "?"


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style or node.tag == "tag:yaml.org,2002:binary":
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _BASED_INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def index_yaml(root: yaml.Node) -> dict[str, int]:
    """Where every element stands: JSON pointer → 1-based line. An alias counts where it is used."""
    lines: dict[str, int] = {"": root.start_mark.line + 1}
    lines.update(_lines(root, "", set()))
    return lines


def _lines(node: yaml.Node, pointer: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        children = [(str(n), item, item) for n, item in enumerate(node.value)]
    else:
        children = [(_key(key), key, value) for key, value in node.value]
    for token, place, value in children:
        below = f"{pointer}/{escape(token)}"
        yield below, place.start_mark.line + 1
        yield from _lines(value, below, seen)
