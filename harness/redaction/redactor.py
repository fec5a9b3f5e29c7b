"""One net for everything that is written: what a run must not give away, and in whatever spelling.

Three meshes: by value (every secret that the run has met, however it is spelt), by place (headers,
fields and JSON keys that carry credentials, anything shaped like a JWT), and by person (names, ids
and tenant become stand-ins where identities are hidden). A run has one `Redactor`, which learns
secrets as they appear; see `harness.redaction.learning`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from harness.bounds.parsing import parse_json
from harness.exchanges.model import Headers
from harness.redaction.people import StandIns, masked_addresses
from harness.redaction.places import (
    HIDDEN,
    SECRET_HEADERS,
    fields_in,
    header_pattern,
    headers_in,
    hidden_header,
    is_placeholder,
)
from harness.redaction.pointers import hide_at
from harness.redaction.runs import Span, clean_runs
from harness.redaction.search import Needles, find_person, find_windows, lowered, replaced
from harness.redaction.views import layers
from harness.settings.values import Settings

__all__ = ["HIDDEN", "Redactor", "known_redactor"]

SHORTEST_SECRET = 4
DEEPEST = 3
"""How many encodings within each other are opened: base64 of hex of base64."""
MOST_KEPT, LONGEST_KEPT = 8192, 1024
"""How many cleaned texts are kept, and of what length: header values come again and again."""


@dataclass(slots=True)
class Redactor:
    """What to hide. `secrets` maps a known secret to its placeholder, `stand_ins` an identity.

    `settings` are the run's as far as known, `claims` those of the users who were signed in so far,
    by name; `words` says how a sentence calls a stand-in that is an id.
    """

    secrets: dict[str, str] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    settings: Settings | None = None
    claims: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: frozenset[str] = frozenset()
    pointers: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    function_key_in_query: bool = True
    _needles: Needles | None = None
    _windows: frozenset[str] | None = None
    _kept: dict[tuple[str, bool], str] = field(default_factory=dict)

    # ------------------------------------------------------------------ what it learns

    def know(self, secret: str | None, placeholder: str = HIDDEN) -> None:
        """Remember a secret, so that it is found wherever it turns up from now on."""
        if not secret or len(secret) < SHORTEST_SECRET or is_placeholder(secret):
            return
        if self.secrets.get(secret) != placeholder:
            self.secrets = {**self.secrets, secret: placeholder}
            self._forget()

    def know_people(self, people: StandIns) -> None:
        """Take these as the identities and their stand-ins, in place of those known before."""
        if people.shown != self.stand_ins:
            self.stand_ins = dict(sorted(people.shown.items(), key=lambda pair: -len(pair[0])))
            self.words = people.words
            self._forget()

    def _forget(self) -> None:
        self._needles, self._windows, self._kept = None, None, {}

    # ------------------------------------------------------------------ texts

    def text(self, text: str) -> str:
        """Any text for a file: without secrets, whole or cut short, and without identities."""
        return self._remembered(text, True)

    def terminal(self, text: str) -> str:
        """A text for the user's own terminal: without secrets, with the real names."""
        return self._remembered(text, False)

    def told(self, text: str) -> str:
        """A finding's sentence for a file: no id that nobody wrote, strangers' addresses cut."""
        shown = self.text(text)
        for stand_in, words in self.words.items():
            shown = shown.replace(stand_in, words)
        if not self.stand_ins:
            return shown
        return masked_addresses(shown, frozenset(s.lower() for s in self.stand_ins.values()))

    def printed(self, text: str, *, people: bool = True) -> str:
        """What a user's test or a log line prints: headers in any form, pieces of any kind too."""
        if self._windows is None:
            self._windows = self._known().windows()
        first = [
            *self._spans(text, people),
            *headers_in(text, self._header_pattern()),
            *find_windows(text, self._windows, HIDDEN),
        ]
        return self._clean(replaced(text, first), people)

    def body_text(self, text: str) -> str:
        """A body without secrets; JSON is also searched by pointer."""
        if self.pointers and text[:1] in "{[":
            text = self._by_pointer(text)
        return self.text(text)

    def data(self, data: bytes) -> bytes:
        """A body's bytes without secrets, whatever their charset; other bytes stay as they are."""
        for codec in ("utf-8", *(["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else [])):
            try:
                text = data.decode(codec)
            except UnicodeDecodeError:
                continue
            clean = self.body_text(text)
            return data if clean == text else clean.encode(codec)
        text = self._wide(data).decode("latin-1")
        clean = self.text(text)
        return clean.encode("latin-1", "replace")

    def shown_headers(self, headers: Headers) -> Headers:
        """Headers as they may be written: credentials hidden, `{alice}` placeholders kept."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def leaks(self, text: str) -> list[str]:
        """The placeholders of known secrets that still stand in a text; empty when it is clean."""
        found = {shown for _, _, shown in self._known().find(text)}
        for view in layers(text):
            found |= {shown for _, _, shown in self._known().find(view.text)}
        return sorted(found)

    def plain(self, node: Any) -> Any:
        """JSON-plain data, every text in it without secrets and identities."""
        if isinstance(node, str):
            return self.text(node)
        if isinstance(node, Mapping):
            return {self.text(str(key)): self.plain(value) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return [self.plain(value) for value in node]
        return node

    # ------------------------------------------------------------------ how

    def _remembered(self, text: str, people: bool) -> str:
        if len(text) > LONGEST_KEPT:
            return self._clean(text, people)
        kept = self._kept
        clean = kept.get((text, people))
        if clean is None:
            clean = self._clean(text, people)
            if len(kept) < MOST_KEPT:
                kept[(text, people)] = clean
        return clean

    def _clean(self, text: str, people: bool, depth: int = 0) -> str:
        spans = list(self._spans(text, people))
        for view in layers(text):
            for start, end, shown in self._spans(view.text, people):
                begin, stop = view.source(start, end)
                spans.append((begin, stop, fitting(text[begin:stop], shown)))
        text = replaced(text, spans) if spans else text
        if depth >= DEEPEST:
            return text

        def inner(decoded: str) -> str:
            return self._clean(decoded, people, depth + 1)

        spans = list(clean_runs(text, inner))
        for view in layers(text):
            for start, end, shown in clean_runs(view.text, inner):
                spans.append((*view.source(start, end), shown))
        return replaced(text, spans) if spans else text

    def _spans(self, text: str, people: bool) -> Iterator[Span]:
        yield from self._known().find(text)
        yield from fields_in(text, function_key_in_query=self.function_key_in_query)
        for pattern in self.patterns:
            for match in pattern.finditer(text):
                if match.end() > match.start():
                    yield match.start(), match.end(), HIDDEN
        if people and self.stand_ins:
            low = lowered(text)
            for identity, shown in self.stand_ins.items():
                yield from find_person(text, low, identity, shown)

    def _known(self) -> Needles:
        if self._needles is None:
            self._needles = Needles.of(list(self.secrets.items()))
        return self._needles

    def _header_pattern(self) -> re.Pattern[str]:
        return header_pattern(SECRET_HEADERS | self.headers)

    def _header(self, name: str, value: str) -> str:
        lowered_name = name.lower()
        if lowered_name in SECRET_HEADERS or lowered_name in self.headers:
            return value if is_placeholder(value) else hidden_header(lowered_name, value)
        return self.text(value)

    def _by_pointer(self, text: str) -> str:
        try:
            document = parse_json(text)
        except ValueError:
            return text
        changed = False
        for pointer in self.pointers:
            changed = hide_at(document, pointer.split("/")[1:]) or changed
        return json.dumps(document, ensure_ascii=False) if changed else text

    def _wide(self, data: bytes) -> bytes:
        """Bytes without the secrets that stand in them as UTF-16."""
        for secret, placeholder in self.secrets.items():
            for charset in ("utf-16-le", "utf-16-be"):
                wide = secret.encode(charset, "surrogatepass")
                if wide in data:
                    data = data.replace(wide, placeholder.encode(charset))
        return data


def fitting(source: str, shown: str) -> str:
    """What takes the place of a text, percent-encoded where that was."""
    return quote(shown, safe="") if "%" in source and not is_placeholder(shown) else shown


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
        headers=frozenset(name.lower() for name in headers),
        pointers=tuple(pointers),
        patterns=tuple(re.compile(pattern) for pattern in patterns),
    )
    redactor.know_people(StandIns(dict(stand_ins or {})))
    for secret, placeholder in secrets.items():
        redactor.know(secret, placeholder)
    return redactor
