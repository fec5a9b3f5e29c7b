"""Reading Postman collections of format v1, the one the tutorial supplies and the wizard imports.

A v1 file has no schema address: it is known by its flat `requests` beside `order` and `folders`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.connector.postman.model import (
    Body,
    Collection,
    Entry,
    Request,
    SavedResponse,
    entries,
    graphql_body,
    is_sent,
    losses,
    raw_language,
    text_of,
)

__all__ = ["is_v1", "read_v1"]

_NO_AUTH = ("", "normal", "noauth", "None")


def is_v1(data: Mapping[str, Any]) -> bool:
    """Whether a document is a v1 collection."""
    marks = ("order", "folders", "folders_order", "hasRequests", "timestamp")
    return isinstance(data.get("requests"), list) and any(mark in data for mark in marks)


def read_v1(data: Mapping[str, Any], pointer: str) -> Collection:
    """The collection of a v1 document, its requests in the order that Postman shows them."""
    ordered = [
        _request(data["requests"][place], f"{pointer}/requests/{place}") for place in _order(data)
    ]
    variables = {entry.name: entry.value for entry in entries(data.get("variables"))}
    return Collection(
        format="v1",
        title=text_of(data.get("name")).strip(),
        description=text_of(data.get("description")).strip(),
        requests=tuple(ordered),
        variables=variables,
        auth=_auth(data),
    )


def _order(data: Mapping[str, Any]) -> Iterator[int]:
    """Positions in `requests`: folders first, then loose requests, then what no list names."""
    places = {
        text_of(request.get("id")) or f"#{n}": n
        for n, request in enumerate(data["requests"])
        if isinstance(request, Mapping)
    }
    for identifier in [*_folder_orders(data), *_texts(data.get("order"))]:
        if identifier in places:
            yield places.pop(identifier)
    yield from sorted(places.values())


def _folder_orders(data: Mapping[str, Any]) -> Iterator[str]:
    raw = data.get("folders")
    listed = [f for f in raw if isinstance(f, Mapping)] if isinstance(raw, list) else []
    folders = {text_of(folder.get("id")): folder for folder in listed}
    inner = {name for folder in listed for name in _texts(folder.get("folders_order"))}
    inner |= {i for i, f in folders.items() if text_of(f.get("folder")) in folders}
    top = [*_texts(data.get("folders_order")), *(name for name in folders if name not in inner)]
    seen: set[str] = set()

    def walk(names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if name not in folders or name in seen:
                continue
            seen.add(name)
            folder = folders[name]
            below = [i for i, f in folders.items() if name and text_of(f.get("folder")) == name]
            yield from walk([*_texts(folder.get("folders_order")), *below])
            yield from _texts(folder.get("order"))

    yield from walk(top)


def _texts(value: Any) -> list[str]:
    return [text_of(item) for item in value] if isinstance(value, list) else []


def _request(raw: Mapping[str, Any], pointer: str) -> Request:
    responses = raw.get("responses")
    method = (text_of(raw.get("method")) or "GET").upper()
    lists = (raw.get("headerData"), raw.get("queryParams"), raw.get("data"))
    return Request(
        name=text_of(raw.get("name")).strip(),
        method=method,
        url=text_of(raw.get("url")).strip(),
        pointer=pointer,
        description=text_of(raw.get("description")).strip(),
        headers=_headers(raw),
        path_values=_path_values(raw),
        body=_body(raw) if is_sent(method, raw) else None,
        responses=tuple(
            _response(response, pointer)
            for response in (responses if isinstance(responses, list) else [])
            if isinstance(response, Mapping)
        ),
        auth=_auth(raw),
        losses=losses(method, raw, *lists, has_body=_body(raw) is not None),
    )


def _headers(raw: Mapping[str, Any]) -> tuple[Entry, ...]:
    """`headerData` of newer exports, a list, or lines of `Name: value`; `//` disables a line."""
    for key in ("headerData", "headers"):
        if isinstance(raw.get(key), list):
            return entries(raw[key])
    lines = text_of(raw.get("headers")).splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line and not line.startswith("//"))
    return tuple(Entry(name.strip(), value.strip()) for name, _, value in pairs if name.strip())


def _path_values(raw: Mapping[str, Any]) -> dict[str, str]:
    plain = raw.get("pathVariables")
    values = {k: text_of(v) for k, v in plain.items()} if isinstance(plain, Mapping) else {}
    return {**values, **{e.name: e.value for e in entries(raw.get("pathVariableData"))}}


def _body(raw: Mapping[str, Any]) -> Body | None:
    mode = raw.get("dataMode")
    fields = entries(raw.get("data"))
    if mode == "graphql":
        return graphql_body(raw.get("graphqlModeData"))
    if mode == "binary":
        return Body("file")
    if mode == "urlencoded":
        return Body("urlencoded", fields=fields) if fields else None
    if mode == "params":
        return Body("formdata", fields=fields) if fields else None
    text = raw.get("rawModeData") or raw.get("data")
    lines = text if isinstance(text, list) else [text]
    joined = "\n".join(line for line in lines if isinstance(line, str))
    language = raw_language(raw.get("dataOptions"))
    return Body("raw", joined, language=language) if joined.strip() else None


def _response(raw: Mapping[str, Any], pointer: str) -> SavedResponse:
    code = raw.get("responseCode")
    status = code.get("code") if isinstance(code, Mapping) else code
    original = raw.get("requestObject") or raw.get("request")
    headers = raw.get("headers")
    return SavedResponse(
        name=text_of(raw.get("name")).strip(),
        status=status if isinstance(status, int) and status else None,
        headers=entries(headers) if isinstance(headers, list) else _headers(raw),
        text=text_of(raw.get("text")),
        request=_request(original, pointer) if isinstance(original, Mapping) else None,
    )


def _auth(raw: Mapping[str, Any]) -> str:
    """The kind of authentication, as newer exports (`auth`) or older ones (`currentHelper`) say."""
    auth = raw.get("auth")
    kind = auth.get("type") if isinstance(auth, Mapping) else raw.get("currentHelper")
    return "" if text_of(kind) in _NO_AUTH else text_of(kind)
