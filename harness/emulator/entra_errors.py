"""Entra ID's error answers: OAuth error, AADSTS code and text, in its JSON.

Codes and shapes: Microsoft identity platform, "Error codes" and "Handle errors and exceptions".
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.emulator.web import Answer, json_answer

__all__ = ["EntraError", "error_answer"]

_TABLE: dict[int, tuple[str, str]] = {
    50011: ("invalid_client", "The redirect URI specified in the request does not match."),
    50020: ("invalid_grant", "User account from another identity provider does not exist here."),
    50034: ("invalid_grant", "The user account does not exist in the directory."),
    50053: ("invalid_grant", "The account is locked, too many sign-in attempts."),
    50055: ("invalid_grant", "The password is expired."),
    50057: ("invalid_grant", "The user account is disabled."),
    50059: ("invalid_request", "No tenant-identifying information found."),
    50076: ("interaction_required", "You must use multi-factor authentication to access this."),
    50079: ("interaction_required", "You must enroll in multi-factor authentication."),
    50105: ("invalid_grant", "The signed in user is not assigned to a role for the application."),
    50126: ("invalid_grant", "Error validating credentials due to invalid username or password."),
    50158: ("interaction_required", "External security challenge not satisfied."),
    50173: ("invalid_grant", "The provided grant has expired due to it being revoked."),
    50194: ("invalid_request", "Application is not configured as a multi-tenant application."),
    53000: ("interaction_required", "Device is not in required device state."),
    53003: ("invalid_grant", "Access has been blocked by Conditional Access policies."),
    530003: ("invalid_grant", "Your device is required to be managed to access this resource."),
    65001: ("invalid_grant", "The user or administrator has not consented to use the application."),
    65004: ("access_denied", "User declined to consent to access the app."),
    650057: ("invalid_resource", "Invalid resource. The client has requested access to it."),
    70008: ("invalid_grant", "The provided authorization code or refresh token has expired."),
    70011: ("invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
    70016: ("authorization_pending", "OAuth 2.0 device flow error. Authorization is pending."),
    70018: ("bad_verification_code", "Invalid verification code."),
    70020: ("expired_token", "The provided value for the device code has expired."),
    70043: ("invalid_grant", "The refresh token has expired due to sign-in frequency checks."),
    500011: ("invalid_resource", "The resource principal was not found in the tenant."),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    700025: ("invalid_client", "Client is public so no credential should be presented."),
    700082: ("invalid_grant", "The refresh token has expired due to inactivity."),
    7000215: ("invalid_client", "Invalid client secret provided."),
    7000218: (
        "invalid_client",
        "The request body must contain the following parameter: "
        "'client_assertion' or 'client_secret'.",
    ),
    7000222: ("invalid_client", "The provided client secret keys are expired."),
    90002: ("invalid_request", "Tenant not found."),
    900144: ("invalid_request", "The request body must contain a required parameter."),
}
_SUBERRORS = {
    50055: "user_password_expired",
    50076: "basic_action",
    50079: "basic_action",
    50158: "basic_action",
    65001: "consent_required",
    70043: "token_expired",
    700082: "token_expired",
    70008: "token_expired",
    50173: "token_expired",
}
_WITH_CLAIMS = frozenset({50076, 50079, 50158})


@dataclass(frozen=True, slots=True)
class EntraError(Exception):
    """A request that Entra ID refuses with an AADSTS code."""

    code: int

    @property
    def oauth_error(self) -> str:
        """The OAuth 2.0 error word."""
        return _TABLE.get(self.code, ("invalid_request", ""))[0]

    @property
    def text(self) -> str:
        """What the error page or description says."""
        return _TABLE.get(self.code, ("", "The request could not be served."))[1]


def error_answer(error: EntraError, correlation_id: str | None) -> Answer:
    """The error as the token endpoint's JSON (401 for `invalid_client`, else 400)."""
    now = datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    trace = str(uuid.uuid4())
    correlation = correlation_id or str(uuid.uuid4())
    document = {
        "error": error.oauth_error,
        "error_description": f"AADSTS{error.code}: {error.text} Trace ID: {trace} "
        f"Correlation ID: {correlation} Timestamp: {now}",
        "error_codes": [error.code],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={error.code}",
    }
    if error.code in _SUBERRORS:
        document["suberror"] = _SUBERRORS[error.code]
    if error.code in _WITH_CLAIMS:
        document["claims"] = '{"access_token":{"capolids":{"essential":true}}}'
    return json_answer(document, 401 if error.oauth_error == "invalid_client" else 400)
