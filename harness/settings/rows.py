"""Many connectors in one settings file: which rows of `[[connectors]]` a run means, and a row's own
settings laid over the shared ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.errors import SettingsError

__all__ = ["ALL", "chosen_rows", "one_of_many"]

ALL = "all"
DEMO = "demo"
_OWN_KEYS = ("name", "function-app")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def chosen_rows(document: Mapping[str, Any], word: str, source: str) -> tuple[str, ...]:
    """The rows that `--function-app WORD` means, by name; () where it is a target by itself.

    A row is meant by its name (several with commas), by `all`, by its function app, by a name in
    its own `targets`, and, where it names no function app, by any other target.

    Raises:
        SettingsError: rows have no usable names, or there are only rows and none is meant.
    """
    rows = {_name(row, source): row for row in _rows(document)}
    if len(rows) != len(_rows(document)):
        raise SettingsError(f"{source}: [[connectors]] name: each row needs a name of its own")
    if not rows:
        return ()
    words = [part.strip() for part in word.split(",")]
    if all(part in rows for part in words):
        return tuple(dict.fromkeys(words))
    if word == ALL:
        return tuple(rows)
    same = [name for name, row in rows.items() if row.get("function-app") == word]
    fitting = same or [name for name, row in rows.items() if _takes(row, word)]
    if not fitting and word != DEMO and "connector" not in document:
        raise SettingsError(
            f"--function-app {word}: means none of the [[connectors]] in {source}; name one "
            f"({', '.join(rows)}), several with commas, or {ALL}"
        )
    return tuple(fitting)


def one_of_many(
    document: Mapping[str, Any], word: str, row_name: str | None
) -> tuple[dict[str, Any], str]:
    """The settings of one row laid over the shared ones, and its target.

    Without a row the shared settings stand as they are, and the word is the target.
    """
    merged = dict(document)
    row = next((r for r in _rows(document) if row_name and r.get("name") == row_name), None)
    if row is None:
        return merged, word
    for key, value in row.items():
        shared = merged.get(key)
        if key in _OWN_KEYS:
            continue
        if isinstance(shared, Mapping) and isinstance(value, Mapping):
            merged[key] = {**shared, **value}
        else:
            merged[key] = value
    return merged, _target(row, word)


def _target(row: Mapping[str, Any], word: str) -> str:
    name = str(row["name"])
    if word in _targets(row):
        return word
    if "function-app" in row:
        return str(row["function-app"])
    return name if word == ALL or name in word.split(",") else word


def _takes(row: Mapping[str, Any], word: str) -> bool:
    return word in _targets(row) or "function-app" not in row


def _targets(row: Mapping[str, Any]) -> Mapping[str, Any]:
    targets = row.get("targets")
    return targets if isinstance(targets, Mapping) else {}


def _rows(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = document.get("connectors")
    return [r for r in rows if isinstance(r, Mapping)] if isinstance(rows, list) else []


def _name(row: Mapping[str, Any], source: str) -> str:
    name = row.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in (ALL, DEMO):
        raise SettingsError(
            f"{source}: [[connectors]] name {name!r}: must be letters, digits, '.', '_' or '-', "
            f"and not {ALL} or {DEMO}"
        )
    return name
