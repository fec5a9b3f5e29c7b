"""Whether a refusal points the right way: authority, tenant, application, return address, data.

A refusal may be wrong although nobody got in: it may lead to a foreign sign-in page, or hand out
the data together with the 401. Source of the expected shape: captured redirects and challenges of
App Service Authentication, and "Configure your App Service app to use Microsoft Entra sign-in".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from harness.bounds.urls import split_url
from harness.exchanges.challenge import Challenge, bearer_challenge, parse_challenges
from harness.exchanges.context import RunContext
from harness.exchanges.model import Response
from harness.exchanges.refusal import Verdict
from harness.findings.examples import Fault
from harness.findings.model import Rule, Severity

__all__ = [
    "GUID",
    "SHARED_TENANTS",
    "SignInTargets",
    "WrongRefusal",
    "faults_of_refusal",
    "is_sign_in",
    "same_tenant",
    "signposts_of",
    "tenant_of",
]

FOREIGN_REDIRECT = Rule(
    id="anonymous.foreign-redirect",
    severity="error",
    title="Sign-in happens on a foreign host",
    meaning="The caller is sent to sign in at a host that does not belong to the configured cloud.",
    why="Whoever types a password there gives it to somebody else.",
    remedy="Check the issuer URL of the identity provider, and whether the function itself "
    "redirects; for a sovereign cloud set [entra] authority.",
    reference="Microsoft: Configure your App Service app to use Microsoft Entra sign-in",
    shown_by=(Fault("foreign-redirect", "WhoAmI"),),
)
WRONG_TENANT = Rule(
    id="anonymous.wrong-tenant",
    severity="error",
    title="Sign-in is for another tenant",
    meaning="Redirect or challenge name another tenant than the settings, or (as a warning) every"
    " tenant where one is configured.",
    why="Users of the right tenant cannot sign in, or users of any tenant can.",
    remedy="Set the issuer URL to https://login.microsoftonline.com/<tenant id>/v2.0, or correct"
    " [entra] tenant-id.",
    reference="Microsoft: Configure your App Service app to use Microsoft Entra sign-in",
    shown_by=(Fault("wrong-tenant-redirect", "WhoAmI"),),
)
WRONG_CLIENT = Rule(
    id="anonymous.wrong-client",
    severity="error",
    title="Sign-in is for another app registration",
    meaning="The redirect carries a client_id that is not [entra] api-client-id.",
    why="Tokens are then issued for another API, and those the connector brings are refused.",
    remedy="Set the application (client) id of the identity provider to the API's registration, "
    "or correct [entra] api-client-id.",
    reference="Microsoft: Configure your App Service app to use Microsoft Entra sign-in",
    shown_by=(Fault("wrong-client-redirect", "WhoAmI"),),
)
REDIRECT_URI = Rule(
    id="anonymous.redirect-uri",
    severity="error",
    title="Sign-in returns to a host that is not the app's",
    meaning="The redirect's redirect_uri is not on the function app's own host, or not on https.",
    why="The answer of the sign-in, with its token, goes to that other host.",
    remedy="Behind a gateway set httpSettings.forwardProxy.convention to match it, or test the "
    "host that users call.",
    reference="Microsoft: File-based configuration of authentication in Azure App Service",
    shown_by=(Fault("foreign-return-url", "WhoAmI"),),
)
REDIRECT_INCOMPLETE = Rule(
    id="anonymous.redirect-incomplete",
    severity="error",
    title="The redirect to sign-in lacks what protects it",
    meaning="The address has no authorize endpoint, response_type, client_id, redirect_uri, nonce"
    " or state.",
    why="Without nonce and state a sign-in can be replayed or planted by somebody else.",
    remedy="Let App Service Authentication do the redirect, or have the app send a nonce and a "
    "state.",
    reference="OpenID Connect Core 1.0 section 3.1.2.1; RFC 6749 section 10.12",
    shown_by=(Fault("no-nonce", "WhoAmI"),),
)
FOREIGN_CHALLENGE = Rule(
    id="anonymous.foreign-challenge",
    severity="error",
    title="The 401 names a foreign authority or API",
    meaning="The WWW-Authenticate challenge asks for another scheme than Bearer, or names an "
    "authority, API or metadata address that is not the configured one.",
    why="Clients that follow challenges would fetch their token from, or for, somebody else.",
    remedy="Check issuer URL and client id of the identity provider, and [entra] in the settings.",
    reference="RFC 6750 section 3; "
    "Microsoft: Authentication and authorization in Azure App Service",
    shown_by=(Fault("basic-challenge", "WhoAmI"),),
)

PUBLIC_CLOUD = frozenset({"login.microsoftonline.com", "login.windows.net", "login.microsoft.com"})
SOVEREIGN_CLOUDS = (
    frozenset({"login.microsoftonline.us", "login-us.microsoftonline.com"}),
    frozenset({"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}),
)
SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})
GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.I)
_AUTHORIZE = re.compile(r"/oauth2/(v2\.0/)?authorize$", re.I)


@dataclass(frozen=True, slots=True)
class SignInTargets:
    """Where a refusal may point. None and empty mean: not configured, so not compared."""

    own_hosts: frozenset[str]
    sign_in_hosts: frozenset[str]
    tenant: str | None
    client_id: str | None
    resources: frozenset[str]


@dataclass(frozen=True, slots=True)
class WrongRefusal:
    """One thing wrong with a refusal: rule, words for people, and a severity if not the rule's."""

    rule: Rule
    message: str
    expected: str
    observed: str
    severity: Severity | None = None


