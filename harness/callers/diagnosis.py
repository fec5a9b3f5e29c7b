"""From what the authority or MSAL answered to one `SignInError` that says what to do.

The messages name users as the settings do, never by account name: together with the code that
would tell a log's reader which accounts exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.callers.authority_error import AuthorityError
from harness.callers.diagnosis_causes import FEDERATED
from harness.callers.diagnosis_table import (
    BY_B2C_CODE,
    BY_CODE,
    BY_SUBERROR,
    BY_WORDS,
    GENERIC_CODES,
    Cause,
    by_flow,
    by_library_words,
    with_flow,
)
from harness.errors import SignInError

__all__ = [
    "Attempt",
    "Diagnosis",
    "cause_of",
    "code_of",
    "diagnose",
    "diagnose_trouble",
    "diagnosis_of",
    "interaction_needed",
    "own_words",
]

LOOKUP = "https://login.microsoftonline.com/error?code="
B2C_LOOKUP = "https://learn.microsoft.com/azure/active-directory-b2c/error-codes"
_CODE = re.compile(r"AADSTS(\d+)")
_B2C_CODE = re.compile(r"AADB2C(\d+)")
_SECRET_LIKE = re.compile(r"[A-Za-z0-9_\-+/=~.]{40,}")
_ACCOUNT_LIKE = re.compile(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+\.[^\s'\"<>(),;:]+")
_TRAILER = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.S)
HINTS = {
    "interaction_required": "a person has to sign in in a browser: run `connector-harness login "
    "{user}`",
    "login_required": "sign in again: run `connector-harness login {user}`",
    "consent_required": "consent to {scope} for the client {client} is missing",
    "access_denied": "the authority or a policy of the tenant refuses; ask its administrators",
    "invalid_resource": "it concerns the API of {scope}: compare it with the API's registration",
    "invalid_scope": "it concerns the scope {scope}: compare it with 'Expose an API'",
    "invalid_client": "it concerns how the client {client} proves itself",
    "unauthorized_client": "the client {client} may not do this: look at its registration",
    "invalid_grant": "what was handed in (password, code or refresh token) was not accepted",
    "invalid_request": "it concerns the request as it was made",
    "unsupported_grant_type": "this way of signing in is not offered to the client {client}",
    "temporarily_unavailable": "try again later",
    "server_error": "try again later",
}
"""What each OAuth error says at least, for codes that the table does not have."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tried to sign in, how, and with what; the words for the messages.

    `has_secret`: whether the client is configured with a secret or certificate; None: not known.
    """

    user: str
    flow: str = ""
    client: str = ""
    tenant: str = ""
    scope: str = ""
    has_secret: bool | None = None

    def fill(self, text: str) -> str:
        """The text with `{user}`, `{client}`, `{tenant}` and `{scope}` filled in.

        What is not known is named by its word: `the client {client}` is just the client.
        """
        for name in ("user", "client", "tenant", "scope"):
            value = getattr(self, name)
            if not value:
                text = re.sub(rf"(?:(?:the )?(\w+) )?\{{{name}\}}", partial(_word, name), text)
            text = text.replace("{" + name + "}", value)
        return text


def _word(name: str, match: re.Match[str]) -> str:
    before = match[1]
    return f"the {name}" if before in (None, name) else f"{before} the {name}"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an error answer means: rule, what happened, what to do, and the marks to look it up by.

    `number` is the code as printed (`AADSTS50126`, `AADB2C90118`) or the OAuth error; `because`
    are the authority's own words.
    """

    rule: str
    says: str
    remedy: str
    number: str = ""
    code: int | None = None
    correlation: str | None = None
    because: str = ""
    known: bool = True


def code_of(answer: Mapping[str, Any]) -> int | None:
    """The AADSTS number of an error answer: the most telling one of those that it names."""
    codes = _codes(answer)
    telling = [code for code in codes if code not in GENERIC_CODES and code in BY_CODE]
    if codes and codes[0] in GENERIC_CODES and telling:
        return telling[0]
    return codes[0] if codes else None


def cause_of(answer: Mapping[str, Any], attempt: Attempt | None = None) -> Cause | None:
    """The known cause of an error answer: by its code first, else by its OAuth error."""
    attempt = attempt or Attempt("")
    code, b2c = code_of(answer), _b2c_code(answer)
    if code is not None:
        found = _by_words(answer, code) or BY_CODE.get(code)
        if found is not None:
            return with_flow(code, found, attempt.flow)
    if b2c is not None and b2c in BY_B2C_CODE:
        return BY_B2C_CODE[b2c]
    suberror = BY_SUBERROR.get(str(answer.get("suberror") or ""))
    if suberror is not None or code is not None or b2c is not None:
        return suberror
    said = by_library_words(str(answer.get("error_description") or ""))
    return said or by_flow(str(answer.get("error") or ""), attempt.flow, attempt.has_secret)


