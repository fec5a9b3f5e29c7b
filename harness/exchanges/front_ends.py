"""Who in front of the app answered instead of it: gateways, firewalls, proxies, a stopped site.

Such an answer says nothing of the token. Words and headers are as these services document them and
as public bug reports show them: Azure Front Door, Application Gateway, API Management, App Service
access restrictions, Static Web Apps, Cloudflare, Akamai, company proxies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.bounds.parsing import parse_json
from harness.exchanges.model import Response

__all__ = ["FrontEnd", "front_end_of", "is_proxy_page", "quoted"]

LARGEST = 16 * 1024
LONGEST_QUOTE = 300
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}")
_LONG = re.compile(r"[A-Za-z0-9_\-+~]{48,}={0,2}")
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.I | re.S)


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Who answered in the app's place, in which words, what that means and what to do.

    `decides` says that it looked at the token itself (a gateway's own check), so that its refusal
    is a refusal; otherwise the call never came to a token check.
    """

    who: str
    words: str
    topic: Literal["front-end", "network", "key"]
    meaning: str
    remedy: str
    decides: bool = False


def front_end_of(response: Response) -> FrontEnd | None:
    """The service in front of the app that gave this answer, or None where the app may have."""
    return next(iter(found for judge in _JUDGES if (found := judge(response)) is not None), None)


def quoted(text: str) -> str:
    """Words of an answer as they may be repeated: one line, cut, without tokens."""
    plain = " ".join(_LONG.sub("…", _JWT.sub("…", text)).split())
    return plain if len(plain) <= LONGEST_QUOTE else plain[: LONGEST_QUOTE - 1] + "…"


def is_proxy_page(response: Response) -> bool:
    """Whether a company's proxy gave the answer."""
    found = front_end_of(response)
    return found is not None and found.who.endswith("proxy")


def _page(response: Response) -> str:
    """A page's own text, on one line."""
    return " ".join(_TAGS.sub(" ", response.text[:LARGEST]).split())


def _sentence(text: str, pattern: str) -> str | None:
    found = re.search(pattern, text, re.I)
    return found[0] if found else None


def _proxy(response: Response) -> FrontEnd | None:
    page = _page(response)
    words = _sentence(
        page,
        r"(?:[^.]{0,60}\b(?:zscaler|blue ?coat|mcafee web gateway|forcepoint|websense|fortiguard"
        r"|fortigate|squid|netskope|cisco umbrella|sophos|web proxy"
        r"|proxy (?:server|authentication))\b"
        r"[^.]{0,60})",
    )
    if response.status == 407:
        asks = response.header("proxy-authenticate")
        says = f"407, Proxy-Authenticate: {asks}" if asks else "407"
    elif response.header("x-squid-error"):
        says = f"X-Squid-Error: {response.header('x-squid-error')}"
    elif words and response.status >= 400 and _is_page(response):
        says = words.strip()
    else:
        return None
    return FrontEnd(
        "a company's proxy",
        says,
        "network",
        "a company's proxy answered; the call never reached the app",
        "set HTTPS_PROXY with the proxy's user name and password, or add the host to NO_PROXY",
    )


def _restricted(response: Response) -> FrontEnd | None:
    """App Service's own pages: stopped, access restrictions, no such site."""
    page = _page(response)
    stopped = _sentence(page, r"this web app (?:is stopped|has been stopped)|site (?:is )?disabled")
    if stopped and response.status == 403:
        return FrontEnd(
            "App Service",
            stopped,
            "front-end",
            "the app is stopped",
            "start it: az functionapp start --name NAME --resource-group GROUP",
        )
    blocked = _sentence(
        page,
        r"ip forbidden|ip address [^.]{0,60}blocked|has blocked your access"
        r"|public network access (?:is )?(?:disabled|denied)",
    )
    if response.header("x-ms-forbidden-ip") is not None:
        blocked = blocked or "x-ms-forbidden-ip"
    if blocked and response.status == 403:
        return FrontEnd(
            "App Service",
            blocked,
            "network",
            "access restrictions of the app block our address",
            "run from an address that the app's access restrictions allow, or add this one "
            "(Networking, Access restrictions)",
        )
    missing = _sentence(page, r"404 web (?:site|app) not found|web (?:site|app) not found")
    if missing and response.status == 404:
        return FrontEnd(
            "App Service",
            missing,
            "front-end",
            "no app answers to this host name",
            "check the target's host name (a unique default host name has a hash and a region)",
        )
    return None


