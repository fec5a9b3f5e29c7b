"""Cross-checking the connector with the app's own authentication settings (`authsettingsV2`).

Taken as `az webapp auth show`, ARM or Bicep output, or the bare properties print them. Source: App
Service, "Microsoft Entra provider" and "File-based configuration".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.bounds.urls import split_url
from harness.connector.model import Connector, Place
from harness.connector.properties import is_placeholder
from harness.connector.reading import read_object
from harness.errors import DefinitionError, SettingsError
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.suites.definition.context import DefinitionFacts

__all__ = ["check_easy_auth", "read_auth_settings"]

_APPS = "allowedApplications"
_AAD = "/identityProviders/azureActiveDirectory"
_ELSE = "99999999-0000-4000-8000-000000000000"
_OTHER_ISSUER = f"https://login.microsoftonline.com/{_ELSE}/v2.0"
_SOURCE = "App Service, 'Configure your App Service app to use Microsoft Entra sign-in'"
OFF = Rule(
    id="definition.easy-auth-off",
    severity="error",
    title="App Service Authentication is off",
    meaning="platform.enabled is false, or authentication is not required.",
    why="Everybody can call every function.",
    remedy="az webapp auth update --enabled true --action RedirectToLoginPage",
    reference=_SOURCE,
    shown_by=(Edit(auth={"/platform/enabled": False}),),
)
ISSUER = Rule(
    id="definition.easy-auth-issuer",
    severity="error",
    title="The app trusts another tenant's issuer",
    meaning="openIdIssuer names another tenant than [entra] tenant-id, or none.",
    why="Tokens of the connector's users are refused, or anybody's are accepted.",
    remedy="Set openIdIssuer to https://login.microsoftonline.com/<tenant>/v2.0.",
    reference=_SOURCE,
    shown_by=(Edit(auth={f"{_AAD}/registration/openIdIssuer": _OTHER_ISSUER}),),
)
AUDIENCE = Rule(
    id="definition.easy-auth-audience",
    severity="error",
    title="The app does not accept the connector's audience",
    meaning="Neither the client id nor allowedAudiences is what the connector's token is for. "
    "Audiences are compared exactly, to the trailing slash; v2 tokens carry the API's client id "
    "instead.",
    why="Every call with a valid token is refused with 401.",
    remedy="Add the connector's resourceUri to allowedAudiences.",
    reference=_SOURCE,
    shown_by=(
        Edit(
            auth={
                f"{_AAD}/validation/allowedAudiences": ["api://another"],
                f"{_AAD}/registration/clientId": _ELSE,
            }
        ),
    ),
)
ALLOW_LIST = Rule(
    id="definition.easy-auth-allow-list",
    severity="error",
    title="The allow-list leaves the connector's client out",
    meaning="defaultAuthorizationPolicy.allowedApplications is set but lacks the connector's "
    "client id, or it is empty, which lets nobody in.",
    why="Every call with a valid token is refused with 403.",
    remedy="Add the connector's client id to allowedApplications.",
    reference=_SOURCE,
    shown_by=(Edit(auth={f"{_AAD}/validation/defaultAuthorizationPolicy": {_APPS: []}}),),
)
EXCLUDED = Rule(
    id="definition.easy-auth-excluded",
    severity="error",
    title="An operation stands under excludedPaths",
    meaning="A path of the definition is excluded from authentication.",
    why="The operation is open to everybody.",
    remedy="Take it out of excludedPaths, or list the operation in [anonymous] public.",
    reference=_SOURCE,
    shown_by=(Edit(auth={"/globalValidation/excludedPaths": ["/api/me"]}),),
)
OPEN_ACTION = "allowanonymous"


def read_auth_settings(path: Path) -> Mapping[str, Any]:
    """The settings in a file.

    Raises:
        SettingsError: it cannot be read, or holds no authentication settings; one line.
    """
    try:
        document = read_object(path, "the app's authentication settings").data
    except DefinitionError as error:
        raise SettingsError(str(error)) from None
    properties = _properties(document)
    if properties is None:
        raise SettingsError(f"{path}: holds no authsettingsV2 (az webapp auth show prints them)")
    _check_types(properties, path)
    return properties


LISTS = (
    ("globalValidation", "excludedPaths"),
    ("identityProviders", "azureActiveDirectory", "validation", "allowedAudiences"),
    (
        "identityProviders",
        "azureActiveDirectory",
        "validation",
        "defaultAuthorizationPolicy",
        "allowedApplications",
    ),
)
"""Where authsettingsV2 has an array of texts, or null (App Service, `SiteAuthSettingsV2`)."""


def _check_types(document: Mapping[str, Any], path: Path) -> None:
    for *above, key in LISTS:
        value = _at(document, *above).get(key)
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if value is not None and not is_list:
            where = "/".join((*above, key))
            raise SettingsError(f"{path}: {where} must be an array of texts")


def _properties(document: Any) -> Mapping[str, Any] | None:
    """The part that holds the settings, wherever a tool put it."""
    if not isinstance(document, Mapping):
        return None
    if "globalValidation" in document or "identityProviders" in document:
        return document
    for key in ("properties", "value", "authsettingsV2"):
        found = _properties(document.get(key))
        if found is not None:
            return found
    resources = document.get("resources")
    for resource in resources if isinstance(resources, list) else []:
        found = _properties(resource)
        if found is not None:
            return found
    return None


def check_easy_auth(
    document: Mapping[str, Any],
    connector: Connector,
    facts: DefinitionFacts,
    *,
    public: tuple[str, ...] = (),
    source: Path | None = None,
) -> list[Finding]:
    """Everything in which the app's settings contradict what the connector needs."""
    place = Place(source.as_posix() if source is not None else "authsettingsV2")
    return [
        *_required(document, place),
        *_issuer(document, facts, place),
        *_audience(document, connector, facts, place),
        *_allow_list(document, connector, facts, place),
        *_excluded(document, connector, public, place),
    ]


