"""From a path to a connector: finding the definition, and reading what stands beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.bounds.files import exists, is_dir, is_file, reason_of
from harness.connector.model import Connector
from harness.connector.properties import load_properties
from harness.connector.reading import Document, read_bytes, read_object
from harness.connector.swagger import build_connector, check_version
from harness.errors import DefinitionError, SettingsError

__all__ = [
    "connector_hash",
    "definitions_in",
    "find_connector",
    "is_passed_over",
    "load_connector",
]

_SETTINGS = "settings.json"
_DEFINITION = "apidefinition.swagger.json"
_DEFINITION_NAME = "apiDefinition.swagger.json"
_OTHER_NAMES = ("apidefination.swagger.json",)
_DEFINITIONS = (_DEFINITION, "apidefinition.swagger.yaml", "apidefinition.swagger.yml")
_PROPERTIES = "apiproperties.json"
_SCRIPT = "script.csx"
_OTHER_DEFINITIONS = (
    ("apidefinition.json", "apidefinition.yaml", "apidefinition.yml"),
    (".swagger.json", ".swagger.yaml", ".swagger.yml"),
    ("swagger.json", "swagger.yaml", "swagger.yml"),
    (".postman_collection.json", ".postman_v1.json"),
)
_PASSED_OVER = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})
_UTF8_BOM = b"\xef\xbb\xbf"


def load_connector(path: Path, properties: Path | None = None) -> Connector:
    """Read a connector.

    Args:
        path: a definition (Swagger 2.0, JSON or YAML), a folder that holds one, a `paconn`
            `settings.json`, or a Postman collection (v1, v2.0, v2.1).
        properties: its `apiProperties.json`; by default the one that `settings.json` names, else
            the one beside the definition, if any.

    Raises:
        SettingsError: nothing is at `path`, or a folder holds no definition, or several.
        DefinitionError: a file cannot be read; one line with file, line, column and remedy.
    """
    if not exists(path):
        raise SettingsError(f"no connector at {path.as_posix()}: there is no such file or folder")
    if properties is not None and not is_file(properties):
        raise SettingsError(f"no apiProperties at {properties.as_posix()}: there is no such file")
    document = read_object(_in_folder(path) if is_dir(path) else path, "a connector")
    if not _is_settings(document.data):
        return _with_companions(_from_document(document), properties, {}, None)
    named = document.data
    definition = _named(document, "apiDefinition", default=_DEFINITION_NAME)
    if definition is None:
        raise SettingsError(
            f"{document.path.as_posix()} names the definition {named.get('apiDefinition')!r}, "
            "which is not there; correct `apiDefinition`"
        )
    connector = _from_document(read_object(definition, "a connector"))
    connector = replace(connector, settings_path=document.path, settings_raw=named)
    script = _named(document, "script")
    return _with_companions(
        connector, properties or _named(document, "apiProperties"), named, script
    )


def find_connector(root: Path) -> Path:
    """The connector of a project: in its root folder, else one level down.

    Looks for a `paconn` `settings.json` and for `apiDefinition.swagger.json`; where both stand in
    one folder, the settings lead. Hidden folders, `node_modules` and virtual environments are
    passed over.

    Raises:
        SettingsError: there is none, or several to choose from; names them.
    """
    here = _candidate(root)
    if here is not None:
        return here
    try:
        folders = sorted(f for f in root.iterdir() if f.is_dir() and not is_passed_over(f))
    except OSError as error:
        raise SettingsError(f"cannot look into {root.as_posix()}: {reason_of(error)}") from None
    found = [candidate for folder in folders if (candidate := _candidate(folder)) is not None]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(
            f"several connectors to choose from: {_listed(found, root)}; name one with --connector"
        )
    raise SettingsError(
        f"no connector in {root.as_posix()} nor one level down: looked for settings.json and "
        "apiDefinition.swagger.json; name it with --connector"
    )


def connector_hash(connector: Connector) -> str:
    """SHA-256 (hex) over definition, properties and script, the same for every kind of line end."""
    digest = hashlib.sha256()
    properties = None if connector.properties is None else connector.properties.path
    for path in (connector.definition_path, properties, connector.script_path):
        content = b"" if path is None else read_bytes(path).removeprefix(_UTF8_BOM)
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()


def _from_document(document: Document) -> Connector:
    if "swagger" not in document.data and "openapi" not in document.data:
        from harness.connector.postman import importing as postman

        postman.refuse_relative(document)
        if postman.is_collection(document.data):
            return postman.build(document)
    check_version(document)
    return build_connector(document)


def _with_companions(
    connector: Connector,
    properties: Path | None,
    settings: Mapping[str, Any],
    script: Path | None,
) -> Connector:
    """Add the properties and the script that stand beside the definition."""
    folder = connector.definition_path.parent
    if settings.get("apiProperties") and properties is None:
        raise SettingsError(
            f"settings.json names the properties {settings['apiProperties']!r}, "
            "which are not there; correct `apiProperties`"
        )
    properties = properties or _one_of(folder, (_PROPERTIES,))
    script = script or _one_of(folder, (_SCRIPT,))
    loaded = None if properties is None else load_properties(properties, script)
    return replace(connector, properties=loaded, script_path=script)


def _is_settings(data: Mapping[str, Any]) -> bool:
    """Whether this is `paconn`'s settings.json: it names the files, or connector and environment.

    Without names the files next to it with their default names are meant.
    """
    keys = {key.lower() for key in data}
    if keys & {"swagger", "openapi", "paths", "info"}:
        return False
    return "apidefinition" in keys or {"connectorid", "environment"} <= keys


def _named(document: Document, key: str, default: str | None = None) -> Path | None:
    """The file that settings.json names: beside the settings or, as `paconn` has it, from here."""
    name = document.data.get(key) or default
    if not isinstance(name, str):
        return None
    for spelling in (name, name.replace("\\", "/")):
        for path in (document.path.parent / spelling, Path(spelling)):
            if is_file(path):
                return path
    return None


def _candidate(folder: Path) -> Path | None:
    """The settings.json or the definition of a folder."""
    settings = _one_of(folder, (_SETTINGS,))
    if settings is not None and _names_a_definition(settings):
        return settings
    return _one_of(folder, _DEFINITIONS)


def _names_a_definition(settings: Path) -> bool:
    try:
        document = read_object(settings, "settings.json")
    except DefinitionError:
        return False  # somebody else's settings.json
    if not _is_settings(document.data):
        return False
    return "apiDefinition" in document.data or _one_of(settings.parent, _DEFINITIONS) is not None


def definitions_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The connector that leads in a folder, and other definitions there which it leaves out.

    Where nothing leads, every file with a usual name is a connector of its own.
    """
    leading = _candidate(folder)
    endings = (*_OTHER_DEFINITIONS[0], *_OTHER_DEFINITIONS[1], *_OTHER_NAMES)
    usual = [f for f in _files(folder) if f.name.lower().endswith(endings)]
    if leading is None:
        return usual, []
    read = {leading.resolve()}
    if leading.name.lower() == _SETTINGS:
        named = _named(read_object(leading, "settings.json"), "apiDefinition", _DEFINITION_NAME)
        read |= {named.resolve()} if named is not None else set()
    return [leading], [f for f in usual if f.resolve() not in read]


def _in_folder(folder: Path) -> Path:
    """The connector of a folder that was named: also other usual names, if only one fits."""
    found = _candidate(folder)
    if found is not None:
        return found
    for endings in _OTHER_DEFINITIONS:
        fitting = [f for f in _files(folder) if f.name.lower().endswith(endings)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise SettingsError(
                f"{folder.as_posix()} holds several definitions: {_listed(fitting, folder)}; "
                "name one of them"
            )
    raise SettingsError(
        f"no connector in {folder.as_posix()}: it holds no settings.json, no "
        "apiDefinition.swagger.json and no Postman collection"
    )


def _one_of(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first file of a folder whose name, in lower case, is one of these, in their order."""
    by_name = {file.name.lower(): file for file in _files(folder)}
    return next((by_name[name] for name in names if name in by_name), None)


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(entry for entry in folder.iterdir() if entry.is_file())
    except OSError:
        return


def is_passed_over(folder: Path) -> bool:
    """Whether a folder belongs to tools or packages, not to the user."""
    return folder.name.startswith(".") or folder.name.lower() in _PASSED_OVER


def _listed(paths: Iterable[Path], root: Path) -> str:
    return ", ".join(path.relative_to(root).as_posix() for path in paths)
