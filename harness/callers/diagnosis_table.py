"""What each AADSTS code and each OAuth error means for the person who runs the harness.

Sources: Microsoft identity platform, "Microsoft Entra authentication and authorization error
codes"; RFC 6749 5.2 and RFC 8628 3.5 for errors without a code. `{user}`, `{client}`, `{tenant}`
and `{scope}` stand for the run's values; user names and passwords never enter a message.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BY_CODE", "BY_ERROR", "Cause"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: the rule that it falls under, what happened, what to do.

    `needs_person` says that a person who signs in once, in a browser, solves it.
    """

    rule: str
    says: str
    remedy: str
    needs_person: bool = False


LOGIN = "run `connector-harness login {user}` and sign in in the browser"
EXEMPT = "or use a dedicated test user that the policy exempts"

_PASSWORD = Cause(
    "sign-in.wrong-credentials",
    "user name or password is wrong",
    "check [users.{user}] username and password (and the variables they name); "
    "it is not tried again, since repeated failures lock accounts",
)
_NO_PASSWORD = Cause(
    "sign-in.wrong-credentials",
    "the account has no password that the cloud can check (federated or passwordless)",
    'use sign-in = "device-code" or "interactive" for [users.{user}], or a cloud-only test user',
    needs_person=True,
)
_UNKNOWN_USER = Cause(
    "sign-in.unknown-user",
    "the account does not exist in the tenant {tenant}",
    "check [users.{user}] username and [entra] tenant-id",
)
_GUEST = Cause(
    "sign-in.unknown-user",
    "the account belongs to another tenant and is no guest of {tenant}",
    "invite it as a guest, or name a user of this tenant in [users.{user}] username",
)
_LOCKED = Cause(
    "sign-in.locked",
    "the account is locked after too many failed sign-ins (or blocked as risky)",
    "wait until the lock ends or let an administrator unblock it; do not run again before that",
)
_PASSWORD_EXPIRED = Cause(
    "sign-in.password-expired",
    "the password has expired",
    "change the password of {user} in a browser, then renew the secret that holds it",
)
_DISABLED = Cause(
    "sign-in.disabled",
    "the account is disabled",
    "let an administrator enable it, or name another user in [users.{user}]",
)
_MFA = Cause(
    "sign-in.mfa-required",
    "the tenant asks for multi-factor authentication, which a password alone cannot give",
    f"{LOGIN}, {EXEMPT}",
    needs_person=True,
)
_MFA_ENROL = Cause(
    "sign-in.mfa-required",
    "the user must first enrol in multi-factor authentication",
    f"sign in as {{user}} once in a browser and enrol, then {LOGIN}",
    needs_person=True,
)
_CHALLENGE = Cause(
    "sign-in.mfa-required",
    "the tenant asks for an external challenge (third-party MFA, terms of use)",
    f"{LOGIN}, {EXEMPT}",
    needs_person=True,
)
_BLOCKED = Cause(
    "sign-in.blocked-by-policy",
    "Conditional Access blocks this sign-in",
    "exempt the test user or this client from the policy; trying again is useless",
)
_DEVICE = Cause(
    "sign-in.blocked-by-policy",
    "Conditional Access wants a managed or compliant device",
    'run from such a device with sign-in = "interactive", or exempt the test user from the policy',
)
_DEFAULTS = Cause(
    "sign-in.blocked-by-policy",
    "security defaults or a policy of the tenant block this way of signing in",
    'try sign-in = "interactive" for [users.{user}], or let an administrator exempt the test user',
)
_NOT_ASSIGNED = Cause(
    "sign-in.not-assigned",
    "the app demands assignment, and {user} is not assigned to it",
    "assign the user to the enterprise application, or turn 'Assignment required' off",
)
_CONSENT = Cause(
    "sign-in.consent-missing",
    "nobody has consented that the client {client} may use {scope}",
    "grant admin consent to that client (portal: App registrations, API permissions), or "
    "pre-authorize it in the API's registration (Expose an API)",
)
_DECLINED_CONSENT = Cause(
    "sign-in.consent-missing",
    "the user declined to consent to {scope}",
    "sign in again and accept, or let an administrator grant consent to client {client}",
)
_ADMIN_CONSENT = Cause(
    "sign-in.consent-missing",
    "{scope} needs an administrator's consent for client {client}",
    "let an administrator grant consent (portal: App registrations, API permissions)",
)
_NOT_REQUESTED = Cause(
    "sign-in.consent-missing",
    "the client {client} does not list the API of {scope} among its permissions",
    "add the API permission (delegated, user_impersonation) to that registration and consent to it",
)
_PUBLIC_OFF = Cause(
    "sign-in.public-client-off",
    "the client {client} must prove itself with a secret: its public client flows are off",
    "set 'Allow public client flows' on a separate test registration and name it in [entra] "
    "client-id, or set [entra] client-secret (then by password or cache only)",
)
_SECRET_WRONG = Cause(
    "sign-in.client-secret",
    "the secret of client {client} is wrong (often the secret's id instead of its value)",
    "renew the secret and put its value where [entra] client-secret reads it",
)
_SECRET_EXPIRED = Cause(
    "sign-in.client-secret",
    "the secret of client {client} has expired",
    "make a new secret and set it in [entra] client-secret; where it is the connector's "
    "registration, the connector itself is broken until it is saved with the new one",
)
_CERTIFICATE = Cause(
    "sign-in.client-secret",
    "the certificate of client {client} is not accepted",
    "upload the public certificate to that registration and check [entra] client-certificate",
)
_SECRET_UNWANTED = Cause(
    "sign-in.client-kind",
    "the client {client} is a public client, but a secret was sent",
    "drop [entra] client-secret, or name a confidential client in client-id",
)
_UNKNOWN_CLIENT = Cause(
    "sign-in.unknown-client",
    "the tenant {tenant} has no application {client}",
    "check [entra] client-id and tenant-id (the id is the application id, not the object id)",
)
_CLIENT_DISABLED = Cause(
    "sign-in.unknown-client",
    "the application {client} is disabled in the tenant",
    "let an administrator enable the enterprise application",
)
_UNKNOWN_RESOURCE = Cause(
    "sign-in.unknown-scope",
    "the tenant has no API of the scope {scope}",
    "check [entra] scope (or resourceUri in apiProperties.json) against the App ID URI of the "
    "API's registration, to the letter: a slash at the end counts",
)
_BAD_SCOPE = Cause(
    "sign-in.unknown-scope",
    "the scope {scope} is not valid for that API",
    "set [entra] scope to one that 'Expose an API' lists, of one API only, such as "
    "api://<api client id>/user_impersonation",
)
_REDIRECT = Cause(
    "sign-in.redirect-unknown",
    "the redirect URL is not registered with client {client}",
    "add it to the registration (Authentication): http://localhost under 'Mobile and desktop' for "
    "sign-in = \"interactive\", the connector's own under 'Web'",
)
_UNKNOWN_TENANT = Cause(
    "sign-in.unknown-tenant",
    "there is no tenant {tenant} at this authority",
    "check [entra] tenant-id and, for a national cloud, authority",
)
_NO_AUTHORITY = Cause(
    "sign-in.unknown-tenant",
    "what answers there is no Entra ID authority, or it does not know the tenant {tenant}",
    "check [entra] authority (https://login.microsoftonline.com, or a national cloud's) and "
    "tenant-id",
)
_NO_TENANT = Cause(
    "sign-in.unknown-tenant",
    "the request names no tenant, or one that the client is not meant for",
    "set [entra] tenant-id to the tenant's id or domain instead of common or organizations",
)
_SESSION_OVER = Cause(
    "sign-in.session-expired",
    "the kept sign-in of {user} has expired or was revoked",
    f"{LOGIN}; for CI, export the cache again with `connector-harness login --export FILE`",
    needs_person=True,
)
_CODE_EXPIRED = Cause(
    "sign-in.not-completed",
    "the device code ran out before anybody signed in",
    "run again and sign in within the time shown",
    needs_person=True,
)
_CODE_WRONG = Cause(
    "sign-in.not-completed",
    "the device code is not known to the authority",
    "run again for a new code",
    needs_person=True,
)
_DECLINED = Cause(
    "sign-in.not-completed",
    "the sign-in was declined or closed",
    "run again and sign in as {user}",
    needs_person=True,
)
_DEVICE_CODE_BLOCKED = Cause(
    "sign-in.blocked-by-policy",
    "the tenant blocks the device code flow",
    'use sign-in = "interactive" for [users.{user}]',
)
_LOOP = Cause(
    "sign-in.throttled",
    "the authority has seen too many equal requests from this client",
    "wait some minutes; look for other jobs that use the same client",
)
_OUTAGE = Cause(
    "sign-in.unreachable",
    "the authority has trouble of its own",
    "try again later; see the status page of Microsoft Entra ID",
)
_REQUEST = Cause(
    "sign-in.failed",
    "the authority does not take the request as it was made",
    "check the kind of the client's platform (a single-page app cannot be used here) and report "
    "this with the correlation id",
)

