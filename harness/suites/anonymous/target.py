"""Judging the app as a whole: plain http, /admin, SCM site, /.auth/me, CORS, TLS, HSTS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Response
from harness.exchanges.refusal import classify, judge_exchange, same_place, url_of
from harness.exchanges.silence import unanswered
from harness.findings.examples import AppAnswer, Fault
from harness.findings.model import Finding, Judgement, Rule, Severity
from harness.traffic.tls import TlsFacts

__all__ = ["judge_target"]

HTTP_SERVED = Rule(
    id="target.http-served",
    severity="error",
    title="The app answers over plain http",
    meaning="A call over http was answered instead of being sent to https on the same host.",
    why="Tokens and data can then travel where everybody on the way reads them.",
    remedy="Set httpsOnly on the app (portal: Configuration, General settings, HTTPS Only) and "
    "leave httpSettings.requireHttps of the authentication on.",
    reference="Microsoft: Enable HTTPS for a custom domain in Azure App Service",
    shown_by=(Fault("http-served"),),
)
ADMIN_OPEN = Rule(
    id="target.admin-open",
    severity="error",
    title="The host's administration answers without a key",
    meaning="/admin of the Functions host answered a caller who has no master key.",
    why="Whoever reaches it can read keys and settings and start or change functions.",
    remedy="Require authentication for all paths, keep /admin out of excludedPaths, and renew "
    "the host keys: they must be taken for known.",
    reference="Microsoft: Manually run a non HTTP-triggered function; Work with access keys",
    shown_by=(Fault("admin-open"),),
)
SCM_OPEN = Rule(
    id="target.scm-open",
    severity="error",
    title="The deployment site answers without sign-in",
    meaning="The SCM (Kudu) site next to the app answered a caller who has no credentials.",
    why="It can read every setting and replace the code.",
    remedy="Restrict the SCM site (portal: Networking, Access restrictions, Advanced tool site) "
    "and turn basic publishing credentials off.",
    reference="Microsoft: Disable basic authentication in Azure App Service deployments",
    shown_by=(AppAnswer("target/scm", 200, body="{}"),),
)
AUTH_ME_OPEN = Rule(
    id="target.auth-me-open",
    severity="error",
    title="/.auth/me tells claims to callers without a session",
    meaning="/.auth/me answered a call without token or session with somebody's claims.",
    why="Names, ids and sometimes tokens of another person are given away.",
    remedy="Turn caching of /.auth/* off in whatever is in front of the app, and renew sessions.",
    reference="Microsoft: Work with user identities in Azure App Service authentication",
    shown_by=(Fault("auth-me-open"),),
)
CORS = Rule(
    id="target.cors",
    severity="error",
    title="Any web site may call the app with credentials",
    meaning="The app allows every origin (or repeats whatever origin asks) and allows credentials.",
    why="Any page that a signed-in user visits can read their data through their session.",
    remedy="List the origins that need it (portal: API, CORS) or turn credentials off; a "
    "connector itself needs no CORS.",
    reference="Fetch Standard, section CORS protocol and credentials",
    shown_by=(Fault("cors-wildcard-credentials"),),
)
TLS = Rule(
    id="target.tls",
    severity="error",
    title="TLS is out of date, or its certificate is",
    meaning="The handshake gave a version below TLS 1.2, or a certificate that has expired; as a "
    "warning: an old version is still accepted, or the certificate ends within 21 days.",
    why="Power Platform refuses such an app, from the day the certificate ends at the latest.",
    remedy="Set the minimum TLS version to 1.2 (portal: Configuration, General settings) and "
    "renew the certificate.",
    reference="RFC 8996; Microsoft: TLS overview for Azure App Service",
    shown_by=(AppAnswer(tls={"version": "TLSv1.1"}),),
)
HSTS = Rule(
    id="target.hsts",
    severity="note",
    title="No Strict-Transport-Security",
    meaning="The app's answers do not tell browsers to stay with https.",
    why="A browser's first call may go over http. Connectors are not concerned.",
    remedy="Send Strict-Transport-Security from the function, or leave it.",
    reference="RFC 6797",
    shown_by=(AppAnswer("target/plain", 401),),
)

DAY_S = 86400.0
SHORTEST_DAYS = 21
OLDEST_GOOD = ("TLSv1.2", "TLSv1.3")
ADMIN_CHECKS = ("admin-status", "admin-functions", "admin-keys")
SCM_CHECKS = ("scm", "scm-settings")
MAY_BE_SILENT = ("http", *SCM_CHECKS)
"""Doors that may be closed altogether; every other probe must be answered to prove anything."""


def judge_target(
    context: RunContext, exchanges: Sequence[Exchange], tls: TlsFacts | None
) -> Judgement:
    """What the app-level exchanges and handshakes say; `tls` None means that none were made."""
    by_check = {str(e.probe.meta.get("check")): e for e in exchanges}
    findings = [
        *_plain_http(context, by_check.get("http")),
        *_open_sites(context, by_check),
        *_auth_me(by_check.get("auth-me")),
        *_cors(by_check),
        *_tls(tls),
        *_hsts(context, by_check.get("door")),
    ]
    needed = [e for e in exchanges if e.probe.meta.get("check") not in MAY_BE_SILENT]
    silent = unanswered(needed) if exchanges else "no call was made"
    return Judgement(tuple(findings), unverified=silent)


def _plain_http(context: RunContext, exchange: Exchange | None) -> Iterator[Finding]:
    """Served over http: data, a sign-in redirect, a challenge. A closed port is as it should be."""
    if exchange is None or exchange.response is None:
        return
    url = url_of(context, exchange.probe.request)
    verdict = classify(exchange.response, url)
    if verdict.outcome == "elsewhere" and verdict.location:
        if split_url(verdict.location).scheme == "https" and same_place(url, verdict.location):
            return
    elif verdict.outcome == "unverified" or verdict.manner == "forbidden":
        return
    elif verdict.outcome == "reached" and exchange.response.status < 500:
        # 400 (plain http on a TLS port), 404, 426: nobody is at home on http.
        return
    yield _finding(
        HTTP_SERVED,
        exchange,
        "the app answers over plain http",
        "a redirect to https on the same host, or no answer",
        verdict.observed,
    )


def _open_sites(context: RunContext, by_check: Mapping[str, Exchange]) -> Iterator[Finding]:
    for rule, checks, name in (
        (ADMIN_OPEN, ADMIN_CHECKS, "the Functions host's /admin"),
        (SCM_OPEN, SCM_CHECKS, "the deployment (SCM) site"),
    ):
        for check in checks:
            exchange = by_check.get(check)
            if exchange is None or judge_exchange(context, exchange).outcome != "open":
                continue
            if check in ADMIN_CHECKS and not _is_json(exchange.response):
                continue  # some apps answer every path with their own page
            yield _finding(
                rule,
                exchange,
                f"{name} answers a caller without credentials",
                "401, 403, 404 or a redirect to sign-in",
                f"{exchange.status} to {exchange.probe.request.target}",
            )
            break


def _is_json(response: Response | None) -> bool:
    """Whether a body is JSON, as everything that the host's administration tells is."""
    try:
        return response is not None and isinstance(parse_json(response.text), (dict, list))
    except ValueError:
        return False


