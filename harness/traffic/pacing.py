"""When to wait and when to try again: cold starts, throttling, and gateways that stumble.

Sources: azure-functions-host `HostAvailabilityCheckMiddleware` (503 while starting), RFC 9110
10.2.3 (`Retry-After`), RFC 6585 4 (429).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from harness.exchanges.model import Response

__all__ = [
    "FRONT_END_STATUSES",
    "PacingLimits",
    "clock_skew_seconds",
    "retry_after_seconds",
    "should_retry",
]

FRONT_END_STATUSES = frozenset({502, 503, 504})
"""Answers of the platform's front end: they say nothing about the function behind it."""

LEAST_SKEW_S = 60.0
_NOT_STARTED = (b"Function host is not running", b"The service is unavailable")
"""What is said while no function can have run yet, so that any call may be made again."""


@dataclass(frozen=True, slots=True)
class PacingLimits:
    """How patient the sender is; all times in seconds.

    `read_s` is a little more than the 120 s that a connector waits for its backend; `silence_s` is
    what all waiting for silent operations together may take; `last_look_s` is the pause before the
    last look at a host that refuses connections.
    """

    connect_s: float = 15.0
    read_s: float = 125.0
    cold_start_s: float = 90.0
    silence_s: float = 180.0
    last_look_s: float = 2.0
    longest_pause_s: float = 60.0
    retries: int = 3
    first_backoff_s: float = 0.5
    body_limit: int = 9 * 1024 * 1024


def retry_after_seconds(response: Response, attempt: int, limits: PacingLimits) -> float:
    """How long to wait: `Retry-After` in seconds or as a date, else an exponential back-off."""
    value = (response.header("retry-after") or "").strip()
    backoff: float = limits.first_backoff_s * 2.0 ** (attempt - 1)
    if value.isdigit():
        return min(float(value), limits.longest_pause_s)
    if value:
        try:
            moment = parsedate_to_datetime(value).timestamp()
        except (TypeError, ValueError, OverflowError):
            return backoff
        return min(max(moment - time.time(), 0.0), limits.longest_pause_s)
    return min(backoff, limits.longest_pause_s)


def clock_skew_seconds(response: Response, now: float | None = None) -> float:
    """How far our clock is behind the server's by `Date` (RFC 9110 6.6.1); 0 for under a minute."""
    try:
        moment = parsedate_to_datetime(response.header("date") or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    skew = moment - (time.time() if now is None else now)
    return skew if abs(skew) >= LEAST_SKEW_S else 0.0


def should_retry(
    response: Response, attempt: int, *, repeatable: bool, limits: PacingLimits
) -> bool:
    """Whether an answer is worth another try: throttling always, a front end's error where safe."""
    if attempt > limits.retries:
        return False
    if response.status == 429:
        return True
    if response.status == 503 and any(told in response.body for told in _NOT_STARTED):
        return True
    return repeatable and response.status in FRONT_END_STATUSES
