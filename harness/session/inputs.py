"""What a run needs before it starts: settings, connector and baseline, checked together."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.bounds.files import exists
from harness.connector.loading import find_connector, load_connector
from harness.connector.model import Connector
from harness.demo import demo_document, sample_folder
from harness.errors import SettingsError
from harness.session.named_operations import check_names, check_row, check_set, fitting
from harness.session.preflight import check_files, check_rules, check_sign_in
from harness.settings.building import DEMO, Options, build_settings, read_settings
from harness.settings.rows import chosen_rows, one_of_many
from harness.settings.values import Settings

__all__ = ["Loaded", "load_run", "load_runs", "options_of", "paths_from_here"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and connector of a run, and the deployed connector where one is given.

    `name` is the row of `[[connectors]]`, in a run over several of them; else "".
    """

    settings: Settings
    connector: Connector
    baseline: Connector | None = None
    name: str = ""


def options_of(config: Any) -> Options:
    """Our options as pytest parsed them."""

    def value(name: str) -> Any:
        return config.getoption(f"connector_harness_{name}")

    return Options(
        function_app=value("function_app"),
        connector=value("connector"),
        config=value("config"),
        operations=tuple(value("operations")),
        shard=value("shard"),
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
        root=_root_from_here(config),
    )


def _root_from_here(config: Any) -> str:
    with contextlib.suppress(ValueError):  # another drive, on Windows
        return Path(os.path.relpath(config.rootpath, config.invocation_params.dir)).as_posix()
    return "."


PATHS = ("connector", "config", "baseline", "cassette_dir", "report_dir")


def paths_from_here(config: Any) -> None:
    """Read relative paths of the command line from where the user stands, as pytest does.

    They are rewritten relative to the root folder, which workers elsewhere have as well.
    """
    here, root = config.invocation_params.dir, config.rootpath
    for name in PATHS:
        given = getattr(config.option, f"connector_harness_{name}")
        if given is None or given.startswith("git:") or Path(given).is_absolute() or here == root:
            continue
        with contextlib.suppress(ValueError):  # another drive, on Windows
            path = Path(os.path.relpath(here / given, root)).as_posix()
            setattr(config.option, f"connector_harness_{name}", path)


def load_runs(options: Options, root: Path) -> list[Loaded]:
    """Read everything and check it against each other: one of it, or one per row meant.

    Raises:
        SettingsError, DefinitionError: the first thing that is wrong, in one line.
    """
    file, document = read_settings(options, root)
    rows = chosen_rows(document, options.function_app, file.name if file else "the settings")
    if len(rows) < 2:
        return [load_run(replace(options, row=rows[0] if rows else None), root)]
    if options.connector is not None:
        raise SettingsError(
            f"--connector with several [[connectors]] ({', '.join(rows)}): name one of them"
        )
    each = [_options_of_row(options, row, root) for row in rows]
    loaded = [_load(own, root, lenient=True) for own in each]
    having = [part for part in loaded if part is not None]
    if not having:
        wanted = ", ".join(options.operations)
        raise SettingsError(f"--connector-operation {wanted}: none of the connectors has it")
    return [replace(part, name=part.settings.row or "") for part in having]


def load_run(options: Options, root: Path) -> Loaded:
    """Read and check one connector's part.

    Raises:
        SettingsError, DefinitionError: the first thing that is wrong, in one line.
    """
    loaded = _load(options, root, lenient=False)
    assert loaded is not None
    return loaded


def _load(options: Options, root: Path, *, lenient: bool) -> Loaded | None:
    """One connector's part; with `lenient`, None where it has no operation of those selected."""
    settings = _settings(options, root)
    connector = _connector(settings)
    if lenient and settings.operations_selected:
        known = {operation.id for operation in connector.operations}
        selected = tuple(name for name in settings.operations_selected if name in known)
        if not selected:
            return None
        settings = replace(settings, operations_selected=selected)
    if settings.is_demo or settings.row is not None:
        check_row(settings, connector)
        settings = fitting(settings, connector)
    else:
        check_set(settings, connector)
    if settings.cassettes_mode == "replay":
        settings = _as_recorded(settings, connector)
    check_names(settings, connector)
    check_files(settings)
    check_rules(settings)
    check_sign_in(settings)
    return Loaded(settings, connector, _baseline(settings, connector))


def _options_of_row(options: Options, row: str, root: Path) -> Options:
    """The options of one of several rows: a folder of deployed connectors has a folder for each."""
    baseline = options.baseline
    if baseline is not None and not baseline.startswith("git:"):
        own = root / baseline / row
        if not exists(own):
            raise SettingsError(
                f"--connector-baseline {baseline}: holds no folder {row}; with several connectors "
                "it needs one for each, named as its row, or git:REV"
            )
        baseline = str(own)
    return replace(options, row=row, baseline=baseline)


def _as_recorded(settings: Settings, connector: Connector) -> Settings:
    """The tenant and authority as recordings name them, so that answers are compared with those."""
    from harness.redaction.cleaner import LOGIN_STAND_IN
    from harness.redaction.people import tenant_stand_in

    entra, properties = settings.entra, connector.properties
    tenant = entra.tenant_id or (properties.tenant_id if properties else None)
    if settings.redact.identities and tenant and tenant not in ("common", "organizations"):
        entra = replace(entra, tenant_id=tenant_stand_in())
    if settings.symbolic_origin is not None:
        entra = replace(entra, authority=LOGIN_STAND_IN)
    return replace(settings, entra=entra)


def _settings(options: Options, root: Path) -> Settings:
    file, document = read_settings(options, root)
    document, target = one_of_many(document, options.function_app, options.row)
    if target == DEMO:
        named = options.row is not None and "connector" in document
        document = demo_document(document, own_connector=options.connector is None and not named)
    return build_settings(options, root, document=document, config_file=file, target=target)


def _connector(settings: Settings) -> Connector:
    path = settings.connector
    if path is None:
        path = sample_folder() if settings.is_demo else find_connector(settings.root)
    elif not exists(path):
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
