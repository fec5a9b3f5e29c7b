"""Addresses as people type them into Postman: `{{host}}/users/:id?full=true`, scheme or not."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from harness.connector.postman.model import Entry, Request, substitute, unresolved

__all__ = ["Address", "parse_address"]

_HEAD = re.compile(r"((?:\{\{[^{}]*\}\}|[A-Za-z][\w+.-]*)://|//)?((?:\{\{[^{}]*\}\}|[^/?#])*)")
_VARIABLE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}|(?<!\{)\{([^{}]+)\}(?!\})")
_COLON = re.compile(r":([A-Za-z_][\w-]*)(.*)")
_ODD = re.compile(r"[^\w-]+", re.ASCII)
_ENCODED_BRACE = re.compile(r"%7[BbDd]")
_SLASH = "\0"
"""Stands for a slash in a variable's name while the path is cut up."""
_SECRET = re.compile(r"key|token|secret|password|sig(nature)?$|code$", re.I)
"""Names of variables whose values never get into a path: base64 has slashes too."""
_ODATA_COLON = re.compile(r"\(:([A-Za-z_]\w*)\)")
_ODATA = re.compile(r"([A-Za-z_][\w.]*)\(([^(){}]+)\)")
_ODATA_KEY = re.compile(
    r"(?:(\w+)\s*=)?\s*('(?:[^']|'')*'|(?<==)[\w.:+-]+|-?\d[\d.]*"
    r"|[\da-fA-F]{8}(?:-[\da-fA-F]{4,12}){4})"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes: `path` is a Swagger template, `values` what its parameters were.

    `scheme` and `host` are "" where the collection leaves them open; a host may still hold `{{x}}`.
    """

    scheme: str
    host: str
    path: str
    names: tuple[str, ...]
    values: Mapping[str, str]
    query: tuple[Entry, ...]


def parse_address(request: Request, variables: Mapping[str, str]) -> Address:
    """The address of a request.

    `:id` and `{{id}}` in the path become parameters, also where the collection defines `id`: its
    value is then a sample. Only a variable that spans several segments (`{{base}}` = `api/v2`) is
    put in. In scheme and host, every variable that the collection defines is put in. Braces may be
    encoded (`%7Bid%7D`), and keys of OData (`Orders(7)`, `Users('ada')`) are parameters.
    """
    typed = _ENCODED_BRACE.sub(lambda match: urllib.parse.unquote(match[0]), request.url)
    head = _HEAD.match(typed)
    prefix = substitute(head.group() if head else "", variables)
    rest = typed[head.end() if head else 0 :]
    head = _HEAD.match(prefix)
    scheme = (head[1] or "").removesuffix("//").removesuffix(":").lower() if head else ""
    host = (head[2] if head else "").rpartition("@")[2]
    rest = prefix[head.end() if head else 0 :].rstrip("/") + rest
    path, _, query = rest.partition("#")[0].partition("?")
    template = _Template(request.path_values, variables)
    return Address(
        scheme=scheme if scheme in ("http", "https") else "",
        host=host,
        path=template.of(path),
        names=tuple(template.names),
        values=template.values,
        query=_parsed(query) if request.query is None else _decoded(request.query),
    )


def _parsed(query: str) -> tuple[Entry, ...]:
    pairs = (part.partition("=") for part in query.split("&") if part.partition("=")[0])
    return tuple(Entry(_decode(name), _decode(value)) for name, _, value in pairs)


def _decoded(query: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(Entry(_decode(e.name), _decode(e.value), e.description) for e in query)


def _decode(text: str) -> str:
    return text if unresolved(text) else urllib.parse.unquote_plus(text)


class _Template:
    """Turns one path into a Swagger template and remembers names and sample values."""

    def __init__(self, given: Mapping[str, str], variables: Mapping[str, str]) -> None:
        self.given = given
        self.variables = variables
        self.names: list[str] = []
        self.values: dict[str, str] = {}

    def of(self, path: str) -> str:
        joined = _VARIABLE.sub(self._spread, path)
        whole = _VARIABLE.sub(lambda match: match[0].replace("/", _SLASH), joined)
        segments = [self._segment(part.replace(_SLASH, "/")) for part in whole.split("/")]
        return "/" + "/".join(segments).lstrip("/")

    def _spread(self, match: re.Match[str]) -> str:
        """A variable that holds several segments is put in before the path is cut up."""
        value = substitute(match[0], self.variables).strip("/")
        spans = bool(match[1]) and "/" in value and not _SECRET.search(match[1])
        return value if spans else match[0]

    def _segment(self, segment: str) -> str:
        colon = _COLON.fullmatch(segment)
        if colon is not None:
            full, name, tail = segment[1:], colon[1], colon[2]
            value = self.given.get(full, self.given.get(name, ""))
            return self._parameter(name, value) + self._inner(tail)
        return self._inner(segment)

    def _inner(self, text: str) -> str:
        text = _ODATA_COLON.sub(lambda match: "({" + match[1] + "})", text)
        odata = _ODATA.fullmatch(text)
        keys = odata[2].split(",") if odata is not None else []
        if odata is not None and all(_ODATA_KEY.fullmatch(key.strip()) for key in keys):
            return f"{odata[1]}({','.join(self._key(key.strip()) for key in keys)})"
        return _VARIABLE.sub(self._variable, text)

    def _key(self, text: str) -> str:
        """One key of OData: `7`, `'ada'` or `OrderID=7`; quotes stay around the parameter."""
        match = _ODATA_KEY.fullmatch(text)
        name, value = (match[1], match[2]) if match else (None, text)
        quote = "'" if value.startswith("'") else ""
        parameter = self._parameter(name or "key", value.strip("'").replace("''", "'"))
        return (f"{name}=" if name else "") + quote + parameter + quote

    def _variable(self, match: re.Match[str]) -> str:
        name = match[1] or match[2]
        value = substitute(match[0], self.variables) if match[1] else self.given.get(name, "")
        return self._parameter(name, value)

    def _parameter(self, name: str, value: str) -> str:
        base = _ODD.sub("_", name.lstrip("$")).strip("_") or "value"
        unique, count = base, 2
        while unique in self.names:
            unique, count = f"{base}{count}", count + 1
        self.names.append(unique)
        value = substitute(value, self.variables)
        if value and not unresolved(value):
            self.values[unique] = value
        return f"{{{unique}}}"
