"""The rules of sign-ins that failed, and the finding of one.

A failed sign-in of a test user says nothing about the connector: such rules are warnings, and the
checks that needed the user are unverified.
"""

from __future__ import annotations

from typing import Any

from harness.errors import SignInError
from harness.findings.examples import TenantAnswer
from harness.findings.model import Finding, Rule

__all__ = ["finding_for"]

CODES = "Microsoft Entra authentication and authorization error codes"
ROPC = "Microsoft identity platform and OAuth 2.0 Resource Owner Password Credentials"
DEVICE = "Microsoft identity platform and the OAuth 2.0 device authorization grant flow"
UNVERIFIED = "Nothing that needs this user's token can be verified; the run ends with status 6."

WRONG_CREDENTIALS = Rule(
    id="sign-in.wrong-credentials",
    severity="warning",
    title="User name or password is wrong",
    meaning="The authority refused the password (AADSTS50126), or the account has none that the "
    "cloud can check (50056). It is not tried again in the run.",
    why=UNVERIFIED,
    remedy="Check username and password of the user and the variables that they name.",
    reference=ROPC,
    shown_by=(TenantAnswer("invalid_grant", "AADSTS50126: Invalid username or password."),),
)
UNKNOWN_USER = Rule(
    id="sign-in.unknown-user",
    severity="warning",
    title="The user is not of this tenant",
    meaning="The account does not exist in the tenant (50034), or is of another tenant and no "
    "guest here (50020, 90072).",
    why=UNVERIFIED,
    remedy="Check username and tenant-id; invite the account as a guest where that is meant.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "invalid_grant", "AADSTS50034: The user account does not exist in the directory."
        ),
    ),
)
LOCKED = Rule(
    id="sign-in.locked",
    severity="warning",
    title="The account is locked",
    meaning="Too many failed sign-ins, or an address that is thought malicious (50053).",
    why=UNVERIFIED,
    remedy="Wait or let an administrator unblock it; look for other jobs with an old password.",
    reference=CODES,
    shown_by=(TenantAnswer("invalid_grant", "AADSTS50053: The account is locked."),),
)
PASSWORD_EXPIRED = Rule(
    id="sign-in.password-expired",
    severity="warning",
    title="The password has expired",
    meaning="The account must change its password before it can sign in (50055).",
    why=UNVERIFIED,
    remedy="Change it in a browser and renew the secret; exempt test users from expiry.",
    reference=CODES,
    shown_by=(TenantAnswer("invalid_grant", "AADSTS50055: The password is expired."),),
)
DISABLED = Rule(
    id="sign-in.disabled",
    severity="warning",
    title="The account is disabled",
    meaning="An administrator disabled it (50057).",
    why=UNVERIFIED,
    remedy="Enable it, or name another user.",
    reference=CODES,
    shown_by=(TenantAnswer("invalid_grant", "AADSTS50057: The user account is disabled."),),
)
MFA_REQUIRED = Rule(
    id="sign-in.mfa-required",
    severity="warning",
    title="Multi-factor authentication is required",
    meaning="The tenant wants more than a password (50076, 50079, 50158), which password sign-in "
    "cannot give.",
    why=UNVERIFIED,
    remedy="Sign in once with `connector-harness login USER`, or exempt the test user.",
    reference=ROPC,
    shown_by=(
        TenantAnswer(
            "interaction_required", "AADSTS50076: You must use multi-factor authentication."
        ),
    ),
)
BLOCKED_BY_POLICY = Rule(
    id="sign-in.blocked-by-policy",
    severity="warning",
    title="A policy blocks the sign-in",
    meaning="Conditional Access or security defaults forbid it (53003, 53000, 530003, 530035).",
    why=UNVERIFIED,
    remedy="Exempt the test user or client, run from a compliant device, or use sign-in "
    "interactive.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "interaction_required",
            "AADSTS53003: Access has been blocked by Conditional Access policies.",
        ),
    ),
)
NOT_ASSIGNED = Rule(
    id="sign-in.not-assigned",
    severity="warning",
    title="The user is not assigned to the app",
    meaning="The enterprise application demands assignment (50105, 501051).",
    why=UNVERIFIED,
    remedy="Assign the user, or turn 'Assignment required' off.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "invalid_grant", "AADSTS50105: The user is not assigned to a role for the application."
        ),
    ),
)
CONSENT_MISSING = Rule(
    id="sign-in.consent-missing",
    severity="warning",
    title="Consent is missing",
    meaning="Nobody has consented that the client may use the scope (65001), the user declined "
    "(65004), an administrator must consent (90094), or the client does not list the "
    "permission (650057).",
    why=UNVERIFIED,
    remedy="Grant admin consent to the client, or pre-authorize it in the API's registration.",
    reference="Microsoft identity platform: Scopes, permissions, and consent",
    shown_by=(
        TenantAnswer("invalid_grant", "AADSTS65001: The user or administrator has not consented."),
    ),
)
PUBLIC_CLIENT_OFF = Rule(
    id="sign-in.public-client-off",
    severity="warning",
    title="Public client flows are off",
    meaning="The client must prove itself by a secret (7000218), so that device code and password"
    " without a secret cannot work.",
    why=UNVERIFIED,
    remedy="Use a separate public test client, or set client-secret and sign in by password.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "invalid_client",
            "AADSTS7000218: The request body must contain client_assertion or client_secret.",
        ),
    ),
)
CLIENT_SECRET = Rule(
    id="sign-in.client-secret",
    severity="warning",
    title="The client's secret or certificate is not accepted",
    meaning="The secret is wrong (7000215) or expired (7000222), or the certificate is unknown "
    "(700027).",
    why=UNVERIFIED,
    remedy="Renew it where client-secret or client-certificate reads it; a connector that uses "
    "the same registration is broken too.",
    reference=CODES,
    shown_by=(TenantAnswer("invalid_client", "AADSTS7000215: Invalid client secret provided."),),
)
CLIENT_KIND = Rule(
    id="sign-in.client-kind",
    severity="warning",
    title="A secret was sent for a public client",
    meaning="The registration is a public client (700025).",
    why=UNVERIFIED,
    remedy="Remove client-secret, or name the confidential client.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "invalid_client",
            "AADSTS700025: The client is public, so no client_secret should be presented.",
        ),
    ),
)
UNKNOWN_CLIENT = Rule(
    id="sign-in.unknown-client",
    severity="warning",
    title="The client is not known in the tenant",
    meaning="No application has that id in the tenant (700016), or it is disabled (7000112).",
    why=UNVERIFIED,
    remedy="Check client-id (the application id) and tenant-id.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "unauthorized_client", "AADSTS700016: The application was not found in the directory."
        ),
    ),
)
UNKNOWN_SCOPE = Rule(
    id="sign-in.unknown-scope",
    severity="warning",
    title="The scope or its API is not known",
    meaning="The tenant has no API of that App ID URI (500011), or the scope is not one of it "
    "(70011).",
    why=UNVERIFIED,
    remedy="Compare scope or resourceUri with the App ID URI to the letter; slashes count.",
    reference=CODES,
    shown_by=(
        TenantAnswer(
            "invalid_resource", "AADSTS500011: The resource principal was not found in the tenant."
        ),
    ),
)
REDIRECT_UNKNOWN = Rule(
    id="sign-in.redirect-unknown",
    severity="warning",
    title="The redirect URL of the sign-in is not registered",
    meaning="The client lacks the redirect URL that the flow uses (50011).",
    why=UNVERIFIED,
    remedy="Add http://localhost under 'Mobile and desktop applications' for sign-in interactive.",
    reference=CODES,
    shown_by=(TenantAnswer("invalid_request", "AADSTS50011: The redirect URI does not match."),),
)
UNKNOWN_TENANT = Rule(
    id="sign-in.unknown-tenant",
    severity="warning",
    title="The tenant is not known",
    meaning="No such tenant at this authority (90002), or the request names none (50059).",
    why=UNVERIFIED,
    remedy="Check tenant-id and authority.",
    reference=CODES,
    shown_by=(TenantAnswer("invalid_request", "AADSTS90002: The tenant was not found."),),
)
SESSION_EXPIRED = Rule(
    id="sign-in.session-expired",
    severity="warning",
    title="The kept sign-in is over",
    meaning="The refresh token has expired or was revoked (700082, 50173, 70043, 70008).",
    why=UNVERIFIED,
    remedy="Sign in again; for CI export the cache anew.",
    reference="Microsoft identity platform: Refresh tokens",
    shown_by=(
        TenantAnswer(
            "invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity."
        ),
    ),
)
NOT_COMPLETED = Rule(
    id="sign-in.not-completed",
    severity="warning",
    title="Nobody completed the sign-in",
    meaning="The device code ran out (70019, 70020), was declined, or the browser was closed.",
    why=UNVERIFIED,
    remedy="Run again and sign in within the time shown.",
    reference=DEVICE,
    shown_by=(TenantAnswer("authorization_declined", "The user declined."),),
)
INTERACTION_NEEDED = Rule(
    id="sign-in.interaction-needed",
    severity="warning",
    title="A person is needed, and nobody is there",
    meaning="No kept sign-in, no password, and the run has no terminal to ask at.",
    why=UNVERIFIED,
    remedy="Run `connector-harness login USER` first, or hand a cache in by "
    "CONNECTOR_HARNESS_TOKEN_CACHE.",
    reference="OpenID Connect Core 1.0 section 3.1.2.6",
    shown_by=(TenantAnswer(situation="no terminal, no password, no cached sign-in"),),
)
WRONG_ACCOUNT = Rule(
    id="sign-in.wrong-account",
    severity="warning",
    title="Somebody else signed in",
    meaning="The account that signed in is not the one that the settings name for the user.",
    why=UNVERIFIED,
    remedy="Sign in as the configured account, or correct username.",
    reference="OpenID Connect Core 1.0 section 3.1.2.1, login_hint",
    shown_by=(TenantAnswer(situation="another account signs in"),),
)
TOKEN_HANDED_IN = Rule(
    id="sign-in.token-handed-in",
    severity="warning",
    title="The token from elsewhere cannot be used",
    meaning="token or token-command gave no JWT, an expired one, or the command failed.",
    why=UNVERIFIED,
    remedy="Run the command by hand; hand in the access token itself.",
    reference="RFC 7519 section 7.2",
    shown_by=(TenantAnswer(situation="token-command fails"),),
)
NO_APP_TOKEN = Rule(
    id="sign-in.no-app-token",
    severity="warning",
    title="No token without a user can be had",
    meaning="No client of the settings has a secret, so client credentials cannot be tried.",
    why=UNVERIFIED,
    remedy="Set connector-client-secret, or client-secret.",
    reference="RFC 6749 section 4.4",
    shown_by=(TenantAnswer(situation="no client secret"),),
)
THROTTLED = Rule(
    id="sign-in.throttled",
    severity="warning",
    title="The authority throttles us",
    meaning="The authority answered 429 for longer than a run should wait, or saw a loop (50196).",
    why=UNVERIFIED,
    remedy="Wait; look for other jobs of the same client.",
    reference="RFC 6585 section 4",
    shown_by=(TenantAnswer(situation="answers 429 and nothing else"),),
)
UNREACHABLE = Rule(
    id="sign-in.unreachable",
    severity="warning",
    title="The authority cannot be reached",
    meaning="No connection, an untrusted certificate, a proxy that refuses, or answers of 5xx.",
    why=UNVERIFIED,
    remedy="Check authority, ca-bundle, the network and the proxy variables.",
    reference="RFC 9110 section 15.6",
    shown_by=(TenantAnswer(situation="answers 503 and nothing else"),),
)
FAILED = Rule(
    id="sign-in.failed",
    severity="warning",
    title="The sign-in failed for another reason",
    meaning="The authority gave a code that the harness has no words of its own for.",
    why=UNVERIFIED,
    remedy="Look the code up, with the correlation id at hand.",
    reference=CODES,
    shown_by=(TenantAnswer("invalid_request", "AADSTS999999: Something else."),),
)
CLOCK = Rule(
    id="sign-in.clock",
    severity="warning",
    title="This computer's clock is off",
    meaning="The clock differs from the authority's by more than five minutes.",
    why="Tokens look expired, or not yet valid, when they are neither.",
    remedy="Synchronise the clock.",
    reference="Microsoft identity platform: Access token claims reference",
    shown_by=(TenantAnswer(situation="clock ten minutes off"),),
)
FAILURES = {value.id: value for value in tuple(globals().values()) if isinstance(value, Rule)}
"""The rules above by their ids, as errors of sign-ins name them."""


def finding_for(error: SignInError) -> Finding:
    """The finding of a failed sign-in; a warning, since the check itself is unverified."""
    rule = FAILURES.get(error.rule, FAILED)
    data: dict[str, Any] = {}
    if error.code is not None:
        data["code"] = f"AADSTS{error.code}"
    if error.correlation_id:
        data["correlation_id"] = error.correlation_id
    return rule.finding(
        str(error).splitlines()[0],
        caller=error.user or None,
        expected="a token",
        observed=data.get("code", "no token"),
        remedy=error.remedy,
        data=data,
    )
