"""What one answer to a call without a valid token means: refused, open, past the door, or unknown.

Facts from "Authentication and authorization in Azure App Service" and from captured answers: the
platform refuses before it routes, so anything that only the app can say means that the call got
past the door. How a refusal itself may be wrong is left to
`harness.suites.anonymous.sign_in_redirect`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from harness.bounds.urls import split_url
from harness.exchanges.context import RunContext
from harness.exchanges.front_ends import FrontEnd, front_end_of, quoted
from harness.exchanges.model import Exchange, Request, Response

__all__ = ["Verdict", "classify", "gateway_refusal", "judge_exchange", "same_place", "url_of"]

Outcome = Literal["refused", "open", "reached", "elsewhere", "unverified"]
Manner = Literal["challenge", "redirect", "page", "forbidden", "missing", ""]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
FRONT_END = frozenset({408, 429, 502, 503, 504})
LARGEST_PAGE = 32 * 1024
MOST_TEXT_OF_A_PAGE = 400

_SCRIPT_REDIRECT = re.compile(r"location\s*(?:\.\s*(?:replace|assign)|\.\s*href\s*=|=)", re.I)
_SIGN_IN_PATH = re.compile(r"/authorize\b|/\.auth/login/", re.I)
_PAGE_URL = re.compile(r"(?:https?:)?//[^\s\"'<>`]+|/\.auth/login/[^\s\"'<>`]*", re.I)
_LOGIN_PATH = re.compile(r"/(?:log-?in|sign-?in|log-?on|sign-?on|sso|saml2?)(?:[/._-]|$)", re.I)
_PASSWORD_FIELD = re.compile(r"<input\b[^>]*\btype\s*=\s*[\"']?password", re.I)
_INVISIBLE = re.compile(
    r"<(script|style|title|noscript)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.I | re.S
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means, and what was seen.

    `outcome`: refused; open (answered as if signed in); reached (the app's own error, so the call
    got past the door); elsewhere (sent to another place of the same host: ask there); unverified.
    `location` is the absolute URL that a redirect or script page leads to, "" where unreadable.
    """

    outcome: Outcome
    manner: Manner
    observed: str
    location: str | None = None

    @property
    def refused(self) -> bool:
        """Whether the caller was turned away."""
        return self.outcome == "refused"

    @property
    def rank(self) -> int:
        """How far the caller got: 0 turned away, 1 reached the app, 2 was served."""
        return {"open": 2, "reached": 1}.get(self.outcome, 0)


def url_of(context: RunContext, request: Request) -> str:
    """The absolute URL that a request went to."""
    return (request.origin or context.origin).rstrip("/") + request.target


def judge_exchange(context: RunContext, exchange: Exchange) -> Verdict:
    """What an exchange says about the door; without a response, nothing."""
    if exchange.response is None:
        return Verdict("unverified", "", f"no answer: {exchange.reason or 'unknown reason'}")
    url = url_of(context, exchange.probe.request)
    verdict = classify(exchange.response, url)
    if _is_hidden(context, exchange):
        return Verdict("refused", "missing", verdict.observed)
    if exchange.probe.meta.get("hop") and _is_own_sign_in(url) and verdict.rank > 0:
        # The caller was sent to sign in; that this page leads no further opens no data.
        seen = f"sent to the app's own {_short(url)}, which answers {exchange.response.status}"
        return Verdict("refused", "redirect", seen, url)
    hopped = bool(exchange.probe.meta.get("hop"))
    if verdict.outcome == "open" and hopped and is_login_page(exchange.response, url):
        seen = f"{verdict.observed}, the app's own login page"
        return Verdict("refused", "page", seen, url)
    return verdict


def _is_hidden(context: RunContext, exchange: Exchange) -> bool:
    """Whether a 404 is how the app refuses by its settings (RejectWith404).

    Whoever judges compares it with the answer to the signed-in call, to whom 404 is a plain one.
    """
    expected = context.settings.anonymous.expect == "404" and exchange.status == 404
    return expected and exchange.probe.caller.kind not in ("user", "app")


def classify(response: Response, url: str = "") -> Verdict:
    """What a response to a call without a valid token means, from status, headers and body alone.

    `url` is the absolute URL asked for: it resolves relative locations, and tells a redirect to
    the same host (not a refusal) from one to a sign-in host.
    """
    status = response.status
    front = front_end_of(response)
    if front is not None and not front.decides:
        return _of_front_end(front, status)
    if status == 401:
        return Verdict("refused", "challenge", _seen_challenge(response))
    if status == 403:
        return Verdict("refused", "forbidden", "403")
    if status in REDIRECTS:
        return _redirect(response, url)
    if status in FRONT_END:
        return Verdict("unverified", "", f"{status}, which the platform's front end gives")
    if 200 <= status < 300:
        return _success(response, url)
    return Verdict("reached", "", _seen(response))


