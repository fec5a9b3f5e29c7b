"""Reading `connector-harness.toml` (or `[tool.connector-harness]`) and the environment over it.

Unknown keys are errors that name the nearest known key; values are checked where they are read, so
that a mistake gives one line with file and key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.bounds.files import is_file, read_bounded, reason_of
from harness.bounds.limits import LARGEST_SETTINGS
from harness.bounds.parsing import OutOfBoundsError, parse_toml
from harness.errors import SettingsError
from harness.settings.connections import connection, gateway, webhooks
from harness.settings.reading import read_section
from harness.settings.table import Table
from harness.settings.values import (
    DEFAULT_AUTHORITY,
    AccessRow,
    AnonymousSettings,
    BodyExpectation,
    CassetteSettings,
    ConnectorEntry,
    ContractSettings,
    DelegatedSettings,
    EntraSettings,
    IdentityPointer,
    OperationSettings,
    RedactSettings,
    TokenSettings,
    UserSettings,
    Waiver,
)

__all__ = ["SECTIONS", "find_settings_file", "read_document", "with_environment"]

FILE_NAME = "connector-harness.toml"
ENVIRONMENT_PREFIX = "CONNECTOR_HARNESS_"
RESERVED = frozenset({"TOKEN_CACHE", "SHARED"})
"""Variables with our prefix that are not settings."""


def find_settings_file(root: Path) -> Path | None:
    """The settings file of a root folder: its own file, else a `pyproject.toml` with our table."""
    own = root / FILE_NAME
    if is_file(own):
        return own
    pyproject = root / "pyproject.toml"
    if is_file(pyproject) and _own_table(_toml(pyproject)) is not None:
        return pyproject
    return None


def read_document(path: Path) -> dict[str, Any]:
    """The settings table of a file.

    Raises:
        SettingsError: the file is missing, not UTF-8 or not TOML; names the place.
    """
    document = _toml(path)
    if path.name == "pyproject.toml":
        return dict(_own_table(document) or {})
    return document


def _own_table(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Our table of a `pyproject.toml`, where there is one."""
    tools = document.get("tool")
    own = tools.get("connector-harness") if isinstance(tools, Mapping) else None
    return own if isinstance(own, Mapping) else None


