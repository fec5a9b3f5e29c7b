"""Cross-checking the connector with the app's own authentication settings (`authsettingsV2`).

`harness.connector.auth_settings` reads them. Source: App Service, "Microsoft Entra provider" and
"File-based configuration".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.connector.auth_settings import (
    AuthSettings,
    is_guid,
    issuer_tenant,
    token_version,
)
from harness.connector.model import Connector, Operation, Place
from harness.connector.properties import is_placeholder
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.suites.definition.context import DefinitionFacts

__all__ = ["check_easy_auth", "covers"]

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
    title="The allow-list leaves the connector's client or its users out",
    meaning="defaultAuthorizationPolicy.allowedApplications (or jwtClaimChecks) is set but lacks "
    "the connector's client id, or it is empty, which lets nobody in; as a note: allowedPrincipals "
    "or jwtClaimChecks.allowedGroups let certain users or groups in only.",
    why="Every call with a valid token is refused with 403.",
    remedy="Add the connector's client id to allowedApplications, and its users to "
    "allowedPrincipals.",
    reference=_SOURCE,
    shown_by=(Edit(auth={f"{_AAD}/validation/defaultAuthorizationPolicy": {_APPS: []}}),),
)
EXCLUDED = Rule(
    id="definition.easy-auth-excluded",
    severity="error",
    title="An operation is under excludedPaths",
    meaning="A path of the definition is excluded from authentication: exactly, by a wildcard, or "
    "(as a warning) because it is below an excluded path.",
    why="The operation is open to everybody.",
    remedy="Take it out of excludedPaths, or list the operation in [anonymous] public.",
    reference=_SOURCE,
    shown_by=(Edit(auth={"/globalValidation/excludedPaths": ["/api/me"]}),),
)
PROVIDER = Rule(
    id="definition.easy-auth-provider",
    severity="error",
    title="The Microsoft identity provider is not enabled",
    meaning="identityProviders.azureActiveDirectory is disabled or missing, and no other provider "
    "is on.",
    why="App Service Authentication accepts no token at all: every call with a valid one is "
    "refused.",
    remedy="Set identityProviders.azureActiveDirectory.enabled to true (az webapp auth microsoft "
    "update --client-id <api client id> --issuer <issuer>).",
    reference=_SOURCE,
    shown_by=(Edit(auth={f"{_AAD}/enabled": False}),),
)
OPEN_ACTION = "allowanonymous"


def check_easy_auth(
    settings: AuthSettings,
    connector: Connector | None,
    facts: DefinitionFacts,
    *,
    public: tuple[str, ...] = (),
    source: Path | None = None,
) -> list[Finding]:
    """Everything in which the app's settings contradict what the connector needs."""
    place = Place(source.as_posix() if source is not None else "authsettingsV2")
    if settings.enabled is False:
        return [OFF.finding("App Service Authentication is switched off", place=place)]
    return [
        *_required(settings, place),
        *_provider(settings, place),
        *_issuer(settings, facts, place),
        *_audience(settings, connector, facts, place),
        *_allow_list(settings, connector, facts, place),
        *_principals(settings, place),
        *_excluded(settings, connector, public, place),
    ]


def _required(settings: AuthSettings, place: Place) -> Iterator[Finding]:
    action = settings.action or ""
    if settings.required is False or action.lower() == OPEN_ACTION:
        yield OFF.finding(
            "calls without a token are let through",
            expected="requireAuthentication: true, and an action that refuses",
            observed="requireAuthentication: false" if settings.required is False else action,
            place=place,
        )


def _provider(settings: AuthSettings, place: Place) -> Iterator[Finding]:
    if settings.provider_enabled is False and not settings.other_providers:
        yield PROVIDER.finding(
            "the Microsoft identity provider (azureActiveDirectory) is not enabled, and no other "
            "provider is: no token can be accepted",
            expected="identityProviders.azureActiveDirectory.enabled: true",
            observed="enabled: false, or no such provider",
            place=place,
        )


def _issuer(settings: AuthSettings, facts: DefinitionFacts, place: Place) -> Iterator[Finding]:
    if settings.issuer is None or not facts.tenant_id:
        return
    tenant = issuer_tenant(settings.issuer)
    # A domain cannot be compared with an id, nor one domain of a tenant with another one.
    if tenant is None or not is_guid(facts.tenant_id) or "." in tenant:
        return
    if tenant.lower() != facts.tenant_id.lower():
        yield ISSUER.finding(
            f"openIdIssuer is of tenant {tenant or 'none'}",
            expected=facts.tenant_id,
            observed=settings.issuer,
            place=place,
        )


