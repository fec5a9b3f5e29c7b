"""A whole OpenAPI 3 document as the definition of a connector.

No library that was found goes from 3.1 to Swagger 2.0 and says what it loses:
`api-spec-converter` (npm) knows 3.0, `@apiture/openapi-down-convert` (npm) goes from 3.1 to 3.0,
and Microsoft.OpenApi is for .NET. Sources: OpenAPI Specification 3.0.4 and 3.1.1, Swagger 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.connector.openapi.operations import converted_paths
from harness.connector.openapi.schemas import write_definitions
from harness.connector.openapi.security import converted_schemes, requirements
from harness.connector.openapi.source import Loss, Source, extensions, items_of, mapping

__all__ = ["Conversion", "convert_openapi"]

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$")


@dataclass(frozen=True, slots=True)
class Conversion:
    """The Swagger 2.0 document, and everything that it does not say any more."""

    swagger: dict[str, Any]
    losses: tuple[Loss, ...]


def convert_openapi(document: Mapping[str, Any], origin: str = "") -> Conversion:
    """Convert OpenAPI 3.0 or 3.1.

    Args:
        document: the parsed document.
        origin: the URL it came from, or ""; tells the host where `servers` is relative.
    """
    source = Source(document)
    for pointer in mapping(mapping(document.get("components")).get("schemas")):
        source.definition_name(f"/components/schemas/{_escaped(pointer)}")
    schemes = converted_schemes(source)
    kinds = {name: str(scheme["type"]) for name, scheme in schemes.items()}
    swagger: dict[str, Any] = {
        "swagger": "2.0",
        "info": _info(source),
        **_address(source, origin),
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": converted_paths(source, kinds),
    }
    swagger["definitions"] = _used(swagger["paths"], write_definitions(source))
    swagger["securityDefinitions"] = schemes
    swagger["security"] = requirements(source, document.get("security"), kinds, "/security")
    for key in ("tags", "externalDocs"):
        if document.get(key):
            swagger[key] = document[key]
    for key in ("webhooks", "jsonSchemaDialect"):
        if document.get(key):
            source.lose(f"{key} are left out", f"/{key}")
    if mapping(document.get("components")).get("callbacks"):
        source.lose("callbacks are left out", "/components/callbacks")
    return Conversion(swagger | extensions(document), tuple(source.losses.values()))


def _used(paths: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that operations refer to, and what is built on a base with a discriminator.

    The schemas of forms and parameters were written out where they are used.
    """
    used: set[str] = set()
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name in used or name not in definitions:
            continue
        used.add(name)
        waiting.extend(_references(definitions[name]))
        if "discriminator" in definitions[name]:
            bases = {"$ref": f"#/definitions/{name}"}
            waiting.extend(n for n, d in definitions.items() if bases in items_of(d.get("allOf")))
    return {name: schema for name, schema in definitions.items() if name in used}


def _references(node: Any) -> Iterator[str]:
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Mapping):
            if isinstance(here.get("$ref"), str):
                yield here["$ref"].removeprefix("#/definitions/")
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


def _escaped(name: Any) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _info(source: Source) -> dict[str, Any]:
    info = mapping(source.document.get("info"))
    title = str(info.get("title") or "API")
    described = info.get("description") or info.get("summary")
    found: dict[str, Any] = {
        "title": title,
        # without a description paconn refuses the file
        "description": str(described or f"{title}, imported from OpenAPI."),
        "version": str(info.get("version") or "1.0"),
    }
    for key in ("termsOfService", "contact", "license"):
        if mapping(info.get(key)) or isinstance(info.get(key), str):
            found[key] = info[key]
    if "identifier" in mapping(info.get("license")):
        found["license"] = {k: v for k, v in info["license"].items() if k != "identifier"}
        source.lose("identifier of the license is left out", "/info/license")
    return found | extensions(info)


def _address(source: Source, origin: str) -> dict[str, Any]:
    servers = [s for s in items_of(source.document.get("servers")) if isinstance(s, Mapping)]
    url = _filled(servers[0]) if servers else "/"
    for n, server in enumerate(servers[1:], start=1):
        source.lose(f"the server {server.get('url')} is left out", f"/servers/{n}")
    parts = urlsplit(url)
    if not parts.netloc and origin:
        parts = urlsplit(origin)._replace(path=parts.path)
    if not parts.netloc:
        source.lose("the host is not known: set host in the definition", "/servers")
    scheme = parts.scheme or "https"
    if scheme != "https" and not _LOCAL.match(parts.netloc):
        source.lose(f"the server is called by {scheme}; a connector asks for https", "/servers")
        scheme = "https"
    base = "/" + parts.path.strip("/")
    return {"host": parts.netloc.rpartition("@")[2], "basePath": base, "schemes": [scheme]}


def _filled(server: Mapping[str, Any]) -> str:
    """The server's URL with the defaults of its variables."""
    variables = mapping(server.get("variables"))

    def default(match: re.Match[str]) -> str:
        return str(mapping(variables.get(match[1])).get("default", match[0]))

    return _VARIABLE.sub(default, str(server.get("url") or "/"))
