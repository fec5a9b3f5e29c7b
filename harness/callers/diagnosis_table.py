"""Which code of Entra ID or Azure AD B2C, and which OAuth error, means which cause.

Every row was compared with Microsoft's published lists: "Microsoft Entra authentication and
authorization error codes" and "Error codes: Azure Active Directory B2C". Codes that those pages do
not list are in `UNPUBLISHED`: they were seen in public bug reports or are widely known. RFC 6749
section 5.2 and RFC 8628 section 3.5 give the errors without a code.
"""

from __future__ import annotations

import re

from harness.callers import diagnosis_causes as account
from harness.callers import diagnosis_client_causes as client
from harness.callers.diagnosis_causes import Cause

__all__ = [
    "BY_B2C_CODE",
    "BY_CODE",
    "BY_ERROR",
    "BY_SUBERROR",
    "BY_WORDS",
    "GENERIC_CODES",
    "UNPUBLISHED",
    "Cause",
    "by_flow",
    "by_library_words",
    "with_flow",
]

_GROUPS: tuple[tuple[Cause, tuple[int, ...]], ...] = (
    (account.PASSWORD, (50126, 50064)),
    (account.NO_PASSWORD, (50056,)),
    (
        account.FEDERATED,
        (20001, 20012, 20033, 40008, 40009, 40010, 40015, 50008, 5000819, 50107, 50166, 50169),
    ),
    (account.ON_PREMISES, (80001, 80002, 80005, 80007, 80010, 80013, 80014)),
    (account.LOGON_HOURS, (80012,)),
    (account.UNKNOWN_USER, (50034, 51004, 50197, 90125, 500341)),
    (account.GUEST, (16000, 16003, 50014, 50020, 90072)),
    (account.PERSONAL, (50136, 500200, 500202, 500208, 90126, 9002332, 9002346, 90027)),
    (account.LOCKED, (50053,)),
    (account.PASSWORD_EXPIRED, (50055, 50144)),
    (account.PASSWORD_RISK, (50135,)),
    (
        account.PASSWORD_CHANGE,
        (
            *(120000, 120002, 120003, 120004, 120005, 120008, 120011, 120012, 120013, 120014),
            *(120015, 120016, 120018, 120020, 120021),
        ),
    ),
    (account.SECURITY_INFO, (50125,)),
    (account.DISABLED, (50057, 500571)),
    (account.MFA, (50074, 50076, 50078)),
    (account.MFA_FAILED, (500121, 50087, 50088)),
    (account.MFA_ENROL, (50072, 50079, 53004, 53010)),
    (account.CHALLENGE, (50158, 50161, 50170, 50177, 50178)),
    (account.CONFIRM, (50140, 50199)),
    (account.INTERACTION, (50085, 50192, 51006, 700020, 52004)),
    (account.NO_SESSION, (50058,)),
    (account.OTHER_ACCOUNT, (16001, 16002, 160021, 50143, 81012)),
    (account.BLOCKED, (53003, 50131, 530032)),
    (account.RISK, (53011, 530034)),
    (
        account.DEVICE,
        (
            *(50005, 50097, 50129, 50155, 50187, 53000, 53001, 530001, 530002, 530003, 135011),
            *(240001, 700003),
        ),
    ),
    (account.APPROVED_APP, (53002,)),
    (account.APP_PROTECTION, (53009,)),
    (account.TOKEN_PROTECTION, (530084,)),
    (account.BROKER, (50127,)),
    (account.DEFAULTS, (530031, 530033, 530035)),
    (account.TENANT_RESTRICTED, (50002, 500021, 500022)),
    (account.CROSS_TENANT, (500212, 500213, 1000104, 90084)),
    (account.PROVIDER_DENIED, (90123,)),
    (account.AGE, (50015, 54000)),
    (client.NOT_ASSIGNED, (50105, 501051)),
    (client.CONSENT, (65001, 90008)),
    (client.DECLINED_CONSENT, (65004,)),
    (client.ADMIN_CONSENT, (90094, 90095, 90099)),
    (client.NOT_REQUESTED, (650056, 650057, 65005)),
    (client.FIRST_PARTY, (65002,)),
    (client.PUBLIC_OFF, (7000218, 7000216)),
    (client.SECRET_WRONG, (7000215, 70002)),
    (client.SECRET_EXPIRED, (7000222,)),
    (client.CERTIFICATE, (50012, 50006, 50017, 50048, 700027, 700030, 7000214)),
    (client.ASSERTION_TIME, (700024,)),
    (client.FEDERATED_CREDENTIAL, (70021, 700211, 700212, 700213, 700229)),
    (client.SECRET_UNWANTED, (700025,)),
    (client.SPA_CLIENT, (9002325, 9002326, 9002327)),
    (client.NATIVE_CLIENT, (70003, 67003, 900382, 900432)),
    (client.UNKNOWN_CLIENT, (700016, 700011)),
    (client.CLIENT_DISABLED, (7000112, 70001, 1000031)),
    (client.ON_BEHALF, (50013, 50027, 500133, 7000114, 90016, 900384, 240002, 221000)),
    (client.UNKNOWN_RESOURCE, (500011, 50001, 650052)),
    (client.RESOURCE_DISABLED, (500014, 650054)),
    (client.BAD_SCOPE, (70011, 28002, 28003, 650053, 700023, 901002, 501461)),
    (client.TWO_RESOURCES, (700022,)),
    (client.FOR_ITSELF, (90009,)),
    (client.REDIRECT, (50011, 500112, 500113, 500117, 70004, 900971, 90102)),
    (client.ID_TOKENS_OFF, (700054,)),
    (client.IMPLICIT_OFF, (700051, 70005, 70007)),
    (client.UNKNOWN_TENANT, (90002, 50128, 900021, 900023, 50049)),
    (client.NATIONAL_CLOUD, (90038, 90043, 90051)),
    (client.NO_TENANT, (50059, 50194, 90019, 9001023, 90124, 90130)),
    (
        account.SESSION_OVER,
        (
            *(700082, 700081, 700084, 50173, 70043, 70044, 70008, 70000, 50089, 50132, 50133),
            *(50139, 90086, 90114, 140001, 50168),
        ),
    ),
    (client.CODE_USED, (54005, 700005, 501481)),
    (client.CODE_EXPIRED, (70019, 70020)),
    (client.CODE_PENDING, (70016,)),
    (client.CODE_WRONG, (70018, 50134, 90119, 90120)),
    (client.LOOP, (50196, 90055)),
    (client.OUTAGE, (50033, 70012, 90006, 90012, 90024, 90033, 90090, 90091, 230109)),
    (client.SERVICE_ERROR, (50000, 50086, 90036, 90092, 90093, 90085, 165004)),
    (client.MISSING_PARAMETER, (900144, 90014, 90121)),
    (
        client.REQUEST,
        (
            *(9002313, 90004, 90005, 90007, 90010, 90015, 90023, 90056, 900561, 90100, 90107),
            *(90117, 50050, 50147, 501491, 51001, 51005, 140000, 165900, 50099, 50120, 51000),
        ),
    ),
    (client.BAD_INPUT, (90013, 50029)),
    (account.BAD_USERNAME, (90022, 90101)),
    (
        client.APP_SETUP,
        (
            *(17003, 50003, 50007, 50010, 50032, 50042, 50043, 50124, 501241, 50146, 501621),
            *(220501, 100007),
        ),
    ),
    (
        client.SAML,
        (
            *(75001, 75003, 75005, 7500514, 750054, 75008, 75011, 75016, 76021, 76026, 7500529),
            *(90020, 900236, 90081, 90082, 90087, 50061, 50068, 50070, 50071),
        ),
    ),
    (
        account.WINDOWS_SSO,
        (50180, 81004, 81005, 81006, 81007, 81009, 81010, 81011),
    ),
    (account.HELLO_KEY, (130004, 130005, 130006, 130007, 130008, 135010)),
)

