"""Cassettes: vcrpy's own file format, with what it has no place for beside each interaction.

One file per target, suite and operation. A plain vcrpy user can load it; what only the harness
needs stands in a `connector-harness:` mapping beside `request` and `response` (vcrpy refuses extra
keys inside `request`, needs a response, and keeps only the first of two equal headers).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from harness.bounds.files import read_bounded, reason_of
from harness.bounds.limits import LARGEST_RECORD
from harness.bounds.parsing import parse_json
from harness.bounds.yamltext import BoundedLoader, compose
from harness.errors import CassetteError
from harness.exchanges.model import (
    Caller,
    Exchange,
    Headers,
    Probe,
    Request,
    Response,
    platform_details,
    platform_details_from,
)
from harness.exchanges.soundness import checked_exchange, checked_facts

__all__ = [
    "Cassette",
    "cassette_path",
    "dump_cassette",
    "parse_cassette",
    "read_back",
    "read_cassette",
    "slug",
]

OWN_KEY = "connector-harness"
MADE = ("definition-sha256", "versions")
VERSION = 1
NO_ANSWER_STATUS = 599
LONGEST_WORD = 40
_ANCHOR = re.compile(r"(^|[\s\[{,:])&[^\s,\[\]{}]")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(?i)app|con|prn|aux|nul|com[0-9]|lpt[0-9]")
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class Cassette:
    """The recordings of one suite and operation: exchanges and facts by check.

    `about` holds harness version and definition hash of the last run that wrote the file, and the
    time of its oldest check (seconds since the epoch); `made` says by check which definition and
    versions it was recorded with, since a check that did not run again keeps its recording.
    `origin` is the function app's.
    """

    exchanges: Mapping[str, tuple[Exchange, ...]]
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origin: str = ""


def slug(name: str, siblings: Iterable[str] = ()) -> str:
    """A file name for an operation id or test id; a short hash keeps names apart.

    The hash is added where a character or the length had to change, and where a sibling would get
    the same file on a file system that ignores case.
    """
    plain = _UNSAFE.sub("-", name).strip("-.")[:80]
    taken = any(
        other != name and _UNSAFE.sub("-", other).strip("-.")[:80].lower() == plain.lower()
        for other in siblings
    )
    if plain == name and not taken and not _is_reserved(plain):
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    if _is_reserved(plain):  # to Windows `con.txt` is the device too
        word, dot, rest = plain.partition(".")
        return f"{word}-{digest}{dot}{rest}"
    return f"{plain}-{digest}" if plain else digest


def _is_reserved(name: str) -> bool:
    """Names that Windows keeps for devices, and the one of the app's own recordings."""
    return _RESERVED.fullmatch(name.partition(".")[0]) is not None


def cassette_path(
    folder: Path, target: str, suite: str, operation: str | None, siblings: Iterable[str] = ()
) -> Path:
    """Where the recording of a suite and operation stands; None means the app as a whole."""
    name = slug(operation, siblings) if operation else "app"
    return folder / slug(target) / suite / f"{name}.yaml"


def dump_cassette(cassette: Cassette) -> str:
    """The file's text: stable order, bodies as text where they are text."""
    interactions = [
        _interaction(check, exchange, cassette)
        for check in sorted(cassette.exchanges)
        for exchange in cassette.exchanges[check]
    ]
    about = {**cassette.about, "origin": cassette.origin}
    document = {
        OWN_KEY: {
            "about": dict(sorted(about.items())),
            "facts": {check: cassette.facts[check] for check in sorted(cassette.facts)},
        },
        "interactions": interactions,
        "version": VERSION,
    }
    text: str = yaml.dump(
        document, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=110
    )
    return text


