"""Whether the connector's own app registration works, found out without any directory permission.

The secret is tried by client credentials, consent by a delegated sign-in with the connector's own
client, the redirect URL by an authorize request with `prompt=none` that is never followed.
"""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlencode, urljoin

from harness.bounds.urls import split_url
from harness.callers.diagnosis import Attempt, diagnose
from harness.callers.discovery import endpoint, has_path
from harness.callers.http import Answer, AuthorityError
from harness.callers.registration_facts import CheckedRegistration, RegistrationCheck, State
from harness.callers.signing_in import SignIns
from harness.connector.model import Properties
from harness.connector.properties import is_placeholder
from harness.errors import HarnessError, SignInError

__all__ = ["CheckedRegistration", "RegistrationCheck", "check_registration", "redirect_urls"]

GLOBAL_REDIRECT = "https://global.consent.azure-apim.net/redirect"
SECRET_RULES = frozenset({"sign-in.client-secret", "sign-in.client-kind", "sign-in.unknown-client"})
MOST_HOPS = 3
_CODE = re.compile(r"AADSTS(\d+)")
_CORRELATION = re.compile(
    r"Correlation ID[:\s]*</?[^>]*>?\s*([0-9a-f-]{36})|Correlation ID:\s*"
    r"([0-9a-f-]{36})",
    re.I,
)


def check_registration(sign_ins: SignIns, properties: Properties | None) -> CheckedRegistration:
    """Check secret, consent and redirect URL of the connector's registration; never raises."""
    entra = sign_ins.connections.entra
    named = None if properties is None else properties.client_id
    client_id = entra.connector_client_id or (
        named if named and not is_placeholder(named) else entra.client_id or ""
    )
    signing = entra.client_id or ""
    consent = _consent(sign_ins, client_id, signing)
    parts = (_secret(sign_ins, client_id), consent, *_redirects(sign_ins, client_id, properties))
    remarks = tuple((r.rule, r.user or "", r.text) for r in sign_ins.remarks)
    return CheckedRegistration(client_id, signing, parts, remarks)


def redirect_urls(properties: Properties | None) -> tuple[list[str], str]:
    """The redirect URLs that the platform will use, or none and the reason."""
    if properties is None:
        return [], "there is no apiProperties.json that names one"
    given = properties.redirect_url
    url = given if given and not is_placeholder(given) else None
    mode = (properties.redirect_mode or "Global").lower()
    if mode == "globalperconnector":
        if url is None or split_url(url).path.rstrip("/") == "/redirect":
            return [], (
                "redirectMode is GlobalPerConnector, whose URL is known only once the connector "
                "was saved: copy it into apiProperties.json (redirectUrl)"
            )
        return [url], ""
    return [url or GLOBAL_REDIRECT], ""


def _secret(sign_ins: SignIns, client_id: str) -> RegistrationCheck:
    connections = sign_ins.connections
    if not client_id or not (connections.entra.tenant_id or has_path(connections.entra)):
        return RegistrationCheck("secret", "skipped", "no client id of the connector is known")
    client = connections.connector_client(client_id)
    if client is None:
        return RegistrationCheck(
            "secret", "skipped", "set [entra] connector-client-secret to have it tried"
        )
    scope = sign_ins.app_scope
    try:
        client.for_app(client.attempt("app", "client credentials", [scope]), scope)
    except SignInError as error:
        return _secret_answer(error, client_id)
    except HarnessError as error:
        return RegistrationCheck("secret", "unknown", str(error), client_id)
    return RegistrationCheck("secret", "ok", subject=client_id)


def _secret_answer(error: SignInError, client_id: str) -> RegistrationCheck:
    """What a refusal says of the secret: Entra ID looks at the client before anything else."""
    if error.rule in SECRET_RULES or error.code is None:
        state: State = "broken" if error.rule in SECRET_RULES else "unknown"
        return _part("secret", state, error, client_id)
    if error.rule in ("sign-in.not-assigned", "sign-in.consent-missing"):
        return RegistrationCheck(
            "secret", "ok", "accepted; the app has no permission of its own", client_id
        )
    return _part("secret", "unknown", error, client_id)


def _consent(sign_ins: SignIns, client_id: str, signing: str) -> RegistrationCheck:
    if not client_id:
        return RegistrationCheck("consent", "skipped", "no client id of the connector is known")
    if client_id.lower() == signing.lower():
        return _consent_by_sign_in(sign_ins, client_id)
    try:
        error = sign_ins.consent_of_connector(client_id)
    except HarnessError as other:
        return RegistrationCheck("consent", "unknown", str(other), client_id)
    if error is None:
        return RegistrationCheck("consent", "ok", subject=client_id)
    if error.rule == "sign-in.consent-missing":
        return _part("consent", "broken", error, client_id)
    if error.rule == "sign-in.no-app-token":
        return RegistrationCheck("consent", "skipped", str(error.remedy), client_id)
    return _part("consent", "unknown", error, client_id)


