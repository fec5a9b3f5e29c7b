"""The files that `init` writes; none of them replaces one that is there."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.bounds.files import exists
from harness.commands.setting_up.facts import Facts
from harness.connector.model import Connector
from harness.connector.properties import connection_parameters
from harness.redaction.whole_files import write_whole
from harness.settings.editor_schema import SCHEMA_FILE

__all__ = ["IGNORED", "PYTEST_INI", "ignore", "own_tests", "put", "settings_text"]

IGNORED = ("reports/", ".pytest_cache/")
PYTEST_INI = """[pytest]
# other packages' plugins: the suites do not use them, and loading them is slow
addopts = -p no:schemathesis -p no:hypothesispytest -p no:anyio
"""
_KEYS = ("tenant-id", "client-id", "connector-client-id", "api-client-id", "scope", "authority")
_ASKED = {
    "tenant-id": "the tenant of the test users: its id, or a domain such as contoso.com",
    "client-id": "a public client for tests (device code, browser or password)",
    "api-client-id": "the API's app registration, as App Service Authentication names it",
}


def settings_text(
    connector: Connector,
    where: str,
    manner: str,
    facts: Facts,
    target: tuple[str, str] | None,
    users: Mapping[str, str],
    sign_in: str | None,
    ca_bundle: str | None,
) -> str:
    """`connector-harness.toml`; each value says in a comment where it was found."""
    lines = [f"#:schema ./{SCHEMA_FILE}", f'connector = "{where}"']
    if target is not None:
        lines += ["", "[targets]", f'{target[0]} = "{target[1]}"']
    if manner == "entra":
        lines += ["", "[entra]", *_entra(facts, ca_bundle)]
        lines += _people(users, sign_in)
    else:
        if ca_bundle is not None:
            lines += ["", "[entra]", f'ca-bundle = "{ca_bundle}"']
        lines += _connections(connector, manner, users)
    return "\n".join(lines) + "\n"


def _entra(facts: Facts, ca_bundle: str | None) -> list[str]:
    lines = []
    for key in _KEYS:
        fact = facts.found.get(key)
        if key == "connector-client-id" and facts.value("client-id") == facts.value(key):
            continue  # the default
        if fact is not None:
            lines.append(f'{key} = "{fact.value}"  # from {fact.source}')
        elif key in _ASKED:
            lines.append(f'# {key} = "…"  # not found: {_ASKED[key]}')
    if ca_bundle is not None:
        lines.append(f'ca-bundle = "{ca_bundle}"')
    return lines


def _people(users: Mapping[str, str], sign_in: str | None) -> list[str]:
    lines: list[str] = []
    for name, address in users.items():
        lines += ["", f"[users.{name}]", f'username = "{address}"']
        if sign_in == "password":
            lines.append(f'password = "${{{name.upper()}_PASSWORD}}"')
        if sign_in is not None:
            lines.append(f'sign-in = "{sign_in}"')
    return lines


def _connections(connector: Connector, manner: str, users: Mapping[str, str]) -> list[str]:
    properties = connector.properties
    entries = connection_parameters(properties) if properties is not None else {}
    if not entries:
        entries = dict.fromkeys(_scheme_entries(connector, manner), "securestring")
    shared = [name for name, kind in entries.items() if kind == "string" and manner != "basic"]
    own = [name for name in entries if name not in shared]
    lines = ["", "[connection]", *(f'{name} = "…"  # shared by all' for name in shared)]
    lines = lines if shared else []
    for user in users:
        row = ", ".join(f'{name} = "${{{_variable(user, name)}}}"' for name in own)
        lines += ["", f"[users.{user}]", f"connection = {{ {row} }}"]
    return lines


def _scheme_entries(connector: Connector, manner: str) -> Sequence[str]:
    if manner == "basic":
        return ("username", "password")
    schemes = connector.raw.get("securityDefinitions")
    return tuple(schemes)[:1] if isinstance(schemes, Mapping) and schemes else ("api_key",)


def _variable(user: str, entry: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in f"{user}_{entry}".upper())


def put(path: Path, text: str) -> str:
    """Write a file that is not there yet; one line on what was done.

    Where it is there with another content, it stays, and the line is followed by the difference.
    """
    if not exists(path):
        write_whole(path, text)
        return f"{path.name}: written"
    old = path.read_text(encoding="utf-8", errors="replace")
    if old == text:
        return f"{path.name}: is so already"
    changes = difflib.unified_diff(
        old.splitlines(), text.splitlines(), f"{path.name} (kept)", "proposed", lineterm=""
    )
    return "\n".join([f"{path.name}: is there already and stays; proposed:", *changes])


def ignore(path: Path) -> str:
    """Add what a run leaves behind to a `.gitignore`; one line on what was done."""
    old = path.read_text(encoding="utf-8", errors="replace") if exists(path) else ""
    missing = [entry for entry in IGNORED if entry not in old.splitlines()]
    if not missing:
        return f"{path.name}: names reports/ already"
    text = old if not old or old.endswith("\n") else f"{old}\n"
    write_whole(path, text + "\n".join(missing) + "\n")
    return f"{path.name}: {', '.join(missing)} added"


def own_tests(connector: Connector) -> str:
    """The three tests that people write first, for a connector's first reading operation."""
    reading = [o for o in connector.operations if not o.changes_state and "{" not in o.path]
    path = reading[0].path.lstrip("/") if reading else "health"
    return f'''"""Tests of your own: they run along with `connector-harness verify`."""


def test_anonymous_call_is_refused(anonymous_client):
    assert anonymous_client.get("{path}").status_code in (301, 302, 401, 403)


def test_user_gets_an_answer(user_client):
    assert user_client.get("{path}").status_code == 200


def test_connector_knows_the_operation(connector):
    assert "{path}" in [operation.path.lstrip("/") for operation in connector.operations]
'''
