"""Reading `WWW-Authenticate` as servers really send it: commas or spaces, quotes or none.

RFC 9110 section 11.6.1 separates parameters by commas; App Service Authentication separates them
by spaces, and other Microsoft services leave the quotes out. All of these are read here; judging
what a challenge names is left to the suites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Challenge", "bearer_challenge", "parse_challenges"]

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"=][^\s,"]*|"[^",]*)')
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")
_SCHEME = re.compile(_TOKEN)
_BETWEEN = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: its scheme as sent, and its parameters with names in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_bearer(self) -> bool:
        """Whether the scheme is Bearer; schemes ignore case (RFC 9110 section 11.1)."""
        return self.scheme.lower() == "bearer"


def parse_challenges(value: str) -> tuple[Challenge, ...]:
    """The challenges of one header value; what cannot be read is left out, nothing is raised."""
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while at < len(value):
        between = _BETWEEN.match(value, at)
        if between:
            at = between.end()
            continue
        parameter = _PARAMETER.match(value, at)
        if parameter and found:
            found[-1][1].setdefault(parameter[1].lower(), _unquoted(parameter[2]))
            at = parameter.end()
            continue
        at = _scheme(value, at, found)
    return tuple(Challenge(scheme, parameters) for scheme, parameters in found)


def bearer_challenge(values: Iterable[str]) -> Challenge | None:
    """The first Bearer challenge of several header values, or None."""
    challenges = (challenge for value in values for challenge in parse_challenges(value))
    return next((challenge for challenge in challenges if challenge.is_bearer), None)


def _scheme(value: str, at: int, found: list[tuple[str, dict[str, str]]]) -> int:
    """Read a scheme, and the opaque text (`Negotiate YII=`) that may follow it."""
    scheme = _SCHEME.match(value, at)
    if scheme is None:
        return at + 1
    found.append((scheme[0], {}))
    between = re.compile(r"\s+").match(value, scheme.end())
    opaque = _TOKEN68.match(value, between.end()) if between else None
    return opaque.end() if opaque else scheme.end()


def _unquoted(text: str) -> str:
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text.strip('"')
