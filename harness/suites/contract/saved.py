"""Where the definition is only inferred from saved calls: what that promises, and what it does not.

Types and optional inputs inferred from a sample are guesses about the app; what a saved answer held
is what the app once gave, and its absence is drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.bodies import parsed_json
from harness.exchanges.model import Exchange
from harness.suites.contract.answers import BODY, NULL, SERVER_ERROR
from harness.suites.contract.causes import Observation
from harness.suites.contract.inputs import INVALID_ACCEPTED, REQUIRED_IGNORED, is_success
from harness.suites.contract.presence import BASE_PATH, GONE, MOVED

__all__ = ["missing_keys", "of_inference"]

_FACTS = (SERVER_ERROR.id, GONE.id, MOVED.id, BASE_PATH.id)
_IMPLIED = frozenset({"format", "bounds", "null"})
_NUMBERS = ("integer", "number")


def of_inference(sightings: Iterable[Observation]) -> Iterator[Observation]:
    """What is left of sightings that rest on inference: warnings that say so.

    Nothing is left of formats, bounds and null, of whole numbers against fractions, and of what
    inputs the app takes.
    """
    for sighting in sightings:
        if sighting.rule.id in _FACTS:
            yield sighting
            continue
        if sighting.rule.id in (NULL.id, INVALID_ACCEPTED.id, REQUIRED_IGNORED.id):
            continue
        if sighting.rule.id == BODY.id and _is_implied(sighting):
            continue
        severity = sighting.severity or sighting.rule.severity
        message = f"{sighting.message} (inferred from saved calls)"
        yield replace(
            sighting, severity="warning" if severity == "error" else severity, message=message
        )


def missing_keys(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[Observation]:
    """Keys that every saved success answer held and no success answer holds any more."""
    saved = [d for sample in operation.samples if (d := _saved(sample)) is not None]
    live = [(e, d) for e in exchanges if is_success(e) and (d := _document(e)) is not None]
    if not saved or not live:
        return
    always = set.intersection(*(_always(document) for document in saved))
    ever = set().union(*(_ever(document) for _, document in live))
    parents = {place for _, document in live for place in _objects(document)}
    for place in sorted(always - ever):
        if place.rpartition("/")[0] in parents:
            yield Observation(
                BODY,
                f"saved {place}",
                f"The answer lacks {place}, which every saved answer holds",
                f"{place}, as in the saved answers",
                "not in any answer",
                live[0][0],
                "warning",
                data={"pointer": place, "kind": "saved"},
            )


def _is_implied(sighting: Observation) -> bool:
    if sighting.data.get("kind") in _IMPLIED:
        return True
    expected, observed = sighting.expected.lower(), sighting.observed.lower()
    return sighting.data.get("kind") == "type" and all(
        any(word in text for word in (*_NUMBERS, "float", ".")) for text in (expected, observed)
    )


def _saved(sample: Any) -> Any:
    if sample.status is None or not 200 <= sample.status < 300 or not sample.response_text:
        return None
    try:
        return parsed_json(sample.response_text)
    except ValueError:
        return None


def _document(exchange: Exchange) -> Any:
    try:
        return parsed_json(exchange.response.body) if exchange.response else None
    except ValueError:
        return None


def _walk(value: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object with its place; the items of an array share one."""
    if isinstance(value, Mapping):
        yield place, value
        for key, inner in value.items():
            yield from _walk(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, f"{place}/*")


def _always(document: Any) -> set[str]:
    """Places that every object of their kind has in a document."""
    found: dict[str, set[str]] = {}
    for place, holder in _walk(document):
        names = {str(key) for key in holder}
        found[place] = found[place] & names if place in found else names
    return {f"{place}/{name}" for place, names in found.items() for name in names}


def _ever(document: Any) -> set[str]:
    return {f"{place}/{key}" for place, holder in _walk(document) for key in holder}


def _objects(document: Any) -> set[str]:
    return {place for place, _ in _walk(document)}
