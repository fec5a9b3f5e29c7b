"""Files are judged by media type, first bytes and size."""

from __future__ import annotations

from typing import Any

import pytest

from harness.connector.model import Operation
from harness.exchanges.model import Response
from harness.suites.contract.files import wrong_with_file

PNG = b"\x89PNG\r\n\x1a\n...."


@pytest.mark.parametrize(
    ("produces", "media_type", "body", "wrong"),
    [
        (["image/png"], "image/png", PNG, 0),
        (["image/png"], "text/html", b"<p>soon</p>", 1),
        (["image/png"], "application/json", b"{}", 1),
        (["image/png"], "image/png", b"<html>", 1),
        (["application/octet-stream"], "application/octet-stream", b"{}", 0),
        (["application/octet-stream"], "application/pdf", b"%PDF-1.7", 0),
        (["application/octet-stream"], "application/json", b'{"error": "x"}', 1),
        (["application/pdf"], "application/octet-stream", b"hello", 1),
        (["application/octet-stream", "application/json"], "application/json", b"{}", 0),
        (None, "application/json", b"{}", 0),
        (["image/png"], "image/png", b"", 0),
    ],
)
def test_file_is_what_the_operation_itself_promises(
    produces: Any, media_type: str, body: bytes, wrong: int
) -> None:
    raw = {} if produces is None else {"produces": produces}
    operation = Operation("Get", "GET", "/x", "/p", raw, (), {}, (), tuple(produces or ()))
    response = Response(200, (("Content-Type", media_type),), body, 0.1)

    assert len(list(wrong_with_file(operation, {"type": "file"}, response))) == wrong


def test_file_that_is_larger_than_declared_is_told() -> None:
    operation = Operation("Get", "GET", "/x", "/p", {}, (), {}, (), ())
    response = Response(200, (("Content-Type", "text/csv"),), b"x" * 11, 0.1)

    found = list(wrong_with_file(operation, {"type": "file", "maxLength": 10}, response))

    assert [observed for _, _, observed in found] == ["11 bytes"]
