"""The connector as deployed: a file, a folder, or a revision of the repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from harness.connector.baseline import load_reference
from harness.errors import SettingsError

DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "Old", "version": "1"},
    "paths": {"/a": {"get": {"operationId": "A", "responses": {"200": {"description": "ok"}}}}},
}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    """A definition that was committed as `Old` and is `New` in the work tree."""
    folder = tmp_path / "repository" / "connectors" / "mine"
    folder.mkdir(parents=True)
    path = folder / "apiDefinition.swagger.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    top = tmp_path / "repository"
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "old")
    path.write_text(path.read_text(encoding="utf-8").replace("Old", "New"), encoding="utf-8")
    return path


def test_revision_gives_the_same_paths_as_they_were(definition: Path) -> None:
    old = load_reference("git:HEAD", definition)

    assert old is not None
    assert old.title == "Old"


def test_folder_is_a_baseline(definition: Path) -> None:
    old = load_reference(str(definition.parent), definition)

    assert old is not None
    assert old.title == "New"


def test_path_that_the_revision_lacks_is_a_new_connector(definition: Path) -> None:
    fresh = definition.parent.parent / "fresh" / definition.name
    fresh.parent.mkdir()
    fresh.write_text(definition.read_text(encoding="utf-8"), encoding="utf-8")

    assert load_reference("git:HEAD", fresh) is None


@pytest.mark.parametrize(
    ("reference", "word"),
    [("git:no-such-revision", "fetch-depth: 0"), ("nowhere", "no such file")],
)
def test_unknown_baseline_gives_one_line(definition: Path, reference: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        load_reference(reference, definition)
