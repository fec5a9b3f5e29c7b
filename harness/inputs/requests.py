"""Turning an operation and its values into the request that the platform would send.

Choosing values is left to `harness.inputs.values` and `harness.inputs.generation`.
Encoding follows RFC 3986 (percent-encoding), the Swagger 2.0 specification ("Parameter Object",
`collectionFormat`) and Microsoft's "OpenAPI extensions" page (`x-ms-url-encoding`).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from harness.connector.model import Operation, Parameter
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.exchanges.model import Request
from harness.inputs.files import GivenFile, given_file
from harness.inputs.platform import as_platform_sends
from harness.inputs.values import Values, example_values, is_workflow_expression

__all__ = [
    "NO_BODY",
    "Values",
    "body_media_type",
    "build_request",
    "example_request",
    "example_values",
    "is_sendable_header",
    "path_target",
]

NO_BODY: Any = ...
"""What `body=` is where a request carries none (None itself is the JSON value null)."""

LEFT_TO_THE_SENDER = frozenset({"authorization", "content-length", "host", "content-type"})
MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
_BOUNDARY = "connector-harness-boundary"
_SAMPLE_FILE = GivenFile("sample.txt", "application/octet-stream", b"")
_SEPARATORS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_MEDIA_TYPE = re.compile(r"^[\w.+-]+/[\w.+*-]+")
# What RFC 3986 allows in a path beside unreserved characters; a template's own text keeps it.
_PATH_TEXT = "/!$&'()*+,;=:@%~"


def build_request(
    context: RunContext,
    operation: Operation,
    values: Mapping[str, Any],
    body: Any = NO_BODY,
) -> Request:
    """The request that carries these values, as Power Platform would send it.

    `values` maps parameter names to plain values; a key `location:name` (`query:id`) speaks of one
    location only. None leaves a parameter out. Internal parameters with a default are constants of
    the platform and are filled in. Neither token nor origin is part of the request.

    Raises:
        SettingsError: a name is no parameter of the operation, or a path parameter has no value.
    """
    _check_names(operation, values)
    query: list[str] = []
    headers: list[tuple[str, str]] = []
    form: list[tuple[Parameter, Any]] = []
    for parameter in operation.parameters:
        value = _value(parameter, values)
        if value is None:
            continue
        if parameter.location == "query":
            query.extend(_query_pairs(parameter, value))
        elif parameter.location == "header" and parameter.name.lower() not in LEFT_TO_THE_SENDER:
            headers.append((parameter.name, _joined(parameter, value)))
        elif parameter.location == "formData":
            where = f"[operations.{operation.id}] parameters.{parameter.name}"
            form.append((parameter, given_file(context.settings, value, where) or value))
    content_type, content = _content(operation, values, form, body)
    if content_type is not None:
        headers.append(("Content-Type", content_type))
    target = path_target(context, operation, values)
    if query:
        target += ("&" if "?" in target else "?") + "&".join(query)
    request = Request(operation.method, target, tuple(headers), content)
    return as_platform_sends(
        context,
        operation,
        request,
        lambda routed, base: path_target(context, routed, values, base),
    )


def example_request(context: RunContext, operation: Operation) -> Request:
    """The request that the best known values make (see `example_values`)."""
    values = example_values(context, operation)
    body = values.body if values.has_body else NO_BODY
    return build_request(context, operation, values.parameters, body)


def path_target(
    context: RunContext,
    operation: Operation,
    values: Mapping[str, Any],
    base_path: str | None = None,
) -> str:
    """The percent-encoded path of an operation, base path included, without a query.

    `base_path` is one that a policy makes; None means the run's.
    """
    base = context.base_path if base_path is None else base_path
    parameters = {p.name: p for p in operation.path_inputs}
    path = operation.path if operation.path.startswith("/") else "/" + operation.path
    # re.split puts the names of the placeholders at the odd places.
    parts = [
        _path_value(operation, parameters.get(part), part, values)
        if index % 2
        else quote(part, safe=_PATH_TEXT + "?")
        for index, part in enumerate(_TEMPLATE.split(path))
    ]
    return quote(base, safe=_PATH_TEXT) + "".join(parts)


def body_media_type(operation: Operation) -> str:
    """The media type that the platform sends a body with.

    JSON wherever `consumes` lists it among others, lists nothing, or holds no media type at all.
    """
    listed = [text.strip() for text in operation.consumes if _MEDIA_TYPE.match(text.strip())]
    plain = [text.split(";")[0].strip().lower() for text in listed]
    if operation.parameters_in("formData"):
        return _form_media_type(operation, plain)
    if not plain or "application/json" in plain:
        return "application/json"
    for text, bare in zip(listed, plain, strict=True):
        if bare.endswith(("/json", "+json")):
            return "application/json" if "*" in bare else text
    return listed[0]


def is_sendable_header(value: str) -> bool:
    """Whether a text can be a field value: printable ASCII and tabs (RFC 9110 section 5.5)."""
    return all(" " <= char <= "~" or char == "\t" for char in value) and value == value.strip()


def _form_media_type(operation: Operation, listed: list[str]) -> str:
    files = any(p.schema.get("type") == "file" for p in operation.parameters_in("formData"))
    if files or (MULTIPART in listed and URLENCODED not in listed):
        return MULTIPART
    return URLENCODED


def _check_names(operation: Operation, values: Mapping[str, Any]) -> None:
    inputs = (*operation.parameters, *operation.path_inputs)
    known = {p.name for p in inputs} | {f"{p.location}:{p.name}" for p in inputs}
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3) or sorted(known)[:5]
            raise SettingsError(
                f"{operation.id} has no parameter {name!r}; known are {', '.join(near) or 'none'}"
            )


def _path_value(
    operation: Operation, parameter: Parameter | None, name: str, values: Mapping[str, Any]
) -> str:
    if parameter is None:
        return quote("{" + name + "}", safe=_PATH_TEXT)
    value = _value(parameter, values)
    if value is None:
        raise SettingsError(
            f"{operation.id}: the path parameter {parameter.name!r} has no value; "
            f"give one under [operations.{operation.id}] parameters"
        )
    return _encoded(parameter, _joined(parameter, value))


def _value(parameter: Parameter, values: Mapping[str, Any]) -> Any:
    exact = f"{parameter.location}:{parameter.name}"
    if exact in values:
        return values[exact]
    if parameter.name in values:
        return values[parameter.name]
    if parameter.is_constant and not is_workflow_expression(parameter.default):
        return parameter.default
    return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "null" if value is None else str(value)


def _joined(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, (list, tuple)):
        return _text(value)
    separator = _SEPARATORS.get(_collection_format(parameter), ",")
    return separator.join(_text(item) for item in value)


def _collection_format(parameter: Parameter) -> str:
    return str(parameter.raw.get("collectionFormat") or "csv")


def _query_pairs(parameter: Parameter, value: Any) -> Iterable[str]:
    name = quote(parameter.name, safe="$~")
    if isinstance(value, (list, tuple)) and _collection_format(parameter) == "multi":
        return [f"{name}={_encoded(parameter, _text(item))}" for item in value]
    return [f"{name}={_encoded(parameter, _joined(parameter, value))}"]


def _encoded(parameter: Parameter, text: str) -> str:
    # A lone surrogate has no UTF-8 form; what cannot be sent is shown as a question mark.
    once = quote(text.encode("utf-8", "replace"), safe="~")
    if parameter.location == "path" and text in (".", ".."):
        once = text.replace(".", "%2E")  # else a proxy resolves the segment (RFC 3986 6.2.2.3)
    double = str(parameter.raw.get("x-ms-url-encoding", "")).lower() == "double"
    return quote(once, safe="~") if double else once


def _content(
    operation: Operation,
    values: Mapping[str, Any],
    form: list[tuple[Parameter, Any]],
    body: Any,
) -> tuple[str | None, bytes | None]:
    declared = _declared_content_type(operation, values)
    if form:
        media_type = body_media_type(operation)
        if media_type == MULTIPART:
            return f"{MULTIPART}; boundary={_BOUNDARY}", _multipart(form)
        return media_type, _urlencoded(form)
    if body is NO_BODY:
        return None, None
    media_type = declared or body_media_type(operation)
    return media_type, _serialised(media_type, body)


def _declared_content_type(operation: Operation, values: Mapping[str, Any]) -> str | None:
    for parameter in operation.parameters_in("header"):
        if parameter.name.lower() == "content-type":
            value = _value(parameter, values)
            fitting = isinstance(value, str) and _MEDIA_TYPE.match(value)
            return str(value) if fitting and is_sendable_header(str(value)) else None
    return None


def _serialised(media_type: str, body: Any) -> bytes:
    bare = media_type.split(";")[0].strip().lower()
    if isinstance(body, bytes):
        return body
    if bare == URLENCODED and isinstance(body, Mapping):
        pairs = [f"{quote(str(k), safe='~')}={quote(_text(v), safe='~')}" for k, v in body.items()]
        return "&".join(pairs).encode("ascii")
    if isinstance(body, str) and not bare.endswith(("/json", "+json")):
        return body.encode("utf-8", "replace")
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _urlencoded(form: list[tuple[Parameter, Any]]) -> bytes:
    pairs: list[str] = []
    for parameter, value in form:
        pairs.extend(_query_pairs(parameter, value))
    return "&".join(pairs).encode("ascii")


def _file_content(parameter: Parameter, value: Any) -> bytes:
    if isinstance(value, GivenFile):
        return value.content
    return value if isinstance(value, bytes) else _joined(parameter, value).encode("utf-8")


def _multipart(form: list[tuple[Parameter, Any]]) -> bytes:
    parts: list[bytes] = []
    for parameter, value in form:
        name = parameter.name.replace('"', "%22").replace("\r", " ").replace("\n", " ")
        disposition = f'Content-Disposition: form-data; name="{name}"'
        if parameter.schema.get("type") == "file":
            file = value if isinstance(value, GivenFile) else _SAMPLE_FILE
            plain = file.name.encode("ascii", "replace").decode("ascii").replace('"', "'")
            disposition += f'; filename="{plain}"\r\nContent-Type: {file.media_type}'
        content = _file_content(parameter, value)
        head = f"--{_BOUNDARY}\r\n{disposition}\r\n\r\n".encode()
        parts.append(head + content + b"\r\n")
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
