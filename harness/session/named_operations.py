"""The operations that settings name, and whether the connector has them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.connector.model import Connector
from harness.connector.properties import set_names
from harness.errors import SettingsError
from harness.inputs.files import given_file
from harness.settings.values import Settings

__all__ = ["check_names", "check_row", "check_set", "fitting"]


def _check_inputs(connector: Connector, where: str, name: str, given: Iterable[str]) -> None:
    """Settings may name what the definition, the path template or a policy knows."""
    operation = connector.operation(name)
    parameters = (*operation.parameters, *operation.path_inputs)
    known = list(dict.fromkeys(p.name for p in parameters if p.location != "body"))
    properties = connector.properties
    policies = json.dumps(list(properties.policies), default=str) if properties else ""
    for each in given:
        if f"'{each}'" in policies or json.dumps(each) in policies:
            continue
        if each not in known and each not in [f"{p.location}:{p.name}" for p in parameters]:
            near = difflib.get_close_matches(each, known, n=1)
            hint = f"did you mean {near[0]!r}" if near else f"known: {', '.join(known) or 'none'}"
            raise SettingsError(f"{where}: {name} has no parameter {each!r}; {hint}")


def check_set(settings: Settings, connector: Connector) -> None:
    """Refuse a connection parameter set that the connector does not have.

    Raises:
        SettingsError: names the sets that there are.
    """
    chosen = settings.connection.chosen_set
    known = set_names(connector.properties) if connector.properties else ()
    if chosen and chosen.lower() not in [name.lower() for name in known]:
        raise SettingsError(
            f"[connection] set: apiProperties.json has no connection parameter set {chosen!r}; "
            f"known: {', '.join(known) or 'none'}"
        )


def check_row(settings: Settings, connector: Connector) -> None:
    """Refuse a row of `[[connectors]]` whose own words name operations that do not exist.

    What all rows share may name operations of other connectors.

    Raises:
        SettingsError: names the row, the setting, and the nearest known name.
    """
    for entry in settings.connectors:
        if entry.name == settings.row:
            for where, name in _named_in(entry.overrides):
                try:
                    connector.operation(name)
                except SettingsError as error:
                    raise SettingsError(f"[[connectors]] {entry.name} {where}: {error}") from None


def _named_in(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    anonymous, delegated = row.get("anonymous") or {}, row.get("delegated") or {}
    yield from (("operations", str(name)) for name in row.get("operations") or {})
    yield from (("anonymous.public", str(name)) for name in anonymous.get("public") or ())
    yield from (("delegated.private", str(name)) for name in delegated.get("private") or ())
    for where, rows in (
        ("delegated.identity", delegated.get("identity")),
        ("delegated.access", delegated.get("access")),
        ("waivers", row.get("waivers")),
    ):
        if isinstance(rows, list):
            yield from ((where, str(r["operation"])) for r in rows if r.get("operation"))


def fitting(settings: Settings, connector: Connector) -> Settings:
    """The settings without words on operations that the connector lacks.

    For the demo, whose settings are the sample's, and for one of many connectors, which shares
    settings with others.
    """
    known = {operation.id for operation in connector.operations}
    delegated = settings.delegated
    identity = delegated.identity
    return replace(
        settings,
        operations={k: v for k, v in settings.operations.items() if k in known},
        anonymous=replace(
            settings.anonymous, public=tuple(p for p in settings.anonymous.public if p in known)
        ),
        delegated=replace(
            delegated,
            identity=None
            if identity is None
            else tuple(p for p in identity if p.operation in known),
            private=tuple(p for p in delegated.private if p in known),
            access=tuple(row for row in delegated.access if row.operation in known),
        ),
        waivers=tuple(w for w in settings.waivers if w.operation is None or w.operation in known),
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
    inputs: list[tuple[str, str, Iterable[str]]] = [
        (f"[operations.{name}] parameters", name, own.parameters)
        for name, own in settings.operations.items()
    ]
    inputs += [("[[delegated.access]]", row.operation, row.parameters) for row in delegated.access]
    for where, name, given in inputs:
        _check_inputs(connector, where, name, given)
    for name, own in settings.operations.items():
        for each, value in own.parameters.items():
            given_file(settings, value, f"[operations.{name}] parameters.{each}")
    for name, user in settings.users.items():
        for seen in user.sees:
            if seen != "everyone" and seen not in settings.users:
                raise SettingsError(
                    f"[users.{name}] sees: there is no user {seen!r}; "
                    f"known: {', '.join([*settings.users, 'everyone'])}"
                )
    for row in delegated.access:
        for caller in row.expect:
            if caller != "anonymous" and caller not in settings.users:
                raise SettingsError(
                    f"[[delegated.access]] {row.operation}: there is no user {caller!r}; "
                    f"known: {', '.join([*settings.users, 'anonymous'])}"
                )
