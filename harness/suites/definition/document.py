"""Judging what stands around the operations: version, texts that must be there, URLs, sign-in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from harness.connector.model import Connector
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.model import Finding
from harness.suites.definition.context import found

__all__ = ["judge_document", "judge_security"]

HOST = re.compile(r"[^/?#@\s]+")
MEDIA_TYPE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+(\s*;.*)?")
STATUS = re.compile(r"[1-5][0-9][0-9]|default")
NEEDED: dict[str, tuple[str, ...]] = {
    "info": ("title", "version", "description"),
    "response": ("description",),
    "parameter": ("name", "in"),
    "tag": ("name",),
    "license": ("name",),
    "docs": ("url",),
}
URL_KEYS: dict[str, tuple[str, ...]] = {
    "contact": ("url",),
    "license": ("url",),
    "docs": ("url",),
    "scheme": ("authorizationUrl", "tokenUrl"),
}
SCHEME_KEYS: dict[str, tuple[str, ...]] = {
    "basic": (),
    "apiKey": ("name", "in"),
    "oauth2": ("flow",),
}
FLOW_KEYS: dict[str, tuple[str, ...]] = {
    "implicit": ("authorizationUrl",),
    "accessCode": ("authorizationUrl", "tokenUrl"),
    "password": ("tokenUrl",),
    "application": ("tokenUrl",),
}
SCHEME_ONLY = frozenset({"name", "in", "flow", "authorizationUrl", "tokenUrl", "scopes"})


def judge_document(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Everything about the document as a whole."""
    yield from _version(connector)
    yield from _host(connector)
    yield from _tags(connector)
    for shape in shapes:
        if connector.kind != "postman":
            yield from _needed(connector, shape)
        yield from _urls(connector, shape)
        yield from _media_types(connector, shape)
        if shape.kind == "operation":
            yield from _statuses(connector, shape)
        elif shape.kind == "response":
            yield from _headers(connector, shape)


def _version(connector: Connector) -> Iterator[Finding]:
    version = connector.raw.get("swagger")
    if version != "2.0":
        shown = "missing" if version is None else repr(version)
        message = f'swagger is {shown}, not the text "2.0"'
        yield found(connector, "swagger-version", message, "/swagger", observed=shown)


def _host(connector: Connector) -> Iterator[Finding]:
    """A host with a scheme, a path or a sign-in name (Swagger 2.0: host and port alone)."""
    host = connector.raw.get("host")
    if isinstance(host, str) and host.strip() and not HOST.fullmatch(host.strip()):
        if any(mark in host for mark in "{}<>[]"):
            return  # a placeholder: target.host-left-over says so
        message = f"host is {host!r}: more than a host name"
        yield found(connector, "host-form", message, "/host", observed=host)


def _tags(connector: Connector) -> Iterator[Finding]:
    tags = connector.raw.get("tags")
    names = (
        [t.get("name") for t in tags if isinstance(t, Mapping)] if isinstance(tags, list) else []
    )
    for name, count in Counter(n for n in names if isinstance(n, str)).items():
        if count > 1:
            message = f"the tag {name!r} is defined {count} times"
            yield found(connector, "tag-duplicate", message, "/tags")


def _needed(connector: Connector, shape: Shape) -> Iterator[Finding]:
    if "$ref" in shape.node:
        return
    keys = NEEDED.get(shape.kind, ())
    if shape.kind == "parameter" and shape.node.get("in") not in ("body", None):
        keys = (*keys, "type")
    for key in keys:
        if key not in shape.node:
            message = f"{shape.kind} has no {key}"
            yield found(connector, "property-missing", message, shape.pointer, expected=key)


