"""One client at the authority, through MSAL: every way to a token, each ending in one of two.

MSAL answers with dicts that hold a token or an error, and raises what it likes; here both become a
`Token` or a `SignInError`, and no frame that an error travels through holds a secret in clear.
"""

from __future__ import annotations

import base64
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import msal

from harness.bounds.parsing import parse_json
from harness.callers.certificate import certificate_credential
from harness.callers.diagnosis import Attempt, diagnose, diagnose_trouble
from harness.callers.discovery import msal_authority
from harness.callers.http import AuthorityError, AuthorityHttp
from harness.callers.secret_text import secret_text
from harness.callers.token import Token
from harness.errors import SettingsError, SignInError
from harness.settings.secret import Secret
from harness.settings.values import Deferred, EntraSettings

__all__ = ["Account", "Credential", "EntraClient", "credential_of"]

Account = Mapping[str, Any]
"""MSAL's account: `username`, `home_account_id` and more."""
Credential = Callable[[], Any]
"""Gives MSAL's `client_credential` when it is needed: a secret, a certificate's dict."""

# `warnings.catch_warnings` is not thread-safe; sign-ins of several users may run at once.
_WARNINGS = threading.Lock()


def credential_of(entra: EntraSettings) -> Credential | None:
    """How the client of `[entra]` proves itself; None for a public client."""
    secret, certificate = entra.client_secret, entra.client_certificate
    if certificate is not None:
        password = entra.client_certificate_password
        return lambda: certificate_credential(certificate, password)
    return None if secret is None else secret_credential(secret)


def secret_credential(secret: Deferred) -> Credential:
    """A client secret, taken from the environment when it is needed."""
    return lambda: secret_text(secret, "[entra] client-secret")


