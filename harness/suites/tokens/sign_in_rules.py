"""The rules of the family `sign-in.*`: their texts.

A failed sign-in of a test user says nothing of the connector: such rules are warnings, and the
checks that needed the user are unverified. Errors are what breaks the connector itself.
"""

from __future__ import annotations

from harness.findings.model import Rule, Severity

__all__ = ["BY_ID", "RULES"]

_CODES = "Microsoft Entra authentication and authorization error codes"
_ROPC = "Microsoft identity platform and OAuth 2.0 Resource Owner Password Credentials"
_DEVICE = "Microsoft identity platform and the OAuth 2.0 device authorization grant flow"
_CLAIMS = "Microsoft identity platform: Access token claims reference"
_UNVERIFIED = "Nothing that needs this user's token can be verified; the run ends with status 6."
_BROKEN = "The connector itself cannot get tokens: its connections fail for every user."


def _failure(rule: str, title: str, meaning: str, remedy: str, reference: str = _CODES) -> Rule:
    return Rule(rule, "warning", title, meaning, _UNVERIFIED, remedy, reference)


def _rule(
    rule: str, severity: Severity, title: str, meaning: str, why: str, remedy: str, source: str
) -> Rule:
    return Rule(rule, severity, title, meaning, why, remedy, source)


RULES: tuple[Rule, ...] = (
    _failure(
        "sign-in.wrong-credentials",
        "User name or password is wrong",
        "The authority refused the password (AADSTS50126), or the account has none that the cloud "
        "can check (50056). It is not tried again in the run.",
        "Check username and password of the user and the variables that they name.",
        _ROPC,
    ),
    _failure(
        "sign-in.unknown-user",
        "The user is not of this tenant",
        "The account does not exist in the tenant (50034), or is of another tenant and no guest "
        "here (50020, 90072).",
        "Check username and tenant-id; invite the account as a guest where that is meant.",
    ),
    _failure(
        "sign-in.locked",
        "The account is locked",
        "Too many failed sign-ins, or an address that is thought malicious (50053).",
        "Wait or let an administrator unblock it; look for other jobs with an old password.",
    ),
    _failure(
        "sign-in.password-expired",
        "The password has expired",
        "The account must change its password before it can sign in (50055).",
        "Change it in a browser and renew the secret; exempt test users from expiry.",
    ),
    _failure(
        "sign-in.disabled",
        "The account is disabled",
        "An administrator disabled it (50057).",
        "Enable it, or name another user.",
    ),
    _failure(
        "sign-in.mfa-required",
        "Multi-factor authentication is required",
        "The tenant wants more than a password (50076, 50079, 50158), which password sign-in "
        "cannot give.",
        "Sign in once with `connector-harness login USER`, or exempt the test user.",
        _ROPC,
    ),
    _failure(
        "sign-in.blocked-by-policy",
        "A policy blocks the sign-in",
        "Conditional Access or security defaults forbid it (53003, 53000, 530003, 530035).",
        "Exempt the test user or client, run from a compliant device, or use sign-in interactive.",
    ),
    _failure(
        "sign-in.not-assigned",
        "The user is not assigned to the app",
        "The enterprise application demands assignment (50105, 501051).",
        "Assign the user, or turn 'Assignment required' off.",
    ),
    _failure(
        "sign-in.consent-missing",
        "Consent is missing",
        "Nobody has consented that the client may use the scope (65001), the user declined "
        "(65004), an administrator must consent (90094), or the client does not list the "
        "permission (650057).",
        "Grant admin consent to the client, or pre-authorize it in the API's registration.",
        "Microsoft identity platform: Scopes, permissions, and consent",
    ),
    _failure(
        "sign-in.public-client-off",
        "Public client flows are off",
        "The client must prove itself by a secret (7000218), so that device code and password "
        "without a secret cannot work.",
        "Use a separate public test client, or set client-secret and sign in by password.",
    ),
    _failure(
        "sign-in.client-secret",
        "The client's secret or certificate is not accepted",
        "The secret is wrong (7000215) or expired (7000222), or the certificate is unknown "
        "(700027).",
        "Renew it where client-secret or client-certificate reads it; a connector that uses the "
        "same registration is broken too.",
    ),
    _failure(
        "sign-in.client-kind",
        "A secret was sent for a public client",
        "The registration is a public client (700025).",
        "Remove client-secret, or name the confidential client.",
    ),
    _failure(
        "sign-in.unknown-client",
        "The client is not known in the tenant",
        "No application has that id in the tenant (700016), or it is disabled (7000112).",
        "Check client-id (the application id) and tenant-id.",
    ),
    _failure(
        "sign-in.unknown-scope",
        "The scope or its API is not known",
        "The tenant has no API of that App ID URI (500011), or the scope is not one of it (70011).",
        "Compare scope or resourceUri with the App ID URI to the letter; slashes count.",
    ),
    _failure(
        "sign-in.redirect-unknown",
        "The redirect URL of the sign-in is not registered",
        "The client lacks the redirect URL that the flow uses (50011).",
        "Add http://localhost under 'Mobile and desktop applications' for sign-in interactive.",
    ),
    _failure(
        "sign-in.unknown-tenant",
        "The tenant is not known",
        "No such tenant at this authority (90002), or the request names none (50059).",
        "Check tenant-id and authority.",
    ),
    _failure(
        "sign-in.session-expired",
        "The kept sign-in is over",
        "The refresh token has expired or was revoked (700082, 50173, 70043, 70008).",
        "Sign in again; for CI export the cache anew.",
        "Microsoft identity platform: Refresh tokens",
    ),
    _failure(
        "sign-in.not-completed",
        "Nobody completed the sign-in",
        "The device code ran out (70019, 70020), was declined, or the browser was closed.",
        "Run again and sign in within the time shown.",
        _DEVICE,
    ),
    _failure(
        "sign-in.interaction-needed",
        "A person is needed, and nobody is there",
        "No kept sign-in, no password, and the run has no terminal to ask at.",
        "Run `connector-harness login USER` first, or hand a cache in by "
        "CONNECTOR_HARNESS_TOKEN_CACHE.",
    ),
    _failure(
        "sign-in.wrong-account",
        "Somebody else signed in",
        "The account that signed in is not the one that the settings name for the user.",
        "Sign in as the configured account, or correct username.",
    ),
    _failure(
        "sign-in.token-handed-in",
        "The token from elsewhere cannot be used",
        "token or token-command gave no JWT, an expired one, or the command failed.",
        "Run the command by hand; hand in the access token itself.",
    ),
    _failure(
        "sign-in.no-app-token",
        "No token without a user can be had",
        "No client of the settings has a secret, so client credentials cannot be tried.",
        "Set connector-client-secret, or client-secret.",
    ),
    _failure(
        "sign-in.throttled",
        "The authority throttles us",
        "The authority answered 429 for longer than a run should wait, or saw a loop (50196).",
        "Wait; look for other jobs of the same client.",
    ),
    _failure(
        "sign-in.unreachable",
        "The authority cannot be reached",
        "No connection, an untrusted certificate, a proxy that refuses, or answers of 5xx.",
        "Check authority, ca-bundle, the network and the proxy variables.",
    ),
    _failure(
        "sign-in.failed",
        "The sign-in failed for another reason",
        "The authority gave a code that the harness has no words of its own for.",
        "Look the code up, with the correlation id at hand.",
    ),
    _rule(
        "sign-in.cache-ageing",
        "warning",
        "The handed-in sign-in is about to age out",
        "A refresh token of CONNECTOR_HARNESS_TOKEN_CACHE nears its 90 days.",
        "The nightly run will stop signing in without anything having changed.",
        "Run `connector-harness login --export FILE` and renew the secret.",
        "Microsoft identity platform: Refresh tokens",
    ),
    _rule(
        "sign-in.clock",
        "warning",
        "This computer's clock is off",
        "The clock differs from the authority's by more than five minutes.",
        "Tokens look expired, or not yet valid, when they are neither.",
        "Synchronise the clock.",
        _CLAIMS,
    ),
    _rule(
        "sign-in.separate-client",
        "note",
        "Users sign in with another client than the connector's",
        "client-id is a test client; connector-client-id names the connector's registration.",
        "Consent, appid/azp and the app's allow-list are then met as the test client meets them, "
        "not as the connector will.",
        "Where it is allowed, sign in with the connector's own registration (client-secret and "
        "password users), or read this suite's registration check beside it.",
        _CLAIMS,
    ),
    _rule(
        "sign-in.token-unfit",
        "error",
        "The users' token does not fit the app",
        "Audience, issuer, tenant, scope, client or lifetime of the token are not what the app "
        "expects; as a warning where that is not certain.",
        "Every call of the connector would be refused, or run as nobody.",
        "Compare the token's claims (`connector-harness token USER`) with the app's identity "
        "provider and the API's registration.",
        _CLAIMS,
    ),
    _rule(
        "sign-in.connector-secret",
        "error",
        "The connector's client secret does not work",
        "The authority refuses the secret of the connector's registration.",
        _BROKEN,
        "Make a new secret and save it in the connector; connections must then be renewed.",
        _CODES,
    ),
    _rule(
        "sign-in.connector-consent",
        "error",
        "Consent for the connector is missing",
        "Nobody has consented that the connector's registration may call the API for its users.",
        _BROKEN,
        "Grant admin consent to the connector's registration.",
        "Microsoft identity platform: Scopes, permissions, and consent",
    ),
    _rule(
        "sign-in.connector-redirect",
        "error",
        "The connector's redirect URL is not registered",
        "The authority does not know the redirect URL of the connector's connections (50011).",
        "Nobody can create a connection: the sign-in window shows an error.",
        "Add the URL to the connector's registration: Authentication, platform Web.",
        "Microsoft: Create a custom connector with Microsoft Entra ID authentication",
    ),
)

BY_ID = {rule.id: rule for rule in RULES}
