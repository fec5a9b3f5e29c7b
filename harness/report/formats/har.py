"""The exchanges as an HTTP archive (HAR 1.2), for browsers' network panels and other tools.

Bodies stand as they came (JSON escapes what is hostile in them), binary ones in base64. Timings
that were not measured are -1 or 0, as the format asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.report.reading import header_pairs, mapping, moment, parts_of, rows, text

__all__ = ["render_har"]

Report = Mapping[str, Any]

_EPOCH = "1970-01-01T00:00:00.000Z"


def render_har(report: Report) -> dict[str, Any]:
    """The archive of every exchange that a parsed `report.json` holds."""
    entries = [
        _entry(exchange, text(part.get("started")), name)
        for name, part in parts_of(report)
        for exchange in rows(part, "exchanges")
    ]
    version = text(mapping(report, "harness").get("version")) or "0"
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "connector-harness", "version": _encodable(version)},
            "pages": [],
            "entries": entries,
        }
    }


def _entry(exchange: Report, started: str, part: str) -> dict[str, Any]:
    response = mapping(exchange, "response")
    seconds = response.get("seconds")
    milliseconds = round(seconds * 1000, 3) if isinstance(seconds, int | float) else 0
    about = [part, *(text(exchange.get(key)) for key in ("id", "operation", "caller", "purpose"))]
    entry: dict[str, Any] = {
        "startedDateTime": _stamp(exchange.get("at"), started),
        "time": milliseconds,
        "request": _request(mapping(exchange, "request")),
        "response": _response(response),
        "cache": {},
        "timings": {"blocked": -1, "send": 0, "wait": milliseconds, "receive": 0},
        "comment": _encodable(" · ".join(fact for fact in about if fact)),
    }
    if exchange.get("reason"):
        entry["response"]["_error"] = _encodable(text(exchange["reason"]))
    return entry


def _request(request: Report) -> dict[str, Any]:
    url = _encodable(text(request.get("url")))
    pairs = header_pairs(request.get("headers"))
    body = _body(request)
    found: dict[str, Any] = {
        "method": _encodable(text(request.get("method"))) or "GET",
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(pairs),
        "queryString": _named(_query(url)),
        "headersSize": -1,
        "bodySize": _size(body),
    }
    if body["text"]:
        media_type = _header(pairs, "content-type") or "application/octet-stream"
        found["postData"] = {"mimeType": media_type, "text": body["text"], "params": []}
        if "encoding" in body:
            found["postData"]["comment"] = "base64"
    return found


def _response(response: Report) -> dict[str, Any]:
    status = response.get("status")
    code = status if isinstance(status, int) else 0
    pairs = header_pairs(response.get("headers"))
    body = _body(response)
    return {
        "status": code,
        "statusText": _phrase(code),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(pairs),
        "content": {
            "size": _size(body),
            "mimeType": _header(pairs, "content-type") or "x-unknown",
            **body,
        },
        "redirectURL": _header(pairs, "location"),
        "headersSize": -1,
        "bodySize": -1,
    }


def _body(message: Report) -> dict[str, str]:
    if message.get("body_base64"):
        return {"text": _encodable(text(message["body_base64"])), "encoding": "base64"}
    return {"text": _encodable(text(message.get("body")))}


def _size(body: Mapping[str, str]) -> int:
    if body.get("encoding") == "base64":
        return len(body["text"].rstrip("=")) * 3 // 4
    return len(body["text"].encode("utf-8"))


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []


def _named(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": _encodable(name), "value": _encodable(value)} for name, value in pairs]


def _header(pairs: list[tuple[str, str]], wanted: str) -> str:
    return next((_encodable(value) for name, value in pairs if name.lower() == wanted), "")


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""


def _stamp(at: Any, started: str) -> str:
    when = moment(at) or moment(started)
    if when is None:
        return _EPOCH
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encodable(value: str) -> str:
    """The text without lone surrogates, which no UTF-8 file can hold."""
    return value.encode("utf-8", errors="replace").decode("utf-8")
