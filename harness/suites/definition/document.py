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
from harness.findings.examples import REMOVED, Edit, Moved
from harness.findings.model import Finding, Rule
from harness.findings.sample import CREATE_DOCUMENT, GET_DOCUMENT, LIST_DOCUMENTS

__all__ = ["judge_document", "judge_security"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"
SWAGGER = "OpenAPI Specification, version 2.0"

DUPLICATE_KEY = Rule(
    id="definition.duplicate-key",
    severity="warning",
    title="An object has the same key twice",
    meaning="JSON has the same key twice; the platform takes the last one.",
    why="What the first one says is lost, and nothing says so.",
    remedy="Remove one of them.",
    reference="RFC 8259 section 4",
    shown_by=(Edit(text=('"basePath"', '"basePath": "/old", "basePath"')),),
)
HEADER_DUPLICATE = Rule(
    id="definition.header-duplicate",
    severity="warning",
    title="A response documents the same header twice",
    meaning="Two header names differ in case alone, which is the same header.",
    why="What one of them says is lost, and nothing says so.",
    remedy="Remove one of them.",
    reference="RFC 9110 section 5.1",
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/responses/200/headers": {
                    "ETag": {"type": "string"},
                    "etag": {"type": "string"},
                }
            }
        ),
    ),
    microsoft=("ResponseHeadersAreNotUnique",),
    formerly="definition.duplicate-key",
)
SECURITY_UNDEFINED = Rule(
    id="definition.security-undefined",
    severity="warning",
    title="security names a scheme that is not defined",
    meaning="A security requirement has no counterpart in securityDefinitions; one finding a "
    "scheme.",
    why="The platform refuses the file or ignores the requirement.",
    remedy="Define the scheme, or take the requirement out.",
    reference=VALIDATOR,
    shown_by=(Edit({"/security/0/other": Moved("/security/0/oauth2_auth")}),),
    microsoft=("SecurityRequirementMustBeDefined",),
)
SWAGGER_VERSION = Rule(
    id="definition.swagger-version",
    severity="error",
    title="The version is not the text 2.0",
    meaning='swagger is missing, a number, or another text than "2.0".',
    why="The platform takes the text alone.",
    remedy='Set "swagger": "2.0".',
    reference=VALIDATOR,
    shown_by=(Edit({"/swagger": 2.0}),),
    microsoft=("SpecificationVersionIncorrect",),
)
HOST_FORM = Rule(
    id="definition.host-form",
    severity="error",
    title="host is more than a host name",
    meaning="host has a scheme, a path, a query or spaces.",
    why="The address of every call is put together from it, and no such host exists.",
    remedy="Leave the name and, if need be, the port: scheme and path stand in schemes and "
    "basePath.",
    reference=VALIDATOR,
    shown_by=(Edit({"/host": "https://documents-sample.azurewebsites.net/api"}),),
    microsoft=("HostNameNotValid",),
)
PROPERTY_MISSING = Rule(
    id="definition.property-missing",
    severity="error",
    title="Something that must be there is missing",
    meaning="info lacks title, version or description, a response its description, a parameter "
    "its name, place or type, a tag or licence its name, externalDocs its url.",
    why="The platform or its tools refuse the file; paconn fails without info.description.",
    remedy="Add what is missing.",
    reference=SWAGGER,
    shown_by=(
        Edit({"/info/description": REMOVED}),
        Edit({f"{GET_DOCUMENT}/responses/200/description": REMOVED}),
        Edit({f"{LIST_DOCUMENTS}/parameters/0/type": REMOVED}),
    ),
    microsoft=("RequiredPropertyMissing",),
)
URL_FORM = Rule(
    id="definition.url-form",
    severity="note",
    title="A URL is none",
    meaning="A url of contact, license, externalDocs or a security scheme is not absolute.",
    why="The platform refuses it, or shows a dead link.",
    remedy="Write the whole URL, with https://.",
    reference=VALIDATOR,
    shown_by=(Edit({"/info/contact/url": "contoso.example"}),),
    microsoft=("UrlNotValid",),
)
MEDIA_TYPE_FORM = Rule(
    id="definition.media-type-form",
    severity="warning",
    title="A media type is malformed",
    meaning="An entry of consumes or produces is not of the form type/subtype.",
    why="The request's content type is then wrong, and the app may refuse the body.",
    remedy="Write the media type alone: application/json.",
    reference="RFC 9110 section 8.3.1",
    shown_by=(Edit({f"{CREATE_DOCUMENT}/consumes": ["Content-Type:application/json"]}),),
    microsoft=("MimeTypeNotValid",),
)
STATUS_CODE = Rule(
    id="definition.status-code",
    severity="error",
    title="A documented answer has no status code",
    meaning="A key of responses is neither a status code (100 to 599) nor default.",
    why="The platform refuses the file, or ignores the answer.",
    remedy="Use a code, or default.",
    reference=VALIDATOR,
    shown_by=(Edit({f"{GET_DOCUMENT}/responses/2XX": {"description": "fine"}}),),
    microsoft=("ResponseMustBeDefaultOrHttpStatusCode",),
)
TAG_DUPLICATE = Rule(
    id="definition.tag-duplicate",
    severity="note",
    title="A tag is defined twice",
    meaning="Two entries of tags have the same name.",
    why="One of them is lost.",
    remedy="Remove one.",
    reference=VALIDATOR,
    shown_by=(Edit({"/tags": [{"name": "a"}, {"name": "a", "description": "b"}]}),),
    microsoft=("TagRedefined",),
)
SECURITY_SCHEME = Rule(
    id="definition.security-scheme",
    severity="error",
    title="A security scheme is incomplete or mixed up",
    meaning="Its type or flow is unknown, or it lacks or has what its type does not.",
    why="The wizard refuses it, or makes another sign-in of it.",
    remedy="basic: nothing more; apiKey: name and in; oauth2: flow and its URLs.",
    reference=SWAGGER,
    shown_by=(
        Edit({"/securityDefinitions/oauth2_auth/tokenUrl": REMOVED}),
        Edit({"/securityDefinitions/key": {"type": "apiKey", "name": "code"}}),
        Edit({"/securityDefinitions/key": {"type": "openid"}}),
    ),
    microsoft=("SecuritySchemePropertyNotValid", "SecuritySchemePropertyRequired"),
)
SECURITY_VALUE = Rule(
    id="definition.security-value",
    severity="warning",
    title="A security requirement has the wrong scopes",
    meaning="It has no list, has scopes where the scheme is not oauth2, or names unknown ones.",
    why="The platform refuses the file or asks for a scope that nobody can grant.",
    remedy="List scopes of the scheme; an empty list where there are none.",
    reference=SWAGGER,
    shown_by=(
        Edit({"/security/0/oauth2_auth": ["user_impersonation"]}),
        Edit({"/security/0/oauth2_auth": None}),
        Edit(
            {
                "/securityDefinitions/key": {"type": "apiKey", "name": "k", "in": "query"},
                "/security/0/key": ["read"],
                "/security/0/oauth2_auth": REMOVED,
            }
        ),
    ),
    microsoft=(
        "OAuthSecurityRequirementValueMustBeScopeName",
        "SecurityRequirementMustHaveEmptyValue",
        "SecurityRequirementMustHaveValue",
    ),
)

