"""What an answer itself says about why it refuses: its own words first, and what they mean.

`reasons_in` reads the challenge, Microsoft.Identity's IDX and IDW codes, ProblemDetails, error
objects, and the pages of the services in front of an app. Nothing is guessed here: what an answer
does not say is left to whoever knows settings and token. Sources: RFC 6750 section 3, RFC 9457,
"Claims challenges, claims requests, and client capabilities" and what those services document.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.bounds.parsing import parse_json
from harness.exchanges.challenge import Challenge, parse_challenges
from harness.exchanges.front_ends import FrontEnd, front_end_of, quoted
from harness.exchanges.model import Response
from harness.exchanges.validation_codes import meaning_of

__all__ = ["PLATFORM_SENTENCE", "Reason", "json_object", "quoted", "reasons_in"]

PLATFORM_SENTENCE = "You do not have permission to view this directory or page."
Topic = Literal[
    "claims-challenge",
    "token",
    "time",
    "audience",
    "issuer",
    "signature",
    "scope",
    "role",
    "setup",
    "key",
    "allow-list",
    "front-end",
    "network",
    "app",
]
LARGEST_BODY = 64 * 1024
_KEYS = ("error_description", "message", "detail", "error", "title", "reason", "errorMessage")
_ROLE = re.compile(r"\broles?\b", re.I)
_SCOPE = re.compile(r"\bscopes?\b|\bscp\b", re.I)
_PLATFORM_MARKS = ("x-ms-middleware-request-id",)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason that an answer gives: who says it, the words, what they mean, what to do.

    `words` are quoted from the answer, cut and without tokens; `topic` is what they are about.
    """

    who: str
    words: str
    topic: Topic
    meaning: str
    remedy: str


def reasons_in(response: Response) -> tuple[Reason, ...]:
    """Every reason that an answer gives, the most telling first; () where it is silent."""
    found = [*_of_challenges(response), *_of_front_end(response)]
    if not any(reason.topic in ("front-end", "network") for reason in found):
        found += _of_body(response)
    return tuple({reason.words: reason for reason in reversed(found)}.values())[::-1]


def json_object(response: Response) -> Mapping[str, Any] | None:
    """The body as a JSON object, whatever its media type, or None."""
    text = response.text[:LARGEST_BODY].lstrip("\ufeff \t\r\n")
    if not text.startswith("{"):
        return None
    try:
        value = parse_json(text)
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None


def _of_challenges(response: Response) -> Iterator[Reason]:
    for value in response.all_headers("www-authenticate"):
        for challenge in parse_challenges(value):
            if challenge.scheme.lower() in ("bearer", "dpop", "pop"):
                yield from _of_challenge(challenge)
            elif challenge.scheme.lower() == "azureapimanagementkey":
                yield Reason(
                    "API Management",
                    quoted(f"WWW-Authenticate: {value}"),
                    "key",
                    "the gateway asks for a subscription key",
                    SUBSCRIPTION_KEY,
                )


def _of_challenge(challenge: Challenge) -> Iterator[Reason]:
    """A challenge's error, its description and its claims (RFC 6750 3; claims challenges)."""
    error = challenge.parameters.get("error", "")
    description = challenge.parameters.get("error_description", "")
    claims = challenge.parameters.get("claims", "")
    words = quoted("; ".join(t for t in (error and f"error={error}", description) if t))
    if error == "insufficient_claims" or claims:
        wanted = _claims_wanted(claims)
        yield Reason(
            "the challenge",
            words or "claims=…",
            "claims-challenge",
            "a claims challenge: Conditional Access or continuous access evaluation wants the user "
            f"to sign in again{wanted}; audience and version of the token are not the cause",
            "sign in again interactively (`connector-harness login USER`); where it comes back, "
            "look at the Conditional Access policies, the authentication context and a revoked "
            "session",
        )
    elif error == "insufficient_scope":
        scope = challenge.parameters.get("scope", "")
        wanted = f": {scope}" if scope else ""
        yield Reason(
            "the challenge",
            quoted(f"{words}{f'; scope={scope}' if scope else ''}"),
            "scope",
            f"the token lacks a scope that the API needs{wanted}",
            SCOPE_REMEDY,
        )
    elif description or error:
        topic, meaning, remedy = meaning_of(description) or _by_error(error)
        yield Reason("the challenge", words, topic, meaning, remedy)


def _by_error(error: str) -> tuple[Topic, str, str]:
    if error == "invalid_request":
        return (
            "token",
            "the API cannot read the request's token as it was sent",
            ("send one Authorization header with one bearer token"),
        )
    if error == "use_dpop_nonce" or "dpop" in error:
        return (
            "token",
            "the API wants proof of possession (DPoP), which a connector never sends",
            ("let the API accept plain bearer tokens for the connector"),
        )
    return (
        "token",
        "the API finds the token invalid",
        ("look in the app's log for the IDX code that goes with this answer"),
    )


