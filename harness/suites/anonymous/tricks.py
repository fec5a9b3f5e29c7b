"""The tricks by which a door may be passed: odd spellings of the path, odd headers, odd methods.

Each trick turns the plain request of an operation into one that a careless door lets through.
Paths are built as text and sent verbatim; what a trick's answer means is left to the judgement.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from harness.connector.model import Operation
from harness.exchanges.context import RunContext
from harness.exchanges.model import API_CLIENT, Headers, Request
from harness.inputs.harmless import BROKEN_JSON, like_known
from harness.inputs.requests import example_values, path_target

__all__ = ["TRICK_FAMILIES", "Trick", "on_nonsense", "tricks_for", "writing_tricks"]

TRICK_FAMILIES = {
    "case": "the path in other case",
    "trailing-slash": "a trailing slash",
    "doubled-slash": "a doubled slash",
    "encoded": "a percent-encoded letter",
    "dot-segments": "dot segments in the path",
    "method": "another method",
    "override": "a method-override header",
    "principal": "forged X-MS-CLIENT-PRINCIPAL or X-MS-TOKEN headers",
    "forwarded": "X-Forwarded or X-Original-URL headers",
    "authorization": "an empty or malformed Authorization header",
    "scheme": "another authentication scheme",
    "function-key": "a function key instead of a token",
    "session": "a made-up session",
}

NONSENSE = "harness-no-such-path"
_PRINCIPAL = {
    "auth_typ": "aad",
    "name_typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "role_typ": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    "claims": [
        {"typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
         "val": "nobody@harness-probe.invalid"},
        {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier",
         "val": "00000000-0000-4000-8000-00000000dead"},
        {"typ": "http://schemas.microsoft.com/identity/claims/scope",
         "val": "user_impersonation"},
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trick:
    """One trick: its name, its family, and the request that plays it."""

    name: str
    family: str
    request: Request


def tricks_for(context: RunContext, operation: Operation, plain: Request) -> Iterator[Trick]:
    """Every trick that applies to an operation; `plain` is the request that was refused."""
    yield from _path_tricks(context, operation, plain)
    yield from _method_tricks(context, operation, plain)
    yield from _header_tricks(context, operation, plain)


def on_nonsense(context: RunContext, operation: Operation, trick: Trick) -> Request:
    """The same trick on a path that no function has: what the front end says to the trick alone."""
    segments = _split(trick.request.target)[0].split("/")
    at = _last_literal(context, operation, segments)
    segments[at] = NONSENSE.swapcase() if trick.family == "case" else NONSENSE
    if trick.family == "encoded":
        segments[at] = _encoded(NONSENSE)
    return replace(trick.request, target="/".join(segments) + _split(trick.request.target)[1])


def _path_tricks(context: RunContext, operation: Operation, plain: Request) -> Iterator[Trick]:
    path, query = _split(plain.target)
    segments = path.split("/")
    at = _last_literal(context, operation, segments)

    def spelt(change: Callable[[str], str]) -> str:
        return "/".join((*segments[:at], change(segments[at]), *segments[at + 1 :]))

    def first(change: Callable[[str], str]) -> str:
        """Rules that match by prefix (`/api/*`) look at the first segment alone."""
        one = next((i for i, s in enumerate(segments) if s), at)
        return "/".join((*segments[:one], change(segments[one]), *segments[one + 1 :]))

    literal = [bool(s) and i <= _literals(context, operation) for i, s in enumerate(segments)]
    swapped = "/".join(
        s.swapcase() if is_literal else s for s, is_literal in zip(segments, literal, strict=True)
    )
    paths = [
        ("case", "case", swapped),
        ("trailing-slash", "trailing-slash", path + "/"),
        ("leading-slashes", "doubled-slash", "/" + path),
        ("inner-slashes", "doubled-slash", spelt(lambda s: "/" + s)),
        ("encoded-letter", "encoded", spelt(_encoded)),
        ("case-first", "case", first(str.swapcase)),
        ("encoded-first", "encoded", first(_encoded)),
        ("dot-segment", "dot-segments", spelt(lambda s: "./" + s)),
        ("parent-segment", "dot-segments", spelt(lambda s: f"{NONSENSE}/../{s}")),
        ("encoded-parent", "dot-segments", spelt(lambda s: f"{NONSENSE}/%2e%2e/{s}")),
    ]
    public = _public_path(context)
    if public:
        up = "/.." * (public.count("/"))
        paths.append(("public-prefix", "dot-segments", public + up + path))
    for name, family, target in paths:
        if target != path:
            yield Trick(name, family, replace(plain, target=target + query))


def _method_tricks(context: RunContext, operation: Operation, plain: Request) -> Iterator[Trick]:
    yield Trick("override", "override", _with(plain, *_override(plain.method)))
    siblings = [o for o in context.connector.operations if o.path == operation.path]
    if siblings[0].id != operation.id:
        return  # The path's first operation speaks for it; the others' methods are their own.
    declared = {o.method for o in siblings}
    for method in ("GET", "HEAD", "OPTIONS"):
        if method not in {*declared, plain.method}:
            request = replace(plain, method=method, body=None)
            yield Trick(f"method-{method.lower()}", "method", request)


def writing_tricks(context: RunContext, operation: Operation) -> Iterator[Trick]:
    """Methods that change state and that no operation of the path declares: nothing real in them.

    Whether they may go out is for `harness.inputs.permission` to say.
    """
    siblings = [o for o in context.connector.operations if o.path == operation.path]
    if siblings[0].id != operation.id:
        return
    declared = {o.method for o in siblings}
    path = path_target(context, operation, like_known(context, operation))
    headers = (("User-Agent", API_CLIENT), ("Content-Type", "application/json"))
    writing = Request("POST", path, headers, BROKEN_JSON)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        if method not in declared:
            yield Trick(f"method-{method.lower()}", "method", replace(writing, method=method))
    if operation.method == "GET" and "POST" not in declared:
        yield Trick("override-post", "override", _with(writing, *_override("GET")))


def _header_tricks(context: RunContext, operation: Operation, plain: Request) -> Iterator[Trick]:
    public = _public_path(context) or "/"
    principal = base64.b64encode(json.dumps(_PRINCIPAL).encode("utf-8")).decode("ascii")
    keyed, key = _function_key(context, operation)
    separator = "&" if "?" in plain.target else "?"
    by_query = replace(plain, target=f"{plain.target}{separator}code={key}")
    rows: list[tuple[str, str, Request]] = [
        ("principal", "principal", _with(
            plain,
            ("X-MS-CLIENT-PRINCIPAL", principal),
            ("X-MS-CLIENT-PRINCIPAL-ID", "00000000-0000-4000-8000-00000000dead"),
            ("X-MS-CLIENT-PRINCIPAL-NAME", "nobody@harness-probe.invalid"),
            ("X-MS-CLIENT-PRINCIPAL-IDP", "aad"),
        )),
        ("token-store", "principal", _with(
            plain,
            ("X-MS-TOKEN-AAD-ACCESS-TOKEN", "harness-probe"),
            ("X-MS-TOKEN-AAD-ID-TOKEN", "harness-probe"),
            ("X-MS-TOKEN-AAD-EXPIRES-ON", "2099-01-01T00:00:00Z"),
        )),
        ("forwarded", "forwarded", _with(
            plain,
            ("X-Forwarded-For", "127.0.0.1"),
            ("X-Forwarded-Host", "localhost"),
            ("X-Forwarded-Proto", "https"),
            ("X-Real-IP", "127.0.0.1"),
            ("Forwarded", "for=127.0.0.1;host=localhost;proto=https"),
        )),
        ("original-url", "forwarded", _with(
            plain, ("X-Original-URL", public), ("X-Rewrite-URL", public)
        )),
        ("authorization-empty", "authorization", _with(plain, ("Authorization", ""))),
        ("authorization-bare", "authorization", _with(plain, ("Authorization", "Bearer"))),
        ("authorization-malformed", "authorization",
         _with(plain, ("Authorization", "Bearer not-a-token"))),
        ("scheme-basic", "scheme",
         _with(plain, ("Authorization", "Basic aGFybmVzczpwcm9iZQ=="))),
        ("scheme-negotiate", "scheme",
         _with(plain, ("Authorization", "Negotiate aGFybmVzcy1wcm9iZQ=="))),
        (keyed, "function-key", _with(by_query, ("x-functions-key", key))),
        ("session-cookie", "session", _with(plain, ("Cookie", _COOKIE))),
        ("session-header", "session", _with(plain, ("X-ZUMO-AUTH", "harness-probe"))),
    ]  # fmt: skip
    for name, family, request in rows:
        yield Trick(name, family, request)


_COOKIE = "AppServiceAuthSession=aGFybmVzcy1wcm9iZQ==; AppServiceAuthSession1=aGFybmVzcw=="


def _override(method: str) -> Headers:
    return tuple(
        (name, method) for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    )


def _with(request: Request, *headers: tuple[str, str]) -> Request:
    kept = _without(request, *(name for name, _ in headers))
    return replace(request, headers=(*kept, *headers))


def _without(request: Request, *names: str) -> Headers:
    gone = {name.lower() for name in names}
    return tuple(pair for pair in request.headers if pair[0].lower() not in gone)


def _split(target: str) -> tuple[str, str]:
    """Path and query of a target; the query with its question mark."""
    path, mark, query = target.partition("?")
    return path, mark + query


def _literals(context: RunContext, operation: Operation) -> int:
    """The index of the last path segment before the first parameter, base path included."""
    segments = _template(context, operation)
    first = next((i for i, s in enumerate(segments) if "{" in s), len(segments))
    return first - 1


def _last_literal(context: RunContext, operation: Operation, segments: list[str]) -> int:
    """The index of the last non-empty segment that is the template's own text.

    A trick may have lengthened the path at its head, so it is counted from the end.
    """
    template = _template(context, operation)
    if segments and segments[-1] == "" and template[-1] != "":
        template = [*template, ""]
    wanted = max((i for i, s in enumerate(template) if s and "{" not in s), default=None)
    if wanted is None:
        return len(segments) - 1
    return max(len(segments) - (len(template) - wanted), 0)


def _template(context: RunContext, operation: Operation) -> list[str]:
    path = operation.path.split("?", 1)[0]
    return f"{context.base_path}/{path.removeprefix('/')}".split("/")


def _encoded(segment: str) -> str:
    """The segment with its first letter percent-encoded, which RFC 3986 6.2.2.2 calls equal."""
    for index, char in enumerate(segment):
        if char.isascii() and char.isalpha() and (index == 0 or segment[index - 1] != "%"):
            return f"{segment[:index]}%{ord(char):02X}{segment[index + 1 :]}"
    return segment


def _public_path(context: RunContext) -> str | None:
    """The path of an operation that is open on purpose and has no path parameter, or None."""
    for operation in context.connector.operations:
        if operation.id in context.settings.anonymous.public and "{" not in operation.path:
            return path_target(context, operation, {}).split("?", 1)[0].rstrip("/")
    return None


def _function_key(context: RunContext, operation: Operation) -> tuple[str, str]:
    """The trick's name and the key: one that definition or settings hold, else a made-up one."""
    values = example_values(context, operation).parameters
    for parameter in operation.parameters:
        if parameter.name.lower() in ("x-functions-key", "code"):
            held = values.get(parameter.name, parameter.default)
            if isinstance(held, str) and held:
                return "function-key", held
    return "function-key-made-up", "harness-made-up-key"