def signposts_of(context: RunContext) -> SignInTargets:
    """What settings and properties say about the tenant, the API and the app's own hosts."""
    settings, properties = context.settings, context.connector.properties
    entra = settings.entra
    own = {_netloc(context.origin)}
    if settings.symbolic_origin:
        own.add(_netloc(settings.symbolic_origin))
    resources: set[str] = set()
    for text in (
        entra.api_client_id,
        f"api://{entra.api_client_id}" if entra.api_client_id else None,
        entra.scope.rpartition("/")[0] if entra.scope else None,
        properties.resource_uri if properties else None,
    ):
        if text:
            resources.add(text.rstrip("/").lower())
    tenant = entra.tenant_id or (properties.tenant_id if properties else None)
    if tenant and tenant.lower() in SHARED_TENANTS:
        tenant = None
    known = resources if entra.api_client_id else set()
    return SignInTargets(
        frozenset(own),
        _sign_in_hosts(entra.authority)
        | _names_of_external_id(entra.authority, tenant)
        | {host.lower() for host in entra.sign_in_hosts},
        tenant,
        entra.api_client_id,
        frozenset(known),
    )


def faults_of_refusal(
    verdict: Verdict, response: Response, posts: SignInTargets
) -> Iterator[WrongRefusal]:
    """What is wrong with the way in which a call was refused."""
    if verdict.manner == "challenge":
        yield from _challenge_faults(response, posts)
    elif verdict.manner in ("redirect", "page"):
        yield from _redirect_faults(verdict, posts)


def _challenge_faults(response: Response, posts: SignInTargets) -> Iterator[WrongRefusal]:
    values = response.all_headers("www-authenticate")
    challenge = bearer_challenge(values)
    if challenge is None:
        schemes = [c.scheme for value in values for c in parse_challenges(value)]
        if schemes:
            yield WrongRefusal(
                FOREIGN_CHALLENGE,
                f"the 401 asks for {', '.join(schemes)}, not for a bearer token",
                "a Bearer challenge, or none",
                f"WWW-Authenticate: {'; '.join(values)[:200]}",
            )
        return
    yield from _authority_faults(challenge, posts)
    resource = challenge.parameters.get("resource_id") or challenge.parameters.get("resource")
    if resource and posts.resources and resource.rstrip("/").lower() not in posts.resources:
        yield WrongRefusal(
            FOREIGN_CHALLENGE,
            "the challenge names another API than the settings do",
            f"resource_id {posts.client_id}",
            f"resource_id {resource}",
        )
    metadata = challenge.parameters.get("resource_metadata")
    if metadata and posts.own_hosts and _netloc(metadata) not in posts.own_hosts:
        yield WrongRefusal(
            FOREIGN_CHALLENGE,
            "the challenge's protected-resource metadata stand on a foreign host",
            "resource_metadata on the app's own host (RFC 9728)",
            f"resource_metadata {metadata}",
        )


def _authority_faults(challenge: Challenge, posts: SignInTargets) -> Iterator[WrongRefusal]:
    address = challenge.parameters.get("authorization_uri") or challenge.parameters.get(
        "authorization"
    )
    if not address:
        return
    if not is_sign_in(address, posts):
        yield WrongRefusal(
            FOREIGN_CHALLENGE,
            "the challenge names an authority outside the configured cloud",
            f"authorization_uri on {_hosts(posts)}",
            f"authorization_uri {address}",
        )
        return
    tenant = tenant_of(address)
    if tenant and tenant.lower() not in SHARED_TENANTS and not same_tenant(tenant, posts.tenant):
        yield WrongRefusal(
            WRONG_TENANT,
            "the challenge names another tenant than the settings do",
            f"tenant {posts.tenant}",
            f"authorization_uri {address}",
        )