def _existing_key(node: Mapping[str, Any], part: str) -> str:
    """The key that is already there whatever its case, else the part itself."""
    return next((k for k in node if k.lower().replace("_", "-") == part), part)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(read_bounded(path, LARGEST_SETTINGS).decode("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such settings file") from None
    except IsADirectoryError:
        raise SettingsError(f"{path}: is a folder; name the settings file itself") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OutOfBoundsError as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    except ValueError as error:  # a number of more digits than Python reads is one as well
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {reason_of(error)}") from None


def with_environment(
    document: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The document with `CONNECTOR_HARNESS_SECTION__KEY` variables laid over it.

    Double underscores part sections; single ones stand for the dash of a key.
    """
    merged: dict[str, Any] = dict(document.items())
    for name, value in sorted((environ if environ is not None else os.environ).items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name[len(ENVIRONMENT_PREFIX) :] in RESERVED:
            continue
        parts = [p.lower().replace("_", "-") for p in name[len(ENVIRONMENT_PREFIX) :].split("__")]
        node = merged
        for part in parts[:-1]:
            key = _existing_key(node, part)
            inner = node.get(key, {})
            if not isinstance(inner, Mapping):
                raise SettingsError(f"{name}: {part!r} is not a section of the settings")
            node[key] = dict(inner)
            node = node[key]
        # A value from the environment is taken as it is: its dollars are not references.
        node[_existing_key(node, parts[-1])] = value.replace("$", "$$")
    return merged


def entra(table: Table, base: Path) -> EntraSettings:
    """`[entra]`."""
    bundle = table.file("ca-bundle", base)
    if bundle is not None and not is_file(bundle):
        raise SettingsError(
            f"{table.where('ca-bundle')}: there is no file {table.text('ca-bundle')!r}"
        )
    certificate = table.file("client-certificate", base)
    return read_section(
        table,
        EntraSettings,
        client_certificate=None if certificate is None else str(certificate),
        authority=(table.text("authority") or DEFAULT_AUTHORITY).rstrip("/"),
        ca_bundle=bundle,
    )


def users(table: Table) -> dict[str, UserSettings]:
    """`[users.NAME]`, in the order of the file."""
    found: dict[str, UserSettings] = {}
    for name in table.values:
        if name in ("anonymous", "app") or ":" in name:
            raise SettingsError(f"{table.where(name)}: {name!r} is kept for our own callers")
        found[name] = read_section(table.sub(name), UserSettings, name=name)
    return found


def anonymous(table: Table) -> AnonymousSettings:
    """`[anonymous]`."""
    return read_section(table, AnonymousSettings)


def tokens(table: Table) -> TokenSettings:
    """`[tokens]`."""
    return read_section(table, TokenSettings)


def delegated(table: Table) -> DelegatedSettings:
    """`[delegated]` and its access table."""
    identity = table.values.get("identity", [])
    pointers: tuple[IdentityPointer, ...] | None
    if identity == "none":
        pointers = None
    elif isinstance(identity, str):
        raise SettingsError(f'{table.where("identity")}: must be "none" or an array of tables')
    else:
        pointers = tuple(_identity(row) for row in table.rows("identity"))
    return read_section(
        table,
        DelegatedSettings,
        identity=pointers,
        access=tuple(_access(row) for row in table.rows("access")),
    )


def _identity(row: Table) -> IdentityPointer:
    row.check_keys(("operation", "pointer", "claim"))
    pointer = row.text("pointer") or ""
    if pointer and not pointer.startswith("/"):
        raise SettingsError(f"{row.where('pointer')}: a JSON pointer starts with '/'")
    return IdentityPointer(row.required("operation"), pointer, row.text("claim") or "upn")


def _access(row: Table) -> AccessRow:
    row.check_keys(("operation", "parameters", "body", "expect"))
    expect: dict[str, tuple[int, ...]] = {}
    bodies: dict[str, BodyExpectation] = {}
    wanted = row.sub("expect")
    for caller, value in wanted.values.items():
        if isinstance(value, Mapping):
            bodies[caller] = _body_expectation(wanted.sub(caller))
            value = value.get("status", 200)
        statuses = value if isinstance(value, list) else [value]
        if not all(isinstance(s, int) and 100 <= s <= 599 for s in statuses):
            raise SettingsError(f"{wanted.where(caller)}: must be a status or an array of them")
        expect[caller] = tuple(statuses)
    if not expect:
        raise SettingsError(f"{row.where('expect')}: names no caller")
    return AccessRow(
        row.required("operation"),
        expect,
        dict(row.sub("parameters").values),
        row.values.get("body"),
        "body" in row.values,
        bodies,
    )


def _body_expectation(row: Table) -> BodyExpectation:
    row.check_keys(("status", "contains", "not-contains", "pointer", "value"))
    pointer = row.text("pointer")
    if pointer and not pointer.startswith("/"):
        raise SettingsError(f"{row.where('pointer')}: a JSON pointer starts with '/'")
    if (pointer is None) != ("value" not in row.values):
        raise SettingsError(f"{row.where('pointer')}: pointer and value belong together")
    contains, not_contains = row.texts("contains"), row.texts("not-contains")
    return BodyExpectation(contains, not_contains, pointer, row.values.get("value"))


def operations(table: Table) -> dict[str, OperationSettings]:
    """`[operations.ID]`."""
    rows = {operation_id: table.sub(operation_id) for operation_id in table.values}
    return {
        operation_id: read_section(row, OperationSettings, has_body="body" in row.values)
        for operation_id, row in rows.items()
    }


def contract(table: Table) -> ContractSettings:
    """`[contract]`."""
    return read_section(table, ContractSettings)


def cassettes(table: Table) -> CassetteSettings:
    """`[cassettes]`."""
    settings = read_section(table, CassetteSettings)
    if settings.max_age_days < 0:
        raise SettingsError(f"{table.where('max-age-days')}: must be 0 or more")
    return settings


def redact(table: Table) -> RedactSettings:
    """`[redact]`."""
    return read_section(
        table,
        RedactSettings,
        pointers=tuple(_pointer(table, text) for text in table.texts("pointers")),
        patterns=tuple(_pattern(table, text) for text in _patterns(table)),
    )


def _pointer(table: Table, text: str) -> str:
    if not text.startswith("/"):
        raise SettingsError(
            f"{table.where('pointers')}: {text!r} hides nothing: a JSON pointer starts with '/'"
        )
    return text


def _patterns(table: Table) -> list[str]:
    """The patterns as they stand: a dollar in them is the end of a line."""
    value = table.values.get("patterns", [])
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise SettingsError(f"{table.where('patterns')}: must be an array of texts")
    return value


def _pattern(table: Table, text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        where = table.where("patterns")
        raise SettingsError(f"{where}: {text!r} is no regular expression: {error}") from None
    return text


def waivers(table: Table) -> tuple[Waiver, ...]:
    """`[[waivers]]`; a reason and a date are demanded."""
    return tuple(read_section(row, Waiver) for row in table.rows("waivers"))


def connectors(table: Table, top: tuple[str, ...]) -> tuple[ConnectorEntry, ...]:
    """`[[connectors]]`: many in one run."""
    found = []
    for row in table.rows("connectors"):
        row.check_keys(("name", "function-app", *top))
        overrides = {k: v for k, v in row.values.items() if k not in ("name", "function-app")}
        found.append(
            ConnectorEntry(
                row.required("name"), row.text("function-app"), row.text("connector"), overrides
            )
        )
    return tuple(found)


SECTIONS: Mapping[str, Callable[[Table], Any]] = {
    "users": users,
    "connection": connection,
    "gateway": gateway,
    "webhooks": webhooks,
    "anonymous": anonymous,
    "tokens": tokens,
    "delegated": delegated,
    "operations": operations,
    "contract": contract,
    "cassettes": cassettes,
    "redact": redact,
}
