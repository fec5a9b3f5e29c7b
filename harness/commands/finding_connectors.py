"""Which connectors a path names: itself, or every one in the folders below, as pytest finds them.

A folder's `settings.json` leads, then `apiDefinition.swagger.json`, then other usual names. Linked
folders are followed, each once. What is passed over is told on standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.bounds.files import is_dir, is_file
from harness.connector.loading import definitions_in, is_passed_over
from harness.errors import SettingsError

__all__ = ["connectors_under"]

LOOKED_AT = 2_000
"""Files of a folder that is passed over which are looked at, to say whether it holds one."""


def connectors_under(path: Path) -> list[Path]:
    """A connector itself, or every one in the folders below.

    Raises:
        SettingsError: there is none.
    """
    if is_file(path):
        return [path]
    if not is_dir(path):
        raise SettingsError(f"{path}: there is no such file or folder")
    found: list[Path] = []
    for folder in _folders(path):
        leading, others = definitions_in(folder)
        found.extend(leading)
        for other in others:
            print(
                f"{other}: not judged, since {leading[0].name} leads in its folder; name the file "
                "to have it judged",
                file=sys.stderr,
            )
    if not found:
        raise SettingsError(
            f"{path}: holds no settings.json of paconn, no apiDefinition.swagger.json and no "
            "*.swagger.json"
        )
    return found


def _folders(top: Path) -> Iterator[Path]:
    """The folder and those below, each once, linked ones too."""
    seen: set[str] = set()
    for name, inner, _ in os.walk(top, followlinks=True):
        folder = Path(name)
        real = os.path.realpath(name)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        for passed in sorted(i for i in inner if is_passed_over(folder / i)):
            inner.remove(passed)
            if _holds_definition(folder / passed):
                print(
                    f"{folder / passed}: passed over, since it belongs to tools; name it to have "
                    "its connectors judged",
                    file=sys.stderr,
                )
        inner.sort()
        yield folder


def _holds_definition(folder: Path) -> bool:
    looked = 0
    for _name, _, files in os.walk(folder):
        looked += len(files) + 1
        if any(f.lower() == "apidefinition.swagger.json" for f in files):
            return True
        if looked > LOOKED_AT:
            return False
    return False