def _consent_by_sign_in(sign_ins: SignIns, client_id: str) -> RegistrationCheck:
    """Users sign in with the connector's own client: whether one could, tells of consent."""
    sign_ins.sign_in_somebody()
    if sign_ins.has_token_of(client_id):
        return RegistrationCheck(
            "consent", "ok", "users signed in with the connector's own client", client_id
        )
    failures = sign_ins.failures
    missing = next((e for e in failures if e.rule == "sign-in.consent-missing"), None)
    if missing is not None:
        return _part("consent", "broken", missing, client_id)
    if failures:
        return _part("consent", "unknown", failures[0], client_id)
    return RegistrationCheck(
        "consent", "skipped", "no user signs in with the connector's client", client_id
    )


def _redirects(
    sign_ins: SignIns, client_id: str, properties: Properties | None
) -> list[RegistrationCheck]:
    urls, reason = redirect_urls(properties)
    entra = sign_ins.connections.entra
    if not urls or not client_id or not (entra.tenant_id or has_path(entra)):
        return [
            RegistrationCheck(
                "redirect", "skipped", reason or "no client id of the connector is known"
            )
        ]
    return [_redirect(sign_ins, client_id, url) for url in urls]


def _redirect(sign_ins: SignIns, client_id: str, url: str) -> RegistrationCheck:
    """Ask for a sign-in without a session: who is registered is sent back, others are told off."""
    entra = sign_ins.connections.entra
    query = urlencode(
        {
            "client_id": client_id,
            "response_type": "code",
            "redirect_uri": url,
            "response_mode": "query",
            "scope": "openid",
            "prompt": "none",
            "state": "connector-harness",
        }
    )
    try:
        page = endpoint(sign_ins.connections.http, entra, "authorization_endpoint")
        page = f"{page}{'&' if '?' in page else '?'}{query}"
        return _redirect_answer(sign_ins, client_id, url, page)
    except AuthorityError as error:
        return RegistrationCheck("redirect", "unknown", str(error), url)


def _redirect_answer(sign_ins: SignIns, client_id: str, url: str, page: str) -> RegistrationCheck:
    http = sign_ins.connections.http
    for _ in range(MOST_HOPS):
        answer = http.page(page)
        location = _location(answer)
        if location is None:
            return _page(answer, client_id, url)
        target = urljoin(page, location)
        if _same_url(target, url):
            return _sent_back(target, url)
        if split_url(target).netloc != split_url(page).netloc:
            break
        page = target
    return RegistrationCheck("redirect", "unknown", "the authorize endpoint sent us elsewhere", url)


def _sent_back(target: str, url: str) -> RegistrationCheck:
    """The redirect URL is known; another error than a missing session is told as well."""
    parts = split_url(target)
    error = parse_qs(parts.query or parts.fragment).get("error", [""])[0]
    says = "" if error in ("login_required", "interaction_required") else f"answered by {error}"
    return RegistrationCheck("redirect", "ok", says, url)


def _page(answer: Answer, client_id: str, url: str) -> RegistrationCheck:
    text = html.unescape(answer.text)
    found, mark = _CODE.search(text), _CORRELATION.search(text)
    if found is None:
        return RegistrationCheck(
            "redirect", "unknown", f"a page with status {answer.status_code}", url
        )
    correlation = (mark[1] or mark[2]) if mark else ""
    described = {"error_codes": [int(found[1])], "correlation_id": correlation}
    error = diagnose(described, Attempt("connector", client=client_id))
    known = error.rule in ("sign-in.redirect-unknown", "sign-in.unknown-client")
    return _part("redirect", "broken" if known else "unknown", error, url)


def _part(name: str, state: State, error: SignInError, subject: str) -> RegistrationCheck:
    says = str(error).splitlines()[0]
    return RegistrationCheck(
        name, state, says, subject, error.remedy, error.code, error.correlation_id
    )


def _location(answer: Answer) -> str | None:
    if answer.status_code not in (301, 302, 303, 307, 308):
        return None
    return next((v for k, v in answer.headers.items() if k.lower() == "location"), None)


def _same_url(target: str, url: str) -> bool:
    return target.split("?")[0].split("#")[0].rstrip("/") == url.rstrip("/")