BY_CODE = {code: cause for cause, codes in _GROUPS for code in codes}

UNPUBLISHED = frozenset(
    {
        *(
            530084,
            500112,
            500113,
            500117,
            500121,
            500200,
            500202,
            500341,
            500571,
            501051,
            53009,
            530001,
        ),
        *(530084, 530002, 530003, 530031, 530033, 650053, 700003, 700024, 700051, 700081, 7000214),
        *(7000216, 70020, 70021, 700211, 700212, 700213, 70044, 900021, 900023, 9002325, 9002326),
        *(9002327, 9002346, 500014),
    }
)
"""Codes of the table that Microsoft's page does not list (read in its state of 2024)."""

GENERIC_CODES = frozenset({70002, 50012, 65005, 70000, 50000, 90023})
"""Codes that only open a chain: a more telling code in the same answer goes before them."""

BY_WORDS: tuple[tuple[int, str, Cause], ...] = (
    (50053, r"malicious", account.RISKY_ADDRESS),
    (50012, r"client secret", client.SECRET_WRONG),
    (70002, r"certificate|assertion", client.CERTIFICATE),
    (70002, r"client_assertion'? or '?client_secret", client.PUBLIC_OFF),
    (700027, r"expired|time range", client.ASSERTION_TIME),
    (50079, r"federated", account.MFA),
    (70000, r"'code'", client.CODE_USED),
    (65005, r"scope '[^']*' (?:that )?(?:does not|doesn't) exist", client.BAD_SCOPE),
    (50001, r"disabled", client.RESOURCE_DISABLED),
    (70001, r"not found", client.UNKNOWN_CLIENT),
)
"""Codes with more than one meaning: a pattern in the description decides."""

