"""Comparing apiProperties.json and script, after what the platform rewrites is taken out.

What it rewrites on upload: azure-dossier 5.4 (redirectMode, redirectUrl, IsFirstParty,
IsOnbehalfofLoginSupported, capabilities, publisher, stackOwner, token:TenantId).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Properties
from harness.findings.examples import Edit, Versions
from harness.findings.model import Rule
from harness.findings.sample import OAUTH
from harness.suites.compat.change import BREAKS, MAY_BREAK, VERSIONING, Change

__all__ = ["property_changes"]

CONNECTION = Rule(
    id="compat.connection",
    severity="error",
    title="The kind of sign-in or a connection parameter has been changed",
    meaning="The kind of sign-in or a connection parameter has been changed. Existing connections"
    " break.",
    why=BREAKS,
    remedy="Publish another connector, or have every connection made again.",
    reference=VERSIONING,
    shown_by=(Versions(Edit(properties={f"{OAUTH}/identityProvider": "oauth2"})),),
)
CONNECTION_SETTINGS = Rule(
    id="compat.connection-settings",
    severity="warning",
    title="Client, resource or scopes of the sign-in have been changed",
    meaning="Client, resource or scopes of the sign-in have been changed.",
    why=MAY_BREAK,
    remedy="Try an existing connection after the update.",
    reference=VERSIONING,
    shown_by=(
        Versions(Edit(properties={f"{OAUTH}/clientId": "99999999-0000-4000-8000-000000000000"})),
    ),
)
POLICY = Rule(
    id="compat.policy",
    severity="warning",
    title="A policy has been added, removed or changed: calls are rewritten otherwise",
    meaning="A policy has been added, removed or changed: calls are rewritten otherwise.",
    why=MAY_BREAK,
    remedy="Run the live suites against the new connector before users do.",
    reference=VERSIONING,
    shown_by=(
        Versions(
            Edit(
                properties={
                    "/properties/policyTemplateInstances": [
                        {"templateId": "setheader", "title": "Set a header"}
                    ]
                }
            )
        ),
    ),
)
SCRIPT = Rule(
    id="compat.script",
    severity="warning",
    title="The script has been changed: calls are rewritten otherwise",
    meaning="The script has been changed: calls are rewritten otherwise.",
    why=MAY_BREAK,
    remedy="Run the live suites against the new connector before users do.",
    reference=VERSIONING,
    shown_by=(Versions(Edit(files={"script.csx": "// rewrites calls"})),),
)

REWRITTEN = frozenset({"token:tenantid"})


def property_changes(old: Connector, new: Connector) -> Iterator[Change]:
    """Changes of properties and script; none where one side has no properties file."""
    if old.properties is None or new.properties is None:
        return
    yield from _connection(old.properties, new.properties)
    yield from _policies(old.properties, new.properties)
    if _script(old) != _script(new):
        yield Change(SCRIPT, "/script")


def _connection(was: Properties, now: Properties) -> Iterator[Change]:
    before, after = _parameters(was), _parameters(now)
    if (was.identity_provider or "").lower() != (now.identity_provider or "").lower():
        yield Change(
            CONNECTION,
            "/identityProvider",
            str(was.identity_provider),
            str(now.identity_provider),
        )
    for name in before:
        if name not in after:
            yield Change(CONNECTION, f"/connectionParameters/{name}", "there", "gone")
        elif before[name] != after[name]:
            yield Change(CONNECTION, f"/connectionParameters/{name}", before[name], after[name])
    for name in after:
        if name not in before:
            yield Change(CONNECTION, f"/connectionParameters/{name}", "", "new")
    for field, a, b in (
        ("clientId", was.client_id, now.client_id),
        ("resourceUri", was.resource_uri, now.resource_uri),
        ("tenantId", was.tenant_id, now.tenant_id),
        ("scopes", was.scopes, now.scopes),
    ):
        if a != b:
            yield Change(CONNECTION_SETTINGS, f"/{field}", str(a), str(b))


def _parameters(properties: Properties) -> dict[str, str]:
    """Connection parameters and their types."""
    inner = properties.raw.get("properties")
    rows = inner.get("connectionParameters") if isinstance(inner, Mapping) else None
    found: dict[str, str] = {}
    for name, row in rows.items() if isinstance(rows, Mapping) else ():
        if str(name).lower() not in REWRITTEN and isinstance(row, Mapping):
            found[str(name)] = str(row.get("type", "")).lower()
    return found


def _policies(was: Properties, now: Properties) -> Iterator[Change]:
    before = [_plain(policy) for policy in was.policies]
    after = [_plain(policy) for policy in now.policies]
    for text, policy in zip(before, was.policies, strict=True):
        if text not in after:
            name = str(policy.get("templateId", "policy"))
            yield Change(POLICY, f"/policyTemplateInstances/{name}", "there", "gone or changed")
    for text, policy in zip(after, now.policies, strict=True):
        if text not in before:
            name = str(policy.get("templateId", "policy"))
            yield Change(POLICY, f"/policyTemplateInstances/{name}", "", "new or changed")


def _plain(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, sort_keys=True, default=str).lower()


def _script(connector: Connector) -> str:
    path = connector.script_path
    try:
        text = path.read_text(encoding="utf-8-sig") if path is not None else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()
