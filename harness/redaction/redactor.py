"""Taking secrets out of what is written: headers, URLs, bodies, and any text.

Two nets: by place (headers, query and form fields, JSON keys that carry credentials) and by value
(every secret the run knew, raw, URL-encoded and in base64; anything shaped like a JWT). Users'
names, ids and tenant become stand-ins where identities are hidden.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

from harness.bounds.parsing import parse_json
from harness.exchanges.model import Headers

__all__ = ["HIDDEN", "Redactor", "encodings"]

HIDDEN = "{hidden}"
PIECE = 12
"""How much of a secret's beginning or end betrays it, in characters."""
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
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_FIELD = re.compile(
    r"(?i)([?&;\s\"']|^)("
    + "|".join(sorted(re.escape(name) for name in SECRET_FIELDS | {"code"}))
    + r")=([^&\s\"'<>]+)"
)
_JSON_FIELD = re.compile(
    r'(?i)("(?:'
    + "|".join(sorted(re.escape(n) for n in SECRET_FIELDS))
    + r')"\s*:\s*)"(?:[^"\\]|\\.)*"'
)


def encodings(secret: str) -> tuple[str, ...]:
    """The forms in which a secret might turn up: raw, URL-encoded, base64 at each alignment."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    raw = secret.encode("utf-8")
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw).decode("ascii").rstrip("=")
        core = encoded[(0, 2, 3)[shift] : len(encoded) - (2 if len(encoded) % 4 else 1)]
        if len(core) >= 12:
            forms |= {core, core.replace("+", "-").replace("/", "_")}
    return tuple(sorted((form for form in forms if len(form) >= 4), key=len, reverse=True))


@dataclass(slots=True)
class Redactor:
    """What to hide. `secrets` maps a known secret to its placeholder, `stand_ins` an identity."""

    secrets: dict[str, str] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)
    headers: frozenset[str] = frozenset()
    pointers: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    function_key_in_query: bool = True
    _forms: list[tuple[str, str]] | None = None

    def know(self, secret: str | None, placeholder: str = HIDDEN) -> None:
        """Remember a secret, so that it is found wherever it turns up."""
        if secret and len(secret) >= 4:
            self.secrets[secret] = placeholder
            self._forms = None

    def know_people(self, stand_ins: Mapping[str, str]) -> None:
        """Remember identities and their stand-ins, longer ones first."""
        known = {**self.stand_ins, **stand_ins}
        self.stand_ins = dict(sorted(known.items(), key=lambda pair: -len(pair[0])))

    def text(self, text: str) -> str:
        """Any text without secrets, cut short ones among them."""
        for form, placeholder in self._known_forms():
            if form in text:
                text = text.replace(form, placeholder)
        text = self._without_pieces(text)
        text = _JWT.sub(HIDDEN, text)
        text = _JSON_FIELD.sub(lambda m: f'{m.group(1)}"{HIDDEN}"', text)
        text = _FIELD.sub(self._field, text)
        for pattern in self.patterns:
            text = pattern.sub(HIDDEN, text)
        return self.identities(text)

    def identities(self, text: str) -> str:
        """A text with users' names, ids and tenant replaced by stand-ins, also inside base64."""
        if not self.stand_ins:
            return text
        return _BASE64.sub(self._inside_base64, self._named(text))

    def _inside_base64(self, match: re.Match[str]) -> str:
        try:
            inner = base64.b64decode(match.group(0) + "==", validate=False).decode("utf-8")
        except ValueError:
            return match.group(0)
        hidden = self._named(inner)
        if hidden == inner:
            return match.group(0)
        return base64.b64encode(hidden.encode("utf-8")).decode("ascii")

    def _named(self, text: str) -> str:
        lowered = text.lower()
        for identity, stand_in in self.stand_ins.items():
            if identity.lower() in lowered:
                quoted = stand_in.replace("\\", r"\\")
                text = _identity_pattern(identity).sub(quoted, text)
        return text

    def shown_headers(self, headers: Headers) -> Headers:
        """Headers as they may be written: credentials hidden, `{alice}` placeholders kept."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def body_text(self, text: str) -> str:
        """A body without secrets; JSON is also searched by key and pointer."""
        if self.pointers and text[:1] in "{[":
            text = self._by_pointer(text)
        return self.text(text)

    def leaks(self, text: str) -> list[str]:
        """The placeholders of known secrets that still stand in a text; empty when it is clean."""
        found = {mark for form, mark in self._known_forms() if form in text}
        if self._without_pieces(text) != text:
            found.add("a piece of a secret")
        return sorted(found)

    def _without_pieces(self, text: str) -> str:
        """A text without secrets that somebody cut short."""
        cut = "..." in text
        if len(text) < PIECE and not cut:
            return text
        for form, placeholder in self._known_forms():
            if cut or (len(form) > PIECE and (form[:PIECE] in text or form[-PIECE:] in text)):
                text = without_piece(text, form, placeholder)
        return text

    def _header(self, name: str, value: str) -> str:
        lowered = name.lower()
        if lowered in SECRET_HEADERS or lowered in self.headers:
            return value if _is_placeholder(value) else _hidden(lowered, value)
        return self.text(value)

    def _field(self, match: re.Match[str]) -> str:
        lead, name, value = match.groups()
        if name.lower() == "code" and (len(value) < 20 or not self.function_key_in_query):
            return match.group(0)
        return match.group(0) if _is_placeholder(value) else f"{lead}{name}={HIDDEN}"

    def _by_pointer(self, text: str) -> str:
        try:
            document = parse_json(text)
        except ValueError:
            return text
        changed = False
        for pointer in self.pointers:
            changed = hide_at(document, pointer.split("/")[1:]) or changed
        return json.dumps(document, ensure_ascii=False) if changed else text

    def _known_forms(self) -> list[tuple[str, str]]:
        if self._forms is None:
            pairs = [
                (form, mark) for secret, mark in self.secrets.items() for form in encodings(secret)
            ]
            self._forms = sorted(pairs, key=lambda pair: -len(pair[0]))
        return self._forms


def without_piece(text: str, secret: str, placeholder: str) -> str:
    """A text without the first or last part of a secret that somebody cut short.

    Messages quote values at a length; what is left of a token is still part of a token.
    """
    if len(secret) > PIECE:
        text = _without_head(text, secret, placeholder)
        text = _without_head(text[::-1], secret[::-1], placeholder[::-1])[::-1]
    if "..." in text and secret[:4] in text:
        for length in range(min(len(secret) - 1, 2 * PIECE), 3, -1):
            text = text.replace(f"{secret[:length]}...", f"{placeholder}...")
    return text


def _without_head(text: str, secret: str, placeholder: str) -> str:
    head = secret[:PIECE]
    at = text.find(head)
    while at >= 0:
        end = at + PIECE
        while end < len(text) and end - at < len(secret) and text[end] == secret[end - at]:
            end += 1
        text = text[:at] + placeholder + text[end:]
        at = text.find(head, at + len(placeholder))
    return text


@cache
def _identity_pattern(identity: str) -> re.Pattern[str]:
    """Where an identity stands: anywhere, but a mere word (a name such as Test) as it is spelt."""
    found = re.escape(identity)
    if identity.isalnum() and not any(char.isdigit() for char in identity):
        return re.compile(rf"(?<!\w){found}(?!\w)")
    return re.compile(found, re.IGNORECASE)


def hide_at(node: Any, tokens: list[str]) -> bool:
    """Hide what a JSON pointer names (`-` or `*` means every element); True when it was there."""
    if not tokens:
        return False
    head, rest = tokens[0].replace("~1", "/").replace("~0", "~"), tokens[1:]
    keys: Iterable[Any] = ()
    if isinstance(node, dict):
        keys = list(node) if head == "*" else [head] if head in node else []
    elif isinstance(node, list):
        wanted = range(len(node)) if head in ("*", "-") else [int(head)] if head.isdigit() else []
        keys = [index for index in wanted if index < len(node)]
    found = False
    for key in keys:
        if rest:
            found = hide_at(node[key], rest) or found
        else:
            node[key] = HIDDEN
            found = True
    return found


def known_redactor(
    secrets: Mapping[str, str],
    *,
    stand_ins: Mapping[str, str] | None = None,
    headers: Iterable[str] = (),
    pointers: Iterable[str] = (),
    patterns: Iterable[str] = (),
) -> Redactor:
    """A redactor from the settings' lists and the secrets known so far."""
    redactor = Redactor(
        stand_ins=dict(stand_ins or {}),
        headers=frozenset(name.lower() for name in headers),
        pointers=tuple(pointers),
        patterns=tuple(re.compile(pattern) for pattern in patterns),
    )
    for secret, placeholder in secrets.items():
        redactor.know(secret, placeholder)
    return redactor


def _is_placeholder(value: str) -> bool:
    return re.fullmatch(r"(?:[A-Za-z]+ )?\{[^{}\s]+\}", value) is not None


def _hidden(name: str, value: str) -> str:
    if name == "set-cookie":
        cookie, _, attributes = value.partition(";")
        return f"{cookie.partition('=')[0]}={HIDDEN}" + (f";{attributes}" if attributes else "")
    scheme, space, _ = value.partition(" ")
    if name == "authorization" and space and scheme.isalpha():
        return f"{scheme} {HIDDEN}"
    return HIDDEN
