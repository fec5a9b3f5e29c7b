"""Telling wrong settings from a wrong app: two answers that agree against unconfirmed settings.

A mistyped `[entra] tenant-id` makes every refusal look as if it led to a foreign tenant. Where an
API client and a browser are sent the same way, and nothing but the settings says otherwise, either
may be wrong: that is no proof against the app. Whether the app takes the user's token is for the
delegated checks to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from harness.bounds.urls import split_url
from harness.connector.model import Properties
from harness.exchanges.challenge import bearer_challenge
from harness.exchanges.context import RunContext
from harness.exchanges.model import Response
from harness.exchanges.refusal import Verdict
from harness.suites.anonymous.sign_in_redirect import (
    GUID,
    SHARED_TENANTS,
    SignInTargets,
    is_sign_in,
    same_tenant,
    tenant_of,
)

__all__ = ["Refusal", "reconciled"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """How one kind of client (`api`, `browser`) was refused."""

    client: str
    verdict: Verdict
    response: Response


@dataclass(frozen=True, slots=True)
class _Named:
    """What one refusal names: the tenant and the API's client id, in lower case; "" for neither."""

    client: str
    tenant: str
    api: str


def reconciled(
    context: RunContext, posts: SignInTargets, refusals: Iterable[Refusal]
) -> tuple[SignInTargets, str | None]:
    """The targets to hold refusals against, and why settings and app are in doubt; None if not.

    Where the app consistently names another tenant or API than unconfirmed settings do, the
    targets take the app's, so that every other fault of a refusal is still found.
    """
    named = [_named(refusal, posts) for refusal in refusals]
    properties = context.connector.properties
    entra, doubts = context.settings.entra, []
    tenant = _agreed((each.client, each.tenant) for each in named)
    if (
        tenant
        and entra.tenant_id
        and not same_tenant(tenant, posts.tenant)
        and not _confirms_tenant(properties, entra.tenant_id)
    ):
        posts = replace(posts, tenant=tenant)
        doubts.append(_doubt("tenant-id", entra.tenant_id, tenant))
    api = _agreed((each.client, each.api) for each in named)
    configured = entra.api_client_id
    if api and configured and api != configured.lower() and not _confirms_api(context, configured):
        known = posts.resources | {api, f"api://{api}"}
        posts = replace(posts, client_id=api, resources=frozenset(known))
        doubts.append(_doubt("api-client-id", configured, api))
    return posts, "; ".join(doubts) or None


def _doubt(key: str, configured: str, named: str) -> str:
    return (
        f"your settings and the app disagree: [entra] {key} is {configured}, but the app's answers "
        f"to an API client and to a browser both name {named}; correct {key}, or the app's "
        "identity provider"
    )


def _named(refusal: Refusal, posts: SignInTargets) -> _Named:
    """What a refusal names; addresses outside the configured cloud's sign-in name nothing."""
    if refusal.verdict.manner == "challenge":
        challenge = bearer_challenge(refusal.response.all_headers("www-authenticate"))
        facts = {} if challenge is None else challenge.parameters
        address = facts.get("authorization_uri") or facts.get("authorization") or ""
        api = facts.get("resource_id") or facts.get("resource") or ""
    elif refusal.verdict.manner in ("redirect", "page"):
        address = refusal.verdict.location or ""
        api = parse_qs(split_url(address).query).get("client_id", [""])[0]
    else:
        return _Named(refusal.client, "", "")
    if not is_sign_in(address, posts):
        return _Named(refusal.client, "", "")
    tenant = tenant_of(address).lower()
    bare = api.rstrip("/").lower().removeprefix("api://")
    return _Named(
        refusal.client,
        "" if tenant in SHARED_TENANTS else tenant,
        bare if GUID.match(bare) else "",
    )


def _agreed(named: Iterable[tuple[str, str]]) -> str | None:
    """The one value that the answers to both kinds of client name; None where they differ."""
    told = [(client, value) for client, value in named if value]
    values = {value for _, value in told}
    if len(values) != 1 or len({client for client, _ in told}) < 2:
        return None
    return values.pop()


def _confirms_tenant(properties: Properties | None, configured: str) -> bool:
    """Whether the connector's properties name the settings' tenant too."""
    named = properties.tenant_id if properties else None
    return bool(named) and str(named).lower() == configured.lower()


def _confirms_api(context: RunContext, configured: str) -> bool:
    """Whether the properties' resourceUri or the settings' scope name the same API."""
    return configured.lower() in set(_apis(context))


def _apis(context: RunContext) -> Iterator[str]:
    properties, scope = context.connector.properties, context.settings.entra.scope
    for text in (
        properties.resource_uri if properties else None,
        scope.rpartition("/")[0] if scope else None,
    ):
        if text:
            yield text.rstrip("/").lower().removeprefix("api://")