_B2C_GROUPS: tuple[tuple[Cause, tuple[int, ...]], ...] = (
    (account.PASSWORD, (90052, 90054, 90225)),
    (account.UNKNOWN_USER, (90053, 90128)),
    (account.PASSWORD_FORGOTTEN, (90118,)),
    (client.DECLINED, (90091,)),
    (account.LOCKED, (90111, 90114)),
    (account.MFA_FAILED, (90151, 90152, 90154, 90155, 90156, 90145)),
    (account.NO_SESSION, (90077, 90046, 90211, 90212)),
    (account.SESSION_OVER, (90080, 90129, 90208, 90235)),
    (client.CODE_USED, (90087, 90088, 90182, 90183)),
    (client.REDIRECT, (90006, 90007, 90067)),
    (client.UNKNOWN_CLIENT, (90011, 90018, 90068)),
    (client.CLIENT_DISABLED, (90092,)),
    (client.SECRET_WRONG, (90081,)),
    (client.PUBLIC_OFF, (90058, 90079)),
    (client.SECRET_UNWANTED, (90084,)),
    (client.CERTIFICATE, (90016, 90017, 90039)),
    (client.IMPLICIT_OFF, (90013, 90014, 90057)),
    (client.SPA_CLIENT, (99059,)),
    (client.ROPC_OFF, (90224,)),
    (client.NATIVE_CLIENT, (90086,)),
    (client.BAD_SCOPE, (90012, 90055, 90107, 90110, 90115, 90117)),
    (client.TWO_RESOURCES, (90146,)),
    (client.NOT_REQUESTED, (90205,)),
    (client.MISSING_PARAMETER, (90008, 90010, 90083, 90036)),
    (client.OUTAGE, (90035, 90037, 90048, 90085, 90206)),
    (client.REQUEST, (90043, 90120, 90122, 90184, 90226)),
    (client.ON_BEHALF, (90209, 90210, 90232, 90233, 90237, 90238, 90239)),
    (
        client.B2C_POLICY,
        (
            *(90002, 90019, 90021, 90022, 90023, 90025, 90027, 90028, 90031, 90040, 90044, 90047),
            *(90051, 90075, 90108, 90149, 90157, 90158, 90159, 90161, 90165, 90168, 90178, 90188),
            *(90194, 90220, 90223),
        ),
    ),
)

BY_B2C_CODE = {code: cause for cause, codes in _B2C_GROUPS for code in codes}

BY_ERROR = {
    "no_discovery": client.NO_AUTHORITY,
    "authorization_declined": client.DECLINED,
    "access_denied": client.DENIED,
    "abort": client.DECLINED,
    "expired_token": client.CODE_EXPIRED,
    "authorization_pending": client.CODE_PENDING,
    "slow_down": client.CODE_PENDING,
    "bad_verification_code": client.CODE_WRONG,
    "interaction_required": account.INTERACTION,
    "login_required": account.SESSION_OVER,
    "account_selection_required": account.OTHER_ACCOUNT,
    "consent_required": client.CONSENT,
    "invalid_client": client.SECRET_WRONG,
    "unauthorized_client": client.NATIVE_CLIENT,
    "invalid_resource": client.UNKNOWN_RESOURCE,
    "invalid_target": client.UNKNOWN_RESOURCE,
    "invalid_scope": client.BAD_SCOPE,
    "invalid_request": client.REQUEST,
    "temporarily_unavailable": client.OUTAGE,
    "server_error": client.OUTAGE,
    "unsupported_grant_type": client.NATIVE_CLIENT,
    "unsupported_response_type": client.IMPLICIT_OFF,
}
"""Errors without a code, whose word is all there is (`invalid_grant` goes by the flow)."""

BY_SUBERROR = {
    "consent_required": client.CONSENT,
    "user_password_expired": account.PASSWORD_EXPIRED,
    "protection_policy_required": account.APP_PROTECTION,
    "token_expired": account.SESSION_OVER,
    "bad_token": account.SESSION_OVER,
}
"""`suberror` of the token endpoint, for codes that the table does not have."""


_FEDERATION_WORDS = re.compile(
    r"wstrust|ws-trust|\bRSTR\b|\bMEX\b|\bAD ?FS\b|usernamemixed|federation metadata"
    r"|federated (?:user|account|identity provider)|\bID3242\b",
    re.I,
)
_INVALID_GRANT_BY_FLOW = {
    "password": account.PASSWORD,
    "cache": account.SESSION_OVER,
    "refresh": account.SESSION_OVER,
    "device-code": client.CODE_EXPIRED,
    "interactive": client.CODE_USED,
}


def by_flow(error: str, flow: str, has_secret: bool | None) -> Cause | None:
    """The cause of an error without a code that means another thing in every flow (RFC 6749 5.2).

    `has_secret`: whether the client is configured with a secret or certificate; None: not known.
    """
    if error == "invalid_grant":
        return _INVALID_GRANT_BY_FLOW.get(flow, client.INVALID_GRANT)
    if error == "invalid_client" and not has_secret:
        return client.CLIENT_REFUSED
    return BY_ERROR.get(error)


def by_library_words(description: str) -> Cause | None:
    """The cause of an error that MSAL itself raises, by its words; None for any other text.

    Source: MSAL Python, `wstrust_request`, `mex` and the federated half of its password flow.
    """
    if _FEDERATION_WORDS.search(description):
        return account.FEDERATED
    return None


def with_flow(code: int, cause: Cause, flow: str) -> Cause:
    """The cause of a code where the flow at hand makes it plainer."""
    if flow == "device-code" and code in (53003, 530033):
        return account.BLOCKED_DEVICE_CODE
    return cause
