"""Writing cassettes at the end of a recording run: redacted, checked, and put in place whole.

Workers hand exchanges to the controlling process, which alone writes. A check that did not run (or
broke off) keeps what was recorded of it before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import __version__
from harness.errors import CassetteError
from harness.exchanges.model import Exchange, from_plain
from harness.inputs.library_versions import library_versions
from harness.redaction.cleaner import Cleaner
from harness.redaction.learning import learn_claims, learn_settings
from harness.redaction.redactor import Redactor
from harness.redaction.whole_files import write_whole
from harness.settings.values import Settings
from harness.traffic.behaviour import behaviour_changes
from harness.traffic.cassette import (
    Cassette,
    cassette_path,
    dump_cassette,
    read_back,
    read_cassette,
)

__all__ = ["Recorder"]


class Recorder:
    """Gathers what a recording run exchanged, and writes its cassettes."""

    def __init__(self, definition_sha256: str, operations: Sequence[str] = ()) -> None:
        self._sha256 = definition_sha256
        self._operations = tuple(operations)
        self._payloads: list[Mapping[str, Any]] = []
        self.changes: list[str] = []

    def add(self, payload: Mapping[str, Any]) -> None:
        """Take a finished check's exchanges and facts."""
        if payload["exchanges"] or payload["facts"]:
            self._payloads.append(payload)

    def write(self, settings: Settings, redactor: Redactor) -> tuple[list[Path], list[str]]:
        """Write every file that changed; the paths written, and what was refused and why."""
        learn_settings(redactor, settings)
        for name, claims in self._claims().items():
            learn_claims(redactor, name, claims)
        cleaner = Cleaner(settings, redactor)
        written, refused = [], []
        for (suite, operation), payloads in sorted(
            self._by_file().items(), key=lambda row: (row[0][0], row[0][1] or "")
        ):
            path = cassette_path(
                settings.cassette_dir, settings.recorded_as, suite, operation, self._operations
            )
            if operation is None and settings.operations_selected and path.exists():
                continue  # a run of single operations leaves the app's own recordings alone
            text = dump_cassette(self._cassette(payloads, path, cleaner))
            problem = problem_in(text, path, redactor)
            if problem is not None:
                refused.append(f"{path.name} was not written: {problem}")
                continue
            try:
                write_whole(path, text)
            except OSError as error:
                refused.append(f"{path.name} cannot be written: {error.strerror or error}")
                continue
            written.append(path)
        return written, refused

    def _claims(self) -> dict[str, Mapping[str, Any]]:
        claims: dict[str, Mapping[str, Any]] = {}
        for payload in self._payloads:
            claims.update(payload["facts"].get("claims", {}))
            genuine = payload["facts"].get("genuine")
            if genuine:
                claims.setdefault(genuine["user"], genuine["claims"])
        return claims

    def _by_file(self) -> dict[tuple[str, str | None], list[Mapping[str, Any]]]:
        files: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
        for payload in self._payloads:
            check = payload["check"]
            name = check["id"] if check["suite"] == "tests" else check["operation"]
            files.setdefault((check["suite"], name), []).append(payload)
        return files

    def _cassette(
        self, payloads: Sequence[Mapping[str, Any]], path: Path, cleaner: Cleaner
    ) -> Cassette:
        before, oldest = _kept(path, {payload["check"]["id"] for payload in payloads})
        versions = f"connector-harness {__version__}, {library_versions()}"
        exchanges, facts, made = dict(before.exchanges), dict(before.facts), dict(before.made)
        for payload in payloads:
            check = payload["check"]["id"]
            found = [from_plain(plain) for plain in payload["exchanges"]]
            oldest = min([oldest, *(exchange.at for exchange in found if exchange.at)])
            fresh = tuple(cleaner.exchange(exchange) for exchange in found)
            self.changes += behaviour_changes(exchanges.get(check, ()), fresh)
            exchanges[check] = fresh
            facts[check] = cleaner.facts(payload["facts"])
            made[check] = {"definition-sha256": self._sha256, "versions": versions}
        about = {
            "definition-sha256": self._sha256,
            "harness": __version__,
            "recorded": cleaner.recorded(oldest),
        }
        kept = {k: v for k, v in facts.items() if v}
        return Cassette(exchanges, kept, about, made, cleaner.origin)


def _kept(path: Path, replaced: set[str]) -> tuple[Cassette, float]:
    """What a file holds already, and the time of the oldest check that stays in it."""
    try:
        before = read_cassette(path)
    except CassetteError:
        return Cassette({}), time.time()
    stays = {*before.exchanges, *before.facts} - replaced
    recorded = before.about.get("recorded")
    return before, recorded if stays and isinstance(recorded, float) else time.time()


def problem_in(text: str, path: Path, redactor: Redactor) -> str | None:
    """Why a file's text, read back, is not to be put in place; None where it may be."""
    try:
        return leak_in(read_back(text, path), redactor)
    except CassetteError as error:
        return str(error)


def leak_in(cassette: Cassette, redactor: Redactor) -> str | None:
    """Which field still holds a known secret, or None where the cassette is clean."""
    for check, exchanges in cassette.exchanges.items():
        for exchange in exchanges:
            for name, text in _fields(exchange):
                leaks = redactor.leaks(text)
                if leaks:
                    return f"{name} of {exchange.probe.key} ({check}) holds {', '.join(leaks)}"
    leaks = redactor.leaks(json.dumps(dict(cassette.facts), ensure_ascii=False, default=str))
    return f"the facts hold {', '.join(leaks)}" if leaks else None


def _fields(exchange: Exchange) -> list[tuple[str, str]]:
    request, response = exchange.probe.request, exchange.response
    fields = [
        ("the URL", request.target),
        ("the request's headers", json.dumps(request.headers, ensure_ascii=False)),
        ("the request's body", (request.body or b"").decode("utf-8", errors="replace")),
        ("the probe", json.dumps(dict(exchange.probe.meta), ensure_ascii=False, default=str)),
    ]
    if response is not None:
        fields += [
            ("the response's headers", json.dumps(response.headers, ensure_ascii=False)),
            ("the response's body", response.body.decode("utf-8", errors="replace")),
        ]
    return fields
