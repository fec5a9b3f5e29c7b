"""Which ways a user may sign in by, and which combinations of settings are refused beforehand.

Pure functions of the settings: nothing is asked of anybody, so a mistake costs no call and no
failed attempt on an account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness.bounds.urls import split_url
from harness.errors import SettingsError
from harness.settings.values import EntraSettings, UserSettings

__all__ = ["Flow", "check_flows", "check_settings", "is_confidential", "scopes_of", "steps_for"]

Flow = Literal["token", "token-command", "cache", "password", "device-code", "interactive"]
RESERVED_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
FLOW_STEPS: Mapping[str, tuple[Flow, ...]] = {
    "password": ("cache", "password"),
    "device-code": ("cache", "device-code"),
    "interactive": ("cache", "interactive"),
    "cache": ("cache",),
}


def check_settings(entra: EntraSettings, users: Mapping[str, UserSettings], flow: str) -> None:
    """Refuse what cannot work before any call is made.

    Raises:
        SettingsError: a combination that MSAL or Entra ID cannot serve; one line says which.
    """
    _check_client(entra)
    for user in users.values():
        _check_user(entra, user, flow_of(user, flow))


def check_flows(entra: EntraSettings, users: Mapping[str, UserSettings], flow: str) -> None:
    """Refuse flows that the client cannot serve; to be asked also where nobody signs in.

    Raises:
        SettingsError: device code or interactive with a client that has a secret or certificate.
    """
    for user in users.values():
        if user.token is None and user.token_command is None:
            _check_flow(entra, user, flow_of(user, flow))


def flow_of(user: UserSettings, flow: str) -> str:
    """The user's flow: what the run asks for, else the user's own, else `auto`."""
    if user.sign_in == "app":
        return "app"
    return flow if flow != "auto" else user.sign_in or "auto"


def is_confidential(entra: EntraSettings) -> bool:
    """Whether the client proves itself with a secret or a certificate."""
    return entra.client_secret is not None or entra.client_certificate is not None


def steps_for(entra: EntraSettings, user: UserSettings, flow: str) -> tuple[Flow, ...]:
    """The ways to try in order; a token handed in leaves no other way.

    For a named flow the cache comes first too: a kept sign-in of the same user is as good.
    """
    if user.token is not None:
        return ("token",)
    if user.token_command is not None:
        return ("token-command",)
    chosen = flow_of(user, flow)
    if chosen != "auto":
        return FLOW_STEPS[chosen]
    steps: list[Flow] = ["cache"]
    if user.password is not None and user.username is not None:
        steps.append("password")
    elif not is_confidential(entra):
        steps.append("device-code")
    return tuple(steps)


def scopes_of(scope: str) -> list[str]:
    """The scopes to ask for, without those that MSAL adds itself.

    Raises:
        SettingsError: nothing of an API is asked for.
    """
    scopes = [each for each in scope.replace(",", " ").split() if each not in RESERVED_SCOPES]
    if not scopes:
        raise SettingsError(
            f"[entra] scope {scope!r}: names no scope of an API; "
            'set it to "api://<api client id>/user_impersonation"'
        )
    return scopes


_TENANTS = frozenset({"common", "organizations", "consumers"})


def _check_client(entra: EntraSettings) -> None:
    parts = split_url(entra.authority)
    if parts.scheme != "https" or not parts.hostname:
        raise SettingsError(f"[entra] authority {entra.authority!r}: must be an https URL")
    path, tenant = parts.path.strip("/").lower(), (entra.tenant_id or "common").lower()
    of_entra = (parts.hostname or "").startswith(("login.microsoftonline.", "login.windows.net"))
    if path and (of_entra or path in _TENANTS | {tenant}):
        raise SettingsError(
            f"[entra] authority {entra.authority!r}: leave the tenant out of it; "
            "it belongs into tenant-id"
        )
    if entra.client_secret is not None and entra.client_certificate is not None:
        raise SettingsError(
            "[entra] client-secret and client-certificate: a client proves itself by one of them; "
            "remove the other"
        )
    if entra.client_certificate_password is not None and entra.client_certificate is None:
        raise SettingsError("[entra] client-certificate-password: there is no client-certificate")


def _check_user(entra: EntraSettings, user: UserSettings, flow: str) -> None:
    where = f"[users.{user.name}]"
    if user.token is not None and user.token_command is not None:
        raise SettingsError(f"{where} token and token-command: give one of them")
    if user.token is not None or user.token_command is not None:
        return
    # An authority with a path (a B2C policy, another issuer) names its tenant itself.
    tenant = entra.tenant_id or split_url(entra.authority).path.strip("/")
    for key, value in (("tenant-id", tenant), ("client-id", entra.client_id)):
        if not value:
            raise SettingsError(f"[entra] {key}: is missing; {user.name} cannot sign in without it")
    _check_flow(entra, user, flow)
    if user.sign_in == "app" and not is_confidential(entra):
        raise SettingsError(
            f'{where} sign-in "app" needs a client that can prove itself: set [entra] '
            "client-secret or client-certificate"
        )
    if flow == "password":
        missing = [k for k in ("username", "password") if getattr(user, k) is None]
        if missing:
            raise SettingsError(f"{where} sign-in 'password': {' and '.join(missing)} missing")


def _check_flow(entra: EntraSettings, user: UserSettings, flow: str) -> None:
    if flow in ("device-code", "interactive") and is_confidential(entra):
        kind = "client-secret" if entra.client_secret is not None else "client-certificate"
        raise SettingsError(
            f"[users.{user.name}] sign-in {flow!r} needs a public client, but [entra] {kind} is "
            "set: remove it or name a public test client in client-id (connector-client-id then "
            "names the connector's)"
        )
