"""What a run needs before it starts: settings, connector and baseline, checked together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import settings_file
from harness.connector.loading import find_connector, load_connector
from harness.connector.model import Connector
from harness.demo import demo_document, sample_folder
from harness.errors import SettingsError
from harness.settings import Settings
from harness.settings_build import DEMO, Options, build_settings

__all__ = ["Loaded", "load_run", "options_of"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and connector of a run, and the deployed connector where one is given."""

    settings: Settings
    connector: Connector
    baseline: Connector | None = None


def options_of(config: Any) -> Options:
    """Our options as pytest parsed them."""

    def value(name: str) -> Any:
        return config.getoption(f"connector_harness_{name}")

    return Options(
        function_app=value("function_app"),
        connector=value("connector"),
        config=value("config"),
        operations=tuple(value("operations")),
        baseline=value("baseline"),
        sign_in=value("sign_in"),
        cassettes=value("cassettes"),
        cassette_dir=value("cassette_dir"),
        report_dir=value("report_dir"),
        writes=value("writes"),
        seed=value("seed"),
        examples=value("examples"),
        concurrency=value("concurrency"),
        har=bool(value("har")),
        demo_faults=tuple(value("demo_faults")),
    )


def load_run(options: Options, root: Path) -> Loaded:
    """Read everything and check it against each other.

    Raises:
        SettingsError, DefinitionError: the first thing that is wrong, in one line.
    """
    settings = _settings(options, root)
    connector = _connector(settings)
    if settings.is_demo:
        settings = _fitting(settings, connector)
    if settings.cassettes_mode == "replay":
        settings = _as_recorded(settings, connector)
    check_names(settings, connector)
    return Loaded(settings, connector, _baseline(settings, connector))


def _as_recorded(settings: Settings, connector: Connector) -> Settings:
    """The tenant and authority as recordings name them, so that answers are compared with those."""
    from harness.traffic.recording import LOGIN_STAND_IN, tenant_stand_in

    entra, properties = settings.entra, connector.properties
    tenant = entra.tenant_id or (properties.tenant_id if properties else None)
    if settings.redact.identities and tenant and tenant not in ("common", "organizations"):
        entra = dataclasses.replace(entra, tenant_id=tenant_stand_in())
    if settings.symbolic_origin is not None:
        entra = dataclasses.replace(entra, authority=LOGIN_STAND_IN)
    return dataclasses.replace(settings, entra=entra)


def _settings(options: Options, root: Path) -> Settings:
    if options.function_app != DEMO:
        return build_settings(options, root)
    user_file = settings_file.find_settings_file(root)
    if options.config is not None:
        user_file = (root / options.config).resolve()
    document = demo_document(user_file, own_connector=options.connector is None)
    return build_settings(options, root, document=document, config_file=user_file)


def _connector(settings: Settings) -> Connector:
    path = settings.connector
    if path is None:
        path = sample_folder() if settings.is_demo else find_connector(settings.root)
    elif not path.exists():
        raise SettingsError(f"--connector {path}: there is no such file or folder")
    connector = load_connector(path, settings.properties)
    if not connector.operations:
        raise SettingsError(f"{connector.definition_path}: the definition has no operations")
    return connector


def _baseline(settings: Settings, connector: Connector) -> Connector | None:
    if settings.baseline is None:
        return None
    from harness.connector.baseline import load_reference

    return load_reference(settings.baseline, connector.definition_path, base=settings.root)


def _fitting(settings: Settings, connector: Connector) -> Settings:
    """The settings of a demo run without words on operations that the connector lacks."""
    known = {operation.id for operation in connector.operations}
    delegated = settings.delegated
    identity = delegated.identity
    return dataclasses.replace(
        settings,
        operations={k: v for k, v in settings.operations.items() if k in known},
        anonymous=dataclasses.replace(
            settings.anonymous, public=tuple(p for p in settings.anonymous.public if p in known)
        ),
        delegated=dataclasses.replace(
            delegated,
            identity=None
            if identity is None
            else tuple(p for p in identity if p.operation in known),
            private=tuple(p for p in delegated.private if p in known),
            access=tuple(row for row in delegated.access if row.operation in known),
        ),
    )


def check_names(settings: Settings, connector: Connector) -> None:
    """Refuse settings that name operations or users that do not exist.

    Raises:
        SettingsError: names the setting, and the nearest known name.
    """
    delegated = settings.delegated
    named: list[tuple[str, Iterable[str]]] = [
        ("--connector-operation", settings.operations_selected),
        ("[anonymous] public", settings.anonymous.public),
        ("[operations]", settings.operations),
        ("[delegated] private", delegated.private),
        ("[delegated] identity", [p.operation for p in delegated.identity or ()]),
        ("[[delegated.access]]", [row.operation for row in delegated.access]),
        ("[[waivers]]", [w.operation for w in settings.waivers if w.operation is not None]),
    ]
    for where, names in named:
        for name in names:
            try:
                connector.operation(name)
            except SettingsError as error:
                raise SettingsError(f"{where}: {error}") from None
    for row in delegated.access:
        for caller in row.expect:
            if caller != "anonymous" and caller not in settings.users:
                raise SettingsError(
                    f"[[delegated.access]] {row.operation}: there is no user {caller!r}; "
                    f"known: {', '.join([*settings.users, 'anonymous'])}"
                )
