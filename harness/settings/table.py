"""A table of the settings file, read key by key, with errors that name file and key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from harness.bounds.files import cannot_be_path
from harness.errors import SettingsError
from harness.settings.values import Deferred, expand

__all__ = ["Table", "path_of"]


def path_of(text: str, base: Path, where: str) -> Path:
    """The absolute path that a text names, seen from `base`.

    Raises:
        SettingsError: no file can be called that; `where` names the option or setting.
    """
    problem = cannot_be_path(text)
    if problem is not None:
        raise SettingsError(f"{where}: {text[:80]!r} names no file: {problem}")
    try:
        return (base / text).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        raise SettingsError(f"{where}: {text!r} cannot be followed: {error}") from None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `source` is its file, `path` its dotted name.

    A `lenient` table leaves a `${NAME}` that is not set as it stands: a replay needs no secrets.
    """

    source: str
    path: str
    values: Mapping[str, Any]
    lenient: bool = False

    def check_keys(self, known: tuple[str, ...]) -> None:
        """Refuse keys that nobody reads.

        Raises:
            SettingsError: names the key and the nearest known one.
        """
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
                raise SettingsError(f"{self.where(key)}: unknown key{hint}")

    def where(self, key: str) -> str:
        """File and dotted key, for error messages."""
        dotted = f"{self.path}.{key}" if self.path else key
        return f"{self.source}: {dotted}"

    def sub(self, key: str) -> Table:
        """The table under a key; empty where the key is absent."""
        value = self.values.get(key, {})
        if not isinstance(value, Mapping):
            raise SettingsError(f"{self.where(key)}: must be a table")
        return Table(self.source, f"{self.path}.{key}" if self.path else key, value, self.lenient)

    def rows(self, key: str) -> tuple[Table, ...]:
        """The tables of an array of tables."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
            raise SettingsError(f"{self.where(key)}: must be an array of tables")
        name = f"{self.path}.{key}" if self.path else key
        return tuple(
            Table(self.source, f"{name}[{i}]", row, self.lenient) for i, row in enumerate(value)
        )

    def text(self, key: str) -> str | None:
        """A text with its `${NAME}` references expanded now."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise SettingsError(f"{self.where(key)}: must be text")
        return self.expanded(value, key)

    def file(self, key: str, base: Path) -> Path | None:
        """A file or folder, seen from `base` where it is relative."""
        value = self.text(key)
        return None if value is None else path_of(value, base, self.where(key))

    def expanded(self, text: str, key: str) -> str:
        """A text with its references replaced."""
        try:
            return expand(text, self.where(key))
        except SettingsError:
            if self.lenient:
                return text
            raise

    def required(self, key: str) -> str:
        """A text that must be there."""
        value = self.text(key)
        if value is None:
            raise SettingsError(f"{self.where(key)}: is missing")
        return value

    def deferred(self, key: str) -> Deferred | None:
        """A text whose references are expanded when it is needed."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise SettingsError(f"{self.where(key)}: must be text")
        return Deferred(value, self.where(key))

    def deferred_texts(self) -> dict[str, Deferred]:
        """Every key of the table as a deferred text; numbers and flags as they are written."""
        found = {}
        for key, value in self.values.items():
            if isinstance(value, bool):
                value = "true" if value else "false"
            if not isinstance(value, str | int | float):
                raise SettingsError(f"{self.where(key)}: must be text")
            found[key] = Deferred(str(value), self.where(key))
        return found

    def choice(self, key: str, choices: tuple[str, ...]) -> Any:
        """One of a few words, or None where the key is absent."""
        value = self.text(key)
        if value is not None and value not in choices:
            raise SettingsError(f"{self.where(key)}: must be one of {', '.join(choices)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of texts (from the environment: separated by commas)."""
        value = self.values.get(key, [])
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise SettingsError(f"{self.where(key)}: must be an array of texts")
        return tuple(self.expanded(part, key) for part in value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
            return value.lower() in ("true", "1")
        if not isinstance(value, bool):
            raise SettingsError(f"{self.where(key)}: must be true or false")
        return value

    def whole(self, key: str, default: int) -> int:
        """A whole number."""
        value = self.values.get(key, default)
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise SettingsError(f"{self.where(key)}: must be a whole number")
        return value

    def day(self, key: str) -> date:
        """A date: `2027-01-31`."""
        value = self.values.get(key)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            raise SettingsError(f"{self.where(key)}: must be a date such as 2027-01-31") from None
