"""What a collection says that a definition cannot: each loss and decision in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.connector.postman.body import without_extras
from harness.connector.postman.model import Collection, Note, Request, substitute, unresolved
from harness.connector.postman.samples import Call

__all__ = ["collection_notes"]


def collection_notes(collection: Collection, calls: Sequence[Call]) -> Iterator[Note]:
    """Notes about sign-in, unknown variables, odd bodies, and what single requests lose."""
    yield from _auth(collection)
    yield from _variables(collection, calls)
    for call in calls:
        request = call.request
        name = request.name or f"{request.method} {call.address.path}"
        for loss in request.losses:
            yield "postman-left-out", f"{name}: {loss}", request.pointer
        yield from _body(call, name)
        if any(header.name.lower() == "authorization" for header in request.headers):
            message = f"{name}: the Authorization header is left out: the connection sends it"
            yield "postman-auth", message, request.pointer


def _auth(collection: Collection) -> Iterator[Note]:
    """Say once that the collection's own authentication is not taken over."""
    kinds = sorted({r.auth for r in collection.requests if r.auth} | {collection.auth} - {""})
    if kinds:
        message = (
            f"the collection signs in by {', '.join(kinds)}; this is not taken over: set the "
            "connector's sign-in in apiProperties.json and securityDefinitions"
        )
        yield "postman-auth", message, ""


def _variables(collection: Collection, calls: Sequence[Call]) -> Iterator[Note]:
    """The variables without a value in what is sent, paths and hosts aside."""
    waiting = dict.fromkeys(
        name
        for call in calls
        for text in _texts(call.request)
        for name in unresolved(substitute(text, collection.variables))
    )
    if waiting:
        names = ", ".join("{{" + name + "}}" for name in waiting)
        message = (
            f"the collection does not define {names}: values and names made of them are left out; "
            "save them as collection variables"
        )
        yield "postman-variable", message, ""


def _texts(request: Request) -> Iterator[str]:
    entries = [*(request.query or ()), *request.headers]
    if request.body is not None:
        yield request.body.text
        entries += request.body.fields
    for entry in entries:
        if entry.name.lower() != "authorization":
            yield entry.name
            yield entry.value


def _body(call: Call, name: str) -> Iterator[Note]:
    payload, body = call.payload, call.request.body
    if payload is None or body is None or payload.kind != "json":
        return
    if not payload.readable:
        message = f"{name}: the sample of the body is not JSON; its schema is left open"
        yield "postman-body", message, call.request.pointer
    elif body.text != without_extras(body.text):
        message = f"{name}: comments or trailing commas of the body are left out"
        yield "postman-body", message, call.request.pointer
