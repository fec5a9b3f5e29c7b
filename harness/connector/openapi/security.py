"""Security schemes: Swagger 2.0 knows basic, apiKey and one OAuth flow a scheme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.connector.openapi.source import Source, extensions, items_of, mapping

__all__ = ["converted_schemes", "requirements"]

_FLOWS = {
    "authorizationCode": "accessCode",
    "implicit": "implicit",
    "password": "password",
    "clientCredentials": "application",
}
_URLS = {
    "accessCode": ("authorizationUrl", "tokenUrl"),
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "application": ("tokenUrl",),
}


def converted_schemes(source: Source) -> dict[str, dict[str, Any]]:
    """The security definitions; what the platform cannot do is noted."""
    found: dict[str, dict[str, Any]] = {}
    listed = mapping(mapping(source.document.get("components")).get("securitySchemes"))
    for name, raw in listed.items():
        node, at = source.followed(raw, f"/components/securitySchemes/{name}")
        scheme = _scheme(source, str(name), node, at)
        if scheme is not None:
            if node.get("description"):
                scheme["description"] = node["description"]
            found[str(name)] = scheme | extensions(node)
    return found


def _scheme(source: Source, name: str, node: Mapping[str, Any], at: str) -> dict[str, Any] | None:
    kind, scheme = node.get("type"), str(node.get("scheme", "")).lower()
    if kind == "apiKey" and node.get("in") in ("query", "header"):
        return {"type": "apiKey", "name": str(node.get("name", "")), "in": node["in"]}
    if kind == "http" and scheme == "basic":
        return {"type": "basic"}
    if kind == "http" and scheme == "bearer":
        source.lose(f"the bearer scheme {name} becomes an API key in Authorization", at)
        return {"type": "apiKey", "name": "Authorization", "in": "header"}
    if kind == "oauth2":
        return _oauth2(source, name, mapping(node.get("flows")), at)
    what = (
        f"{kind} in a cookie"
        if kind == "apiKey"
        else " ".join(str(part) for part in (kind, scheme) if part)
    )
    message = f"the security scheme {name} ({what}) is left out; set sign-in in apiProperties.json"
    source.lose(message, at)
    return None


def _oauth2(source: Source, name: str, flows: Mapping[str, Any], at: str) -> dict[str, Any] | None:
    known = [flow for flow in _FLOWS if isinstance(flows.get(flow), Mapping)]
    if not known:
        source.lose(f"the security scheme {name} has no flow that is known; left out", at)
        return None
    for other in [flow for flow in flows if flow != known[0] and not str(flow).startswith("x-")]:
        source.lose(f"the flow {other} of {name} is left out", f"{at}/flows/{other}")
    flow, given = _FLOWS[known[0]], flows[known[0]]
    found: dict[str, Any] = {"type": "oauth2", "flow": flow}
    found |= {key: str(given.get(key, "")) for key in _URLS[flow]}
    if given.get("refreshUrl"):
        source.lose(f"refreshUrl of {name} is left out", at)
    return found | {"scopes": dict(mapping(given.get("scopes")))}


def requirements(
    source: Source, listed: Any, schemes: Mapping[str, str], pointer: str
) -> list[dict[str, Any]]:
    """Security requirements of the schemes that are kept; scopes are for OAuth alone."""
    found = []
    for requirement in items_of(listed):
        given = mapping(requirement)
        kept = {
            str(name): list(items_of(scopes)) if schemes[str(name)] == "oauth2" else []
            for name, scopes in given.items()
            if str(name) in schemes
        }
        if kept and len(kept) == len(given):
            found.append(kept)
        elif not given:
            source.lose("that sign-in is optional is left out", pointer)
        else:
            source.lose(f"security by {', '.join(map(str, given))} is left out", pointer)
    return found
