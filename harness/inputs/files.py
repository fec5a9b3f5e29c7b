"""Files that settings give: `parameters = { file = { path = "sample.pdf" } }`."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import SettingsError
from harness.settings.values import Settings

__all__ = ["GivenFile", "given_file"]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file to send: its name, its media type by that name, its bytes."""

    name: str
    media_type: str
    content: bytes


def given_file(settings: Settings, value: Any, where: str) -> GivenFile | None:
    """The file that a value names, seen from the settings file; None where it names none.

    Raises:
        SettingsError: the file cannot be read; `where` names the setting.
    """
    if not isinstance(value, Mapping) or set(value) != {"path"}:
        return None
    base = settings.config_file.parent if settings.config_file else settings.root
    path = base / Path(str(value["path"]))
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"{where}: {value['path']!r} cannot be read: {reason}") from None
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return GivenFile(path.name, media_type, content)