def _dumper() -> Any:
    class ReadableDumper(_Dumper):  # type: ignore[misc]
        """Texts of several lines stand as blocks, so that a diff shows them line by line."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def represent(dumper: Any, text: str) -> Any:
        style = (
            "|" if "\n" in text and "\r" not in text and not text.endswith((" ", "\t")) else None
        )
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    ReadableDumper.add_representer(str, represent)
    return ReadableDumper


def _interaction(check: str, exchange: Exchange, cassette: Cassette) -> dict[str, Any]:
    probe, request, response = exchange.probe, exchange.probe.request, exchange.response
    origin = request.origin or cassette.origin
    own: dict[str, Any] = {
        "check": check,
        "probe": probe.key,
        "caller": probe.caller.name,
        "kind": probe.caller.kind,
        "purpose": probe.purpose,
        "operation": probe.operation,
        "meta": dict(probe.meta),
        "at": exchange.at,
        **cassette.made.get(check, {}),
        "request-headers": [f"{name}: {value}" for name, value in request.headers],
    }
    if response is not None:
        own["response-headers"] = [f"{name}: {value}" for name, value in response.headers]
        own["seconds"] = response.seconds
    # What is as usual is left out: a reviewer need not read it, nor a replay parse it.
    unusual = {
        "origin": request.origin,
        "reason": exchange.reason if response is None else None,
        "attempts": None if exchange.attempts == 1 else exchange.attempts,
        "repeatable": None if probe.repeatable else False,
        "truncated": True if response is not None and response.truncated else None,
    }
    own |= {key: value for key, value in unusual.items() if value is not None}
    own |= platform_details(request)
    return {
        "request": {
            "method": request.method,
            "uri": f"{origin}{request.target}",
            "headers": _vcr_headers(request.headers),
            "body": _text_or_bytes(request.body),
        },
        "response": {
            "status": {
                "code": NO_ANSWER_STATUS if response is None else response.status,
                "message": "no answer" if response is None else "",
            },
            "headers": {} if response is None else _vcr_headers(response.headers),
            "body": {"string": "" if response is None else _text_or_bytes(response.body)},
        },
        OWN_KEY: own,
    }


def _vcr_headers(headers: Headers) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    return grouped


def _text_or_bytes(body: bytes | None) -> str | bytes | None:
    """Text where it is UTF-8 that YAML can show, else bytes (base64 in the file)."""
    if body is None:
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return body
    return text if text.isprintable() or _printable_lines(text) else body


def _printable_lines(text: str) -> bool:
    return all(char.isprintable() or char in "\n\t" for char in text)


def read_cassette(path: Path) -> Cassette:
    """The recordings in a file.

    Raises:
        CassetteError: it is missing, cut short, in a merge conflict, or no cassette; one line.
    """
    try:
        text = read_bounded(path, LARGEST_RECORD).decode("utf-8")
    except FileNotFoundError:
        raise CassetteError(f"{path}: there is no such recording") from None
    except (OSError, ValueError) as error:
        raise CassetteError(f"{path}: cannot be read: {reason_of(error)}") from None
    return parse_cassette(text, path)


def parse_cassette(text: str, path: Path) -> Cassette:
    """The recordings in a file's text.

    Raises:
        CassetteError: as `read_cassette`.
    """
    return _parsed(text, path)[0]


def read_back(text: str, path: Path) -> Cassette:
    """The recordings in a text that is about to be written, which vcrpy itself takes too.

    Raises:
        CassetteError: either cannot read it.
    """
    cassette, document = _parsed(text, path)
    from vcr.serialize import deserialize

    class Loaded:
        """A serializer whose work is done already."""

        @staticmethod
        def deserialize(_text: str) -> Any:
            return document

    try:
        deserialize(text, Loaded)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CassetteError(f"{path}: vcrpy cannot load it: {error}") from None
    return cassette


def _parsed(text: str, path: Path) -> tuple[Cassette, Any]:
    if re.search(r"^(<{7}|>{7}) ", text, re.MULTILINE):
        raise CassetteError(f"{path}: holds a merge conflict; take one side, or record it again")
    try:
        document = _document(text)
        return _cassette(document), document
    except (yaml.YAMLError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise CassetteError(f"{path}: is no whole recording ({first}); record it again") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise CassetteError(
            f"{path}: is no recording of the connector harness (missing {error}); record it again"
        ) from None
    except (RecursionError, OverflowError) as error:
        raise CassetteError(f"{path}: cannot be read ({error}); record it again") from None


class _Loader(BoundedLoader):
    """The same keys come thousands of times: what type a plain word has is found out once."""

    known: ClassVar[dict[tuple[Any, str, Any], str]] = {}

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        key = (kind, value, implicit)
        found = self.known.get(key)
        if found is None:
            found = super().resolve(kind, value, implicit)
            if value is not None and len(value) < LONGEST_WORD:
                self.known[key] = found
        return found


def _document(text: str) -> Any:
    if text[:1] == "{":
        return parse_json(text)
    if _ANCHOR.search(text):
        compose(text)  # which refuses aliases that grow without measure
    return yaml.load(text, Loader=_Loader)


def _cassette(document: Any) -> Cassette:
    if not isinstance(document, Mapping) or "interactions" not in document:
        raise ValueError("it has no interactions")
    if document.get("version") != VERSION:  # the last line
        raise ValueError("its end is missing")
    exchanges: dict[str, list[Exchange]] = {}
    made: dict[str, Mapping[str, Any]] = {}
    head = document.get(OWN_KEY, {})
    about = dict(head.get("about", {}))
    origin = about.pop("origin", "")
    if not isinstance(origin, str):
        raise ValueError("its origin is damaged")
    for row in document["interactions"] or ():
        own = row[OWN_KEY]
        if not isinstance(own["check"], str):
            raise ValueError("the name of a check is damaged")
        exchanges.setdefault(own["check"], []).append(_exchange(row, own, origin))
        made[own["check"]] = {key: own[key] for key in MADE if key in own}
    return Cassette(
        {check: tuple(found) for check, found in exchanges.items()},
        checked_facts(head.get("facts", {})),
        about,
        made,
        origin,
    )


def _exchange(row: Mapping[str, Any], own: Mapping[str, Any], origin: str) -> Exchange:
    sent, got = row["request"], row["response"]
    other = own.get("origin")
    request = Request(
        sent["method"],
        sent["uri"].removeprefix(origin if other is None else other),
        _pairs(own["request-headers"]),
        _bytes(sent["body"]),
        other,
        **platform_details_from(own),
    )
    probe = Probe(
        own["probe"],
        own["operation"],
        Caller(own["caller"], own["kind"]),
        request,
        own["purpose"],
        own["meta"],
        own.get("repeatable", True),
    )
    response = None
    if "reason" not in own:
        body = _bytes(got["body"]["string"]) or b""
        response = Response(
            got["status"]["code"],
            _pairs(own["response-headers"]),
            body,
            own["seconds"],
            own.get("truncated", False),
        )
    attempts = own.get("attempts", 1)
    return checked_exchange(
        Exchange(probe, response, own.get("reason"), own["at"], attempts, replayed=True)
    )


def _pairs(rows: Sequence[str]) -> Headers:
    return tuple((name, value) for name, _, value in (row.partition(": ") for row in rows))


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode("utf-8") if isinstance(value, str) else value
