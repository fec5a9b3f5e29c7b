"""The connector as deployed: from a file or folder, or from a revision of the git repository."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from harness.bounds.files import exists, is_dir
from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.errors import SettingsError

__all__ = ["load_reference"]

GIT = "git:"


def load_reference(reference: str, current: Path, *, base: Path | None = None) -> Connector | None:
    """The connector that a reference names; None where the revision has none (a new connector).

    `current` is the connector to deploy: `git:REV` takes the same paths at that revision.

    Raises:
        SettingsError: there is no such file, folder or revision.
        DefinitionError: it cannot be read.
    """
    if reference.startswith(GIT):
        return _at_revision(reference[len(GIT) :], current)
    path = (base or Path.cwd()) / reference
    if not exists(path):
        raise SettingsError(f"baseline {reference!r}: there is no such file or folder")
    return load_connector(path)


def _at_revision(revision: str, current: Path) -> Connector | None:
    folder = current if is_dir(current) else current.parent
    try:
        top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    except SettingsError:
        raise SettingsError(
            f"baseline git:{revision}: {folder} is in no git repository; give a file or folder"
        ) from None
    _check_revision(folder, revision)
    relative = current.resolve().relative_to(top.resolve())
    inside = relative if is_dir(current) else relative.parent
    with tempfile.TemporaryDirectory(prefix="connector-harness-") as scratch:
        target = Path(scratch)
        listing = ["ls-tree", "-r", "--name-only", "--full-tree", revision]
        if inside != Path():
            listing += ["--", inside.as_posix()]
        for name in _git(folder, *listing).splitlines():
            path = target / Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_git_bytes(folder, "show", f"{revision}:{name}"))
        there = target / relative
        return load_connector(there) if exists(there) else None


def _check_revision(folder: Path, revision: str) -> None:
    try:
        _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except SettingsError:
        raise SettingsError(
            f"baseline git:{revision}: the repository does not have this revision; in CI, fetch "
            "the history (actions/checkout: fetch-depth: 0)"
        ) from None


def _git(folder: Path, *arguments: str) -> str:
    return _git_bytes(folder, *arguments).decode("utf-8", errors="replace")


def _git_bytes(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), "-c", "core.quotePath=false", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise SettingsError("baseline git:…: git is not installed") from None
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
        raise SettingsError(f"git {arguments[0]} failed: {reason[-1] if reason else 'no reason'}")
    return done.stdout
