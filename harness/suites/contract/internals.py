"""Refusals and errors that tell what nobody outside should read: stack traces, SQL, paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.exchanges.model import Exchange
from harness.findings.examples import Fault
from harness.findings.model import Rule
from harness.suites.contract.causes import Observation

__all__ = ["internals_sightings"]

LEAKS_INTERNALS = Rule(
    id="contract.leaks-internals",
    severity="note",
    title="A refusal tells how the app is built",
    meaning="The body of a refusal or error holds a stack trace or a database's own words.",
    why="It helps nobody who builds a flow, and everybody who looks for a way in.",
    remedy="Log the details, and answer with a title and a trace id.",
    reference="OWASP API Security Top 10 2023, API8 Security Misconfiguration; RFC 9457 section 5",
    shown_by=(Fault("stack-trace:SearchDocuments", "SearchDocuments"),),
)
_SIGNS = (
    (
        "a stack trace",
        re.compile(r"Traceback \(most recent call last\)|\bat [\w.<>`]+\([^)]*\) in "),
    ),
    ("a stack trace", re.compile(r"^\s+at [\w.$<>]+ ?\([^)]*:\d+(:\d+)?\)", re.M)),
    (
        "words of a database",
        re.compile(r"SqlException|ORA-\d{5}|SQLSTATE|psycopg2?\.|SELECT .+ FROM "),
    ),
)


def internals_sightings(exchanges: Sequence[Exchange]) -> Iterator[Observation]:
    """Signs of the app's insides in refusals and errors, one for each kind."""
    for exchange in exchanges:
        response = exchange.response
        if response is None or response.status < 400:
            continue
        text = response.text[:20000].replace("\\n", "\n").replace("\\r", "")
        for what, sign in _SIGNS:
            found = sign.search(text)
            if found is not None:
                message = f"The body of a {response.status} answer holds {what}"
                expected = "a title and a trace id"
                yield Observation(
                    LEAKS_INTERNALS, what, message, expected, found[0].strip()[:80], exchange
                )
                break
