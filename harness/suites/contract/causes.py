"""From many sightings to one finding per cause, with the smallest request that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from harness.bounds.typed import CURL_ON_WINDOWS, is_windows, quoted
from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange
from harness.findings.model import Finding, Rule, Severity

__all__ = ["Observation", "curl_line", "findings_of"]

MOST_EVIDENCE = 5
_LONGEST_BODY = 4000
# The names under which definitions are known to carry keys as internal defaults.
_KEY_NAMES = ("code", "sig", "key", "secret", "token", "password")


@dataclass(frozen=True, slots=True)
class Observation:
    """One exchange that shows a drift; sightings of one rule and `cause` make one finding."""

    rule: Rule
    cause: str
    message: str
    expected: str
    observed: str
    exchange: Exchange
    severity: Severity | None = None
    pointer: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def findings_of(
    context: RunContext, operation: Operation, sightings: Iterable[Observation]
) -> list[Finding]:
    """One finding per rule and cause, in the order of first sight; an error outweighs a warning."""
    groups: dict[tuple[str, str], list[Observation]] = {}
    for sighting in sightings:
        groups.setdefault((sighting.rule.id, sighting.cause), []).append(sighting)
    return [_finding(context, operation, group) for group in groups.values()]


def curl_line(context: RunContext, operation: Operation, exchange: Exchange) -> str:
    """The command that repeats a request; the token is a placeholder to fill in."""
    request, caller = exchange.probe.request, exchange.probe.caller
    url = (request.origin or context.origin) + request.target
    parts = [CURL_ON_WINDOWS if is_windows() else "curl", "-i", "-X", request.method, quoted(url)]
    if caller.kind != "anonymous":
        parts += ["-H", quoted(f"Authorization: Bearer <token of {caller.name}>")]
    for name, value in request.headers:
        parts += ["-H", quoted(f"{name}: {value}")]
    if request.body is not None:
        parts += ["--data-binary", quoted(_body_text(request.body))]
    return _masked(operation, " ".join(parts))


def _finding(context: RunContext, operation: Operation, group: list[Observation]) -> Finding:
    errors = [s for s in group if (s.severity or s.rule.severity) == "error"]
    shown = min(errors or group, key=lambda s: _size(s.exchange))
    others = [s.exchange.id for s in group if s.exchange.id and s is not shown]
    own = [shown.exchange.id] if shown.exchange.id else []
    request = shown.exchange.probe.request
    url = (request.origin or context.origin) + request.target
    repeat = {
        "method": request.method,
        "url": _masked(operation, url),
        "headers": [list(pair) for pair in request.headers],
        "body": None if request.body is None else _body_text(request.body),
    }
    return shown.rule.finding(
        shown.message,
        operation=operation.id,
        caller=shown.exchange.probe.caller.name,
        expected=shown.expected,
        observed=shown.observed,
        severity=shown.severity,
        place=context.connector.place(shown.pointer or operation.pointer),
        evidence=tuple(dict.fromkeys([*own, *others]))[:MOST_EVIDENCE],
        data={
            **shown.data,
            "seen": len(group),
            "curl": curl_line(context, operation, shown.exchange),
            "request": repeat,
        },
    )


def _size(exchange: Exchange) -> tuple[int, int, int]:
    """Smaller first: recorded examples before generated inputs, then by length."""
    request = exchange.probe.request
    generated = exchange.probe.purpose.endswith(("generated", "negative"))
    headers = sum(len(name) + len(value) for name, value in request.headers)
    return int(generated), len(request.target) + len(request.body or b"") + headers, 0


def _body_text(body: bytes) -> str:
    text = body.decode("utf-8", errors="backslashreplace")
    return text if len(text) <= _LONGEST_BODY else text[:_LONGEST_BODY] + "..."


def _masked(operation: Operation, text: str) -> str:
    """Hide internal constants that look like keys: definitions are known to carry live ones."""
    for parameter in operation.parameters:
        value = parameter.default
        named = any(word in parameter.name.lower() for word in _KEY_NAMES)
        if parameter.is_constant and named and isinstance(value, str) and len(value) >= 8:
            for form in (value, quote(value, safe="~")):
                text = text.replace(form, f"<{parameter.name}>")
    return text