_GROUPS: tuple[tuple[Cause, tuple[int, ...]], ...] = (
    (_PASSWORD, (50126, 50064)),
    (_NO_PASSWORD, (50056, 50004, 51001)),
    (_UNKNOWN_USER, (50034, 51004)),
    (_GUEST, (50020, 90072)),
    (_LOCKED, (50053,)),
    (_PASSWORD_EXPIRED, (50055, 50144)),
    (_DISABLED, (50057,)),
    (_MFA, (50074, 50076, 50078)),
    (_MFA_ENROL, (50072, 50079)),
    (_CHALLENGE, (50158, 50125, 16000, 50058)),
    (_BLOCKED, (53003, 53004, 53011, 50131)),
    (_DEVICE, (53000, 53001, 53002, 530003, 530001, 530002, 50097)),
    (_DEFAULTS, (530031, 530032, 530033, 530034, 530035)),
    (_NOT_ASSIGNED, (50105, 501051)),
    (_CONSENT, (65001,)),
    (_DECLINED_CONSENT, (65004,)),
    (_ADMIN_CONSENT, (90094, 90093)),
    (_NOT_REQUESTED, (650056, 650057, 65005)),
    (_PUBLIC_OFF, (7000218,)),
    (_SECRET_WRONG, (7000215,)),
    (_SECRET_EXPIRED, (7000222,)),
    (_CERTIFICATE, (700027, 700024, 700030, 7000214)),
    (_SECRET_UNWANTED, (700025,)),
    (_UNKNOWN_CLIENT, (700016, 70001)),
    (_CLIENT_DISABLED, (7000112, 7000114)),
    (_UNKNOWN_RESOURCE, (500011, 50001, 650052)),
    (_BAD_SCOPE, (70011, 28002, 28003, 650053)),
    (_REDIRECT, (50011, 500113, 500112)),
    (_UNKNOWN_TENANT, (90002, 50128, 900023)),
    (_NO_TENANT, (50059, 50194, 90013, 90019)),
    (
        _SESSION_OVER,
        (700082, 700081, 700084, 50173, 70043, 70008, 70000, 70002, 50089, 50132, 500133, 50133),
    ),
    (_CODE_EXPIRED, (70016, 70019, 70020)),
    (_CODE_WRONG, (70018,)),
    (_LOOP, (50196, 90055)),
    (_OUTAGE, (90033, 50000, 90006, 90012, 90024, 130004)),
    (_REQUEST, (900144, 9002313, 9002326, 9002327, 700054)),
)

BY_CODE = {code: cause for cause, codes in _GROUPS for code in codes}

BY_ERROR = {
    "no_discovery": _NO_AUTHORITY,
    "authorization_declined": _DECLINED,
    "access_denied": _DECLINED,
    "abort": _DECLINED,
    "expired_token": _CODE_EXPIRED,
    "authorization_pending": _CODE_EXPIRED,
    "bad_verification_code": _CODE_WRONG,
    "interaction_required": _MFA,
    "login_required": _SESSION_OVER,
    "consent_required": _CONSENT,
    "invalid_client": _SECRET_WRONG,
    "unauthorized_client": _UNKNOWN_CLIENT,
    "invalid_resource": _UNKNOWN_RESOURCE,
    "invalid_scope": _BAD_SCOPE,
    "temporarily_unavailable": _OUTAGE,
    "server_error": _OUTAGE,
    "unsupported_grant_type": _DEFAULTS,
}
