from __future__ import annotations

import base64
import json
from typing import Any

from harness.report.formats.har import render_har


def _entries(report: dict[str, Any]) -> list[dict[str, Any]]:
    log = render_har(report)["log"]
    assert log["version"] == "1.2"
    entries: list[dict[str, Any]] = log["entries"]
    return entries


def test_every_exchange_is_an_entry(report: dict[str, Any]) -> None:
    entries = _entries(report)

    assert len(entries) == len(report["exchanges"])
    assert entries[1]["request"]["url"].endswith("/api/documents?top=2")
    assert entries[1]["request"]["queryString"] == [{"name": "top", "value": "2"}]
    assert entries[1]["startedDateTime"] == "2026-11-23T10:00:02.000Z"
    assert entries[1]["time"] == 42.0


def test_entries_have_all_that_har_requires(report: dict[str, Any]) -> None:
    request = {"method", "url", "httpVersion", "cookies", "headers", "queryString"}
    response = {"status", "statusText", "httpVersion", "cookies", "headers", "content"}

    for entry in _entries(report):
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert request | {"headersSize", "bodySize"} <= set(entry["request"])
        assert response | {"redirectURL", "headersSize", "bodySize"} <= set(entry["response"])
        assert {"size", "mimeType"} <= set(entry["response"]["content"])
        assert {"send", "wait", "receive"} <= set(entry["timings"])


def test_repeated_headers_are_kept_apart(report: dict[str, Any]) -> None:
    headers = _entries(report)[0]["response"]["headers"]

    assert [h["value"] for h in headers if h["name"] == "set-cookie"] == [
        "ARRAffinity=hidden; Path=/",
        "ARRAffinitySameSite=hidden; Path=/",
    ]


def test_posted_body_is_there(report: dict[str, Any]) -> None:
    posted = _entries(report)[7]["request"]["postData"]

    assert posted["text"] == '{"title":"Plan 2027"}'


def test_missing_answer_has_status_zero_and_its_reason(report: dict[str, Any]) -> None:
    response = _entries(report)[10]["response"]

    assert response["status"] == 0
    assert "closed before" in response["_error"]


def test_binary_body_stays_base64(report: dict[str, Any]) -> None:
    data = base64.b64encode(b"\x89PNG\x00\xff").decode()
    report["exchanges"][0]["response"] |= {"body": None, "body_base64": data}

    content = _entries(report)[0]["response"]["content"]
    assert (content["text"], content["encoding"], content["size"]) == (data, "base64", 6)


def test_hostile_content_can_be_written(hostile_report: dict[str, Any]) -> None:
    dumped = json.dumps(render_har(hostile_report), ensure_ascii=False)

    assert dumped.encode("utf-8")
    assert "\x1b" not in dumped
