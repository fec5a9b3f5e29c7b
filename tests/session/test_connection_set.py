"""`[connection] set` names one of the connector's connection parameter sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.connector.properties import connection_parameters
from harness.errors import SettingsError
from harness.session.named_operations import check_set
from harness.settings.values import ConnectionSettings, Settings

SETS = {
    "values": [
        {"name": "oauth", "parameters": {"token": {"type": "oauthSetting"}}},
        {"name": "key", "parameters": {"api_key": {"type": "securestring"}}},
    ]
}


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    definition = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {}}
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    properties = {"properties": {"connectionParameterSets": SETS}}
    (tmp_path / "apiProperties.json").write_text(json.dumps(properties), encoding="utf-8")
    return load_connector(path)


def settings(folder: Path, chosen: str | None) -> Settings:
    connection = ConnectionSettings(chosen_set=chosen)
    return Settings(folder, "app", "https://app.example", connection=connection)


@pytest.mark.parametrize("chosen", [None, "key", "KEY", "oauth"])
def test_set_of_the_connector_is_taken(
    connector: Connector, tmp_path: Path, chosen: str | None
) -> None:
    check_set(settings(tmp_path, chosen), connector)


def test_unknown_set_names_the_known_ones(connector: Connector, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set 'keys'; known: oauth, key"):
        check_set(settings(tmp_path, "keys"), connector)


def test_chosen_set_says_what_a_connection_holds(connector: Connector) -> None:
    assert connector.properties is not None
    assert connection_parameters(connector.properties, "key") == {"api_key": "securestring"}
