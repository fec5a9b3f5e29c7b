"""The formats of Swagger 2.0 and Power Platform, each as a test of one value.

A format that is not listed constrains nothing. Sources: Swagger 2.0 "Data Types", RFC 3339,
RFC 4648, and Microsoft's page "Coding standards for custom connectors" (`date-no-tz`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

__all__ = ["NUMBER_BOUNDS", "TEXT_FORMATS", "guessed_format"]

_ZONED = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:(?:[0-5]\d|60))(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(\.\d+)?", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_ATOM = r"[^@\s.\"(),:;<>\[\]\\]+"
_EMAIL = re.compile(rf"({_ATOM}(\.{_ATOM})*|\"[^\"]+\")@[^@\s]+")
_DURATION = re.compile(
    r"-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"
)


def is_date(text: str) -> bool:
    """A full-date of RFC 3339 section 5.6."""
    if len(text) != 10:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """A date-time of RFC 3339 section 5.6: with seconds and an offset."""
    match = _ZONED.fullmatch(text)
    if match is None or not is_date(match[1]):
        return False
    hours, minutes, seconds = (int(part) for part in match[2].split(":"))
    zone = match[4].upper()
    ahead = 0 if zone == "Z" else int(zone[1:3]) * 60 + int(zone[4:])
    if hours > 23 or minutes > 59 or (zone != "Z" and (zone[1:3] > "23" or zone[4:] > "59")):
        return False
    # a leap second is the last one of a day in UTC (RFC 3339 section 5.7)
    in_utc = hours * 60 + minutes - (-ahead if zone[0] == "-" else ahead)
    return seconds < 60 or in_utc % 1440 == 1439


def is_local_date_time(text: str) -> bool:
    """A date and time without an offset (`date-no-tz`)."""
    match = _LOCAL.fullmatch(text)
    if match is None:
        return False
    try:
        datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        return False
    return True


def _whole(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


TEXT_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date-time": is_date_time,
    "date": is_date,
    "date-no-tz": is_local_date_time,
    "uuid": _whole(_UUID),
    "guid": _whole(_UUID),
    "byte": _whole(_BASE64),
    "uri": _whole(_URI),
    "url": _whole(_URI),
    "email": _whole(_EMAIL),
    "duration": _whole(_DURATION),
}

NUMBER_BOUNDS: Mapping[str, tuple[int, int]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""The least and the greatest number of each integer format."""


def guessed_format(values: Iterable[str]) -> str | None:
    """The format that every text has, the most telling one first, or None."""
    texts = list(values)
    for name in ("date-time", "date-no-tz", "date", "uuid", "email"):
        if texts and all(TEXT_FORMATS[name](text) for text in texts):
            return name
    if texts and all(text.startswith(("http://", "https://")) for text in texts):
        return "uri"
    return None
