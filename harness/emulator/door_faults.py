"""Faults of the door: which requests slip past authentication, and as whom."""

from __future__ import annotations

import base64
import json
from typing import Any

from harness.emulator.faults import Faults
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


def skips_authentication(
    request: HttpRequest, forged: list[tuple[str, str]], faults: Faults
) -> dict[str, Any] | None:
    """Whom a call without a token is taken for, where a fault lets it in; else None."""
    operation = request.extra.get("operation")
    if faults.has("auth-off") or faults.has("auth-off", operation):
        return INTRUDER
    if forged and faults.has("trust-principal-header"):
        return _claimed(forged)
    return INTRUDER if any(faults.has(name) for name in _tricks(request)) else None


def _tricks(request: HttpRequest) -> list[str]:
    """The tricks that a request tries, by the name of the fault that falls for them."""
    raw, names = request.raw_path, {name.lower() for name, _ in request.headers}
    authorization = request.header("authorization")
    tests = {
        "case-bypass": raw.startswith("/") and _other_case(request),
        "slash-bypass": len(raw) > 1 and raw.endswith("/"),
        "double-slash-bypass": "//" in raw,
        "encoded-bypass": "%" in raw and "%2e" not in raw.lower(),
        "dot-bypass": "/../" in raw or "/./" in raw or "%2e" in raw.lower(),
        "method-bypass": request.method not in request.extra.get("methods", (request.method,)),
        "override-bypass": bool(names.intersection(PROBLEMS)),
        "trust-forwarded": bool(names.intersection(FORWARDED)),
        "empty-authorization-bypass": authorization is not None
        and not authorization.strip().removeprefix("Bearer").strip(),
        "other-scheme-bypass": authorization is not None
        and bool(authorization.strip())
        and not authorization.strip().lower().startswith("bearer"),
        "function-key-bypass": "x-functions-key" in names or "code" in request.query,
        "cookie-bypass": "appserviceauthsession" in (request.header("cookie") or "").lower(),
    }
    return [name for name, tried in tests.items() if tried]


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
