"""What `explain` knows besides the thing itself: the settings and the connector of this folder."""

from __future__ import annotations

from pathlib import Path

from harness.bounds.files import cannot_be_path, is_file
from harness.connector.loading import find_connector, load_connector
from harness.connector.model import Connector
from harness.errors import DefinitionError, HarnessError, SettingsError
from harness.exchanges.context import RunContext
from harness.settings.building import Options, build_settings, read_settings
from harness.settings.values import Settings

__all__ = ["NO_TARGET", "context_here", "text_of"]

NO_TARGET = "https://no.target.invalid"


def context_here(config: str | None) -> RunContext:
    """The run's facts as the folder gives them: settings where there are some, else defaults.

    Raises:
        SettingsError: a settings file is there, and something in it is wrong.
    """
    root = Path.cwd()
    options = Options(function_app=NO_TARGET, config=config)
    _, document = read_settings(options, root)
    targets = document.get("targets")
    named = list(targets) if isinstance(targets, dict) else []
    target = named[0] if named else NO_TARGET
    settings = build_settings(Options(function_app=target, config=config), root)
    return RunContext(_connector(settings), settings)


def text_of(thing: str) -> str:
    """The text of a file where the thing names one, else the thing itself.

    Raises:
        HarnessError: the file is there, and cannot be read.
    """
    if "\n" in thing or len(thing) > 1024 or cannot_be_path(thing) or not is_file(Path(thing)):
        return thing
    try:
        return Path(thing).read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise HarnessError(f"{thing}: cannot be read: {error.strerror or error}") from None


def _connector(settings: Settings) -> Connector:
    """The connector of this folder; one without operations where there is none."""
    try:
        path = settings.connector or find_connector(settings.root)
        return load_connector(path, settings.properties)
    except (DefinitionError, SettingsError):
        return Connector("none", (), {}, settings.root, "swagger", "", "", "", ("https",))
