"""Judging connectors that sign in by Microsoft Entra ID (AAD): both files must say so, and agree.

Only `aad` itself is held to it: connectors with a certificate are Microsoft's own, and where a
connection parameter set leaves the choice, the definition cannot say which one applies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Properties
from harness.connector.properties import expected_scope, is_placeholder
from harness.findings.examples import REMOVED, Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import OAUTH
from harness.suites.definition.context import DefinitionFacts
from harness.suites.definition.document import requirements_of

__all__ = ["is_aad", "judge_aad"]

SECURITY_MISSING = Rule(
    id="definition.security-missing",
    severity="error",
    title="An AAD connector's definition does not ask for sign-in",
    meaning="apiProperties.json signs users in by AAD, but no oauth2 scheme is defined, or "
    "security applies to none or not to all of the operations; a note for connectors with a "
    "certificate or with connection parameter sets.",
    why="The wizard makes a connector without sign-in of it: calls go out without a token.",
    remedy="Declare securityDefinitions with oauth2 and apply it in security.",
    reference="Microsoft, 'Use Microsoft Entra ID with a custom connector'",
    shown_by=(Edit({"/security": [], "/securityDefinitions/oauth2_auth": REMOVED}),),
)
AAD_INCOMPLETE = Rule(
    id="definition.aad-incomplete",
    severity="error",
    title="The AAD section of apiProperties.json is incomplete",
    meaning="identityProvider is aad, but resourceUri (or clientId) is missing.",
    why="No connection can be made: Entra ID does not know for which API to issue a token.",
    remedy="Fill in clientId and customParameters.resourceUri.",
    reference="Microsoft, 'Use Microsoft Entra ID with a custom connector'",
    shown_by=(Edit(properties={f"{OAUTH}/customParameters/resourceUri/value": ""}),),
)
AAD_PLACEHOLDER = Rule(
    id="definition.aad-placeholder",
    severity="note",
    title="apiProperties.json has placeholders",
    meaning="clientId or resourceUri is a placeholder.",
    why="It must be filled in before deployment.",
    remedy="Fill it in as part of the deployment.",
    reference="Microsoft, 'Create a custom connector from paconn: API properties file'",
    shown_by=(Edit(properties={f"{OAUTH}/clientId": "<<client id>>"}),),
)
AAD_RESOURCE = Rule(
    id="definition.aad-resource",
    severity="error",
    title="resourceUri does not fit the configured scope",
    meaning="The token that the connector asks for is for another resource than [entra] scope or "
    "api-client-id; a warning where both name one API (its client id, with and without api://).",
    why="The connector's token has another audience than the one that is tested here.",
    remedy="Make resourceUri and the scope's resource equal, to the trailing slash.",
    reference="Microsoft identity platform, 'Access tokens': aud",
    shown_by=(Edit(properties={f"{OAUTH}/customParameters/resourceUri/value": "api://other"}),),
)
AAD_RESOURCE_FORM = Rule(
    id="definition.aad-resource-form",
    severity="error",
    title="resourceUri is neither a URI nor a GUID",
    meaning="resourceUri has no scheme (https://, api://) and is no application id.",
    why="Entra ID finds no such resource: AADSTS500011 when a connection is made.",
    remedy="Write the Application ID URI as the API's registration has it, or its client id.",
    reference="Microsoft Entra, 'Authentication and authorization error codes': AADSTS500011",
    shown_by=(
        Edit(
            properties={f"{OAUTH}/customParameters/resourceUri/value": "documents.contoso.com"},
            facts={"scope": None, "api_client_id": None},
        ),
    ),
)

PARAMETERS = "/properties/connectionParameters"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def is_aad(connector: Connector) -> bool:
    """Whether every connection signs in by AAD."""
    properties = connector.properties
    provider = (properties.identity_provider or "").lower() if properties else ""
    return provider == "aad" and connector.kind != "postman" and not _sets(connector)


def _sets(connector: Connector) -> bool:
    body = connector.properties.raw.get("properties") if connector.properties else None
    return isinstance(body, Mapping) and bool(body.get("connectionParameterSets"))


def judge_aad(connector: Connector, facts: DefinitionFacts) -> Iterator[Finding]:
    """What definition and properties say of the sign-in, held against each other."""
    properties = connector.properties
    provider = (properties.identity_provider or "").lower() if properties else ""
    if properties is None or connector.kind == "postman":
        return
    if provider in ("aad", "aadcertificate"):
        yield from _definition(connector)
    if provider == "aad":
        yield from _properties(connector, properties, facts)


def _definition(connector: Connector) -> Iterator[Finding]:
    schemes = connector.raw.get("securityDefinitions")
    defined = schemes if isinstance(schemes, Mapping) else {}
    kinds = {s.get("type") for s in defined.values() if isinstance(s, Mapping)}
    applied = any(requirement for _, requirement in requirements_of(connector))
    place = "/securityDefinitions" if defined else ""
    severity = None if is_aad(connector) else "note"
    if "oauth2" not in kinds:
        message = "users sign in by AAD, but the definition has no security scheme for it"
    elif not applied:
        message = "users sign in by AAD, but security applies to no operation"
    else:
        yield from _bare(connector)
        return
    yield SECURITY_MISSING.at(
        connector,
        message,
        place,
        severity=severity,  # type: ignore[arg-type]
    )


def _bare(connector: Connector) -> Iterator[Finding]:
    """Operations without sign-in, where others have it: said once for all of them."""
    general = any(row for pointer, row in requirements_of(connector) if pointer.count("/") == 2)
    if general:
        return
    bare = [o for o in connector.operations if "security" not in o.raw]
    if bare:
        names = ", ".join(o.id for o in bare[:5]) + (" ..." if len(bare) > 5 else "")
        yield SECURITY_MISSING.at(
            connector,
            f"users sign in by AAD, but security does not apply to {names}",
            bare[0].pointer,
            severity=None if is_aad(connector) else "note",
        )


def _asked(properties: Properties) -> set[str]:
    """What the user fills in when a connection is made: `token:resourceUri` and the like."""
    body = properties.raw.get("properties")
    groups: list[Any] = []
    if isinstance(body, Mapping):
        groups.append(body.get("connectionParameters"))
        sets = body.get("connectionParameterSets")
        values = sets.get("values") if isinstance(sets, Mapping) else None
        for entry in values if isinstance(values, list) else ():
            groups.append(entry.get("parameters") if isinstance(entry, Mapping) else None)
    names = [str(name).lower() for group in groups if isinstance(group, Mapping) for name in group]
    return {name.partition(":")[2] for name in names if ":" in name}


def _properties(
    connector: Connector, properties: Properties, facts: DefinitionFacts
) -> Iterator[Finding]:
    place = properties.place(PARAMETERS)
    for name, value in (
        ("clientId", properties.client_id),
        ("resourceUri", properties.resource_uri),
    ):
        if value and is_placeholder(value):
            message = f"{name} is a placeholder"
            yield AAD_PLACEHOLDER.at(connector, message, "", place=place)
    asked = _asked(properties)
    resource = properties.resource_uri
    if not resource:
        if "resourceuri" not in asked:
            message = "resourceUri is missing"
            yield AAD_INCOMPLETE.at(connector, message, "", place=place)
        return
    if is_placeholder(resource):
        return
    if not GUID.fullmatch(resource) and not URI.fullmatch(resource):
        yield AAD_RESOURCE_FORM.at(
            connector,
            f"resourceUri is {resource!r}: no scheme, and no GUID",
            "",
            expected="https://..., api://... or the API's client id",
            observed=resource,
            place=place,
        )
    yield from _contradiction(connector, properties, facts)


def _contradiction(
    connector: Connector, properties: Properties, facts: DefinitionFacts
) -> Iterator[Finding]:
    scope = expected_scope(properties)
    place = properties.place(PARAMETERS)
    resource = properties.resource_uri or ""
    if facts.scope and scope:
        mine, theirs = facts.scope.rpartition("/")[0], scope.rpartition("/")[0]
        if mine == theirs:
            return
        slash = mine.rstrip("/") == theirs.rstrip("/")
        why = "; they differ in the trailing slash alone: audiences are compared exactly"
        yield AAD_RESOURCE.at(
            connector,
            f"resourceUri asks for {theirs}, [entra] scope for {mine}" + (why if slash else ""),
            "",
            expected=mine,
            observed=theirs,
            place=place,
            severity="warning" if _same_api(mine, theirs) else None,
        )
    elif facts.api_client_id:
        named = resource.lower().removeprefix("api://").rstrip("/")
        known = {facts.api_client_id.lower(), str(facts.tenant_id).lower()}
        if GUID.fullmatch(named) and named not in known:
            yield AAD_RESOURCE.at(
                connector,
                f"resourceUri is {resource}, [entra] api-client-id is {facts.api_client_id}",
                "",
                expected=facts.api_client_id,
                observed=resource,
                place=place,
            )


def _same_api(one: str, other: str) -> bool:
    """Whether two names of a resource are one API's: its client id, with and without api://."""
    names = [name.lower().removeprefix("api://").rstrip("/") for name in (one, other)]
    return names[0] == names[1]
