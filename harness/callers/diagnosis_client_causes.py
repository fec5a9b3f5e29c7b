"""What a failed sign-in can mean, as far as client, API, tenant and authority go.

Continues `harness.callers.diagnosis_causes`.
"""

from __future__ import annotations

from harness.callers.diagnosis_causes import Cause

__all__: list[str] = []

_CONSENT_PAGE = "(portal: App registrations, API permissions)"

NOT_ASSIGNED = Cause(
    "sign-in.not-assigned",
    "the app demands assignment, and {user} is not assigned to it",
    "assign the user to the enterprise application, or turn 'Assignment required' off",
)
CONSENT = Cause(
    "sign-in.consent-missing",
    "neither the user nor an administrator has consented that the client {client} may use {scope}",
    f"grant admin consent to that client {_CONSENT_PAGE}, or "
    "pre-authorize it in the API's registration (Expose an API)",
)
DECLINED_CONSENT = Cause(
    "sign-in.consent-missing",
    "the user declined to consent to {scope}",
    "sign in again and accept, or let an administrator grant consent to client {client}",
)
ADMIN_CONSENT = Cause(
    "sign-in.consent-missing",
    "{scope} needs an administrator's consent for client {client}",
    f"let an administrator grant consent {_CONSENT_PAGE}",
)
NOT_REQUESTED = Cause(
    "sign-in.consent-missing",
    "the client {client} does not list the API of {scope} among its permissions, or nobody has "
    "consented to them",
    "add the API permission (delegated, user_impersonation) to that registration and consent to it",
)
FIRST_PARTY = Cause(
    "sign-in.consent-missing",
    "the client {client} is one of Microsoft's own, which may call this API only where the API "
    "pre-authorizes it",
    "register a test client of your own and name it in [entra] client-id",
)
PUBLIC_OFF = Cause(
    "sign-in.public-client-off",
    "the client {client} must prove itself with a secret: its public client flows are off",
    "set 'Allow public client flows' on a separate test registration and name it in [entra] "
    "client-id, or set [entra] client-secret (then by password or cache only)",
)
SECRET_WRONG = Cause(
    "sign-in.client-secret",
    "the secret of client {client} is wrong (often the secret's id instead of its value)",
    "renew the secret and put its value where [entra] client-secret reads it",
)
SECRET_EXPIRED = Cause(
    "sign-in.client-secret",
    "the secret of client {client} has expired",
    "make a new secret and set it in [entra] client-secret; where it is the connector's "
    "registration, the connector itself is broken until it is saved with the new one",
)
CERTIFICATE = Cause(
    "sign-in.client-secret",
    "the certificate of client {client}, or the assertion signed with it, is not accepted",
    "upload the public certificate to that registration and check [entra] client-certificate",
)
ASSERTION_TIME = Cause(
    "sign-in.clock",
    "the assertion that client {client} signed is not within its valid time range: this "
    "computer's clock is off",
    "set this computer's clock right (the assertion lives some minutes only)",
)
FEDERATED_CREDENTIAL = Cause(
    "sign-in.client-secret",
    "no federated credential of client {client} matches issuer, subject and audience of the "
    "assertion",
    "compare the federated credentials of that registration with the token of the pipeline",
)
SECRET_UNWANTED = Cause(
    "sign-in.client-kind",
    "the client {client} is a public client, but a secret was sent",
    "remove [entra] client-secret, or name a confidential client in client-id",
)
SPA_CLIENT = Cause(
    "sign-in.client-kind",
    "the client {client} is registered as a single-page application, whose tokens only a browser "
    "can fetch",
    "add http://localhost under 'Mobile and desktop applications' of that registration, or use a "
    "separate test client",
)
NATIVE_CLIENT = Cause(
    "sign-in.client-kind",
    "the client {client} may not use this kind of sign-in",
    "check the registration's platform and grant types (portal: Authentication), or use another "
    "test client",
)
UNKNOWN_CLIENT = Cause(
    "sign-in.unknown-client",
    "the tenant {tenant} has no application {client}",
    "check [entra] client-id and tenant-id (the id is the application id, not the object id)",
)
CLIENT_DISABLED = Cause(
    "sign-in.unknown-client",
    "the application {client} is disabled in the tenant, or cannot be used at this time",
    "let an administrator enable the enterprise application",
)
ON_BEHALF = Cause(
    "sign-in.failed",
    "the app's own call on behalf of the user failed: the token or assertion that it passed on is "
    "not accepted",
    "look at how the app asks for tokens on behalf of its user; the connector's settings are not "
    "the cause",
)
UNKNOWN_RESOURCE = Cause(
    "sign-in.unknown-scope",
    "the tenant has no API of the scope {scope}",
    "check [entra] scope (or resourceUri in apiProperties.json) against the App ID URI of the "
    "API's registration, to the letter: a slash at the end counts",
)
RESOURCE_DISABLED = Cause(
    "sign-in.unknown-scope",
    "the API of the scope {scope} is disabled in the tenant, or was removed from it",
    "let an administrator enable the API's enterprise application ('Enabled for users to sign in')",
)
BAD_SCOPE = Cause(
    "sign-in.unknown-scope",
    "the scope {scope} is not valid for that API",
    "set [entra] scope to one that 'Expose an API' lists, of one API only, such as "
    "api://<api client id>/user_impersonation",
)
TWO_RESOURCES = Cause(
    "sign-in.unknown-scope",
    "the scope names more than one API, and a token is for one API only",
    "set [entra] scope to scopes of one resource, such as api://<api client id>/user_impersonation",
)
FOR_ITSELF = Cause(
    "sign-in.unknown-scope",
    "the client asks for a token for itself: client and API are the same registration",
    'name the API by its client id, scope = "<client id>/.default", or use a separate '
    "registration for the client",
)
REDIRECT = Cause(
    "sign-in.redirect-unknown",
    "the redirect URL is not registered with client {client}",
    "add it to the registration (Authentication): http://localhost under 'Mobile and desktop' for "
    "sign-in = \"interactive\", the connector's own under 'Web'",
)
ID_TOKENS_OFF = Cause(
    "sign-in.client-kind",
    "the registration does not issue ID tokens from the authorize endpoint (response_type id_token "
    "is not enabled)",
    "tick 'ID tokens' in the API's registration (Authentication, Implicit grant and hybrid flows): "
    "App Service Authentication without a client secret needs it",
)
IMPLICIT_OFF = Cause(
    "sign-in.client-kind",
    "the registration does not allow this response type",
    "tick what is asked for in the registration (Authentication, Implicit grant and hybrid flows)",
)
UNKNOWN_TENANT = Cause(
    "sign-in.unknown-tenant",
    "there is no tenant {tenant} at this authority",
    "check [entra] tenant-id and, for a national cloud, authority",
)
NATIONAL_CLOUD = Cause(
    "sign-in.unknown-tenant",
    "the tenant {tenant} belongs to another national cloud than this authority",
    "set [entra] authority to that cloud's sign-in host (https://login.microsoftonline.us, "
    "https://login.partner.microsoftonline.cn)",
)
NO_AUTHORITY = Cause(
    "sign-in.unknown-tenant",
    "what answers there is not an Entra ID authority, or it does not know the tenant {tenant}",
    "check [entra] authority (https://login.microsoftonline.com, or a national cloud's) and "
    "tenant-id",
)
NO_TENANT = Cause(
    "sign-in.unknown-tenant",
    "the request names no tenant, or one that the client is not meant for",
    "set [entra] tenant-id to the tenant's id or domain instead of common or organizations",
)
CODE_USED = Cause(
    "sign-in.not-completed",
    "the authorization code was used already, has run out, or belongs to another sign-in",
    "run again and sign in once",
)
CODE_EXPIRED = Cause(
    "sign-in.not-completed",
    "the device code ran out before anybody signed in",
    "run again and sign in within the time shown",
)
CODE_PENDING = Cause(
    "sign-in.not-completed",
    "nobody has signed in with the device code yet",
    "open the page shown, enter the code and sign in as {user}; if the time is over, run again",
)
CODE_WRONG = Cause(
    "sign-in.not-completed",
    "the device code is not known to the authority, or was answered already",
    "run again for a new code",
)
DECLINED = Cause(
    "sign-in.not-completed",
    "the sign-in was declined or closed",
    "run again and sign in as {user}",
)
DENIED = Cause(
    "sign-in.not-completed",
    "the authority denied access: the person declined, or a policy refuses",
    "run again and sign in as {user}; if nobody declined, ask the tenant's administrators",
)
DEVICE_CODE_BLOCKED = Cause(
    "sign-in.blocked-by-policy",
    "the tenant blocks the device code flow",
    'use sign-in = "interactive" for [users.{user}]',
)
LOOP = Cause(
    "sign-in.throttled",
    "the authority has seen too many equal requests from this client",
    "wait some minutes; look for other jobs that use the same client",
)
OUTAGE = Cause(
    "sign-in.unreachable",
    "the authority has trouble of its own",
    "try again later; see the status page of Microsoft Entra ID",
)
SERVICE_ERROR = Cause(
    "sign-in.unreachable",
    "the authority could not complete the request, for a reason of its own",
    "try again later; if it stays, open a support ticket with the correlation id",
)
REQUEST = Cause(
    "sign-in.failed",
    "the request is malformed or invalid: the authority does not take it as it was made",
    "report this with the correlation id; check what a proxy on the way changes",
)
MISSING_PARAMETER = Cause(
    "sign-in.failed",
    "the request lacks a parameter that the authority needs (client_id, scope, grant_type …)",
    "check that [entra] client-id and scope are set; else report this with the correlation id",
)
BAD_INPUT = Cause(
    "sign-in.failed",
    "the input is not valid: the authority cannot read a value that was sent",
    "check [users.{user}] username and the values of [entra] for typing mistakes",
)
APP_SETUP = Cause(
    "sign-in.failed",
    "the registration or a policy of the tenant is set up wrongly (signing key, claims mapping)",
    "let the tenant's administrators look at it, by the code and the correlation id",
)
SAML = Cause(
    "sign-in.failed",
    "the message is of SAML or WS-Federation, which a connector does not use",
    "look at the app whose sign-in it is; the connector's settings are not the cause",
)
ROPC_OFF = Cause(
    "sign-in.public-client-off",
    "the client {client} may not sign users in by password (resource owner flow)",
    "enable the resource owner flow for that registration and policy, or use "
    'sign-in = "interactive"',
)
B2C_POLICY = Cause(
    "sign-in.failed",
    "the B2C policy has a mistake: a step, key or profile that it needs is missing or failed",
    "let the policy's owner look at it, by the code and the correlation id",
)
CLIENT_REFUSED = Cause(
    "sign-in.unknown-client",
    "the authority does not accept the client {client}: it does not know it, or wants it to prove "
    "itself by a secret, and none is configured",
    "check [entra] client-id; where the client is confidential, set [entra] client-secret",
)
INVALID_GRANT = Cause(
    "sign-in.failed",
    "what was handed in for a token (password, code or refresh token) is not valid, or no longer",
    "sign in again; with --flow the explanation can say more",
)
