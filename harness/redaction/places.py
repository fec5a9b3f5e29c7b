"""Secrets that are known by where they stand: headers, query and form fields, JSON keys, JWTs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from harness.redaction.runs import Span

__all__ = [
    "HIDDEN",
    "SECRET_FIELDS",
    "SECRET_HEADERS",
    "fields_in",
    "headers_in",
    "hidden_header",
    "is_placeholder",
]

HIDDEN = "{hidden}"
SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-zumo-auth",
        "x-functions-key",
        "ocp-apim-subscription-key",
        "x-ms-token-aad-access-token",
        "x-ms-token-aad-id-token",
        "x-ms-token-aad-refresh-token",
        "x-ms-site-token",
        "x-api-key",
        "api-key",
    }
)
SECRET_FIELDS = frozenset(
    {
        "access_token",
        "id_token",
        "refresh_token",
        "client_secret",
        "client_assertion",
        "password",
        "device_code",
        "authenticationtoken",
        "sig",
        "x-functions-key",
    }
)
FUNCTION_KEY = 20
"""A `code` in a query from this length on is a function's key or a grant, no airport's."""

_NAMES = "|".join(sorted(re.escape(name) for name in SECRET_FIELDS))
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?")
_FIELD = re.compile(rf"(?i)(?:[?&;\s\"']|^)({_NAMES}|code)=([^&\s\"'<>]+)")
_JSON_FIELD = re.compile(
    rf"(?i)([\"'])(?:{_NAMES})\1\s*:\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')"
)
_PLACEHOLDER = re.compile(r"(?:[A-Za-z]+ )?\{[^{}\n]+\}")


def is_placeholder(value: str) -> bool:
    """Whether a value is one of ours already: `{alice}`, `Bearer {hidden}`."""
    return _PLACEHOLDER.fullmatch(value) is not None


def fields_in(text: str, *, function_key_in_query: bool = True) -> Iterator[Span]:
    """JWTs, and the values of fields whose names say that they are secret."""
    if "eyJ" in text:
        for match in _JWT.finditer(text):
            yield match.start(), match.end(), HIDDEN
    if "=" in text:
        for match in _FIELD.finditer(text):
            value = match.group(2)
            is_code = match.group(1).lower() == "code"
            if is_code and (len(value) < FUNCTION_KEY or not function_key_in_query):
                continue
            if not is_placeholder(value):
                yield match.start(2), match.end(2), HIDDEN
    if ":" in text:
        for match in _JSON_FIELD.finditer(text):
            group = 2 if match.group(2) is not None else 3
            if match.group(group) and not is_placeholder(match.group(group)):
                yield match.start(group), match.end(group), HIDDEN


@cache
def header_pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Where a printed text holds one of these headers: as Python shows it, or as HTTP writes it."""
    words = "|".join(sorted((re.escape(name) for name in names), key=len, reverse=True))
    quoted = r"b?'(?P<single>(?:[^'\\]|\\.)*)'|b?\"(?P<double>(?:[^\"\\]|\\.)*)\""
    return re.compile(
        rf"(?im)(?<![\w-])(?P<name>{words})(?:(?P<q>['\"])\]?\s*(?:[:,]|==?)\s*(?:{quoted})"
        r"|\s*:[ \t]*(?P<bare>[^\s'\"][^\r\n'\"]*))"
    )


def headers_in(text: str, pattern: re.Pattern[str]) -> Iterator[Span]:
    """The values of secret headers in a text that somebody printed."""
    for match in pattern.finditer(text):
        group = next((g for g in ("single", "double", "bare") if match.group(g)), None)
        if group is not None and not is_placeholder(match.group(group)):
            shown = hidden_header(match.group("name").lower(), match.group(group))
            yield match.start(group), match.end(group), shown


def hidden_header(name: str, value: str) -> str:
    """A secret header's value without the secret: scheme and cookie's name stay."""
    if name == "set-cookie":
        cookie, _, attributes = value.partition(";")
        return f"{cookie.partition('=')[0]}={HIDDEN}" + (f";{attributes}" if attributes else "")
    scheme, space, _ = value.partition(" ")
    if name == "authorization" and space and scheme.isalpha():
        return f"{scheme} {HIDDEN}"
    return HIDDEN
