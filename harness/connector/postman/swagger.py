"""From a Postman collection to the Swagger 2.0 document that the wizard would make of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.connector.model import METHODS, Sample
from harness.connector.pointers import escape
from harness.connector.postman.body import (
    Payload,
    body_parameters,
    payload_of,
    response_schema,
)
from harness.connector.postman.hosts import is_elsewhere, is_local, plain_host, the_apps_host
from harness.connector.postman.inference import merge_schemas
from harness.connector.postman.model import (
    Collection,
    Note,
    SavedResponse,
    unresolved,
)
from harness.connector.postman.notes import collection_notes
from harness.connector.postman.samples import PATH_PARAMETER, Call, plain_entries, samples_of
from harness.connector.postman.url import parse_address

__all__ = ["Converted", "convert"]


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted collection: the document, samples by operation pointer, notes, and origins.

    `sources` maps pointers of the Swagger document to pointers of the collection; a note is kind,
    message and pointer into the collection.
    """

    swagger: dict[str, Any]
    samples: dict[str, tuple[Sample, ...]]
    notes: list[Note]
    sources: dict[str, str]


@dataclass(slots=True)
class _Draft:
    """An operation being made: all calls of one method and path."""

    method: str
    path: str
    id: str
    calls: list[Call] = field(default_factory=list)

    @property
    def kind(self) -> str | None:
        """The kind of body that the operation takes: that of the first call with one."""
        return next((c.payload.kind for c in self.calls if c.payload is not None), None)


def convert(collection: Collection, fallback_title: str) -> Converted:
    """Turn a collection into Swagger 2.0; what cannot be said there is left out and noted."""
    notes: list[Note] = list(collection.notes)
    calls = _calls(collection, notes)
    host, scheme = _origin(calls, notes)
    calls = _own(calls, host, notes)
    drafts = _drafts(calls, notes)
    base_path = "/api" if drafts and all(d.path.startswith("/api/") for d in drafts) else "/"
    result = Converted(_skeleton(collection, fallback_title), {}, notes, {})
    result.swagger.update(host=host, basePath=base_path, schemes=[scheme])
    for draft in drafts:
        path = draft.path.removeprefix("/api") if base_path == "/api" else draft.path
        pointer = f"/paths/{escape(path)}/{draft.method.lower()}"
        operation = _operation(draft, collection.variables, notes)
        result.swagger["paths"].setdefault(path, {})[draft.method.lower()] = operation
        result.sources[pointer] = draft.calls[0].request.pointer
        samples = samples_of(draft.path, draft.calls, draft.kind, operation, collection.variables)
        if samples:
            result.samples[pointer] = samples
    notes.extend(collection_notes(collection, calls))
    return result


def _skeleton(collection: Collection, fallback_title: str) -> dict[str, Any]:
    title = collection.title or fallback_title
    # without a description paconn refuses the file
    description = collection.description or f"{title}, imported from a Postman collection."
    info = {"title": title, "description": description, "version": "1.0"}
    return {
        "swagger": "2.0",
        "info": info,
        "host": "",
        "basePath": "/",
        "schemes": ["https"],
        "consumes": [],
        "produces": [],
        "paths": {},
        "definitions": {},
        "parameters": {},
        "responses": {},
        "securityDefinitions": {},
        "security": [],
        "tags": [],
    }


def _calls(collection: Collection, notes: list[Note]) -> list[Call]:
    calls = []
    for request in collection.requests:
        if request.method.lower() not in METHODS:
            message = f"{request.name}: Swagger 2.0 has no method {request.method}; left out"
            notes.append(("postman-method", message, request.pointer))
        elif not request.url:
            message = f"{request.name}: the request has no address; left out"
            notes.append(("postman-address", message, request.pointer))
        else:
            address = parse_address(request, collection.variables)
            calls.append(Call(request, address, payload_of(request, collection.variables)))
    return calls


def _drafts(calls: Iterable[Call], notes: list[Note]) -> list[_Draft]:
    """Operations in the collection's order; templates that differ in names only are one path."""
    drafts: dict[tuple[str, str], _Draft] = {}
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for call in calls:
        shape = PATH_PARAMETER.sub("{}", call.address.path)
        path = paths.setdefault(shape, call.address.path)
        method = call.request.method
        if (method, shape) in drafts:
            first = drafts[method, shape]
            message = (
                f"{call.request.name} is {method} {path} again; taken as a sample of {first.id}"
            )
            notes.append(("postman-merged", message, call.request.pointer))
        else:
            name = _unique(_operation_id(call.request.name, method, path), taken)
            drafts[method, shape] = _Draft(method, path, name)
        drafts[method, shape].calls.append(call)
    return list(drafts.values())