def gateway_refusal(response: Response | None) -> Verdict | None:
    """The verdict on an answer of a gateway that checks tokens itself, None where none answered.

    Its refusal says nothing of the app behind it: neither that its door is shut nor how.
    """
    front = None if response is None else front_end_of(response)
    return None if response is None or front is None else _of_front_end(front, response.status)


def _of_front_end(front: FrontEnd, status: int) -> Verdict:
    refuses = "a gateway in front refuses us: " if status in (401, 403) else ""
    told = f"{status}: {refuses}{front.meaning} ({quoted(front.words)}); {front.remedy}"
    if front.decides:
        told += "; the app itself is proved by a run against its own host"
    return Verdict("unverified", "", told)


def _is_own_sign_in(url: str) -> bool:
    """Whether an address is the page by which App Service lets people sign in."""
    return urlsplit(url).path.lower().startswith("/.auth/login/")


def is_login_page(response: Response, url: str = "") -> bool:
    """Whether a page asks its reader to sign in: by its address, or by a field for a password.

    Where a redirect led to it, it is a refusal and no data.
    """
    if response.media_type != "text/html":
        return False
    return is_login_address(url) or _PASSWORD_FIELD.search(response.text[:LARGEST_PAGE]) is not None


def is_login_address(url: str) -> bool:
    """Whether an address is a login page's, by the words that frameworks use for it."""
    return _LOGIN_PATH.search(split_url(url).path) is not None


def same_place(one: str, other: str) -> bool:
    """Whether two absolute URLs have the same host and port; http to https on one host counts."""
    first, second = _authority(one), _authority(other)
    if first is None or second is None:
        return False
    return first[0] == second[0] and (first[1] == second[1] or {first[1], second[1]} == {80, 443})


def resolved(base: str, location: str) -> str:
    """A `Location` as a browser reads it: relative forms resolved, backslashes taken for slashes.

    WHATWG URL Standard, "relative state": `\\evil.example` and `/\\evil.example` leave the host.
    """
    text = "".join(char for char in location.strip() if char not in "\t\r\n")
    before, mark, after = text.partition("?")
    return urljoin(base, before.replace("\\", "/") + mark + after)


def listed(words: Sequence[str], join: str = "and") -> str:
    """Words as prose: `a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {join} {words[-1]}"


def _authority(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return None
    return ((parts.hostname or "").lower().rstrip("."), port)


def _redirect(response: Response, url: str) -> Verdict:
    raw = response.header("location")
    if not raw:
        return Verdict("refused", "redirect", f"{response.status} without a Location", "")
    location = resolved(url, raw)
    seen = f"{response.status} to {_short(location)}"
    if url and same_place(url, location):
        return Verdict("elsewhere", "redirect", seen, location)
    return Verdict("refused", "redirect", seen, location)


def _success(response: Response, url: str) -> Verdict:
    page = _sign_in_page(response)
    if page is None:
        return Verdict("open", "", _seen(response))
    location = resolved(url, page) if page else ""
    where = _short(location) if location else "an address that cannot be read"
    seen = f"{response.status}, a page whose script leads to {where}"
    return Verdict("refused", "page", seen, location)


def _sign_in_page(response: Response) -> str | None:
    """The address that a sign-in script page leads to ("" where unreadable); None: no such page.

    App Service sends it instead of a redirect where URL fragments are preserved (sub-status
    200.75). A page that also shows text to the reader is not one: it may be the app's own.
    """
    if response.media_type != "text/html" or len(response.body) > LARGEST_PAGE:
        return None
    text = response.text
    if not (_SCRIPT_REDIRECT.search(text) and _SIGN_IN_PATH.search(text)):
        return None
    if len(" ".join(_INVISIBLE.sub(" ", text).split())) > MOST_TEXT_OF_A_PAGE:
        return None
    plain = html.unescape(_without_escapes(text))
    addresses = _PAGE_URL.findall(plain)
    return next((a.rstrip(");,") for a in addresses if _SIGN_IN_PATH.search(a)), "")


def _without_escapes(text: str) -> str:
    """A script's string escapes undone: `\\/`, `\\u0026`, `\\x26`."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", _character, text)
    return text.replace("\\/", "/")


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def _seen_challenge(response: Response) -> str:
    if response.header("www-authenticate") is None:
        return "401 without a challenge"
    return "401 with a challenge"


def _seen(response: Response) -> str:
    kind = response.media_type or "no content type"
    return f"{response.status} ({kind}, {len(response.body)} bytes)"


def _short(location: str) -> str:
    """An address without its query, which may carry state and nonce."""
    return location.split("?", 1)[0].split("#", 1)[0] or location
