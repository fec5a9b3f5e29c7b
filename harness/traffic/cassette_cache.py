"""Parsed cassettes kept in pytest's cache folder, so that a second replay parses no YAML.

The key is the hash of the file's bytes: a changed file is parsed anew, a broken entry is ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from harness.errors import CassetteError
from harness.exchanges.model import from_plain, to_plain
from harness.redaction.whole_files import write_whole
from harness.traffic.cassette import Cassette, read_cassette

__all__ = ["read_kept"]

FORMAT = 3


def read_kept(path: Path, cache: Path | None) -> Cassette:
    """The cassette in a file, from the cache where its very bytes were parsed before.

    Raises:
        CassetteError: as `read_cassette`.
    """
    if cache is None:
        return read_cassette(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise CassetteError(f"{path}: there is no such recording") from None
        raise CassetteError(f"{path}: cannot be read: {error}") from None
    kept = cache / "cassettes" / f"{hashlib.sha256(content).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return _cassette(json.loads(kept.read_text(encoding="utf-8")))
    cassette = read_cassette(path)
    with contextlib.suppress(OSError):
        text = json.dumps(_plain(cassette), separators=(",", ":"))
        write_whole(kept, text, durable=False)
    return cassette


def _plain(cassette: Cassette) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "exchanges": {
            check: [to_plain(exchange) for exchange in found]
            for check, found in cassette.exchanges.items()
        },
        "facts": dict(cassette.facts),
        "about": dict(cassette.about),
        "made": {check: dict(made) for check, made in cassette.made.items()},
        "origin": cassette.origin,
    }


def _cassette(plain: dict[str, Any]) -> Cassette:
    if plain["format"] != FORMAT:
        raise ValueError("of another version")
    exchanges = {
        check: tuple(from_plain(row) for row in rows) for check, rows in plain["exchanges"].items()
    }
    return Cassette(exchanges, plain["facts"], plain["about"], plain["made"], plain["origin"])
