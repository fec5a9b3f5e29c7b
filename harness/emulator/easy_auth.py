"""App Service Authentication ("Easy Auth"), configured by an `authsettingsV2` document.

It answers before the app's own code runs. Statuses, challenge, redirect and headers as
"Authentication and authorization in Azure App Service" and captured answers have them.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from harness.emulator.entra import Entra
from harness.emulator.faults import Faults
from harness.emulator.faults.door import skips_authentication
from harness.emulator.identities import API_CLIENT_ID, APP_ID_URI, TENANT_ID
from harness.emulator.token_validation import Rejected, TokenPolicy, validate
from harness.emulator.web import Answer, Handler, HttpRequest, json_answer

__all__ = ["EasyAuth", "default_settings", "is_identity"]

NOBODYS_ID = "99999999-0000-4000-8000-000000000000"
NO_PERMISSION = b"You do not have permission to view this directory or page."
IDENTITY_HEADERS = ("x-ms-client-principal", "x-ms-token-")
SCHEMAS = "http://schemas.microsoft.com/identity/claims/"
WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
CLAIM_TYPES = {
    "oid": f"{SCHEMAS}objectidentifier",
    "tid": f"{SCHEMAS}tenantid",
    "scp": f"{SCHEMAS}scope",
    "sub": f"{WS}nameidentifier",
    "upn": f"{WS}upn",
    "unique_name": f"{WS}name",
}


def default_settings(
    authority: str, action: str = "RedirectToLoginPage", token_version: int = 2
) -> dict[str, Any]:
    """The authsettingsV2 document of the sample app."""
    issuer = f"{authority}/{TENANT_ID}/v2.0"
    if token_version == 1:
        issuer = f"https://sts.windows.net/{TENANT_ID}/"
    return {
        "platform": {"enabled": True},
        "globalValidation": {
            "requireAuthentication": action != "AllowAnonymous",
            "unauthenticatedClientAction": action,
            "redirectToProvider": "azureactivedirectory",
            "excludedPaths": ["/api/health"],
        },
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": True,
                "registration": {"clientId": API_CLIENT_ID, "openIdIssuer": issuer},
                "validation": {"allowedAudiences": [APP_ID_URI]},
            }
        },
        "login": {"tokenStore": {"enabled": True}},
        "httpSettings": {"requireHttps": True},
    }


class EasyAuth:
    """The module in front of an app; `settings` is the authsettingsV2 document's properties."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        entra: Entra,
        faults: Faults,
        app: Handler,
        *,
        login_page: str = "redirect",
    ) -> None:
        self._settings = settings.get("properties", settings)
        self._entra = entra
        self._faults = faults
        self._app = app
        self._login_page = login_page
        self._sessions: dict[str, dict[str, Any]] = {}
        validation = self._settings.get("globalValidation", {})
        self._action = validation.get("unauthenticatedClientAction", "RedirectToLoginPage")
        if validation.get("requireAuthentication") is False:
            self._action = "AllowAnonymous"
        self._excluded = tuple(validation.get("excludedPaths", ()))
        self._provider = self._settings["identityProviders"]["azureActiveDirectory"]
        self.policy = self._policy()

    def _policy(self) -> TokenPolicy:
        registration = self._provider["registration"]
        validation = self._provider.get("validation", {})
        client_id = registration["clientId"]
        policy = validation.get("defaultAuthorizationPolicy", {})
        applications = policy.get("allowedApplications")
        return TokenPolicy(
            client_id,
            frozenset({client_id, *validation.get("allowedAudiences", ())}),
            frozenset({registration["openIdIssuer"], *self._issuers()}),
            None if applications is None else frozenset(applications),
        )

    def _issuers(self) -> tuple[str, ...]:
        """Today's middleware takes both forms of the same tenant."""
        return (self._entra.mint.issuer(1), self._entra.mint.issuer(2))

    async def handle(self, request: HttpRequest) -> Answer:
        """Let a call through with its principal, or answer in the app's place."""
        if self._settings.get("platform", {}).get("enabled") is False:
            return await self._app(request)
        forged = [(k, v) for k, v in request.headers if is_identity(k)]
        request.headers = [(k, v) for k, v in request.headers if not is_identity(k)]
        request.extra["sent_identity"] = forged
        path = request.path
        if path.startswith("/.auth/"):
            return await self._own_endpoint(request)
        if self._is_open(request, forged):
            return await self._app(request)
        try:
            claims = self._claims(request)
        except Rejected as rejected:
            if self._faults.has("late-token-check", request.extra.get("operation")):
                return json_answer({"error": {"code": "badRequest", "message": "no title"}}, 400)
            if self._faults.has("forbidden-for-invalid"):
                return Answer(403)
            return await self._refused(request, rejected.status)
        if self._faults.has("signed-in-refused", request.extra.get("operation")):
            if claims is not None:
                return Answer(403)
            self._inject(request, self._somebody())
            return await self._app(request)
        if claims is None:
            return await self._anonymous(request)
        if self._is_cross_site(request):
            return Answer(403, [("x-ms-middleware-request-id", secrets.token_hex(16))])
        self._inject(request, claims)
        return await self._app(request)

    # ------------------------------------------------------------------ who calls

    def _is_open(self, request: HttpRequest, forged: list[tuple[str, str]]) -> bool:
        path = request.path
        for excluded in self._excluded:
            if path == excluded or (
                excluded.endswith("/*") and path.startswith(excluded.removesuffix("*"))
            ):
                return True
        if path.lower().startswith("/admin") and self._faults.has("admin-open"):
            request.headers.append(("x-functions-key", request.extra.get("master_key", "")))
            return True
        trusted = skips_authentication(request, forged, self._faults)
        if trusted is not None and self._authorization(request) is None:
            self._inject(request, trusted)
            return True
        return False

    def _claims(self, request: HttpRequest) -> dict[str, Any] | None:
        session = self._session(request)
        if session is not None:
            return session
        token = self._authorization(request)
        if token is None:
            return None
        try:
            claims = validate(token, self.policy, self._entra.mint, self._faults)
        except Rejected as rejected:
            if self._action == "AllowAnonymous" and rejected.status == 401:
                return None
            raise
        return self._granted(claims)

    def _granted(self, claims: dict[str, Any]) -> dict[str, Any]:
        """With a fault, tokens that the function would refuse look like delegated ones."""
        faults = self._faults
        scope, is_app = claims.get("scp"), claims.get("idtyp") == "app"
        # Only a fault lets a token for another audience come this far.
        elsewhere = claims.get("aud") not in self.policy.audiences
        lacking = scope is None and (
            faults.has("accept-app-only" if is_app else "accept-no-scope") or elsewhere
        )
        other = scope is not None and scope != "user_impersonation"
        if lacking or (other and faults.has("accept-other-scope")):
            return {**claims, "scp": "user_impersonation"}
        return claims

    def _authorization(self, request: HttpRequest) -> str | None:
        values = [v for k, v in request.headers if k.lower() == "authorization"]
        for value in values:
            scheme, _, token = value.strip().partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                return token.strip()
        if self._faults.has("accept-query-token"):
            return request.query.get("access_token") or None
        if self._faults.has("accept-cookie-token"):
            cookies = request.header("cookie") or ""
            pairs = [part.strip().partition("=") for part in cookies.split(";")]
            return next((v for _, _, v in pairs if v.startswith("eyJ")), None)
        return None

    def _session(self, request: HttpRequest) -> dict[str, Any] | None:
        token = request.header("x-zumo-auth")
        if token in self._sessions:
            return self._sessions[token]
        for part in (request.header("cookie") or "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == "AppServiceAuthSession" and value in self._sessions:
                request.extra["cookie_session"] = True
                return self._sessions[value]
        return None

    def _is_cross_site(self, request: HttpRequest) -> bool:
        """Cookie sessions: a browser's write from elsewhere is refused."""
        if not request.extra.get("cookie_session") or request.method in ("GET", "HEAD", "OPTIONS"):
            return False
        origin = request.header("origin") or request.header("referer") or ""
        return _is_browser(request) and not origin.startswith(self._origin(request))

    def _inject(self, request: HttpRequest, claims: Mapping[str, Any]) -> None:
        pairs = [
            {"typ": CLAIM_TYPES.get(name, name), "val": str(part)}
            for name, value in claims.items()
            for part in (value if isinstance(value, list) else [value])
        ]
        name_type = CLAIM_TYPES["unique_name"] if "unique_name" in claims else "preferred_username"
        principal = {"auth_typ": "aad", "claims": pairs, "name_typ": name_type, "role_typ": "roles"}
        encoded = base64.b64encode(json.dumps(principal).encode("utf-8")).decode("ascii")
        name = claims.get("preferred_username") or claims.get("upn") or claims.get("name") or ""
        request.headers += [
            ("X-MS-CLIENT-PRINCIPAL", encoded),
            ("X-MS-CLIENT-PRINCIPAL-ID", str(claims.get("oid", ""))),
            ("X-MS-CLIENT-PRINCIPAL-NAME", str(name)),
            ("X-MS-CLIENT-PRINCIPAL-IDP", "aad"),
        ]
        request.extra["claims"] = dict(claims)

    # ------------------------------------------------------------------ refusals

    async def _anonymous(self, request: HttpRequest) -> Answer:
        if self._action == "AllowAnonymous":
            return await self._app(request)
        if self._action == "RedirectToLoginPage" and _is_browser(request):
            return self._to_login(request)
        return await self._refused(request, 401)

    async def _refused(self, request: HttpRequest, status: int) -> Answer:
        if status == 403 or self._action == "Return403":
            return Answer(403)
        if self._action == "RejectWith404":
            return Answer(404)
        headers = [("Content-Type", "text/html")]
        if not self._provider.get("login", {}).get("disableWWWAuthenticate"):
            headers.append(("WWW-Authenticate", self._challenge(request)))
        body = NO_PERMISSION
        if self._faults.has("data-in-401"):
            leaking = HttpRequest(request.method, request.raw_target, list(request.headers))
            leaking.body = request.body
            self._inject(leaking, self._somebody())
            inner = await self._app(leaking)
            headers = [("Content-Type", inner.header("content-type") or "text/plain"), headers[-1]]
            body = inner.body
        return Answer(401, headers, body)

    def _somebody(self) -> dict[str, Any]:
        return _claims_of(next(iter(self._entra.tenant.users.values())))

    def _challenge(self, request: HttpRequest) -> str:
        tenant = TENANT_ID
        if self._faults.has("foreign-challenge"):
            tenant = NOBODYS_ID
        if self._faults.has("basic-challenge"):
            return f'Basic realm="{request.header("host") or ""}"'
        # The parameters are separated by spaces, as the real module sends them.
        return (
            f'Bearer realm="{request.header("host") or ""}" '
            f'authorization_uri="{self._entra.authority}/{tenant}/oauth2/v2.0/authorize" '
            f'resource_id="{self.policy.client_id}"'
        )

    def _to_login(self, request: HttpRequest) -> Answer:
        nonce = secrets.token_hex(16) + datetime.now(tz=UTC).strftime("_%Y%m%d%H%M%S")
        target = request.raw_target.decode("latin-1")
        query = {
            "response_type": "code id_token",
            "redirect_uri": f"{self._return_origin(request)}/.auth/login/aad/callback",
            "client_id": NOBODYS_ID
            if self._faults.has("wrong-client-redirect")
            else self.policy.client_id,
            "scope": "openid profile email",
            "response_mode": "form_post",
        }
        if not self._faults.has("no-nonce"):
            query |= {"nonce": nonce, "state": f"redir={quote(target, safe='')}"}
        authority, tenant = self._entra.authority, TENANT_ID
        if self._faults.has("foreign-redirect"):
            authority = "https://login.contoso-phishing.example"
        if self._faults.has("wrong-tenant-redirect"):
            tenant = NOBODYS_ID
        location = f"{authority}/{tenant}/oauth2/v2.0/authorize?{urlencode(query)}"
        cookie = ("Set-Cookie", f"Nonce={secrets.token_urlsafe(24)}; path=/; secure; HttpOnly")
        if self._login_page == "script":
            page = (
                "<html><head><title>Working...</title></head><body><script>"
                f"window.location.replace({json.dumps(location)});</script></body></html>"
            )
            return Answer(200, [("Content-Type", "text/html"), cookie], page.encode("utf-8"))
        moved = f'<title>Document Moved</title><a href="{escape(location)}">here</a>'
        return Answer(
            302,
            [("Location", location), cookie, ("Content-Type", "text/html; charset=UTF-8")],
            moved.encode("utf-8"),
        )

    def _return_origin(self, request: HttpRequest) -> str:
        """Where the browser is sent after the sign-in."""
        if self._faults.has("foreign-return-url"):
            return "https://return.contoso-phishing.example"
        return self._origin(request)

    def _origin(self, request: HttpRequest) -> str:
        return f"https://{request.header('host') or ''}"

    # ------------------------------------------------------------------ /.auth

    async def _own_endpoint(self, request: HttpRequest) -> Answer:
        path = request.path.rstrip("/")
        if path == "/.auth/login/aad" and request.method == "POST":
            return self._client_directed(request)
        if path == "/.auth/login/aad":
            return self._to_login(request)
        if path == "/.auth/me":
            return self._me(request)
        if path == "/.auth/logout":
            self._sessions.pop(request.header("x-zumo-auth") or "", None)
            return Answer(302, [("Location", "/.auth/logout/complete")])
        return Answer(404)

    def _client_directed(self, request: HttpRequest) -> Answer:
        body = request.json()
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str):
            return Answer(400)
        try:
            claims = validate(token, self.policy, self._entra.mint, self._faults)
        except Rejected as rejected:
            return Answer(rejected.status, [("Content-Type", "text/html")], NO_PERMISSION)
        session = "session-" + secrets.token_urlsafe(32)
        self._sessions[session] = claims
        user_id = f"sid:{secrets.token_hex(16)}"
        return json_answer({"authenticationToken": session, "user": {"userId": user_id}})

    def _me(self, request: HttpRequest) -> Answer:
        claims = self._session(request)
        if claims is None and self._faults.has("auth-me-open"):
            claims = self._somebody()
        if claims is not None and self._faults.has("auth-me-someone-else"):
            others = [u for u in self._entra.tenant.users.values() if u.object_id != claims["oid"]]
            claims = _claims_of(others[0])
        if claims is None:
            return Answer(401, [("WWW-Authenticate", self._challenge(request))])
        expires = datetime.fromtimestamp(claims.get("exp", time.time()), tz=UTC)
        return json_answer(
            [
                {
                    "provider_name": "aad",
                    "user_id": claims.get("preferred_username") or claims.get("upn"),
                    "expires_on": expires.isoformat(),
                    "user_claims": [
                        {"typ": CLAIM_TYPES.get(name, name), "val": str(value)}
                        for name, value in claims.items()
                    ],
                }
            ]
        )


def _claims_of(user: Any) -> dict[str, Any]:
    """What a token would say about a user."""
    return {
        "preferred_username": user.username,
        "oid": user.object_id,
        "name": user.name,
        "scp": "user_impersonation",
    }


def is_identity(name: str) -> bool:
    """Whether a header is one that Easy Auth alone sets."""
    return name.lower().startswith(IDENTITY_HEADERS)


def _is_browser(request: HttpRequest) -> bool:
    """The module looks at the User-Agent alone."""
    return (request.header("user-agent") or "").startswith("Mozilla/")
