"""An OpenAPI 3 document while it is converted: its references, names, and what gets lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.connector.pointers import find

__all__ = ["Loss", "Source", "extensions", "items_of", "mapping", "title_of"]

_ODD = re.compile(r"[^A-Za-z0-9_.-]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Loss:
    """What the definition does not say any more: one sentence, and where it was (JSON pointer)."""

    message: str
    pointer: str


@dataclass(slots=True)
class Source:
    """The document with what was found on the way.

    `names` maps the pointer of a referenced schema to its name among the definitions; `waiting`
    holds those that are still to be written.
    """

    document: Mapping[str, Any]
    losses: dict[tuple[str, str], Loss] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    """Pointers of schemas that are being put in where they are used: a loop ends there."""

    def lose(self, message: str, pointer: str) -> None:
        """Note a loss, once."""
        self.losses.setdefault((message, pointer), Loss(message, pointer))

    def followed(self, node: Any, pointer: str) -> tuple[Mapping[str, Any], str]:
        """What a node refers to in the end, and its pointer; empty where that leads nowhere."""
        seen: set[str] = set()
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            ref = node["$ref"]
            if not ref.startswith("#") or ref in seen:
                self.lose(f"the reference {ref} leads out of the document or nowhere", pointer)
                return {}, pointer
            seen.add(ref)
            node, pointer = find(self.document, ref), ref.removeprefix("#")
        if not isinstance(node, Mapping):
            if seen:
                self.lose("the reference leads nowhere", pointer)
            return {}, pointer
        return node, pointer

    def definition_name(self, pointer: str) -> str:
        """The name of a referenced schema among the definitions; its own as far as it is plain."""
        if pointer not in self.names:
            last = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            base = _ODD.sub("_", last).strip("_") or "Schema"
            unique, count = base, 2
            while unique in self.names.values():
                unique, count = f"{base}{count}", count + 1
            if unique != last:
                self.lose(f"the schema {last} is called {unique}", pointer)
            self.names[pointer] = unique
            self.waiting.append(pointer)
        return self.names[pointer]


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items_of(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def extensions(node: Mapping[str, Any]) -> dict[str, Any]:
    """The extensions (`x-...`) of an object, which Swagger 2.0 takes too."""
    return {key: value for key, value in node.items() if str(key).startswith("x-")}


def title_of(name: str) -> str:
    """A name in words: `customerId` → `Customer Id`."""
    return " ".join(word[0].upper() + word[1:] for word in _WORD.findall(name)) or name
