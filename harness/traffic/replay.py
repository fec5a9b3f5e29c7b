"""Exchanges from recordings: what was recorded is judged against the files of today."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import __version__
from harness.bounds.typed import as_typed
from harness.errors import CassetteError
from harness.exchanges.model import Exchange, Probe
from harness.settings.values import Settings
from harness.traffic.cassette import Cassette, cassette_path
from harness.traffic.cassette_cache import read_kept

__all__ = ["ReplaySender", "Replayed", "record_command", "replay_sender"]

DAY_S = 86400.0


@dataclass(slots=True)
class Replayed:
    """Counter of exchanges that came from recordings."""

    replayed: int = 0


class ReplaySender:
    """The recording of one suite and operation."""

    def __init__(self, cassette: Cassette, path: Path, stale: str | None = None) -> None:
        self._cassette = cassette
        self.path = path
        self.stale = stale
        self.facts = cassette.facts
        self.about = cassette.about
        self.traffic = Replayed()

    def recorded(self, check: str) -> list[Exchange]:
        """Every exchange that was recorded for a check, in order.

        Raises:
            CassetteError: nothing was recorded for it.
        """
        if check not in self._cassette.exchanges and check not in self.facts:
            raise CassetteError(f"{self.path}: holds no recording of {check}")
        exchanges = list(self._cassette.exchanges.get(check, ()))
        self.traffic.replayed += len(exchanges)
        return exchanges

    def send(self, probes: Sequence[Probe]) -> list[Exchange]:
        """The recorded exchange of each probe of a user's test, matched by key and request."""
        known = {e.probe.key: e for found in self._cassette.exchanges.values() for e in found}
        self.traffic.replayed += len(probes)
        return [self._matched(probe, known.get(probe.key)) for probe in probes]

    def _matched(self, probe: Probe, recorded: Exchange | None) -> Exchange:
        if recorded is None:
            return Exchange(probe, None, f"not recorded in {self.path.name}", replayed=True)
        sent, now = recorded.probe.request, probe.request
        if (sent.method, sent.target) != (now.method, now.target):
            reason = f"recorded was {sent.method} {sent.target}"
            return Exchange(probe, None, reason, replayed=True)
        return replace(recorded, probe=probe)

    def close(self) -> None:
        """Nothing is open."""


def replay_sender(
    settings: Settings,
    suite: str,
    operation: str | None,
    siblings: Sequence[str] = (),
    cache: Path | None = None,
) -> ReplaySender:
    """The recording of a suite and operation.

    Raises:
        CassetteError: there is none, it cannot be read, or it is too old by the settings.
    """
    path = cassette_path(settings.cassette_dir, settings.recorded_as, suite, operation, siblings)
    try:
        cassette = read_kept(path, cache)
    except CassetteError as error:
        raise CassetteError(f"{error}; {record_command(settings, operation)}") from None
    stale = staleness(settings, cassette)
    if stale is not None and settings.cassettes.stale == "unverified":
        raise CassetteError(f"{path}: {stale}; {record_command(settings, operation)}")
    return ReplaySender(cassette, path, stale)


def record_command(settings: Settings, operation: str | None, platform: str = sys.platform) -> str:
    """The command that records just what is missing."""
    target = settings.recorded_as
    if settings.row is None and not settings.is_demo and target not in settings.targets:
        target = settings.target_url
    chosen = ["--connector-operation", operation] if operation else []
    words = ["pytest", "--function-app", target, "--cassettes", "record", *chosen]
    return f"record it: {as_typed(words, platform)}"


def _version_in(versions: str) -> str:
    """The harness' own of `connector-harness 0.1.0, schemathesis 4.32.5, ...`, or ""."""
    first = versions.split(",")[0].split()
    return first[1] if len(first) == 2 and first[0] == "connector-harness" else ""


def staleness(settings: Settings, cassette: Cassette, now: float | None = None) -> str | None:
    """Why a recording is stale: its oldest check is too old, or one of another major version."""
    if settings.is_demo:
        return None
    made = [_version_in(str(each.get("versions", ""))) for each in cassette.made.values()]
    for version in (*made, str(cassette.about.get("harness", ""))):
        if version and version.split(".")[0] != __version__.split(".")[0]:
            return f"recorded by version {version} of the harness"
    recorded = cassette.about.get("recorded")
    if isinstance(recorded, int | float):
        days = ((time.time() if now is None else now) - recorded) / DAY_S
        if days > settings.cassettes.max_age_days:
            return (
                f"recorded {days:.0f} days ago (max-age-days is {settings.cassettes.max_age_days})"
            )
    return None
