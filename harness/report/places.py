"""Where a finding stands for those who read a diff: a file below the root, and a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.connector.model import Connector, Place

__all__ = ["placed", "relative_path"]


def placed(finding: Mapping[str, Any], connector: Connector, root: Path) -> dict[str, Any] | None:
    """A finding's place, its file relative to the root.

    A finding about what the app did has no place of its own: it stands at its operation's line of
    the definition, so that code scanning can show it there. None where no operation is concerned.
    """
    own = finding["place"]
    if own is None:
        place = _operation_place(connector, finding["operation"])
        if place is None:
            return None
        own = {"file": place.file, "pointer": place.pointer, "line": place.line}
    return {**own, "file": relative_path(Path(own["file"]), root) if own["file"] else ""}


def relative_path(path: Path, root: Path) -> str:
    """A path below the root with slashes; only the name of a file elsewhere."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name


def _operation_place(connector: Connector, operation_id: str | None) -> Place | None:
    for operation in connector.operations:
        if operation.id == operation_id:
            return connector.place(operation.pointer)
    return None
