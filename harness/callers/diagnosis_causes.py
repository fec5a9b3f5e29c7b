"""What a failed sign-in can mean, as far as account and policy go: rule, words and remedy.

`{user}`, `{client}`, `{tenant}` and `{scope}` stand for the run's values; user names and passwords
never enter a message. Client, API and authority are in `harness.callers.diagnosis_client_causes`;
which code means which cause is in `harness.callers.diagnosis_table`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cause"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: the rule that it falls under, what happened, what to do."""

    rule: str
    says: str
    remedy: str


LOGIN = "run `connector-harness login {user}` and sign in in the browser"
EXEMPT = "or use a dedicated test user that the policy exempts"

PASSWORD = Cause(
    "sign-in.wrong-credentials",
    "user name or password is wrong",
    "check [users.{user}] username and password (and the variables they name); "
    "it is not tried again, since repeated failures lock accounts",
)
NO_PASSWORD = Cause(
    "sign-in.wrong-credentials",
    "the account has no password that the cloud can check (federated or passwordless)",
    'use sign-in = "device-code" or "interactive" for [users.{user}], or a cloud-only test user',
)
FEDERATED = Cause(
    "sign-in.wrong-credentials",
    "the account is federated: its password is checked by the company's own identity provider "
    "(AD FS or another), and that sign-in did not work",
    'use sign-in = "device-code" or "interactive" for [users.{user}], or a cloud-only test user; '
    "else let the administrators look at the identity provider",
)
ON_PREMISES = Cause(
    "sign-in.unreachable",
    "the company's own directory, which checks this password (pass-through authentication), did "
    "not answer as it should",
    "try again later and let the administrators look at the authentication agents; a cloud-only "
    "test user does not need them",
)
LOGON_HOURS = Cause(
    "sign-in.disabled",
    "the company's directory allows this account to sign in at other hours only",
    "run within the allowed hours, or name another test user in [users.{user}]",
)
UNKNOWN_USER = Cause(
    "sign-in.unknown-user",
    "the account does not exist in the tenant {tenant}",
    "check [users.{user}] username and [entra] tenant-id; add it as a guest where it is of "
    "another tenant",
)
GUEST = Cause(
    "sign-in.unknown-user",
    "the account belongs to another tenant and was not added as a guest to {tenant}",
    "invite it as a guest, or name a user of this tenant in [users.{user}] username",
)
PERSONAL = Cause(
    "sign-in.unknown-user",
    "the kind of account is not admitted: a personal Microsoft account where only work or school "
    "accounts may sign in, or the other way round",
    "name a work or school account of {tenant} in [users.{user}] username",
)
LOCKED = Cause(
    "sign-in.locked",
    "the account is locked after too many failed sign-ins (or blocked as risky)",
    "wait until the lock ends or let an administrator unblock it; do not run again before that",
)
RISKY_ADDRESS = Cause(
    "sign-in.locked",
    "the sign-in was blocked because it came from an IP address with malicious activity",
    "run from another network, or let an administrator look at the sign-in log (error 50053)",
)
PASSWORD_EXPIRED = Cause(
    "sign-in.password-expired",
    "the password has expired",
    "change the password of {user} in a browser, then renew the secret that holds it",
)
PASSWORD_RISK = Cause(
    "sign-in.password-expired",
    "the password must be changed, because the account is thought to be at risk",
    "change the password of {user} in a browser, then renew the secret that holds it",
)
PASSWORD_FORGOTTEN = Cause(
    "sign-in.not-completed",
    "the person chose 'Forgot your password?' on the B2C page, which ends the sign-in policy with "
    "this error",
    "reset the password by the password-reset policy, then sign in again as {user}",
)
PASSWORD_CHANGE = Cause(
    "sign-in.password-expired",
    "a change of the password did not work",
    "change the password of {user} by hand, in a browser or in the company's directory",
)
SECURITY_INFO = Cause(
    "sign-in.interaction-needed",
    "the sign-in was interrupted: the user must first register for password reset or reset the "
    "password",
    "sign in as {user} once in a browser and complete the pages shown, then run again",
)
DISABLED = Cause(
    "sign-in.disabled",
    "the account is disabled",
    "let an administrator enable it, or name another user in [users.{user}]",
)
MFA = Cause(
    "sign-in.mfa-required",
    "the tenant asks for multi-factor authentication, which a password alone cannot give",
    f"{LOGIN}, {EXEMPT}",
)
MFA_FAILED = Cause(
    "sign-in.mfa-required",
    "the multi-factor authentication was not completed",
    f"{LOGIN} and complete the second step, {EXEMPT}",
)
MFA_ENROL = Cause(
    "sign-in.mfa-required",
    "the user must first enrol in multi-factor authentication",
    f"sign in as {{user}} once in a browser and enrol, then {LOGIN}",
)
CHALLENGE = Cause(
    "sign-in.mfa-required",
    "the tenant asks for an external challenge (third-party MFA, terms of use)",
    f"{LOGIN}, {EXEMPT}",
)
CONFIRM = Cause(
    "sign-in.interaction-needed",
    "the sign-in was interrupted by a page that a person must answer ('Stay signed in?', 'Are you "
    "trying to sign in to …?')",
    f"{LOGIN} and answer the pages shown",
)
INTERACTION = Cause(
    "sign-in.interaction-needed",
    "the authority needs a person in a browser for this sign-in",
    LOGIN,
)
NO_SESSION = Cause(
    "sign-in.interaction-needed",
    "nobody is signed in: the session is missing or not enough for single sign-on",
    LOGIN,
)
OTHER_ACCOUNT = Cause(
    "sign-in.interaction-needed",
    "the account that was chosen, or that is signed in, is not one that this sign-in can use",
    "sign out (or use a private window) and sign in again as {user}",
)
BLOCKED = Cause(
    "sign-in.blocked-by-policy",
    "Conditional Access blocks this sign-in",
    "exempt the test user or this client from the policy; trying again is useless",
)
BLOCKED_DEVICE_CODE = Cause(
    "sign-in.blocked-by-policy",
    "Conditional Access blocks this sign-in; very often a policy forbids the device code flow "
    "itself",
    'use sign-in = "interactive" for [users.{user}] (browser, PKCE), or exempt the test user from '
    "the policy on authentication flows",
)
RISK = Cause(
    "sign-in.blocked-by-policy",
    "the sign-in is blocked because the account is thought to be at risk",
    "let an administrator look at the user's risk and dismiss it, or use another test user",
)
DEVICE = Cause(
    "sign-in.blocked-by-policy",
    "Conditional Access wants a managed or compliant device",
    'run from such a device with sign-in = "interactive", or exempt the test user from the policy',
)
APPROVED_APP = Cause(
    "sign-in.blocked-by-policy",
    "Conditional Access admits approved client apps only, and this client is not one of them",
    "exempt the test user or this client from the policy; the harness can never be an approved app",
)
APP_PROTECTION = Cause(
    "sign-in.blocked-by-policy",
    "Conditional Access wants an app with an Intune app protection policy, which no test run can "
    "have",
    "exempt the test user or this client from the policy",
)
TOKEN_PROTECTION = Cause(
    "sign-in.blocked-by-policy",
    "a token protection policy of Conditional Access wants tokens that are bound to the device, "
    "which this sign-in cannot give",
    "exempt the test user or this client from the policy",
)
BROKER = Cause(
    "sign-in.blocked-by-policy",
    "the policy wants a sign-in through a broker app (Company Portal, Authenticator) on the device",
    "exempt the test user or this client from the policy",
)
DEFAULTS = Cause(
    "sign-in.blocked-by-policy",
    "security defaults or a policy of the tenant block this way of signing in",
    'try sign-in = "interactive" for [users.{user}], or let an administrator exempt the test user',
)
TENANT_RESTRICTED = Cause(
    "sign-in.blocked-by-policy",
    "access to the tenant {tenant} is denied: the company's proxy restricts which tenants may be "
    "used (tenant restrictions)",
    "let the network's administrators add the tenant to the allowed ones (Restrict-Access-To-"
    "Tenants), or run from another network",
)
CROSS_TENANT = Cause(
    "sign-in.blocked-by-policy",
    "a cross-tenant access policy of one of the two tenants denies this account access",
    "let the administrators allow it (External Identities, Cross-tenant access settings), or use "
    "a test user of {tenant}",
)
PROVIDER_DENIED = Cause(
    "sign-in.blocked-by-policy",
    "the identity provider denied the request",
    "let the administrators look at the sign-in log, by the correlation id",
)
AGE = Cause(
    "sign-in.blocked-by-policy",
    "the account's age group needs consent or is blocked",
    "use a test user of full age",
)
WINDOWS_SSO = Cause(
    "sign-in.interaction-needed",
    "seamless single sign-on of Windows (Kerberos) did not work",
    f"{LOGIN}; no test run needs single sign-on",
)
HELLO_KEY = Cause(
    "sign-in.wrong-credentials",
    "the sign-in key of Windows Hello for Business (NGC key) is missing, invalid, or of a device "
    "that is disabled or unknown",
    'sign in another way: sign-in = "device-code" or "interactive" with the password, or register '
    "the key on the device again",
)
BAD_USERNAME = Cause(
    "sign-in.unknown-user",
    "the user name does not have the form of one (name@domain)",
    "check [users.{user}] username",
)
SESSION_OVER = Cause(
    "sign-in.session-expired",
    "the cached sign-in of {user} has expired or was revoked",
    f"{LOGIN}; for CI, export the cache again with `connector-harness login --export FILE`",
)
