"""The token endpoint: every grant that a connector's harness uses, and why each is refused."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from harness.emulator.entra_errors import EntraError
from harness.emulator.entra_tokens import TokenMint
from harness.emulator.identities import Client, Resource, Tenant, User

__all__ = ["DeviceFlow", "Grants", "SignIn"]

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
RESERVED = frozenset({"openid", "profile", "offline_access", "email"})
LOCK_AFTER = 5


@dataclass(frozen=True, slots=True)
class SignIn:
    """A token that was issued: to whom, by which grant, when (epoch seconds)."""

    user: str | None
    grant: str
    client_id: str
    at: float


@dataclass(slots=True)
class DeviceFlow:
    """A device-code sign-in under way; `user` is set once somebody has approved it."""

    client: Client
    scope: str
    user_code: str
    expires_at: float
    user: User | None = None
    declined: bool = False


@dataclass(slots=True)
class _Consent:
    client: Client
    resource: Resource
    audience: str
    scopes: tuple[str, ...]


@dataclass(slots=True)
class _Code:
    client: Client
    user: User
    redirect_uri: str
    scope: str
    challenge: str | None
    nonce: str | None


@dataclass(slots=True)
class _Failure:
    code: int
    user: str | None
    grant: str | None
    times: int | None


@dataclass(slots=True)
class Grants:
    """The state of the token endpoint."""

    tenant: Tenant
    mint: TokenMint
    device_mode: str = "auto"
    issued: list[SignIn] = field(default_factory=list)
    flows: dict[str, DeviceFlow] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    refresh: dict[str, tuple[Client, User, str]] = field(default_factory=dict)
    failures: list[_Failure] = field(default_factory=list)
    device_queue: list[str] = field(default_factory=list)

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """Serve a token request.

        Raises:
            EntraError: it is refused.
        """
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return self._client_credentials(form)
        if grant == "password":
            return self._password(form)
        if grant == "refresh_token":
            return self._refresh(form)
        if grant == DEVICE_GRANT:
            return self._device(form)
        if grant == "authorization_code":
            return self._code(form)
        raise EntraError(900144)

    def start_device(self, form: dict[str, str]) -> dict[str, Any]:
        """Begin a device-code sign-in."""
        client = self._known(form)
        self._consent(client, form)
        code, flow_id = secrets.token_hex(4).upper(), secrets.token_urlsafe(32)
        flow = DeviceFlow(client, form.get("scope", ""), code, time.time() + 900)
        self.flows[flow_id] = flow
        return {"user_code": code, "device_code": flow_id, "expires_in": 900}

    def check_password(self, username: str, password: str, grant: str = "password") -> User:
        """The user who signs in with a password.

        Raises:
            EntraError: there is none, the password is wrong, or a policy stands in the way.
        """
        user = self.tenant.user_named(username)
        self._fail_if_told(user, grant)
        if user is None:
            raise EntraError(50034)
        if user.failures >= LOCK_AFTER:
            raise EntraError(50053)
        if not secrets.compare_digest(password.encode(), user.password.encode()):
            user.failures += 1
            raise EntraError(50126)
        if user.refusal is not None:
            raise EntraError(user.refusal)
        return user

    def _password(self, form: dict[str, str]) -> dict[str, Any]:
        client = self._authenticated(form)
        consent = self._consent(client, form)
        user = self.check_password(form.get("username", ""), form.get("password", ""))
        return self._answer(consent, user, form, "password")

    def _refresh(self, form: dict[str, str]) -> dict[str, Any]:
        client = self._authenticated(form)
        family = self.refresh.get(form.get("refresh_token", ""))
        if family is None or family[0].client_id != client.client_id:
            raise EntraError(70008)
        user = family[1]
        self._fail_if_told(user, "refresh_token")
        scope = form.get("scope") or family[2]
        consent = self._consent(client, {**form, "scope": scope})
        return self._answer(consent, user, {**form, "scope": scope}, "refresh_token")

    def _client_credentials(self, form: dict[str, str]) -> dict[str, Any]:
        client = self._known(form)
        self._fail_if_told(None, "client_credentials")
        self._check_secret(client, form, demanded=True)
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            raise EntraError(70011)
        resource = self.tenant.resource_named(scope.removesuffix("/.default"))
        if resource is None:
            raise EntraError(500011)
        token = self.mint.access_token(resource, client, user=None, with_secret=True)
        self.issued.append(SignIn(None, "client_credentials", client.client_id, time.time()))
        return {
            "token_type": "Bearer",
            "expires_in": self.mint.lifetime,
            "ext_expires_in": self.mint.lifetime,
            "access_token": token,
        }

    def _device(self, form: dict[str, str]) -> dict[str, Any]:
        client = self._authenticated(form)
        flow = self.flows.get(form.get("device_code", ""))
        if flow is None:
            raise EntraError(70018)
        if flow.expires_at < time.time():
            raise EntraError(70020)
        if flow.declined:
            raise EntraError(65004)
        if flow.user is None and self.device_mode == "auto":
            flow.user = self._next_user()
        if flow.user is None:
            raise EntraError(70016)
        self._fail_if_told(flow.user, "device_code")
        if flow.user.refusal is not None:
            raise EntraError(flow.user.refusal)
        consent = self._consent(client, {"scope": flow.scope})
        del self.flows[form["device_code"]]
        return self._answer(consent, flow.user, {**form, "scope": flow.scope}, "device_code")

    def _next_user(self) -> User:
        """Whoever is queued, else the first user who did not sign in by device code yet."""
        if self.device_queue:
            return self.tenant.users[self.device_queue.pop(0)]
        done = {s.user for s in self.issued if s.grant == "device_code"}
        fitting = [u for u in self.tenant.users.values() if u.refusal is None]
        return next((u for u in fitting if u.key not in done), fitting[0])

    def _code(self, form: dict[str, str]) -> dict[str, Any]:
        client = self._authenticated(form)
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.client.client_id != client.client_id:
            raise EntraError(70008)
        if code.redirect_uri != form.get("redirect_uri"):
            raise EntraError(50011)
        if code.challenge is not None:
            verifier = hashlib.sha256(form.get("code_verifier", "").encode("ascii")).digest()
            if base64.urlsafe_b64encode(verifier).decode().rstrip("=") != code.challenge:
                raise EntraError(70008)
        scope = {"scope": form.get("scope") or code.scope}
        consent = self._consent(client, scope)
        return self._answer(consent, code.user, scope, "authorization_code", code.nonce)

    def make_code(self, client: Client, user: User, query: dict[str, str]) -> str:
        """An authorization code for a user who has just signed in on the page."""
        code = secrets.token_urlsafe(32)
        self.codes[code] = _Code(
            client,
            user,
            query["redirect_uri"],
            query.get("scope", ""),
            query.get("code_challenge"),
            query.get("nonce"),
        )
        return code

    def _answer(
        self,
        consent: _Consent,
        user: User,
        form: dict[str, str],
        grant: str,
        nonce: str | None = None,
    ) -> dict[str, Any]:
        client = consent.client
        self.issued.append(SignIn(user.key, grant, client.client_id, time.time()))
        refresh = secrets.token_urlsafe(48)
        self.refresh[refresh] = (client, user, form.get("scope", ""))
        access = self.mint.access_token(
            consent.resource,
            client,
            user=user,
            scopes=consent.scopes,
            audience=consent.audience,
            with_secret="client_secret" in form or "client_assertion" in form,
        )
        prefix = f"{consent.audience}/"
        return {
            "token_type": "Bearer",
            "scope": " ".join(prefix + scope for scope in consent.scopes),
            "expires_in": self.mint.lifetime,
            "ext_expires_in": self.mint.lifetime,
            "access_token": access,
            "refresh_token": refresh,
            "id_token": self.mint.id_token(client, user, nonce),
            "client_info": self.mint.client_info(user),
        }

    def _known(self, form: dict[str, str]) -> Client:
        client = self.tenant.clients.get(form.get("client_id", "").lower())
        if client is None:
            raise EntraError(700016)
        return client

    def _authenticated(self, form: dict[str, str]) -> Client:
        client = self._known(form)
        self._check_secret(client, form, demanded=not client.public_flows)
        return client

    def _check_secret(self, client: Client, form: dict[str, str], *, demanded: bool) -> None:
        secret = form.get("client_secret")
        if "client_assertion" in form:
            return
        if secret is None:
            if demanded:
                raise EntraError(7000218)
            return
        if client.secret is None:
            raise EntraError(700025)
        if not secrets.compare_digest(secret.encode(), client.secret.encode()):
            raise EntraError(7000215)
        if client.secret_expired:
            raise EntraError(7000222)

    def _consent(self, client: Client, form: dict[str, str]) -> _Consent:
        """The API and scopes that a scope text asks for, if the client has consent for them."""
        asked = [s for s in form.get("scope", "").split() if s not in RESERVED]
        if not asked:
            raise EntraError(70011)
        audience, _, name = asked[0].rpartition("/")
        resource = self.tenant.resource_named(audience)
        if resource is None:
            raise EntraError(500011)
        if name not in (*resource.scopes, ".default"):
            raise EntraError(70011)
        if resource.client_id not in client.consented:
            raise EntraError(65001)
        scopes = resource.scopes if name == ".default" else (name,)
        return _Consent(client, resource, audience, scopes)

    def fail_next(
        self, code: int, *, user: str | None = None, grant: str | None = None, times: int | None = 1
    ) -> None:
        """Refuse coming sign-ins with an AADSTS code; `times` None means from now on."""
        self.failures.append(_Failure(code, user, grant, times))

    def _fail_if_told(self, user: User | None, grant: str) -> None:
        for failure in list(self.failures):
            if failure.user not in (None, user.key if user else None):
                continue
            if failure.grant not in (None, grant):
                continue
            if failure.times is not None:
                failure.times -= 1
                if failure.times <= 0:
                    self.failures.remove(failure)
            raise EntraError(failure.code)
