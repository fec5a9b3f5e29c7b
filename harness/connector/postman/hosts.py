"""Which host of a collection is the function app's, and which requests go elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from harness.connector.postman.model import unresolved

__all__ = ["is_elsewhere", "is_local", "plain_host", "the_apps_host"]

_NOT_APPS = re.compile(
    r"(^|\.)(login\.(microsoftonline|windows|live|chinacloudapi|microsoft)\.[a-z.]+"
    r"|sts\.windows\.net|graph\.(microsoft\.com|windows\.net)|microsoftgraph\.chinacloudapi\.cn"
    r"|management\.(azure|core\.windows)\.[a-z]+|vault\.azure\.net|[\w-]+\.b2clogin\.com"
    r"|[\w-]+\.ciamlogin\.com|accounts\.google\.com|oauth2\.googleapis\.com|postman-echo\.com"
    r"|[\w-]+\.(okta|auth0)\.com)$"
)
"""Services that sign users in or belong to others: a connector's app is none of them."""
_OTHERS_VARIABLE = re.compile(r"login|log_?on|auth|token|identity|sts|graph|entra|aad", re.I)
_APPS_VARIABLE = re.compile(
    r"(base|host|name|url|uri|api|server|app|func|function|domain|root|site|service|end_?point"
    r"|address|https?|my|azure|[ ._-])+",
    re.I,
)
"""Names that people give to the address of the one app they test."""
_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(:\d+)?$")
_PORT = re.compile(r":(80|443)$")


def plain_host(host: str) -> str:
    """A host as it is compared: in lower case, without the usual ports; variables as written."""
    return host if unresolved(host) else _PORT.sub("", host.lower())


def the_apps_host(hosts: Sequence[str]) -> str:
    """The host that most requests go to, sign-in services and Microsoft Graph aside; "" if none.

    Where two have as many, a function app's name counts, then the first one.
    """
    counted = Counter(plain_host(host) for host in hosts if host)
    ranked = sorted(
        counted,
        key=lambda host: (
            _is_others(host),
            is_local(host),
            -counted[host],
            not host.endswith(".azurewebsites.net"),
        ),
    )
    return ranked[0] if ranked else ""


def is_elsewhere(host: str, apps: str) -> bool:
    """Whether a request does not go to the app: an operation of it would send tokens astray.

    The app on one's own machine, and a variable named like `baseUrl` that the collection does not
    define, are taken for the app.
    """
    here = plain_host(host)
    if here in ("", apps):
        return False
    if _is_others(here):
        return True
    names = unresolved(here)
    is_apps = bool(names) and all(_APPS_VARIABLE.fullmatch(name) for name in names)
    return not (is_apps or is_local(here))


def is_local(host: str) -> bool:
    """Whether a host is one's own machine."""
    return _LOCAL.match(host) is not None


def _is_others(host: str) -> bool:
    names = unresolved(host)
    return any(_OTHERS_VARIABLE.search(name) for name in names) or bool(_NOT_APPS.search(host))
