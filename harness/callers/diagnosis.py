"""From what the authority or MSAL answered to one `SignInError` that says what to do.

The messages name users as the settings do, never by account name: together with the code that
would tell a log's reader which accounts exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.callers.diagnosis_table import BY_CODE, BY_ERROR, Cause
from harness.callers.http import AuthorityError
from harness.errors import SignInError

__all__ = [
    "INTERACTION_RULES",
    "Attempt",
    "cause_of",
    "code_of",
    "diagnose",
    "diagnose_trouble",
    "interaction_needed",
    "needs_interaction",
]

INTERACTION_RULES = frozenset(
    {
        "sign-in.interaction-needed",
        "sign-in.mfa-required",
        "sign-in.session-expired",
        "sign-in.not-completed",
    }
)
"""Rules of sign-ins that a person solves by signing in once; a run without one is unverified."""

_CODE = re.compile(r"AADSTS(\d+)")
_SECRET_LIKE = re.compile(r"[A-Za-z0-9_\-+/=~.]{40,}")
_TRAILER = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.S)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tried to sign in, how, and with what; the words for the messages."""

    user: str
    flow: str = ""
    client: str = ""
    tenant: str = ""
    scope: str = ""

    def fill(self, text: str) -> str:
        """The text with `{user}`, `{client}`, `{tenant}` and `{scope}` filled in."""
        for name in ("user", "client", "tenant", "scope"):
            text = text.replace("{" + name + "}", getattr(self, name) or f"(no {name})")
        return text


def code_of(answer: Mapping[str, Any]) -> int | None:
    """The AADSTS number of an error answer: of its `error_codes`, else of its description."""
    codes = answer.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return codes[0]
    found = _CODE.search(str(answer.get("error_description") or ""))
    return int(found[1]) if found else None


def cause_of(answer: Mapping[str, Any]) -> Cause | None:
    """The known cause of an error answer: by its code first, else by its OAuth error."""
    code = code_of(answer)
    if code is not None and code in BY_CODE:
        return BY_CODE[code]
    if answer.get("suberror") == "consent_required":
        return BY_ERROR["consent_required"]
    error = str(answer.get("error") or "")
    if code is not None and error in ("invalid_client", "unauthorized_client"):
        return None
    return BY_ERROR.get(error)


def diagnose(answer: Mapping[str, Any], attempt: Attempt) -> SignInError:
    """One clear error for an error answer of the token endpoint (or MSAL's dict of one)."""
    code, cause = code_of(answer), cause_of(answer)
    correlation = str(answer.get("correlation_id") or "") or None
    if cause is None:
        rule, says = "sign-in.failed", _own_words(answer)
        remedy = "look the code up in Microsoft's list of Entra error codes"
    else:
        rule, says, remedy = cause.rule, attempt.fill(cause.says), attempt.fill(cause.remedy)
    number = f"AADSTS{code}" if code is not None else str(answer.get("error") or "")
    return _error(attempt, rule, says, remedy, number=number, code=code, correlation=correlation)


def diagnose_trouble(error: AuthorityError, attempt: Attempt) -> SignInError:
    """One clear error for an authority that gave no usable answer."""
    rules = {
        "throttled": ("sign-in.throttled", "wait, and look for other jobs of the same client"),
        "untrusted": (
            "sign-in.unreachable",
            "set [entra] ca-bundle to the PEM file of the CA that signs for the authority or proxy",
        ),
    }
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


def needs_interaction(error: SignInError) -> bool:
    """Whether a person who signs in once solves it."""
    return error.rule in INTERACTION_RULES


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


def _own_words(answer: Mapping[str, Any]) -> str:
    """The authority's first sentence, without its trailer and without anything like a secret."""
    text = str(answer.get("error_description") or answer.get("error") or "no reason was given")
    first = _TRAILER.sub("", text).splitlines()[0] if text.strip() else "no reason was given"
    return _SECRET_LIKE.sub("…", _CODE.sub("", first).lstrip(": "))[:300]
