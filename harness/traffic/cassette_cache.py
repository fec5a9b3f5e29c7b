"""Parsed cassettes kept in pytest's cache folder, so that a second replay parses no YAML.

The key is the hash of the file's bytes: a changed file is parsed anew, a broken entry is ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from harness.bounds.files import read_bounded, reason_of
from harness.bounds.limits import LARGEST_RECORD
from harness.bounds.parsing import parse_json
from harness.errors import CassetteError
from harness.exchanges.model import from_plain, to_plain
from harness.exchanges.soundness import checked_exchange, checked_facts
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
        content = read_bounded(path, LARGEST_RECORD)
    except FileNotFoundError:
        raise CassetteError(f"{path}: there is no such recording") from None
    except (OSError, ValueError) as error:
        raise CassetteError(f"{path}: cannot be read: {reason_of(error)}") from None
    kept = cache / "cassettes" / f"{hashlib.sha256(content).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return _cassette(parse_json(kept.read_text(encoding="utf-8")))
    cassette = read_cassette(path)
    with contextlib.suppress(OSError, TypeError, ValueError):  # a date is nothing for JSON
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
        check: tuple(checked_exchange(from_plain(row)) for row in rows)
        for check, rows in plain["exchanges"].items()
    }
    facts = checked_facts(plain["facts"])
    return Cassette(exchanges, facts, plain["about"], plain["made"], plain["origin"])