def diagnosis_of(answer: Mapping[str, Any], attempt: Attempt) -> Diagnosis:
    """What an error answer of the token or authorize endpoint (or MSAL's dict of one) means."""
    code, b2c, cause = code_of(answer), _b2c_code(answer), cause_of(answer, attempt)
    number = str(answer.get("error") or "")
    if code is not None:
        number = f"AADSTS{code}"
    elif b2c is not None:
        number = f"AADB2C{b2c}"
    correlation = str(answer.get("correlation_id") or "") or None
    words = own_words(answer)
    if cause is None:
        remedy = _unknown_remedy(answer, attempt, number, code, b2c)
        says = words or str(answer.get("error") or "no reason was given")
        return Diagnosis(
            "sign-in.failed", says, remedy, number, code, correlation, words, known=False
        )
    says = attempt.fill(cause.says)
    if words and code is None and b2c is None:
        says = f'{says}; the authority says "{words}"'
    return Diagnosis(cause.rule, says, attempt.fill(cause.remedy), number, code, correlation, words)


def diagnose(answer: Mapping[str, Any], attempt: Attempt) -> SignInError:
    """One clear error for an error answer of the token endpoint (or MSAL's dict of one)."""
    found = diagnosis_of(answer, attempt)
    return _error(
        attempt,
        found.rule,
        found.says,
        found.remedy,
        number=found.number,
        code=found.code,
        correlation=found.correlation,
    )


def diagnose_trouble(error: AuthorityError, attempt: Attempt) -> SignInError:
    """One clear error for an authority that gave no usable answer."""
    rules = {
        "proxy": (
            "sign-in.unreachable",
            "set HTTPS_PROXY with the proxy's user name and password "
            "(http://user:password@host:port), or add the host to NO_PROXY",
        ),
        "throttled": ("sign-in.throttled", "wait, and look for other jobs of the same client"),
        "untrusted": (
            "sign-in.unreachable",
            "where a company's proxy opens TLS (inspection), set [entra] ca-bundle to the PEM file "
            "of its CA; else to that of the CA that signs for the authority",
        ),
    }
    if error.foreign and attempt.flow == "password":
        says = f"{attempt.fill(FEDERATED.says)}: {error}"
        return _error(attempt, FEDERATED.rule, says, attempt.fill(FEDERATED.remedy))
    default = (
        "sign-in.unreachable",
        "check [entra] authority, the network, and the HTTPS_PROXY and NO_PROXY variables",
    )
    rule, remedy = rules.get(error.trouble, default)
    return _error(attempt, rule, str(error), remedy)


def interaction_needed(attempt: Attempt, why: str) -> SignInError:
    """The error of a run where a person would have to sign in and nobody is there."""
    remedy = (
        "run `connector-harness login {user}` at a terminal first; for CI hand the exported cache "
        "in by CONNECTOR_HARNESS_TOKEN_CACHE, or set [users.{user}] password"
    )
    return _error(attempt, "sign-in.interaction-needed", why, attempt.fill(remedy))


def own_words(answer: Mapping[str, Any]) -> str:
    """The authority's first sentence, without its trailer and without secrets or account names."""
    text = str(answer.get("error_description") or "").strip()
    first = _TRAILER.sub("", text).strip().splitlines()[:1]
    without_codes = _CODE.sub("", _B2C_CODE.sub("", first[0])).lstrip(": ") if first else ""
    return _ACCOUNT_LIKE.sub("(account)", _SECRET_LIKE.sub("…", without_codes))[:300]


def _codes(answer: Mapping[str, Any]) -> list[int]:
    """Every AADSTS number of an answer, `error_codes` first."""
    listed = answer.get("error_codes")
    codes = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    described = _CODE.findall(str(answer.get("error_description") or ""))
    return list(dict.fromkeys([*codes, *map(int, described)]))


def _b2c_code(answer: Mapping[str, Any]) -> int | None:
    found = _B2C_CODE.search(str(answer.get("error_description") or ""))
    return int(found[1]) if found else None


def _by_words(answer: Mapping[str, Any], code: int) -> Cause | None:
    """The cause of a code with several meanings, by what the description says."""
    text = str(answer.get("error_description") or "")
    return next(
        (
            cause
            for number, words, cause in BY_WORDS
            if number == code and re.search(words, text, re.I)
        ),
        None,
    )


def _unknown_remedy(
    answer: Mapping[str, Any],
    attempt: Attempt,
    number: str,
    code: int | None,
    b2c: int | None,
) -> str:
    """What to do about an error that the table does not have; a code can be looked up."""
    hint = attempt.fill(HINTS.get(str(answer.get("error") or ""), ""))
    lookup = ""
    if code is not None:
        lookup = f"look the code up: {LOOKUP}{code}"
    elif b2c is not None:
        lookup = f"look the code {number} up: {B2C_LOOKUP}"
    return "; ".join(each for each in (hint, lookup) if each) or (
        "look at the authority's own log of this sign-in"
    )


def _error(
    attempt: Attempt,
    rule: str,
    says: str,
    remedy: str,
    *,
    number: str = "",
    code: int | None = None,
    correlation: str | None = None,
) -> SignInError:
    how = f" ({attempt.flow})" if attempt.flow else ""
    marks = "; ".join(m for m in (number, correlation and f"correlation id {correlation}") if m)
    what = f"{attempt.user}: sign-in{how} failed: {says}{f' [{marks}]' if marks else ''}"
    return SignInError(
        f"{what}\n{remedy}",
        user=attempt.user,
        rule=rule,
        code=code,
        correlation_id=correlation,
        remedy=remedy,
    )
