"""What is known of a connector and its app before anybody writes settings, and where from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin

from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.connector.model import Connector
from harness.connector.properties import connection_parameters, has_oauth, is_placeholder
from harness.exchanges.challenge import bearer_challenge

__all__ = ["Fact", "Facts", "from_az", "from_connector", "from_refusal", "sign_in_manner"]

_TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w.-]+\.[a-z]+)(?:/|$)", re.I)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
COMMON = frozenset({"common", "organizations", "consumers", "oauth2"})
AZ_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """A value for the settings, and where it was found."""

    value: str
    source: str


@dataclass(slots=True)
class Facts:
    """What was found so far, by settings key; the first source that knows a key counts."""

    found: dict[str, Fact] = field(default_factory=dict)

    def add(self, key: str, value: str | None, source: str) -> None:
        """Keep a value, unless there is one already or it waits to be filled in."""
        if value and not is_placeholder(value):
            self.found.setdefault(key, Fact(value.strip(), source))

    def value(self, key: str) -> str | None:
        """The value of a key, or None."""
        fact = self.found.get(key)
        return None if fact is None else fact.value


def sign_in_manner(connector: Connector) -> str:
    """How connections of a connector sign in: `entra`, `key`, `basic` or `none`."""
    properties = connector.properties
    if properties is not None and has_oauth(properties):
        return "entra"
    schemes = connector.raw.get("securityDefinitions")
    kinds = {
        str(scheme.get("type", "")).lower()
        for scheme in (schemes.values() if isinstance(schemes, Mapping) else ())
        if isinstance(scheme, Mapping)
    }
    for kind, manner in (("basic", "basic"), ("apikey", "key")):
        if kind in kinds and "oauth2" not in kinds:
            return manner
    if properties is not None and "securestring" in connection_parameters(properties).values():
        return "key"
    return "entra"


def from_connector(facts: Facts, connector: Connector) -> None:
    """What the connector's own files say."""
    properties = connector.properties
    if properties is None:
        return
    source = properties.path.name
    tenant = properties.tenant_id
    facts.add("tenant-id", None if tenant in COMMON else tenant, f"tenantId in {source}")
    facts.add("connector-client-id", properties.client_id, f"clientId in {source}")
    resource = properties.resource_uri
    facts.add("resource", resource, f"resourceUri in {source}")
    guid = _GUID.search(resource or "")
    if guid is not None:
        facts.add("api-client-id", guid[0], f"resourceUri in {source}")


def from_refusal(facts: Facts, url: str, status: int, headers: Iterable[tuple[str, str]]) -> None:
    """What the app's refusal of an anonymous call says: its challenge, or where it redirects."""
    rows = [(name.lower(), value) for name, value in headers]
    challenge = bearer_challenge(value for name, value in rows if name == "www-authenticate")
    if challenge is not None:
        source = f"the challenge of {url}"
        address = challenge.parameters.get("authorization_uri", "")
        _from_address(facts, address, source)
        resource = challenge.parameters.get("resource_id")
        facts.add("api-client-id", resource, source)
    location = next((value for name, value in rows if name == "location"), None)
    if location is not None and 300 <= status < 400:
        where = urljoin(url, location)
        if split_url(where).netloc != split_url(url).netloc:
            source = f"the redirect of {url}"
            _from_address(facts, where, source)
            client = parse_qs(split_url(where).query).get("client_id", [""])[0]
            facts.add("api-client-id", client, source)


def _from_address(facts: Facts, address: str, source: str) -> None:
    parts = split_url(address)
    if not parts.netloc:
        return
    tenant = _TENANT.match(parts.path)
    if tenant is not None and tenant[1].lower() not in COMMON:
        facts.add("tenant-id", tenant[1], source)
    if not parts.netloc.lower().startswith(("login.microsoftonline.com", "login.windows.net")):
        facts.add("authority", f"{parts.scheme}://{parts.netloc}", source)


def from_az(facts: Facts, app: str | None) -> str:
    """What the Azure CLI knows; a sentence on what it did, for the person who allowed it."""
    command = shutil.which("az")
    if command is None:
        return "az is not installed: nothing was asked of it"
    account = _az(command, "account", "show")
    if not isinstance(account, Mapping):
        return "az is not signed in (az login): nothing was asked of it"
    facts.add("tenant-id", _text(account.get("tenantId")), "az account show")
    if app is None:
        return "az account show told the tenant"
    rows = _az(command, "functionapp", "list", "--query", f"[?name=='{app}']")
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) else {}
    group = _text(row.get("resourceGroup"))
    if group is None:
        return f"az knows no function app {app} in this subscription"
    auth = _az(command, "webapp", "auth", "show", "--name", app, "--resource-group", group)
    provider: Any = auth
    for key in ("properties", "identityProviders", "azureActiveDirectory", "registration"):
        inner = provider.get(key) if isinstance(provider, Mapping) else None
        provider = inner if inner is not None else provider if key == "properties" else {}
    if isinstance(provider, Mapping):
        client = _text(provider.get("clientId"))
        facts.add("api-client-id", client, "az webapp auth show")
    return f"az told the tenant and the authentication settings of {app}"


def _az(command: str, *arguments: str) -> Any:
    try:
        done = subprocess.run(
            [command, *arguments, "--output", "json", "--only-show-errors"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=AZ_SECONDS,
            check=False,
        )
        return parse_json(done.stdout) if done.returncode == 0 else None
    except (OSError, subprocess.TimeoutExpired, ValueError, json.JSONDecodeError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