HOST = re.compile(r"[^/?#@\s]+")
MEDIA_TYPE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+(\s*;.*)?")
STATUS = re.compile(r"[1-5][0-9][0-9]|default")
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
            yield from _description(connector, shape)
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
        yield SWAGGER_VERSION.at(connector, message, "/swagger", observed=shown)


def _host(connector: Connector) -> Iterator[Finding]:
    """A host with a scheme, a path or a sign-in name (Swagger 2.0: host and port alone)."""
    host = connector.raw.get("host")
    if isinstance(host, str) and host.strip() and not HOST.fullmatch(host.strip()):
        if any(mark in host for mark in "{}<>[]"):
            return  # a placeholder: target.host-left-over says so
        message = f"host is {host!r}: more than a host name"
        yield HOST_FORM.at(connector, message, "/host", observed=host)


def _tags(connector: Connector) -> Iterator[Finding]:
    tags = connector.raw.get("tags")
    names = (
        [t.get("name") for t in tags if isinstance(t, Mapping)] if isinstance(tags, list) else []
    )
    for name, count in Counter(n for n in names if isinstance(n, str)).items():
        if count > 1:
            message = f"the tag {name!r} is defined {count} times"
            yield TAG_DUPLICATE.at(connector, message, "/tags")


def _description(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """The one text that the schema does not ask for, and that paconn cannot do without."""
    if shape.kind == "info" and "description" not in shape.node:
        message = "info has no description"
        yield PROPERTY_MISSING.at(
            connector, message, shape.pointer, expected="description", severity="warning"
        )


def _urls(connector: Connector, shape: Shape) -> Iterator[Finding]:
    for key in URL_KEYS.get(shape.kind, ()):
        value = shape.node.get(key)
        if not isinstance(value, str) or any(mark in value for mark in "{}<>[]@"):
            continue
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or " " in value.strip():
            message = f"{key} is {value!r}, which is no absolute URL"
            yield URL_FORM.at(connector, message, f"{shape.pointer}/{key}", observed=repr(value))


def _media_types(connector: Connector, shape: Shape) -> Iterator[Finding]:
    if shape.kind not in ("root", "operation"):
        return
    for key in ("consumes", "produces"):
        listed = shape.node.get(key)
        for value in listed if isinstance(listed, list) else ():
            if not isinstance(value, str) or not MEDIA_TYPE.fullmatch(value.strip()):
                message = f"{key} has {value!r}, which is no media type"
                yield MEDIA_TYPE_FORM.at(
                    connector,
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
            yield STATUS_CODE.at(connector, message, pointer, observed=text)


def _headers(connector: Connector, shape: Shape) -> Iterator[Finding]:
    """Header names that differ in case alone name the same header (RFC 9110 section 5.1)."""
    headers = shape.node.get("headers")
    names = Counter(str(n).lower() for n in headers) if isinstance(headers, Mapping) else Counter()
    for name, count in names.items():
        if count > 1:
            message = f"the header {name} is documented {count} times"
            yield HEADER_DUPLICATE.at(connector, message, f"{shape.pointer}/headers")


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
        yield SECURITY_UNDEFINED.at(
            connector,
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
        yield SECURITY_SCHEME.at(connector, message, pointer, expected=expected)
        return
    needed = SCHEME_KEYS[kind] + (FLOW_KEYS.get(str(flow), ()) if kind == "oauth2" else ())
    missing = [key for key in needed if not scheme.get(key)]
    allowed = {"apiKey": {"name", "in"}, "basic": set()}.get(
        kind, set(SCHEME_ONLY - {"name", "in"})
    )
    foreign = sorted((SCHEME_ONLY & scheme.keys()) - allowed)
    if kind == "oauth2" and flow is not None and str(flow) not in FLOW_KEYS:
        message = f"the security scheme {name!r} has the flow {flow!r}"
        yield SECURITY_SCHEME.at(connector, message, pointer, expected=", ".join(FLOW_KEYS))
    if missing:
        message = f"the security scheme {name!r} ({kind}) lacks {' and '.join(missing)}"
        yield SECURITY_SCHEME.at(connector, message, pointer)
    if foreign:
        message = f"the security scheme {name!r} ({kind}) has {' and '.join(foreign)}"
        yield SECURITY_SCHEME.at(connector, message, pointer)


def _scopes(
    connector: Connector, name: str, scheme: Mapping[str, Any], scopes: Any, pointer: str
) -> Iterator[Finding]:
    place = f"{pointer}/{escape(name)}"
    if not isinstance(scopes, list):
        return
    if scheme.get("type") != "oauth2":
        if scopes:
            message = f"the requirement {name!r} lists scopes, but its scheme is not oauth2"
            yield SECURITY_VALUE.at(connector, message, place)
        return
    known = scheme.get("scopes")
    names = known if isinstance(known, Mapping) else {}
    unknown = [str(scope) for scope in scopes if str(scope) not in names]
    if unknown:
        message = f"the requirement {name!r} asks for {', '.join(unknown)}"
        yield SECURITY_VALUE.at(
            connector,
            f"{message}, which the scheme's scopes do not list",
            place,
            expected=", ".join(map(str, names)) or "no scopes",
        )