def _auth_me(exchange: Exchange | None) -> Iterator[Finding]:
    if exchange is None or exchange.response is None or exchange.response.status != 200:
        return
    if _tells_claims(exchange.response):
        yield _finding(
            AUTH_ME_OPEN,
            exchange,
            "/.auth/me tells claims to a caller without a session",
            "401, 404, or an empty list",
            "200 with claims",
        )


def _tells_claims(response: Response) -> bool:
    try:
        value: Any = parse_json(response.text)
    except ValueError:
        return False
    entries = value if isinstance(value, list) else [value]
    names = {"user_claims", "user_id", "claims", "access_token", "id_token", "clientPrincipal"}
    return any(isinstance(e, Mapping) and any(e.get(name) for name in names) for e in entries)


def _cors(by_check: Mapping[str, Exchange]) -> Iterator[Finding]:
    for check in ("cors-preflight", "cors-request"):
        exchange = by_check.get(check)
        if exchange is None or exchange.response is None:
            continue
        asked = exchange.probe.request.header("origin") or ""
        allowed = (exchange.response.header("access-control-allow-origin") or "").strip()
        credentials = exchange.response.header("access-control-allow-credentials") or ""
        if allowed in ("*", asked) and credentials.strip().lower() == "true":
            yield _finding(
                CORS,
                exchange,
                "any web site may call the app with the user's credentials",
                "no Access-Control-Allow-Credentials for a foreign origin",
                f"Access-Control-Allow-Origin: {allowed}, with credentials",
            )
            return


def _tls(facts: TlsFacts | None) -> Iterator[Finding]:
    if facts is None or facts.version is None:
        return
    if facts.version not in OLDEST_GOOD:
        yield _tls_finding(
            "error", f"the app speaks {facts.version} at best", "TLS 1.2 or later", facts.version
        )
    elif facts.old_version is not None:
        yield _tls_finding(
            "warning",
            f"the app still accepts {facts.old_version}",
            "TLS 1.2 or later only (RFC 8996)",
            facts.old_version,
        )
    if facts.not_after is None:
        return
    days = (facts.not_after - facts.checked_at) / DAY_S
    if days < SHORTEST_DAYS:
        by = f" (issued by {facts.issuer})" if facts.issuer else ""
        yield _tls_finding(
            "error" if days < 0 else "warning",
            f"the certificate{by} ends in {days:.0f} days",
            f"at least {SHORTEST_DAYS} days left",
            f"{days:.1f} days",
        )


def _hsts(context: RunContext, exchange: Exchange | None) -> Iterator[Finding]:
    if exchange is None or exchange.response is None or not _takes_hsts(context.origin):
        return
    if judge_exchange(context, exchange).outcome == "unverified":
        return
    value = exchange.response.header("strict-transport-security") or ""
    if "max-age" not in value.lower() or "max-age=0" in value.lower().replace(" ", ""):
        yield _finding(
            HSTS,
            exchange,
            "answers carry no Strict-Transport-Security",
            "Strict-Transport-Security: max-age=31536000",
            value or "none",
        )


def _takes_hsts(origin: str) -> bool:
    """Whether browsers note HSTS for a host: not for addresses (RFC 6797 8.1.1) or test names."""
    host = split_url(origin).hostname or ""
    if split_url(origin).scheme != "https" or host == "localhost" or host.endswith(".invalid"):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _finding(rule: Rule, exchange: Exchange, message: str, expected: str, observed: str) -> Finding:
    return rule.finding(
        message,
        caller="anonymous",
        expected=expected,
        observed=observed,
        evidence=(exchange.id,) if exchange.id else (),
    )


def _tls_finding(severity: Severity, message: str, expected: str, observed: str) -> Finding:
    return TLS.finding(message, severity=severity, expected=expected, observed=observed)
