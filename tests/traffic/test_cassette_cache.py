from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import CassetteError
from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.traffic.cassette import Cassette, dump_cassette
from harness.traffic.cassette_cache import read_kept


def write(path: Path, body: bytes) -> None:
    probe = Probe("k", "A", user("alice"), Request("GET", "/a"), "contract/example", {"n": 1})
    exchange = Exchange(probe, Response(200, (("A", "1"),), body, 0.5), at=1.0)
    text = dump_cassette(Cassette({"check": (exchange,)}, {"check": {"f": [1]}}, {"v": "1"}))
    path.write_text(text, encoding="utf-8")


def test_second_reading_is_the_same_and_parses_nothing(tmp_path: Path) -> None:
    path, cache = tmp_path / "A.yaml", tmp_path / "cache"
    write(path, b"\x00\xff")
    first = read_kept(path, cache)

    [kept] = (cache / "cassettes").iterdir()
    second = read_kept(path, cache)

    assert second == first
    assert second.exchanges["check"][0].replayed
    assert kept.suffix == ".json"


def test_changed_file_is_parsed_anew(tmp_path: Path) -> None:
    path, cache = tmp_path / "A.yaml", tmp_path / "cache"
    write(path, b"old")
    read_kept(path, cache)
    write(path, b"new")

    [exchange] = read_kept(path, cache).exchanges["check"]

    assert exchange.response is not None
    assert exchange.response.body == b"new"


def test_broken_entry_of_the_cache_is_ignored(tmp_path: Path) -> None:
    path, cache = tmp_path / "A.yaml", tmp_path / "cache"
    write(path, b"x")
    first = read_kept(path, cache)
    [kept] = (cache / "cassettes").iterdir()
    kept.write_text("{", encoding="utf-8")

    assert read_kept(path, cache) == first


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match=r"A\.yaml"):
        read_kept(tmp_path / "A.yaml", tmp_path)
