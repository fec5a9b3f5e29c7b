"""Reading Postman collections of formats v2.0 and v2.1.

The two differ where nobody looks (lists instead of objects in `auth`); exports of old tools also
write `headers` for `header`, `responses` for `response` and `data` for `body`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.connector.postman.model import (
    Body,
    Collection,
    Entry,
    Note,
    Request,
    SavedResponse,
    entries,
    graphql_body,
    is_sent,
    losses,
    raw_language,
    text_of,
)

__all__ = ["is_v2", "read_v2"]

_FORMS = ("urlencoded", "formdata")


def is_v2(data: Mapping[str, Any]) -> bool:
    """Whether a document is a v2.x collection."""
    return isinstance(data.get("info"), Mapping) and isinstance(data.get("item"), list)


def read_v2(data: Mapping[str, Any], pointer: str) -> Collection:
    """The collection of a v2.x document; folders may nest."""
    info = data["info"]
    return Collection(
        format="v2.1" if "v2.1" in text_of(info.get("schema")) else "v2.0",
        title=text_of(info.get("name")).strip(),
        description=text_of(info.get("description")).strip(),
        requests=tuple(_requests(data["item"], f"{pointer}/item", data)),
        variables=_variables(data.get("variable") or data.get("variables")),
        auth=_auth(data),
        notes=tuple(_odd_items(data["item"], f"{pointer}/item")),
    )


def _odd_items(items: Any, pointer: str) -> Iterator[Note]:
    """Items that are neither a folder nor a request."""
    for n, item in enumerate(items if isinstance(items, list) else []):
        here = f"{pointer}/{n}"
        inner = item if isinstance(item, Mapping) else {}
        if isinstance(inner.get("item"), list):
            yield from _odd_items(inner["item"], f"{here}/item")
        elif not isinstance(inner.get("request"), (str, Mapping)):
            name = text_of(inner.get("name")).strip() or f"item {n + 1}"
            yield "postman-item", f"{name} is neither a folder nor a request; left out", here


def _variables(raw: Any) -> dict[str, str]:
    listed = raw if isinstance(raw, list) else []
    return {
        text_of(entry.get("key") or entry.get("id") or entry.get("name")): text_of(
            entry.get("value")
        )
        for entry in listed
        if isinstance(entry, Mapping) and entry.get("disabled") is not True
    }


def _requests(items: Any, pointer: str, parent: Mapping[str, Any]) -> Iterator[Request]:
    for n, item in enumerate(items if isinstance(items, list) else []):
        if not isinstance(item, Mapping):
            continue
        here = f"{pointer}/{n}"
        if isinstance(item.get("item"), list):
            folder = {**item, "auth": _inherited(item, parent)}
            yield from _requests(item["item"], f"{here}/item", folder)
        elif isinstance(item.get("request"), (str, Mapping)):
            yield _request(item, here, _inherited(item, parent))


def _inherited(item: Mapping[str, Any], parent: Mapping[str, Any]) -> Any:
    return item.get("auth") or parent.get("auth")


def _request(item: Mapping[str, Any], pointer: str, auth: Any) -> Request:
    saved = item.get("response") or item.get("responses")
    request = _sent(item["request"], item, pointer)
    responses = tuple(
        _response(response, item, pointer)
        for response in (saved if isinstance(saved, list) else [])
        if isinstance(response, Mapping)
    )
    return replace(
        request,
        name=text_of(item.get("name")).strip(),
        description=request.description or text_of(item.get("description")).strip(),
        responses=responses,
        auth=request.auth or _auth({"auth": auth}),
    )


def _sent(raw: Any, item: Mapping[str, Any], pointer: str) -> Request:
    """A request as such; a bare text is a GET of that address."""
    if not isinstance(raw, Mapping):
        return Request(name="", method="GET", url=text_of(raw).strip(), pointer=pointer)
    url = raw.get("url")
    parts = url if isinstance(url, Mapping) else {}
    query, header = parts.get("query"), raw.get("header", raw.get("headers"))
    method = (text_of(raw.get("method")) or "GET").upper()
    body = raw.get("body", raw.get("data"))
    fields = body.get(text_of(body.get("mode"))) if isinstance(body, Mapping) else None
    return Request(
        name="",
        method=method,
        url=_address(parts) if parts else text_of(url).strip(),
        pointer=pointer,
        description=text_of(raw.get("description")).strip(),
        headers=_headers(header),
        query=entries(query) if isinstance(query, list) else None,
        path_values=_variables(parts.get("variable")),
        body=_body(body) if is_sent(method, item) else None,
        auth=_auth(raw),
        losses=losses(method, item, query, header, fields, has_body=_body(body) is not None),
    )


def _address(parts: Mapping[str, Any]) -> str:
    """The address as typed, or put together from its parts where `raw` is missing."""
    raw = text_of(parts.get("raw")).strip()
    if raw:
        return raw
    scheme = text_of(parts.get("protocol"))
    host = _joined(parts.get("host"), ".")
    port = text_of(parts.get("port"))
    path = _joined(parts.get("path"), "/").lstrip("/")
    return f"{scheme}://" * bool(scheme) + host + f":{port}" * bool(port) + f"/{path}"


def _joined(value: Any, separator: str) -> str:
    if not isinstance(value, list):
        return text_of(value)
    return separator.join(
        text_of(part.get("value") if isinstance(part, Mapping) else part) for part in value
    )


def _headers(raw: Any) -> tuple[Entry, ...]:
    if isinstance(raw, list):
        return entries(raw)
    pairs = (line.partition(":") for line in text_of(raw).splitlines() if ":" in line)
    return tuple(Entry(name.strip(), value.strip()) for name, _, value in pairs if name.strip())


def _body(raw: Any) -> Body | None:
    if isinstance(raw, str):
        return Body("raw", raw) if raw.strip() else None
    if not isinstance(raw, Mapping) or raw.get("disabled") is True:
        return None
    mode = raw.get("mode")
    if mode in _FORMS:
        fields = entries(raw.get(mode))
        return Body(mode, fields=fields) if fields else None
    if mode == "file":
        return Body("file")
    if mode == "graphql":
        return graphql_body(raw.get("graphql"))
    text = text_of(raw.get("raw"))
    return Body("raw", text, language=raw_language(raw.get("options"))) if text.strip() else None


def _response(raw: Mapping[str, Any], item: Mapping[str, Any], pointer: str) -> SavedResponse:
    status = raw.get("code")
    original = raw.get("originalRequest")
    return SavedResponse(
        name=text_of(raw.get("name")).strip(),
        status=status if isinstance(status, int) and status else None,
        headers=_headers(raw.get("header", raw.get("headers"))),
        text=text_of(raw.get("body")),
        request=None if original is None else _sent(original, item, pointer),
    )


def _auth(raw: Mapping[str, Any]) -> str:
    auth = raw.get("auth")
    kind = text_of(auth.get("type")) if isinstance(auth, Mapping) else ""
    return "" if kind == "noauth" else kind