def _redirect_faults(verdict: Verdict, posts: SignInTargets) -> Iterator[WrongRefusal]:
    location = verdict.location
    if not location:
        yield WrongRefusal(
            REDIRECT_INCOMPLETE,
            "the caller is sent to sign in, but to no address that can be read",
            "the tenant's authorize endpoint",
            verdict.observed,
        )
        return
    if _netloc(location) in posts.own_hosts:
        return  # the app's own sign-in page: whom it lets in is the app's matter
    if _netloc(location).endswith(".azurestaticapps.net") and "/.auth/login/" in location:
        yield WrongRefusal(
            FOREIGN_REDIRECT,
            "the caller is sent to the login of a Static Web App, which takes no bearer tokens of "
            "a connector: let the connector call the Function App's own host",
            f"https on {_hosts(posts)}",
            verdict.observed,
            "warning",
        )
        return
    if not is_sign_in(location, posts):
        yield WrongRefusal(
            FOREIGN_REDIRECT,
            "the caller is sent to a host that is not the configured cloud's sign-in",
            f"https on {_hosts(posts)}",
            verdict.observed,
        )
        return
    yield from _tenant_faults(location, verdict, posts)
    yield from _parameter_faults(location, posts)


def _tenant_faults(location: str, verdict: Verdict, posts: SignInTargets) -> Iterator[WrongRefusal]:
    tenant = tenant_of(location)
    if posts.tenant is None or not tenant:
        return
    if tenant.lower() in SHARED_TENANTS:
        yield WrongRefusal(
            WRONG_TENANT,
            f"the sign-in is for every tenant ({tenant}), not for the configured one alone",
            f"tenant {posts.tenant}",
            verdict.observed,
            "warning",
        )
    elif not same_tenant(tenant, posts.tenant):
        yield WrongRefusal(
            WRONG_TENANT,
            "the caller is sent to another tenant's sign-in",
            f"tenant {posts.tenant}",
            verdict.observed,
        )


def _parameter_faults(location: str, posts: SignInTargets) -> Iterator[WrongRefusal]:
    parts = split_url(location)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    lacking = [
        name
        for name in ("response_type", "client_id", "redirect_uri", "nonce", "state")
        if not query.get(name)
    ]
    if not _AUTHORIZE.search(parts.path):
        lacking.insert(0, "an authorize endpoint as its path")
    if lacking:
        yield WrongRefusal(
            REDIRECT_INCOMPLETE,
            f"the sign-in address lacks {', '.join(lacking)}",
            "authorize endpoint with response_type, client_id, redirect_uri, nonce and state",
            f"{parts.path} with {', '.join(sorted(query)) or 'no parameters'}",
        )
    client = query.get("client_id")
    if client and posts.client_id and client.lower() != posts.client_id.lower():
        yield WrongRefusal(
            WRONG_CLIENT,
            "the sign-in is for another app registration than the settings name",
            f"client_id {posts.client_id}",
            f"client_id {client}",
        )
    back = query.get("redirect_uri")
    foreign = bool(posts.own_hosts) and _netloc(back or "") not in posts.own_hosts
    if back and (foreign or not back.lower().startswith("https:")):
        yield WrongRefusal(
            REDIRECT_URI,
            "after sign-in the browser is sent to a host that is not the app's own",
            f"redirect_uri on {', '.join(sorted(posts.own_hosts))}",
            f"redirect_uri {back}",
        )


def _sign_in_hosts(authority: str) -> frozenset[str]:
    host = _netloc(authority)
    for cloud in (PUBLIC_CLOUD, *SOVEREIGN_CLOUDS):
        if host in cloud:
            return cloud
    return frozenset({host})


def _names_of_external_id(authority: str, tenant: str | None) -> frozenset[str]:
    """Further names of an External ID tenant's sign-in host: by id, and by the domain's prefix.

    Source: "Microsoft Entra External ID: custom URL domains", `<tenant>.ciamlogin.com`.
    """
    if not tenant or not _netloc(authority).endswith(".ciamlogin.com"):
        return frozenset()
    name = tenant.lower().removesuffix(".onmicrosoft.com")
    return frozenset() if "." in name else frozenset({f"{name}.ciamlogin.com"})


def is_sign_in(address: str, posts: SignInTargets) -> bool:
    """Whether an address is on https at a sign-in host of the configured cloud."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    # `https://login.microsoftonline.com@evil.example/` reads well and leads astray.
    return (
        parts.scheme.lower() == "https"
        and parts.username is None
        and _netloc(address) in posts.sign_in_hosts
    )


def _netloc(url: str) -> str:
    """Host, and port where it is not the scheme's own, in lower case."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").lower().rstrip(".")
    default = {"http": 80, "https": 443}.get(parts.scheme.lower())
    return host if port in (None, default) else f"{host}:{port}"


def tenant_of(address: str) -> str:
    """The first segment of a sign-in address' path: GUID, domain, `common` ..."""
    segments = [segment for segment in split_url(address).path.split("/") if segment]
    return segments[0] if segments else ""


def same_tenant(tenant: str, configured: str | None) -> bool:
    """Whether both name one tenant; a GUID and a domain cannot be compared, so they pass."""
    if configured is None or bool(GUID.match(tenant)) != bool(GUID.match(configured)):
        return True
    return tenant.lower() == configured.lower()


def _hosts(posts: SignInTargets) -> str:
    return " or ".join(sorted(posts.sign_in_hosts))
