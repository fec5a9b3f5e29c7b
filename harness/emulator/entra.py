"""The emulated Entra ID: discovery, keys, device code, token and authorize endpoints.

Only what a connector's caller can observe is here (Microsoft identity platform, "OAuth 2.0 device
authorization grant", "Resource Owner Password Credentials", "OpenID Connect discovery").
"""

from __future__ import annotations

import asyncio
from html import escape
from typing import Any
from urllib.parse import urlencode

from harness.emulator.entra_errors import EntraError, error_answer
from harness.emulator.entra_grants import Grants
from harness.emulator.entra_tokens import TokenMint
from harness.emulator.faults import Faults
from harness.emulator.identities import DOMAIN, TENANT_ID, Tenant
from harness.emulator.web import Answer, HttpRequest, html, json_answer

__all__ = ["Entra"]

TENANTS = frozenset({TENANT_ID, DOMAIN, "common", "organizations"})
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}}
input{{display:block;width:100%;margin:.3rem 0 1rem;padding:.5rem;font:inherit}}
button{{padding:.5rem 1.5rem;font:inherit}}.error{{color:#a4262c}}</style></head>
<body><h1>{title}</h1>{body}</body></html>"""


class Entra:
    """The tenant's endpoints; `authority` is their origin."""

    def __init__(
        self,
        tenant: Tenant,
        authority: str,
        faults: Faults,
        *,
        lifetime: int = 3600,
        device_mode: str = "auto",
    ) -> None:
        self.tenant = tenant
        self.authority = authority
        self.faults = faults
        self.mint = TokenMint(authority, lifetime)
        self.grants = Grants(tenant, self.mint, device_mode)
        self._throttled = 0

    async def handle(self, request: HttpRequest) -> Answer:
        """Serve one request."""
        fault = await self._fault(request)
        if fault is not None:
            return fault
        parts = [part for part in request.path.split("/") if part]
        if parts[:1] == ["device"]:
            return self._device_page(request)
        if parts[:2] == ["common", "discovery"] and parts[2:] == ["instance"]:
            return json_answer({"tenant_discovery_endpoint": f"{self._base(TENANT_ID)}/v2.0"})
        if parts[:2] == ["common", "userrealm"]:
            return json_answer({"ver": "1.0", "account_type": "Managed", "domain_name": DOMAIN})
        if not parts or parts[0] not in TENANTS:
            return error_answer(EntraError(90002), request.header("client-request-id"))
        return self._of_tenant(request, parts[0], "/".join(parts[1:]))

    def _of_tenant(self, request: HttpRequest, tenant: str, path: str) -> Answer:
        if path in ("v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"):
            return json_answer(self._discovery(tenant, 2 if path.startswith("v2.0") else 1))
        if path in ("discovery/v2.0/keys", "discovery/keys"):
            return json_answer({"keys": [self.mint.key.public()]})
        if path in ("oauth2/v2.0/devicecode", "oauth2/devicecode"):
            return self._serve(request, self._start_device)
        if path in ("oauth2/v2.0/token", "oauth2/token"):
            return self._serve(request, self.grants.token)
        if path in ("oauth2/v2.0/authorize", "oauth2/authorize"):
            return self._authorize(request)
        return Answer(404)

    def _serve(self, request: HttpRequest, work: Any) -> Answer:
        form = request.form
        if "resource" in form and "scope" not in form:
            form["scope"] = f"{form['resource']}/.default"
        try:
            return json_answer(work(form), headers=[("Cache-Control", "no-store")])
        except EntraError as error:
            return error_answer(error, request.header("client-request-id"))

    def _start_device(self, form: dict[str, str]) -> dict[str, Any]:
        started = self.grants.start_device(form)
        page = f"{self.authority}/device"
        return {
            **started,
            "verification_uri": page,
            "interval": 1,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code "
            f"{started['user_code']} to authenticate.",
        }

    def _base(self, tenant: str) -> str:
        return f"{self.authority}/{tenant}"

    def _discovery(self, tenant: str, version: int) -> dict[str, Any]:
        base, infix = self._base(tenant), "/v2.0" if version == 2 else ""
        issuer = self.mint.issuer(version)
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{base}/oauth2{infix}/authorize",
            "token_endpoint": f"{base}/oauth2{infix}/token",
            "device_authorization_endpoint": f"{base}/oauth2{infix}/devicecode",
            "jwks_uri": f"{base}/discovery{infix}/keys",
            "response_types_supported": ["code", "id_token", "code id_token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        }

    # ------------------------------------------------------------------ pages

    def _authorize(self, request: HttpRequest) -> Answer:
        query = {**request.query, **(request.form if request.method == "POST" else {})}
        client = self.tenant.clients.get(query.get("client_id", "").lower())
        if client is None:
            return self._error_page(EntraError(700016))
        redirect = query.get("redirect_uri", "")
        if not _registered(redirect, client.redirect_uris):
            return self._error_page(EntraError(50011))
        if query.get("prompt") == "none":
            told = {"error": "login_required", "error_description": "AADSTS50058: no session."}
            return _send_back(redirect, told, query)
        username, password = query.get("username", ""), query.get("password", "")
        if self.grants.device_mode == "auto" and query.get("login_hint"):
            user = self.tenant.user_named(query["login_hint"])
            if user is not None:
                code = self.grants.make_code(client, user, query)
                return _send_back(redirect, {"code": code}, query)
        if request.method != "POST":
            return self._sign_in_page("Sign in", query, "")
        try:
            user = self.grants.check_password(username, password, "authorization_code")
        except EntraError as error:
            return self._sign_in_page("Sign in", query, f"AADSTS{error.code}: {error.text}")
        code = self.grants.make_code(client, user, query)
        return _send_back(redirect, {"code": code}, query)

    def _device_page(self, request: HttpRequest) -> Answer:
        """The page where a person enters the code and signs in."""
        if request.method != "POST":
            return self._sign_in_page("Enter the code", {"user_code": ""}, "")
        form = request.form
        wanted = form.get("user_code", "").strip().upper()
        flow = next((f for f in self.grants.flows.values() if f.user_code == wanted), None)
        if flow is None:
            return self._sign_in_page("Enter the code", form, "That code is not known.")
        try:
            flow.user = self.grants.check_password(
                form.get("username", ""), form.get("password", ""), "device_code"
            )
        except EntraError as error:
            return self._sign_in_page("Enter the code", form, f"AADSTS{error.code}: {error.text}")
        return html(PAGE.format(title="Signed in", body="<p>You may close this page.</p>"))

    def _sign_in_page(self, title: str, fields: dict[str, str], problem: str) -> Answer:
        hidden = {k: v for k, v in fields.items() if k not in ("username", "password", "user_code")}
        inputs = "".join(
            f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">'
            for k, v in hidden.items()
        )
        if "user_code" in fields:
            inputs += (
                '<label>Code<input name="user_code" autocomplete="off" '
                f'value="{escape(fields["user_code"])}"></label>'
            )
        names = ", ".join(user.username for user in self.tenant.users.values())
        body = (
            f'<p class="error" role="alert">{escape(problem)}</p><form method="post">{inputs}'
            '<label>User name<input name="username" autocomplete="username"></label>'
            '<label>Password<input name="password" type="password"></label>'
            f"<button>Sign in</button></form><p>Users of this emulator: {escape(names)}</p>"
        )
        return html(PAGE.format(title=escape(title), body=body))

    def _error_page(self, error: EntraError) -> Answer:
        body = f"<p>AADSTS{error.code}: {escape(error.text)}</p>"
        return html(PAGE.format(title="Sorry, but we’re having trouble signing you in.", body=body))

    # ------------------------------------------------------------------ faults

    async def _fault(self, request: HttpRequest) -> Answer | None:
        """The tenant down, slow or throttling, where a fault says so."""
        if self.faults.has("entra-down"):
            return Answer(503, [("Content-Type", "text/html")], b"Service Unavailable")
        slow = self.faults.argument("entra-slow")
        if slow is not None:
            await asyncio.sleep(float(slow or "2"))
        throttle = self.faults.argument("entra-throttle")
        if throttle is not None and request.method == "POST":
            self._throttled += 1
            if self._throttled <= int(throttle or "1"):
                return Answer(429, [("Retry-After", "1")], b"")
        code = self.faults.argument("entra-error")
        if code and request.method == "POST" and request.path.endswith("/token"):
            number, _, who = code.partition(":")
            named = self.tenant.user_named(request.form.get("username", ""))
            if not who or (named is not None and named.key == who):
                return error_answer(EntraError(int(number)), request.header("client-request-id"))
        return None


def _registered(redirect: str, known: tuple[str, ...]) -> bool:
    """Whether a redirect URI is registered; loopback ones match on any port (RFC 8252 7.3)."""
    if redirect in known:
        return True
    return "http://localhost" in known and redirect.startswith(("http://localhost:",))


def _send_back(to: str, values: dict[str, str], query: dict[str, str]) -> Answer:
    """The answer to the redirect URI, in the response mode that was asked for."""
    values = {**values, "state": query.get("state", "")}
    if query.get("response_mode") != "form_post":
        return _redirect(to, values)
    fields = "".join(
        f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">'
        for k, v in values.items()
        if v
    )
    form = f'<form method="post" action="{escape(to)}">{fields}<button>Continue</button></form>'
    script = "<script>document.forms[0].submit()</script>"
    return html(PAGE.format(title="Working…", body=form + script))


def _redirect(to: str, query: dict[str, str]) -> Answer:
    parameters = urlencode({k: v for k, v in query.items() if v})
    return Answer(302, [("Location", f"{to}{'&' if '?' in to else '?'}{parameters}")])
