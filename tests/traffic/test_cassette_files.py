from __future__ import annotations

from pathlib import Path

import pytest
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from harness.errors import CassetteError
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, Response, user
from harness.traffic.cassette import Cassette, dump_cassette, read_cassette, slug

CHECK = "test_contract.py::test_matches_definition[Hello]"


def exchange(body: bytes = b'{"a": 1}\n', *, reason: str | None = None) -> Exchange:
    request = Request("POST", "/api/Hello?x=%61", (("A", "1"), ("A", "2")), b"{}")
    probe = Probe("example/0", "Hello", user("alice"), request, "contract/example", {"mode": "+"})
    headers = (("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    response = None if reason else Response(200, headers, body, 0.05)
    return Exchange(probe, response, reason, at=12.5)


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(exchange(), id="text"),
        pytest.param(exchange(b"\x00\xff\x10"), id="binary"),
        pytest.param(exchange("lines\nand ünïcode\t\r\n".encode()), id="odd-text"),
        pytest.param(exchange(b""), id="empty"),
        pytest.param(exchange(reason="no answer within the time limit"), id="no-answer"),
    ],
)
def test_exchange_survives_a_cassette(tmp_path: Path, recorded: Exchange) -> None:
    path = tmp_path / "Hello.yaml"
    path.write_text(dump_cassette(Cassette({CHECK: (recorded,)})), encoding="utf-8", newline="\n")

    [read] = read_cassette(path).exchanges[CHECK]

    assert read.replayed
    assert (read.probe, read.response, read.reason) == (
        recorded.probe,
        recorded.response,
        recorded.reason,
    )


def test_plain_vcrpy_reads_the_file() -> None:
    text = dump_cassette(Cassette({CHECK: (exchange(), exchange(reason="refused"))}))

    requests, responses = deserialize(text, yamlserializer)

    assert [r.method for r in requests] == ["POST", "POST"]
    assert responses[0]["status"]["code"] == 200
    assert responses[0]["body"]["string"] == b'{"a": 1}\n'


def test_bodies_of_several_lines_stand_line_by_line() -> None:
    text = dump_cassette(Cassette({CHECK: (exchange(b'{\n  "a": 1\n}'),)}))

    assert '  "a": 1\n' in text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("<<<<<<< HEAD\na: 1\n>>>>>>> other\n", "merge conflict", id="conflict"),
        pytest.param("interactions:\n- request: {", "no whole recording", id="cut-short"),
        pytest.param("a: 1\n", "no whole recording", id="other-yaml"),
        pytest.param(
            "interactions:\n- request: {}\nversion: 1\n", "no recording", id="plain-vcrpy"
        ),
    ],
)
def test_broken_recording_gives_one_line_with_its_name(
    tmp_path: Path, text: str, word: str
) -> None:
    path = tmp_path / "Hello.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CassetteError, match=word) as raised:
        read_cassette(path)

    assert "Hello.yaml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_names_that_differ_in_case_only_get_different_files() -> None:
    names = ["GET /a/{b}", "GET /a-b", "Hello", "hello", "a" * 200, "get/a", "con", "app"]

    files = {slug(name, names).lower() for name in names}

    assert len(files) == len(names)


def test_plain_operation_id_is_the_file_name() -> None:
    assert slug("Hello", ["Hello", "Goodbye"]) == "Hello"


def test_anonymous_caller_is_recorded_by_name(tmp_path: Path) -> None:
    recorded = Exchange(
        Probe("plain", "Hello", ANONYMOUS, Request("GET", "/"), "anonymous/plain"), None, "x"
    )
    path = tmp_path / "a.yaml"
    path.write_text(dump_cassette(Cassette({"c": (recorded,)})), encoding="utf-8")

    assert "caller: anonymous" in path.read_text(encoding="utf-8")