def _operation_id(name: str, method: str, path: str) -> str:
    """PascalCase of a request's name, ASCII letters and digits only, as the wizard makes it."""
    for text in (name, f"{method.lower()} {path}"):
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
        words = re.findall(r"[A-Za-z0-9]+", plain.replace("'", ""))
        if words:
            return "".join(word[0].upper() + word[1:] for word in words)
    return method.capitalize()


def _unique(name: str, taken: set[str]) -> str:
    unique, count = name, 2
    while unique.lower() in taken:
        unique, count = f"{name}{count}", count + 1
    taken.add(unique.lower())
    return unique


def _origin(calls: list[Call], notes: list[Note]) -> tuple[str, str]:
    """The app's host and its scheme."""
    host = the_apps_host([call.address.host for call in calls])
    if unresolved(host):
        message = (
            f"the host {host} is a variable that the collection does not define; set host in the "
            "definition"
        )
        notes.append(("postman-variable", message, ""))
    own = [c.address for c in calls if plain_host(c.address.host) == host]
    scheme = next((address.scheme for address in own if address.scheme), "https")
    if scheme == "http" and host and not is_local(host):
        message = f"the collection calls http://{host}; a connector asks for https, as App Service"
        notes.append(("postman-scheme", message, ""))
        scheme = "https"
    return host, scheme


def _own(calls: list[Call], host: str, notes: list[Note]) -> list[Call]:
    """The calls of the app; requests to other hosts are left out, since tokens would go there."""
    own = []
    for call in calls:
        name, there = call.request.name or call.address.path, plain_host(call.address.host)
        if is_elsewhere(call.address.host, host):
            message = f"{name} goes to {there}, not to {host}; left out"
            notes.append(("postman-host", message, call.request.pointer))
            continue
        if there not in ("", host):
            message = f"{name} goes to {there}, which is taken for {host}"
            notes.append(("postman-host", message, call.request.pointer))
        own.append(call)
    return own


def _operation(draft: _Draft, variables: Mapping[str, str], notes: list[Note]) -> dict[str, Any]:
    first = draft.calls[0].request
    operation: dict[str, Any] = {"operationId": draft.id, "summary": first.name or draft.id}
    description = next((c.request.description for c in draft.calls if c.request.description), "")
    if description:
        operation["description"] = description
    payloads = _bodies(draft, notes)
    if payloads:
        operation["consumes"] = list(dict.fromkeys(p.media_type for p in payloads))
    responses, produces = _responses(draft)
    if produces:
        operation["produces"] = produces
    operation["parameters"] = [
        *_path_parameters(draft.path),
        *_plain_parameters(draft, variables),
        *body_parameters(payloads, required=len(payloads) == len(draft.calls)),
    ]
    operation["responses"] = responses
    return operation


def _bodies(draft: _Draft, notes: list[Note]) -> list[Payload]:
    """The bodies of the operation's kind: Swagger 2.0 cannot offer JSON and a form at once."""
    bodies = []
    for call in draft.calls:
        if call.payload is not None and call.payload.kind == draft.kind:
            bodies.append(call.payload)
        elif call.payload is not None:
            name, kind = call.request.name, call.payload.kind
            message = (
                f"{name} sends {kind}, {draft.id} {draft.kind}; the body of {name} is left out"
            )
            notes.append(("postman-body", message, call.request.pointer))
    return bodies


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = (found[1:-1] for found in PATH_PARAMETER.findall(path))
    return [{"name": name, "in": "path", "required": True, "type": "string"} for name in names]


def _plain_parameters(draft: _Draft, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """Query and header parameters of all calls, optional text as in the wizard."""
    parameters: dict[tuple[str, str], dict[str, Any]] = {}
    for call in draft.calls:
        for location, entry in plain_entries(call, variables):
            key = (location, entry.name if location == "query" else entry.name.lower())
            parameter = {"name": entry.name, "in": location, "required": False, "type": "string"}
            if entry.description:
                parameter["description"] = entry.description
            parameters.setdefault(key, parameter)
    return list(parameters.values())


def _responses(draft: _Draft) -> tuple[dict[str, Any], list[str]]:
    """Documented answers from the saved ones, and their media types.

    Where no success was saved, `default` stands for it, as in the wizard.
    """
    saved = [response for call in draft.calls for response in call.request.responses]
    by_status: dict[str, list[SavedResponse]] = {}
    for response in saved:
        by_status.setdefault(str(response.status or "default"), []).append(response)
    responses: dict[str, Any] = {}
    produces: list[str] = []
    for status, group in by_status.items():
        read = [response_schema(r.media_type, r.text) for r in group]
        schemas = [schema for _, schema in read if schema is not None]
        responses[status] = {"description": group[0].name or status}
        if schemas:
            responses[status]["schema"] = merge_schemas(schemas)
            produces.extend(media_type for media_type, schema in read if schema is not None)
    if not any(status.startswith("2") for status in responses):
        responses.setdefault("default", {"description": "default"})
    return responses, list(dict.fromkeys(produces))
