"""Why the good token may have been refused: what the answer and the token's claims tell."""

from __future__ import annotations

from collections.abc import Iterator

from harness.exchanges.challenge import bearer_challenge
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Response

__all__ = ["reasons_for_refusal"]

PLATFORM_SENTENCE = "You do not have permission to view this directory or page."


def reasons_for_refusal(context: RunContext, exchange: Exchange) -> list[str]:
    """Likely reasons, the likeliest first; at least one."""
    response = exchange.response
    if response is None:
        return [exchange.reason or "no answer"]
    if response.status == 403:
        client = exchange.probe.meta.get("client") or "the client that signed in"
        return [
            f"403: {client} or the user is not in the app's allow-list (allowedApplications, "
            "allowedPrincipals), or that list is stored empty, which permits nobody"
        ]
    found = [*_by_answer(context, response), *_by_claims(context, exchange, response)]
    return found or [
        "audience, issuer and client look right: look for IDX codes in the app's log stream"
    ]


def _by_answer(context: RunContext, response: Response) -> Iterator[str]:
    if context.settings.anonymous.enforced_by == "app" or response.status != 401:
        return
    says = response.header("www-authenticate") or response.header("x-ms-middleware-request-id")
    if says is None and response.body.strip() and PLATFORM_SENTENCE not in response.text:
        yield (
            "the function itself answered 401: if sibling operations are refused by the platform "
            "without a token, this path is under excludedPaths, where no principal is injected"
        )
    elif says is None and PLATFORM_SENTENCE not in response.text:
        yield (
            "the 401 is bare, as the Functions host gives it for a missing key: set the "
            "function's authLevel to anonymous, since a connector sends no key"
        )


def _by_claims(context: RunContext, exchange: Exchange, response: Response) -> Iterator[str]:
    meta, entra = exchange.probe.meta, context.settings.entra
    audience, issuer = str(meta.get("audience") or ""), str(meta.get("issuer") or "")
    api = entra.api_client_id
    if api and audience and audience.lower() not in (api.lower(), f"api://{api.lower()}"):
        slash = ", which ends in a slash: that alone makes it another audience"
        yield (
            f"the token's audience is {audience}{slash if audience.endswith('/') else ''}: the app "
            f"accepts {api} and what allowedAudiences lists"
        )
    tenant = entra.tenant_id or ""
    if issuer and tenant.count("-") == 4 and tenant.lower() not in issuer.lower():
        yield f"the token's issuer {issuer} is not of the tenant {tenant}"
    challenge = bearer_challenge(response.all_headers("www-authenticate"))
    address = challenge.parameters.get("authorization_uri", "") if challenge else ""
    wants_v2, has_v2 = "/oauth2/v2.0/" in address, issuer.rstrip("/").endswith("/v2.0")
    if address and issuer and wants_v2 != has_v2:
        yield (
            f"the token is of version {2 if has_v2 else 1} (issuer {issuer}), but the app's issuer "
            f"URL is of version {2 if wants_v2 else 1}: the API registration's "
            "requestedAccessTokenVersion decides which one is issued"
        )
