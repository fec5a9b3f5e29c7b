"""Addresses that files, settings and apps give: taking one apart never raises."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

__all__ = ["app_of_unique_host", "is_unique_host_of", "split_url", "unresolved"]

_UNIQUE = re.compile(
    r"(?P<app>[a-z0-9-]+)-[a-z0-9]{16}\.(?P<region>[a-z0-9]+-\d\d)\.(?P<domain>azurewebsites\.[a-z.]+)",
    re.IGNORECASE,
)


def split_url(text: str) -> SplitResult:
    """The parts of a URL; empty ones where it is none (`http://[::1`, a port of 99999).

    `urlsplit` raises for some of them, and its result's `port` for others.
    """
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises for a port that is none
    except ValueError:
        return urlsplit("")
    return parts


def app_of_unique_host(host: str) -> str | None:
    """The app's name in a unique default host name, or None where the host has no such form.

    `name-hash.region-01.azurewebsites.net` (Microsoft Learn, "Secure unique default hostname");
    `name.azurewebsites.net` does not resolve for such an app, or belongs to another one.
    """
    match = _UNIQUE.fullmatch(host)
    return match["app"] if match else None


def is_unique_host_of(host: str, plain: str) -> bool:
    """Whether a host is the unique default host name of the app that `plain` is the old form of."""
    app = app_of_unique_host(host)
    name, _, domain = plain.partition(".")
    return app is not None and app.lower() == name.lower() and host.lower().endswith(domain.lower())


def unresolved(host: str) -> str:
    """What to say of a host name that nothing answers to."""
    text = f"the host name {host} does not resolve"
    if host.lower().endswith(".azurewebsites.net") and host.count(".") == 2:
        text += (
            "; newer apps are called name-hash.region-01.azurewebsites.net: take the address from "
            "the portal (Overview, Default domain) as the target"
        )
    return text