def _at(node: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def _provider(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return _at(document, "identityProviders", "azureActiveDirectory")


def _required(document: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    validation = _at(document, "globalValidation")
    action = str(validation.get("unauthenticatedClientAction", ""))
    if _at(document, "platform").get("enabled") is False:
        yield OFF.finding("App Service Authentication is switched off", place=place)
    elif validation.get("requireAuthentication") is False or action.lower() == OPEN_ACTION:
        yield OFF.finding(
            "calls without a token are let through",
            expected="requireAuthentication: true, and an action that refuses",
            observed=action or "requireAuthentication: false",
            place=place,
        )


def _issuer(document: Mapping[str, Any], facts: DefinitionFacts, place: Place) -> Iterator[Finding]:
    issuer = _at(_provider(document), "registration").get("openIdIssuer")
    if not isinstance(issuer, str) or not facts.tenant_id:
        return
    tenant = next(iter(split_url(issuer).path.strip("/").split("/")), "")
    is_id = len(facts.tenant_id) == 36
    if is_id and tenant.lower() != facts.tenant_id.lower():
        yield ISSUER.finding(
            f"openIdIssuer is of tenant {tenant or 'none'}",
            expected=facts.tenant_id,
            observed=issuer,
            place=place,
        )


def _audience(
    document: Mapping[str, Any], connector: Connector, facts: DefinitionFacts, place: Place
) -> Iterator[Finding]:
    registration = _at(_provider(document), "registration")
    validation = _at(_provider(document), "validation")
    client = registration.get("clientId")
    accepted = {str(a) for a in validation.get("allowedAudiences") or ()}
    accepted |= {client} if isinstance(client, str) else set()
    properties = connector.properties
    wanted = properties.resource_uri if properties is not None else None
    wanted = wanted or (facts.scope.rpartition("/")[0] if facts.scope else None)
    if not wanted or is_placeholder(wanted) or not accepted:
        return
    v2 = bool(facts.api_client_id) and facts.api_client_id in accepted
    if wanted in accepted or wanted.removeprefix("api://") in accepted or v2:
        return
    slash = {a.rstrip("/") for a in accepted}
    hint = "; only the trailing slash differs" if wanted.rstrip("/") in slash else ""
    yield AUDIENCE.finding(
        f"the connector asks for {wanted}, which the app does not accept{hint}",
        expected=wanted,
        observed=", ".join(sorted(accepted)),
        place=place,
    )


def _allow_list(
    document: Mapping[str, Any], connector: Connector, facts: DefinitionFacts, place: Place
) -> Iterator[Finding]:
    policy = _at(_provider(document), "validation", "defaultAuthorizationPolicy")
    allowed = policy.get("allowedApplications")
    if not isinstance(allowed, list):
        return
    client = facts.client_id or (connector.properties.client_id if connector.properties else None)
    if not allowed:
        yield ALLOW_LIST.finding(
            "allowedApplications is an empty list, which permits nobody",
            expected="the connector's client id, or no list at all",
            observed="[]",
            place=place,
        )
    elif (
        client
        and not is_placeholder(client)
        and client.lower() not in {str(a).lower() for a in allowed}
    ):
        yield ALLOW_LIST.finding(
            f"allowedApplications does not hold the connector's client {client}",
            expected=client,
            observed=", ".join(map(str, allowed)),
            place=place,
        )


def _excluded(
    document: Mapping[str, Any], connector: Connector, public: tuple[str, ...], place: Place
) -> Iterator[Finding]:
    excluded = _at(document, "globalValidation").get("excludedPaths")
    patterns = [str(p) for p in excluded] if isinstance(excluded, list) else []
    for operation in connector.operations:
        path = connector.base_path.rstrip("/") + operation.path
        hit = next((p for p in patterns if _covers(p, path)), None)
        if hit is not None and operation.id not in public:
            yield EXCLUDED.finding(
                f"{operation.id} ({path}) is excluded from authentication by {hit}",
                operation=operation.id,
                expected="authentication",
                observed=hit,
                place=place,
            )


def _covers(pattern: str, path: str) -> bool:
    """Whether an excluded path covers another; case is not told apart, to be on the safe side."""
    low, goal = pattern.lower(), path.lower()
    if low.endswith("/*"):
        return goal.startswith(low.removesuffix("*"))
    return goal == low