class EntraClient:
    """A client id at a tenant of an authority. Made once per run; connects on first use."""

    def __init__(
        self,
        entra: EntraSettings,
        client_id: str,
        http: AuthorityHttp,
        *,
        credential: Credential | None = None,
        cache: msal.TokenCache | None = None,
        clock: Callable[[], float],
    ) -> None:
        self.client_id = client_id
        self._authority = msal_authority(entra)
        self._tenant = entra.tenant_id or ""
        self._http = http
        self._credential = credential
        self._cache = cache
        self._clock = clock
        self._lock = threading.Lock()
        self._app: Any = None
        self._failure: Callable[[Attempt], SignInError] | None = None

    def attempt(self, user: str, flow: str, scopes: list[str]) -> Attempt:
        """The words for messages about one try."""
        has_secret = self._credential is not None
        return Attempt(user, flow, self.client_id, self._tenant, " ".join(scopes), has_secret)

    def accounts(self, attempt: Attempt) -> list[Account]:
        """The accounts that the cache knows for this authority."""
        return list(self._call(attempt, lambda app: app.get_accounts()))

    def silent(
        self, attempt: Attempt, scopes: list[str], account: Account, *, force: bool = False
    ) -> Token | None:
        """A token of the cache, or one for its refresh token (`force`: always a new one).

        Raises:
            SignInError: the refresh token was refused. None: there is none.
        """
        result = self._call(
            attempt,
            lambda app: Secretive(
                app.acquire_token_silent_with_error(scopes, dict(account), force_refresh=force)
            ),
        )
        if result.empty:
            return None
        source = "cache" if result.source == "cache" else "refresh"
        return self._token(attempt, result, source, self._kept_id_token(account))

    def by_password(
        self, attempt: Attempt, scopes: list[str], username: str, password: Deferred
    ) -> Token:
        """A token for user name and password (OAuth 2.0 resource owner password credentials).

        Raises:
            SignInError: the authority refuses.
        """

        def ask(app: Any) -> Secretive:
            with _WARNINGS, warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                return Secretive(
                    app.acquire_token_by_username_password(
                        username, secret_text(password, f"[users.{attempt.user}] password"), scopes
                    )
                )

        return self._token(attempt, self._call(attempt, ask), "password")

    def start_device_code(self, attempt: Attempt, scopes: list[str]) -> dict[str, Any]:
        """Begin the device code flow (RFC 8628 3.1); MSAL's flow dict, with `user_code`.

        Raises:
            SignInError: the authority refuses.
        """
        flow = self._call(attempt, lambda app: app.initiate_device_flow(scopes=scopes))
        if "user_code" not in flow:
            raise diagnose(flow, attempt)
        return dict(flow)

    def poll_device_code(self, attempt: Attempt, flow: dict[str, Any]) -> Token | None:
        """Ask once whether the person has signed in; None: not yet.

        Raises:
            SignInError: declined, expired, or refused.
        """
        result = self._call(
            attempt,
            lambda app: Secretive(
                app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
            ),
        )
        if result.error.get("error") in ("authorization_pending", "slow_down"):
            return None
        return self._token(attempt, result, "device-code")

    def in_browser(
        self,
        attempt: Attempt,
        scopes: list[str],
        username: str | None,
        *,
        show: Callable[[str], None],
        timeout_s: int,
    ) -> Token:
        """A token by authorization code with PKCE over a loopback redirect (RFC 8252, RFC 7636).

        `show` is called with the page's URL where no browser could be opened.

        Raises:
            SignInError: refused, closed, or not completed in time.
        """

        def ask(app: Any) -> Secretive:
            return Secretive(
                app.acquire_token_interactive(
                    scopes,
                    login_hint=username,
                    prompt=None if username else "select_account",
                    timeout=timeout_s,
                    auth_uri_callback=show,
                )
            )

        return self._token(attempt, self._call(attempt, ask), "interactive")

    def for_app(self, attempt: Attempt, scope: str) -> Token:
        """A token for the client itself (client credentials).

        Raises:
            SignInError: the authority refuses.
        """
        result = self._call(attempt, lambda app: Secretive(app.acquire_token_for_client([scope])))
        return self._token(attempt, result, "client-credentials")

    def account_of(self, attempt: Attempt, token_account: str | None) -> Account | None:
        """The account of that home id in the cache."""
        known = self.accounts(attempt)
        return next((a for a in known if a.get("home_account_id") == token_account), None)

    def _token(
        self, attempt: Attempt, result: Secretive, source: str, id_token: Secret | None = None
    ) -> Token:
        if result.value is None:
            raise diagnose(result.error, attempt)
        kept = result.id_token or id_token
        return Token.made(
            attempt.user,
            result.value.reveal(),
            now=self._clock(),
            source=source,
            expires_in=result.expires_in,
            id_token=None if kept is None else kept.reveal(),
            home=result.home,
        )

    def _kept_id_token(self, account: Account) -> Secret | None:
        if self._cache is None:
            return None
        query = {"home_account_id": account["home_account_id"], "client_id": self.client_id}
        kind = msal.TokenCache.CredentialType.ID_TOKEN
        found = list(self._cache.search(kind, query=query))
        return Secret(found[-1]["secret"]) if found else None

    def _call(self, attempt: Attempt, ask: Callable[[Any], Any]) -> Any:
        """Ask MSAL; whatever goes wrong is raised afresh, away from MSAL's frames and locals."""
        app = self._connected(attempt)
        try:
            return ask(app)
        except (SettingsError, SignInError):
            raise
        except KeyboardInterrupt:
            failure: BaseException = KeyboardInterrupt()
        except AuthorityError as error:
            failure = diagnose_trouble(error, attempt)
        except Exception as error:
            failure = diagnose(_as_answer(error), attempt)
        raise failure

    def _connected(self, attempt: Attempt) -> Any:
        """MSAL's application object; it asks the authority for its endpoints when made."""
        with self._lock:
            if self._failure is not None:
                raise self._failure(attempt)
            if self._app is None:
                made = self._make()
                if callable(made):
                    self._failure = made
                    raise made(attempt)
                self._app = made
            return self._app

    def _make(self) -> Any:
        """The application object, or a function that makes the error."""
        kind = msal.PublicClientApplication
        if self._credential is not None:
            kind = msal.ConfidentialClientApplication
        self._http.last_error = None
        try:
            return kind(
                self.client_id,
                client_credential=None if self._credential is None else self._credential(),
                http_client=self._http,
                token_cache=self._cache,
                **self._authority,
            )
        except AuthorityError as error:
            trouble = error
            return lambda attempt: diagnose_trouble(trouble, attempt)
        except SettingsError:
            raise
        except Exception as error:
            answer = dict(self._http.last_error or {})
            if "error" not in answer:
                answer = _as_answer(error)
            return lambda attempt: diagnose(answer, attempt)


class Secretive:
    """MSAL's answer with its secrets put away at once.

    `error` is the answer without tokens, {} for a success; `home` the account's home id.
    """

    __slots__ = ("empty", "error", "expires_in", "home", "id_token", "source", "value")

    def __init__(self, result: Mapping[str, Any] | None) -> None:
        self.empty = result is None
        found = result or {}
        value, id_token = found.get("access_token"), found.get("id_token")
        self.value = Secret(value) if value else None
        self.id_token = Secret(id_token) if id_token else None
        self.source = str(found.get("token_source") or "")
        self.expires_in = float(found.get("expires_in") or 0) if value else None
        self.home = _home_of(found)
        self.error = {} if value else dict(found)


def _home_of(result: Mapping[str, Any]) -> str | None:
    """The home account id as MSAL builds it: from `client_info`, else the subject."""
    info = str(result.get("client_info") or "")
    if info:
        try:
            parsed = parse_json(base64.urlsafe_b64decode(info + "=" * (-len(info) % 4)))
            return f"{parsed['uid']}.{parsed['utid']}"
        except (ValueError, KeyError, TypeError):
            return None
    claims = result.get("id_token_claims") or {}
    return claims.get("sub")


def _as_answer(error: Exception) -> dict[str, str]:
    """An exception of MSAL's in the shape of an error answer."""
    name = type(error).__name__
    if name == "BrowserInteractionTimeoutError":
        return {"error": "authorization_declined"}
    if name == "KeyError" or "authority configuration" in str(error):
        return {"error": "no_discovery"}
    return {"error": name, "error_description": str(error)}