def _front_door(response: Response) -> FrontEnd | None:
    page = _page(response)
    marked = response.header("x-azure-ref") is not None
    blocked = _sentence(page, r"the request is blocked\.?")
    if response.status == 403 and (blocked or (marked and _is_page(response))):
        return FrontEnd(
            "Azure Front Door",
            blocked or "X-Azure-Ref",
            "front-end",
            "the web application firewall (WAF) of Azure Front Door blocks the call before it "
            "reaches the app",
            "look the X-Azure-Ref up in the WAF's log and add an exclusion, or test the app's own "
            "host",
        )
    away = _sentence(
        page, r"our services aren'?t available right now|page not found[^.]{0,40}front door"
    )
    if marked and away:
        return FrontEnd(
            "Azure Front Door",
            away,
            "front-end",
            "Azure Front Door has no healthy way to the app, or no route for this host",
            "check Front Door's origin, route and custom domain",
        )
    return None


def _application_gateway(response: Response) -> FrontEnd | None:
    found = _sentence(_page(response), r"microsoft-azure-application-gateway/v\d")
    named = _sentence(response.header("server") or "", r"microsoft-azure-application-gateway/v\d")
    if (found or named) and response.status in (403, 502, 504):
        what = "its web application firewall (WAF) blocks the call"
        if response.status != 403:
            what = "it got no answer from the app"
        return FrontEnd(
            "Application Gateway",
            f"{response.status}, {found or named}",
            "front-end",
            f"Application Gateway answered: {what}",
            "look at the gateway's WAF and access logs, or test the app's own host",
        )
    return None


def _other_firewalls(response: Response) -> FrontEnd | None:
    page, server = _page(response), (response.header("server") or "").lower()
    if response.status not in (403, 406, 429, 503) or not _is_page(response):
        return None
    for who, mark, pattern in (
        (
            "Cloudflare",
            server == "cloudflare",
            r"error code: 10\d\d|attention required|been blocked",
        ),
        ("Akamai", "akamai" in server, r"access denied.{0,200}reference #?\s?[0-9a-f.]+"),
        ("Imperva", False, r"incapsula incident id[^ ]*|powered by imperva"),
        ("F5", False, r"the requested url was rejected\. please consult with your administrator"),
    ):
        words = _sentence(page, pattern)
        if words or (mark and response.status == 403):
            return FrontEnd(
                who,
                words or f"{response.status}, Server: {server}",
                "front-end",
                f"the firewall of {who} blocks the call before it reaches the app",
                "let its owner allow these calls, or test the app's own host",
            )
    return None


def _api_management(response: Response) -> FrontEnd | None:
    """API Management's own error object: `statusCode` and `message`, and nothing else."""
    message = _gateway_message(response)
    if message is None:
        return None
    if re.search(r"subscription key", message, re.I):
        return FrontEnd(
            "API Management",
            message,
            "key",
            "API Management, the gateway in front of the app, asks for a subscription key; the "
            "token was not looked at",
            "send the key with every call: [gateway] headers = { Ocp-Apim-Subscription-Key = "
            '"${KEY}" }; the connector needs it too (a policy that sets the header)',
        )
    if response.status in (401, 403) and not re.search(r"\bip\b|caller", message, re.I):
        return FrontEnd(
            "API Management",
            message,
            "front-end",
            "API Management, the gateway in front of the app, refuses (validate-jwt, "
            "validate-azure-ad-token or a policy like them): the call did not come to the app",
            "compare audiences, issuers and required claims of the gateway's policy with the token",
            decides=True,
        )
    return FrontEnd(
        "API Management",
        message,
        "front-end",
        "API Management, the gateway in front of the app, answered; the call did not come to the "
        "app",
        "look at the gateway's policies for this API and at its trace",
    )


def _gateway_message(response: Response) -> str | None:
    text = response.text[:LARGEST].strip()
    if not text.startswith("{") or response.status < 400:
        return None
    try:
        document = parse_json(text)
    except ValueError:
        return None
    if not isinstance(document, dict) or set(document) - {"statusCode", "message", "activityId"}:
        return None
    code, message = document.get("statusCode"), document.get("message")
    return message if isinstance(message, str) and code == response.status else None


def _is_page(response: Response) -> bool:
    return response.media_type == "text/html" or response.text[:200].lstrip().startswith("<")


_JUDGES: tuple[Callable[[Response], FrontEnd | None], ...] = (
    _proxy,
    _restricted,
    _front_door,
    _application_gateway,
    _other_firewalls,
    _api_management,
)
