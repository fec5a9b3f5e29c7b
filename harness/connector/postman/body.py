"""What a Postman request sends, as Swagger 2.0 says it: media type, body schema, form fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.bounds.parsing import parse_json
from harness.connector.postman.inference import infer_schema, merge_schemas
from harness.connector.postman.model import Entry, Request, unresolved, with_variables

__all__ = ["Payload", "body_parameters", "payload_of", "response_schema", "without_extras"]

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BINARY = "application/octet-stream"
_TEXTUAL = re.compile(r"text/|application/(javascript|xml|graphql)|.*\+xml$")
_TEXT = r'"(?:[^"\\]|\\.)*"'
_TEXT_OR_COMMENT = re.compile(rf"({_TEXT})|/\*.*?\*/|//[^\n]*", re.DOTALL)
_TEXT_OR_TRAILING = re.compile(rf"({_TEXT})|,(?=\s*[}}\]])", re.DOTALL)
_OPEN_VALUE = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True)
class Payload:
    """A request's body: `kind` is json, text, form, multipart or file; `value` is JSON or text.

    `complete` is false while a variable or a file is missing, so that it cannot be sent as it is.
    `readable` is false for what should be JSON and is none.
    """

    kind: str
    media_type: str
    value: Any = None
    fields: tuple[Entry, ...] = ()
    complete: bool = True
    readable: bool = True


def payload_of(request: Request, variables: Mapping[str, str]) -> Payload | None:
    """The body of a request with the collection's variables put in, or None."""
    if request.body is None:
        return None
    body = with_variables(request.body, variables)
    stated = request.media_type
    if body.kind == "file":
        return Payload("file", stated or _BINARY, complete=False)
    if body.kind in ("urlencoded", "formdata"):
        fields = tuple(entry for entry in body.fields if not unresolved(entry.name))
        whole = not any(entry.is_file or unresolved(entry.value) for entry in body.fields)
        multipart = body.kind == "formdata"
        media_type = _MULTIPART if multipart else _FORM
        return Payload("multipart" if multipart else "form", media_type, None, fields, whole)
    found, value = _json_value(body.text)
    says_json = body.language == "json" or _is_json(stated)
    guessed = not stated and not body.language and isinstance(value, (dict, list))
    whole = not unresolved(body.text)
    if says_json or guessed:
        media_type = stated if _is_json(stated) else _JSON
        whole = not unresolved(without_extras(body.text))
        return Payload(
            "json", media_type, value if found else body.text, (), whole and found, found
        )
    return Payload("text", stated or "text/plain", body.text, (), whole)


def _is_json(media_type: str) -> bool:
    return media_type.endswith(("/json", "+json"))


def _json_value(text: str) -> tuple[bool, Any]:
    """JSON from a sample; variables where a value should be count as null.

    Postman takes comments out before it sends; a trailing comma is what people overlook.
    """
    plain = without_extras(text)
    for candidate in (text, plain, without_extras(_OPEN_VALUE.sub("null", plain))):
        try:
            return True, parse_json(candidate)
        except ValueError:
            continue
    return False, None


def without_extras(text: str) -> str:
    """JSON without comments and trailing commas; what is within texts stays."""
    kept = _TEXT_OR_COMMENT.sub(lambda match: match[1] or " ", text)
    return _TEXT_OR_TRAILING.sub(lambda match: match[1] or "", kept)


def body_parameters(payloads: Iterable[Payload], *, required: bool) -> list[dict[str, Any]]:
    """The Swagger parameters of bodies that are all of one kind."""
    listed = list(payloads)
    if not listed:
        return []
    if listed[0].kind in ("form", "multipart"):
        return _form_parameters(entry for payload in listed for entry in payload.fields)
    if listed[0].kind == "json":
        known = [p.value for p in listed if not isinstance(p.value, str) or p.complete]
        schema = merge_schemas(infer_schema(value) for value in known)
    elif listed[0].kind == "file":
        schema = {"type": "string", "format": "binary"}
    else:
        schema = {"type": "string"}
    return [{"name": "body", "in": "body", "required": required, "schema": schema}]


def _form_parameters(fields: Iterable[Entry]) -> list[dict[str, Any]]:
    parameters: dict[str, dict[str, Any]] = {}
    for entry in fields:
        kind = "file" if entry.is_file else "string"
        parameter = {"name": entry.name, "in": "formData", "required": False, "type": kind}
        if entry.description:
            parameter["description"] = entry.description
        parameters.setdefault(entry.name, parameter)
    return list(parameters.values())


def response_schema(media_type: str, text: str) -> tuple[str, dict[str, Any] | None]:
    """Media type and schema of a saved answer; no schema where it has no body."""
    if not text.strip():
        return media_type, None
    if not media_type or _is_json(media_type):
        try:
            return media_type or _JSON, infer_schema(parse_json(text))
        except ValueError:
            return media_type or "text/plain", {"type": "string"} if not media_type else {}
    if _TEXTUAL.match(media_type):
        return media_type, {"type": "string"}
    return media_type, {"type": "string", "format": "binary"}
