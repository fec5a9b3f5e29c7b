"""Faults of the door: which requests slip past authentication, and as whom."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from harness.emulator.faults.registry import Family
from harness.emulator.faults.switches import Faults
from harness.emulator.identities import DOMAIN
from harness.emulator.web import HttpRequest

__all__ = ["skips_authentication"]

PROBLEMS = ("x-http-method-override", "x-method-override", "x-http-method")
FORWARDED = ("x-original-url", "x-rewrite-url", "x-forwarded-for", "x-forwarded-host")
INTRUDER = {
    "preferred_username": f"nobody@{DOMAIN}",
    "name": "Nobody",
    "oid": "00000000-0000-4000-8000-00000000000f",
    "scp": "user_impersonation",
}
BYPASSES: Family[Callable[[HttpRequest], bool]] = Family()
"""Tricks that a request may try; the fault of that name falls for it."""


def skips_authentication(
    request: HttpRequest, forged: list[tuple[str, str]], faults: Faults
) -> dict[str, Any] | None:
    """Whom a call without a token is taken for, where a fault lets it in; else None."""
    operation = request.extra.get("operation")
    if faults.has("auth-off") or faults.has("auth-off", operation):
        return INTRUDER
    if forged and faults.has("trust-principal-header"):
        return _claimed(forged)
    return INTRUDER if any(faults.has(n) and tried(request) for n, tried in BYPASSES) else None


@BYPASSES.fault("case-bypass", "a path in other case skips authentication")
def _odd_case(request: HttpRequest) -> bool:
    return request.raw_path.startswith("/") and _other_case(request)


@BYPASSES.fault("slash-bypass", "a trailing slash skips authentication")
def _trailing_slash(request: HttpRequest) -> bool:
    return len(request.raw_path) > 1 and request.raw_path.endswith("/")


@BYPASSES.fault("double-slash-bypass", "a doubled slash skips authentication")
def _doubled_slash(request: HttpRequest) -> bool:
    return "//" in request.raw_path


@BYPASSES.fault("encoded-bypass", "a percent-encoded letter skips authentication")
def _encoded_letter(request: HttpRequest) -> bool:
    return "%" in request.raw_path and "%2e" not in request.raw_path.lower()


@BYPASSES.fault("dot-bypass", "dot segments skip authentication")
def _dot_segments(request: HttpRequest) -> bool:
    raw = request.raw_path
    return "/../" in raw or "/./" in raw or "%2e" in raw.lower()


@BYPASSES.fault("method-bypass", "other methods than GET and POST skip authentication")
def _other_method(request: HttpRequest) -> bool:
    return request.method not in request.extra.get("methods", (request.method,))


@BYPASSES.fault("override-bypass", "a method-override header skips authentication")
def _method_override(request: HttpRequest) -> bool:
    return bool(_names(request).intersection(PROBLEMS))


@BYPASSES.fault("trust-forwarded", "X-Original-URL and X-Forwarded-* skip authentication")
def _forwarded(request: HttpRequest) -> bool:
    return bool(_names(request).intersection(FORWARDED))


@BYPASSES.fault(
    "empty-authorization-bypass", "an empty or malformed Authorization header skips authentication"
)
def _empty_authorization(request: HttpRequest) -> bool:
    given = request.header("authorization")
    return given is not None and not given.strip().removeprefix("Bearer").strip()


@BYPASSES.fault(
    "other-scheme-bypass", "an Authorization header of another scheme skips authentication"
)
def _other_scheme(request: HttpRequest) -> bool:
    given = (request.header("authorization") or "").strip()
    return bool(given) and not given.lower().startswith("bearer")


@BYPASSES.fault("function-key-bypass", "a function key skips authentication")
def _function_key(request: HttpRequest) -> bool:
    return "x-functions-key" in _names(request) or "code" in request.query


@BYPASSES.fault("cookie-bypass", "any session cookie counts as signed in")
def _session_cookie(request: HttpRequest) -> bool:
    return "appserviceauthsession" in (request.header("cookie") or "").lower()


def _names(request: HttpRequest) -> set[str]:
    return {name.lower() for name, _ in request.headers}


def _other_case(request: HttpRequest) -> bool:
    spelled = request.extra.get("spelled")
    return (
        spelled is not None
        and request.path.rstrip("/") != spelled
        and (request.path.rstrip("/").lower() == spelled.lower())
    )


def _claimed(forged: list[tuple[str, str]]) -> dict[str, Any]:
    """The identity that forged principal headers claim."""
    headers = {name.lower(): value for name, value in forged}
    claims = dict(INTRUDER)
    try:
        document = json.loads(base64.b64decode(headers.get("x-ms-client-principal", "") + "=="))
        for claim in document.get("claims", []):
            claims[str(claim["typ"]).rsplit("/", 1)[-1]] = str(claim["val"])
    except (ValueError, KeyError, TypeError):
        claims["preferred_username"] = headers.get("x-ms-client-principal-name", INTRUDER["name"])
    return claims