def _claims_wanted(claims: str) -> str:
    """What a claims challenge asks for, in words: `nbf` a fresh sign-in, `acrs` a context."""
    padded = claims + "=" * (-len(claims) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_" if "-" in claims or "_" in claims else None)
        wanted = parse_json(text)["access_token"]
    except (ValueError, KeyError, TypeError, binascii.Error):
        return ""
    if not isinstance(wanted, Mapping):
        return ""
    if "acrs" in wanted:
        return " under an authentication context (acrs)"
    return " (the session was revoked or the network changed)" if "nbf" in wanted else ""


def _of_front_end(response: Response) -> Iterator[Reason]:
    found: FrontEnd | None = front_end_of(response)
    if found is None:
        return
    words = quoted(found.words)
    yield Reason(found.who, words, found.topic, found.meaning, found.remedy)


def _of_body(response: Response) -> Iterator[Reason]:
    """What the body says: the platform's sentence, an error object, plain words, a page's title."""
    text = response.text[:LARGEST_BODY].strip()
    if PLATFORM_SENTENCE in text:
        yield _of_platform(response)
        return
    says = _body_words(response, text)
    if not says:
        return
    known = meaning_of(says)
    if known is not None:
        yield Reason("the app", quoted(says), *known)
        return
    yield Reason("the app", quoted(says), *_of_app(response.status, says))


def _of_platform(response: Response) -> Reason:
    if response.status == 403:
        return Reason(
            "App Service Authentication",
            PLATFORM_SENTENCE,
            "allow-list",
            "App Service Authentication itself refuses: the token is valid, but the client or the "
            "user is not in the app's allow-list (allowedApplications, allowedPrincipals), or that "
            "list is stored empty, which permits nobody",
            "add the client to allowedApplications (or the user to allowedPrincipals) under "
            "defaultAuthorizationPolicy",
        )
    return Reason(
        "App Service Authentication",
        PLATFORM_SENTENCE,
        "token",
        "App Service Authentication itself refuses: there is no token, or one whose audience, "
        "issuer, signature or lifetime it does not accept",
        "compare the token's aud and iss with allowedAudiences and openIdIssuer",
    )


def _body_words(response: Response, text: str) -> str:
    """The words of a body that say why, or ""."""
    if response.media_type == "text/html" or text[:1] == "<":
        title = re.search(r"<title[^>]*>(.*?)</title", text, re.I | re.S)
        return title[1].strip() if title and response.status >= 400 else ""
    document = json_object(response)
    if document is not None:
        return "; ".join(_words_of(document))
    if response.status < 400 or text[:1] in "[{":
        return ""
    if text.startswith('"'):
        text = text.strip('"')
    return next(iter(text.splitlines()), "") if len(text) < 4096 else ""


def _words_of(document: Mapping[str, Any]) -> Iterator[str]:
    """The texts of an error object, ProblemDetails (RFC 9457) and nested `error` included."""
    lowered = {str(key).lower(): value for key, value in document.items()}
    inner = lowered.get("error")
    if isinstance(inner, Mapping):
        yield from _words_of(inner)
        return
    said: set[str] = set()
    for key in _KEYS:
        value = lowered.get(key.lower())
        if isinstance(value, str) and value.strip() and value not in said:
            said.add(value)
            yield value.strip()
    code = lowered.get("code")
    if isinstance(code, str) and code not in said and not code.isdigit():
        yield code


def _of_app(status: int, says: str) -> tuple[Topic, str, str]:
    if status == 403 and _ROLE.search(says):
        return "role", "the app itself refuses: the user lacks a role that it asks for", ROLE_REMEDY
    if status in (401, 403) and _SCOPE.search(says):
        return "scope", "the app itself refuses: the token lacks a scope", SCOPE_REMEDY
    if status == 403:
        return (
            "app",
            "the app itself refuses: it knows the caller, who may not do this",
            ("look at what the function asks of its caller (roles, groups, ownership)"),
        )
    return (
        "app",
        "the app itself answered, not App Service Authentication",
        ("look at the check in the function that gives these words"),
    )


SCOPE_REMEDY = (
    "add the scope to the API ('Expose an API') and to the client's permissions, consent to it, "
    "and ask for it in [entra] scope; or let the function accept the scope that the token has (scp)"
)
ROLE_REMEDY = (
    "assign the role to the user in the API's enterprise application (Users and groups), and see "
    "that the registration's App roles hold it"
)
SUBSCRIPTION_KEY = (
    'send the key with every call: [gateway] headers = { Ocp-Apim-Subscription-Key = "${KEY}" }, '
    "and give the connector the same (a policy that sets the header), or make the API open"
)
