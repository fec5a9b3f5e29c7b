"""`connector-harness init`: ask as little as possible, find the rest, write it down."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from harness.bounds.typed import as_typed
from harness.commands.setting_up.facts import (
    Facts,
    from_az,
    from_connector,
    from_refusal,
    sign_in_manner,
)
from harness.commands.setting_up.writing import (
    PYTEST_INI,
    ignore,
    own_tests,
    put,
    settings_text,
)
from harness.connector.loading import find_connector, load_connector
from harness.connector.model import Connector
from harness.errors import SettingsError
from harness.settings.building import resolve_target
from harness.settings.editor_schema import SCHEMA_FILE, schema_text_shipped
from harness.settings.file import FILE_NAME
from harness.settings.values import DEFAULT_AUTHORITY

__all__ = ["init"]

Ask = Callable[[str], str]
PYTEST_FILES = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
SECONDS = 60.0


def init(options: argparse.Namespace) -> int:
    """Write the settings of the connector in this folder; 0, also where nothing had to be."""
    ask = _nobody if options.yes or not sys.stdin.isatty() else _person
    root = Path.cwd()
    path = find_connector(root) if options.connector is None else Path(options.connector)
    connector = load_connector(path)
    manner = sign_in_manner(connector)
    print(
        f"connector: {connector.title} ({len(connector.operations)} operations), {_MANNERS[manner]}"
    )
    target = _target(options.target or ask("Which function app? (name, URL; Enter: none yet) "))
    users = _users(options.user, ask, manner)
    facts = Facts()
    from_connector(facts, connector)
    if target is not None:
        print(_ask_app(facts, connector, target[1], options.ca_bundle))
    if manner == "entra" and _may_use_az(options, ask):
        print(from_az(facts, None if target is None else target[0]))
    _complete(facts)
    where = _relative(connector.definition_path, root)
    text = settings_text(
        connector, where, manner, facts, target, users, options.sign_in, options.ca_bundle
    )
    print(put(root / FILE_NAME, text))
    print(put(root / SCHEMA_FILE, schema_text_shipped()))
    print(ignore(root / ".gitignore"))
    print(_pytest_settings(root))
    if options.tests:
        print(put(root / "tests" / "connector" / "test_own.py", own_tests(connector)))
    name = target[0] if target is not None else "TARGET"
    print(f"next: {as_typed(['connector-harness', 'doctor', name])}")
    return 0


_MANNERS = {
    "entra": "signs in by Microsoft Entra ID",
    "key": "signs in by a key",
    "basic": "signs in by user name and password",
}


def _person(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        return ""


def _nobody(_question: str) -> str:
    return ""


def _target(given: str) -> tuple[str, str] | None:
    """Name and address of the app; a short name for the settings where an address is given."""
    if not given:
        return None
    _, url = resolve_target(given, {}, DEFAULT_AUTHORITY)
    name = given if "://" not in given else url.split("://")[1].split(".")[0].split(":")[0]
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in name).strip("-")
    return ("local" if plain in ("localhost", "127") else plain or "app"), url


def _users(given: list[str], ask: Ask, manner: str) -> dict[str, str]:
    """Name → address of the test users; a key connector's have names alone."""
    rows = given or [
        part.strip()
        for part in ask("Which test users? (addresses, separated by commas) ").split(",")
        if part.strip()
    ]
    users: dict[str, str] = {}
    for row in rows:
        name, mark, address = row.partition("=")
        if not mark:
            name, address = row.partition("@")[0], row
        plain = "".join(c if c.isalnum() else "_" for c in name.strip().lower())
        if not plain:
            raise SettingsError(
                f"--user {row!r}: write NAME=ADDRESS, as in alice=alice@contoso.com"
            )
        users[plain] = address.strip()
    if not users and manner != "entra":
        return {"alice": "", "bob": ""}
    return users or {"alice": "alice@contoso.com", "bob": "bob@contoso.com"}


def _may_use_az(options: argparse.Namespace, ask: Ask) -> bool:
    if options.az is not None:
        return bool(options.az)
    return ask("May the Azure CLI (az) be asked for the tenant and the app? [y/N] ").lower() in (
        "y",
        "yes",
    )


def _ask_app(facts: Facts, connector: Connector, url: str, ca_bundle: str | None) -> str:
    """Ask the app itself, without a token and without changing anything."""
    import httpx

    from harness.callers.http import tls_context

    readers = [o for o in connector.operations if not o.changes_state]
    path = readers[0].path.partition("{")[0] if readers else "/"
    bundle = None if ca_bundle is None else Path(ca_bundle)
    base = connector.base_path.rstrip("/")
    said = []
    try:
        with httpx.Client(verify=tls_context(bundle), timeout=SECONDS) as client:
            for target in (f"{base}{path}", "/.auth/login/aad"):
                answer = client.get(f"{url}{target}")
                said.append(str(answer.status_code))
                from_refusal(facts, f"{url}{target}", answer.status_code, answer.headers.items())
    except (httpx.HTTPError, OSError) as error:
        return f"{url}: could not be asked ({type(error).__name__}: {error})"
    return f"{url}: asked without a token, answered {', '.join(said)}"


def _complete(facts: Facts) -> None:
    """What follows from what was found."""
    connector_client = facts.found.get("connector-client-id")
    if connector_client is not None:
        facts.add("client-id", connector_client.value, connector_client.source)
    resource = facts.value("resource")
    if resource is not None:
        facts.add("scope", f"{resource}/user_impersonation", facts.found["resource"].source)
        return
    api = facts.found.get("api-client-id")
    if api is not None:
        facts.add("scope", f"api://{api.value}/user_impersonation", f"the API's id ({api.source})")


def _relative(path: Path, root: Path) -> str:
    resolved = path.resolve()
    within = resolved.is_relative_to(root.resolve())
    return (resolved.relative_to(root.resolve()) if within else resolved).as_posix()


def _pytest_settings(root: Path) -> str:
    there = [name for name in PYTEST_FILES if (root / name).is_file()]
    if not there:
        return put(root / "pytest.ini", PYTEST_INI)
    addopts = PYTEST_INI.strip().splitlines()[-1]
    return f"{there[0]}: is yours and stays; for quicker starts give pytest {addopts}"