def _audience(
    settings: AuthSettings, connector: Connector | None, facts: DefinitionFacts, place: Place
) -> Iterator[Finding]:
    accepted = settings.accepted_audiences
    wanted = _wanted_audience(connector, facts)
    if wanted is None or accepted is None:
        return
    if wanted in accepted or wanted.removeprefix("api://") == settings.client_id:
        return
    slash = wanted.rstrip("/") in {audience.rstrip("/") for audience in accepted}
    takes_v2 = bool(facts.api_client_id) and facts.api_client_id in accepted
    if takes_v2 and (not slash or token_version(settings.issuer) == 2):
        return
    hint = "; only the trailing slash differs" if slash else ""
    yield AUDIENCE.finding(
        f"the connector asks for {wanted}, which the app does not accept{hint}",
        expected=wanted,
        observed=", ".join(sorted(accepted)),
        severity="warning" if takes_v2 else None,
        remedy=f"Add {wanted} to allowedAudiences (to the letter), or give resourceUri and the "
        "scope the ending that the app accepts.",
        place=place,
    )


def _wanted_audience(connector: Connector | None, facts: DefinitionFacts) -> str | None:
    properties = connector.properties if connector is not None else None
    wanted = properties.resource_uri if properties is not None else None
    wanted = wanted or (facts.scope.rpartition("/")[0] if facts.scope else None)
    return None if not wanted or is_placeholder(wanted) else wanted


def _allow_list(
    settings: AuthSettings, connector: Connector | None, facts: DefinitionFacts, place: Place
) -> Iterator[Finding]:
    allowed = settings.clients
    if allowed is None:
        return
    properties = connector.properties if connector is not None else None
    client = facts.client_id or (properties.client_id if properties is not None else None)
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
        and client.lower() not in {each.lower() for each in allowed}
    ):
        yield ALLOW_LIST.finding(
            f"allowedApplications does not hold the connector's client {client}",
            expected=client,
            observed=", ".join(allowed),
            place=place,
        )


def _principals(settings: AuthSettings, place: Place) -> Iterator[Finding]:
    """Lists of users and groups: whose they are is only seen from a token."""
    lists = {
        "allowedPrincipals.identities": settings.identities,
        "allowedPrincipals.groups": settings.groups,
    }
    given = {name: held for name, held in lists.items() if held is not None}
    if given and not any(given.values()):
        yield ALLOW_LIST.finding(
            f"{' and '.join(given)} is stored empty, which may permit nobody",
            expected="the connector's users or their group, or no list at all",
            observed="[]",
            severity="warning",
            place=place,
        )
    if settings.claim_groups is not None:
        given["jwtClaimChecks.allowedGroups"] = settings.claim_groups
    for name, held in given.items():
        if held:
            yield ALLOW_LIST.finding(
                f"{name} admits {len(held)} {'groups' if 'roup' in name else 'users'} only: the "
                "connector's users must be among them",
                expected="the users' object ids, or a group of theirs",
                observed=", ".join(held),
                severity="note",
                place=place,
            )


def _excluded(
    settings: AuthSettings,
    connector: Connector | None,
    public: tuple[str, ...],
    place: Place,
) -> Iterator[Finding]:
    if connector is None:
        return
    for operation in connector.operations:
        if operation.id in public:
            continue
        path = connector.base_path.rstrip("/") + operation.path
        hit = next((p for p in settings.excluded if covers(p, path)), None)
        below = next((p for p in settings.excluded if _is_below(path, p)), None)
        if hit is not None:
            what = f"is excluded from authentication by {hit}"
            yield _excluded_finding(operation, path, hit, what, place)
        elif below is not None:
            what = f"is below {below}, which is excluded from authentication: it may be open too"
            yield _excluded_finding(operation, path, below, what, place, sure=False)


def _excluded_finding(
    operation: Operation, path: str, pattern: str, what: str, place: Place, *, sure: bool = True
) -> Finding:
    return EXCLUDED.finding(
        f"{operation.id} ({path}) {what}",
        operation=operation.id,
        expected="authentication",
        observed=pattern,
        severity=None if sure else "warning",
        place=place,
    )


def covers(pattern: str, path: str) -> bool:
    """Whether an excluded path covers another; case is not told apart, to be on the safe side."""
    written = ".*".join(re.escape(part) for part in pattern.strip().lower().split("*"))
    goal = path.lower()
    return re.fullmatch(written, goal) is not None or goal == pattern.strip().lower().rstrip("/")


def _is_below(path: str, pattern: str) -> bool:
    """Whether a path is below an excluded one that has no wildcard."""
    base = pattern.strip().lower().rstrip("/")
    return bool(base) and "*" not in base and path.lower().startswith(base + "/")
