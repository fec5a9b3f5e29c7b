"""What a run teaches its redactor: settings, tokens, and what exchanges carry.

An app's session cookie, a gateway's key or an access token in an answer are secrets from the moment
in which they are seen, wherever they are printed afterwards.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from harness.bounds.parsing import parse_json
from harness.exchanges.model import Exchange, Headers
from harness.redaction.people import stand_ins_of
from harness.redaction.places import HIDDEN, SECRET_FIELDS, SECRET_HEADERS, is_placeholder
from harness.redaction.pointers import values_at
from harness.redaction.redactor import Redactor, known_redactor
from harness.settings.secrets import configured_secrets
from harness.settings.values import Settings

__all__ = [
    "learn_claims",
    "learn_exchange",
    "learn_settings",
    "learn_token",
    "redactor_of",
]

SHORTEST_COOKIE, SHORTEST_OWN = 12, 6
"""From which length on a value is a secret by itself, in characters; shorter ones are words."""
MADE_UP = ("harness-probe", "harness-made-up")
"""What is in the values that suites make up in place of real ones."""
_COMMON = frozenset({"no-cache", "no-store", "keep-alive", "application/json", "anonymous"})
_SECRET_KEY = re.compile(
    ("|".join(sorted(re.escape(f'"{name}"') for name in SECRET_FIELDS))).encode("ascii"),
    re.IGNORECASE,
)
_LARGEST_BODY = 200_000


def redactor_of(settings: Settings) -> Redactor:
    """The redactor that a run begins with."""
    redact = settings.redact
    redactor = known_redactor(
        {}, headers=redact.headers, pointers=redact.pointers, patterns=redact.patterns
    )
    learn_settings(redactor, settings)
    return redactor


def learn_settings(redactor: Redactor, settings: Settings) -> None:
    """Learn passwords and tokens (where their variables are set), users and tenant."""
    for secret, placeholder in configured_secrets(settings).items():
        redactor.know(secret, placeholder)
    redactor.settings = settings
    redactor.know_people(stand_ins_of(redactor.claims, settings))


def learn_claims(redactor: Redactor, user: str, claims: Mapping[str, Any]) -> None:
    """Learn who a user is, by the claims of their token."""
    if redactor.settings is not None and redactor.claims.get(user) != claims:
        redactor.claims = {**redactor.claims, user: dict(claims)}
        redactor.know_people(stand_ins_of(redactor.claims, redactor.settings))


def learn_token(redactor: Redactor, whose: str, token: str, *, is_user: bool) -> None:
    """Learn a token, shown as `{alice}` from now on, and who it is about."""
    if token in redactor.secrets:
        return
    redactor.know(token, "{" + whose + "}")
    claims = _claims_in(token) if is_user else None
    if claims is not None:
        learn_claims(redactor, whose, claims)


def _claims_in(token: str) -> dict[str, Any] | None:
    """The claims inside a JWT, unverified (RFC 7519 7.2), or None where a token is opaque."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        document = parse_json(raw)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def learn_exchange(redactor: Redactor, exchange: Exchange) -> None:
    """Learn the secrets that a request and its answer carry."""
    request, response = exchange.probe.request, exchange.response
    _learn_headers(redactor, request.headers)
    if response is not None:
        _learn_headers(redactor, response.headers)
        session = exchange.probe.purpose == "delegated/session"
        _learn_body(redactor, response.body, "{session}" if session else HIDDEN)


def _learn_headers(redactor: Redactor, headers: Headers) -> None:
    for name, value in headers:
        lowered = name.lower()
        if lowered in redactor.headers:
            _learn(redactor, value, SHORTEST_OWN)
        elif lowered in SECRET_HEADERS:
            for secret in _secrets_in(lowered, value):
                _learn(redactor, secret, SHORTEST_COOKIE)


def _secrets_in(name: str, value: str) -> Iterable[str]:
    if name == "set-cookie":
        return [value.partition(";")[0].partition("=")[2].strip('" ')]
    if name == "cookie":
        return [pair.partition("=")[2].strip('" ') for pair in value.split(";")]
    scheme, space, rest = value.partition(" ")
    return [rest if space and scheme.isalpha() else value]


def _learn_body(redactor: Redactor, body: bytes, placeholder: str) -> None:
    if not body or len(body) > _LARGEST_BODY:
        return
    if not redactor.pointers and _SECRET_KEY.search(body) is None:
        return
    try:
        document = parse_json(body)
    except ValueError:
        return
    for pointer in redactor.pointers:
        for value in values_at(document, pointer.split("/")[1:]):
            _learn(redactor, value, SHORTEST_OWN)
    for value in _secret_fields(document):
        _learn(redactor, value, SHORTEST_COOKIE, placeholder)


def _secret_fields(document: Any) -> Iterable[Any]:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if str(key).lower() in SECRET_FIELDS:
                    yield value
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _learn(redactor: Redactor, value: Any, shortest: int, placeholder: str = HIDDEN) -> None:
    if not isinstance(value, str) or len(value) < shortest or is_placeholder(value):
        return
    if "{" in value and is_placeholder(value[value.index("{") :]):
        return
    if any(part in value for part in MADE_UP):
        return
    if value.lower() not in _COMMON and value not in redactor.secrets:
        redactor.know(value, placeholder)