def _urls(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key in URL_KEYS.get(shape.kind, ()):
        value = shape.node.get(key)
        if not isinstance(value, str) or any(mark in value for mark in "{}<>[]@"):
            continue
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or " " in value.strip():
            message = f"{key} is {value!r}, which is no absolute URL"
            yield found(
                connector, "url-form", message, f"{shape.pointer}/{key}", observed=repr(value)
            )


def _media_types(connector: Connector, shape: Shape) -> Iterator[Finding]:
    if shape.kind not in ("root", "operation"):
        return
    for key in ("consumes", "produces"):
        listed = shape.node.get(key)
        for value in listed if isinstance(listed, list) else ():
            if not isinstance(value, str) or not MEDIA_TYPE.fullmatch(value.strip()):
                message = f"{key} has {value!r}, which is no media type"
                yield found(
                    connector,
                    "media-type-form",
                    message,
                    f"{shape.pointer}/{key}",
                    expected="application/json",
                    observed=repr(value),
                )


def _statuses(connector: Connector, shape: Shape) -> Iterator[Finding]:
    responses = shape.node.get("responses")
    for status in responses if isinstance(responses, Mapping) else ():
        text = str(status)
        if not STATUS.fullmatch(text) and not text.startswith("x-"):
            pointer = f"{shape.pointer}/responses/{escape(text)}"
            message = f"{text!r} is neither a status code nor default"
            yield found(connector, "status-code", message, pointer, observed=text)


def _headers(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """Header names that differ in case alone name the same header (RFC 9110 section 5.1)."""
    headers = shape.node.get("headers")
    names = Counter(str(n).lower() for n in headers) if isinstance(headers, Mapping) else Counter()
    for name, count in names.items():
        if count > 1:
            message = f"the header {name} is documented {count} times"
            yield found(connector, "duplicate-key", message, f"{shape.pointer}/headers")


# ---------------------------------------------------------------------- sign-in


def judge_security(connector: Connector) -> Iterator[Finding]:
    """Security definitions, and requirements that name and fill them."""
    schemes = connector.raw.get("securityDefinitions")
    defined = schemes if isinstance(schemes, Mapping) else {}
    for name, scheme in defined.items():
        if isinstance(scheme, Mapping):
            yield from _scheme(connector, str(name), scheme)
    rows = list(requirements_of(connector))
    yield from _undefined(connector, defined, rows)
    for pointer, row in rows:
        for name, scopes in row.items():
            scheme = defined.get(name)
            if isinstance(scheme, Mapping):
                yield from _scopes(connector, str(name), scheme, scopes, pointer)


def requirements_of(connector: Connector) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every row of every `security`, with its place."""
    places = [("/security", connector.raw.get("security"))]
    places += [(f"{o.pointer}/security", o.raw.get("security")) for o in connector.operations]
    for pointer, value in places:
        for index, row in enumerate(value if isinstance(value, list) else ()):
            if isinstance(row, Mapping):
                yield f"{pointer}/{index}", row


def _undefined(
    connector: Connector,
    defined: Mapping[str, Any],
    rows: Sequence[tuple[str, Mapping[str, Any]]],
) -> Iterator[Finding]:
    """One finding a scheme, however many operations name it: it is mended in one place."""
    places: dict[str, list[str]] = {}
    for pointer, row in rows:
        for name in row:
            if name not in defined:
                places.setdefault(str(name), []).append(pointer)
    for name, pointers in places.items():
        message = f"security names {name!r}, which securityDefinitions does not define"
        many = len(pointers) > 1
        if many:
            message += f" ({len(pointers)} times)"
        whole = "/securityDefinitions" if defined else ""
        yield found(
            connector,
            "security-undefined",
            message,
            whole if many else pointers[0],
            expected=f"one of {', '.join(defined)}" if defined else "a scheme of that name",
            observed=name,
            data={"pointers": pointers},
        )


def _scheme(connector: Connector, name: str, scheme: Mapping[str, Any]) -> Iterator[Finding]:
    pointer = f"/securityDefinitions/{escape(name)}"
    kind, flow = str(scheme.get("type")), scheme.get("flow")
    if kind not in SCHEME_KEYS:
        message = f"the security scheme {name!r} has the type {kind}"
        expected = "basic, apiKey or oauth2"
        yield found(connector, "security-scheme", message, pointer, expected=expected)
        return
    needed = SCHEME_KEYS[kind] + (FLOW_KEYS.get(str(flow), ()) if kind == "oauth2" else ())
    missing = [key for key in needed if not scheme.get(key)]
    allowed = {"apiKey": {"name", "in"}, "basic": set()}.get(
        kind, set(SCHEME_ONLY - {"name", "in"})
    )
    foreign = sorted((SCHEME_ONLY & scheme.keys()) - allowed)
    if kind == "oauth2" and flow is not None and str(flow) not in FLOW_KEYS:
        message = f"the security scheme {name!r} has the flow {flow!r}"
        yield found(connector, "security-scheme", message, pointer, expected=", ".join(FLOW_KEYS))
    if missing:
        message = f"the security scheme {name!r} ({kind}) lacks {' and '.join(missing)}"
        yield found(connector, "security-scheme", message, pointer)
    if foreign:
        message = f"the security scheme {name!r} ({kind}) has {' and '.join(foreign)}"
        yield found(connector, "security-scheme", message, pointer)


def _scopes(
    connector: Connector, name: str, scheme: Mapping[str, Any], scopes: Any, pointer: str
) -> Iterator[Finding]:
    place = f"{pointer}/{escape(name)}"
    if not isinstance(scopes, list):
        message = f"the requirement {name!r} has no list of scopes (an empty one is fine)"
        yield found(connector, "security-value", message, place, observed=type(scopes).__name__)
        return
    if scheme.get("type") != "oauth2":
        if scopes:
            message = f"the requirement {name!r} lists scopes, but its scheme is not oauth2"
            yield found(connector, "security-value", message, place)
        return
    known = scheme.get("scopes")
    names = known if isinstance(known, Mapping) else {}
    unknown = [str(scope) for scope in scopes if str(scope) not in names]
    if unknown:
        message = f"the requirement {name!r} asks for {', '.join(unknown)}"
        yield found(
            connector,
            "security-value",
            f"{message}, which the scheme's scopes do not list",
            place,
            expected=", ".join(map(str, names)) or "no scopes",
        )
