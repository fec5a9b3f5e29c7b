"""What an anonymous caller asks: the plain calls first, the tricks only where those were refused.

How many requests: `docs/rules/anonymous.md`. Every probe's `meta` says what it is: `part` (plain,
recognised, trick, nonsense, app), `leg` (which line of questioning it belongs to), and the client
or trick, so that recorded exchanges can be judged without the plan.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from harness.bounds.urls import split_url
from harness.connector.model import Operation
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import ANONYMOUS, API_CLIENT, Exchange, Probe, Request
from harness.exchanges.refusal import Verdict, judge_exchange, same_place, url_of
from harness.inputs.auth_paths import auth_path
from harness.inputs.connection import signs_in_by_entra
from harness.inputs.harmless import (
    door_request,
    harmless_request,
    is_repeatable,
    like_known,
    real_request,
)
from harness.inputs.permission import BASIS, is_quiet, why_not
from harness.inputs.platform import why_not_sent
from harness.inputs.requests import build_request
from harness.inputs.values import example_values
from harness.suites.anonymous.hidden import signed_in_probe
from harness.suites.anonymous.tricks import (
    Trick,
    on_nonsense,
    tricks_for,
    writing_tricks,
)

__all__ = ["BROWSER", "anonymous_plan", "app_plan"]

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/129.0.0.0 Safari/537.36"
)
MOST_HOPS = 3
_Part = Generator[list[Probe], list[Exchange], list[Exchange]]


def anonymous_plan(context: RunContext, operation: Operation) -> Plan:
    """Probes that show whether an operation's door is shut to callers without a token.

    The plain probes go out as an API client and as a browser; where the operation may change
    state, both visit its path with GET, since App Service decides by path. Tricks follow only where
    both were refused and the run is not quick, and the operation's own method comes last, falsified
    and only where the door is shut (`harness.inputs.permission`). Redirects within the app's host
    are followed, at most three, because they are no refusal yet.
    """
    if why_not_sent(context, operation) is not None:
        return
    plain = yield from _followed(context, _plain_probes(context, operation))
    if operation.id in context.settings.anonymous.public or not plain:
        return
    signed_in = signed_in_probe(context, operation, plain)
    if signed_in is not None:
        yield [signed_in]
    if app_decides(context, operation) and _reached(context, plain):
        if visits_only(context, operation):
            plain = yield from _unseen_door(context, operation)
        if not plain or _reached(context, plain):
            request = real_request(context, operation)
            if request is None or why_not(context, operation, "given") is not None:
                return
            facts = {"client": "api", BASIS: "given"}
            probe = _probe(operation, request, "recognised", "api", **facts)
            plain = yield from _followed(context, [probe])
    if not _all_refused(context, plain):
        if visits_only(context, operation) and has_sibling(context, operation):
            yield [_other_visit(context, operation)]
        return
    tricks = []
    if not context.quick:
        tricks = list(
            tricks_for(context, operation, _as_api_client(door_request(context, operation)))
        )
        played = yield from _tricks(context, operation, tricks, "trick")
        if any(judge_exchange(context, e).outcome == "open" for e in played):
            return  # a way in was found: nothing that may change state goes that way
    if is_written(context, operation):
        asked = any(e.probe.meta.get("part") == "own" for e in plain)
        yield from _writes(context, operation, asked=asked)
    if not context.quick:
        yield from _other_methods(context, operation)


def is_written(context: RunContext, operation: Operation) -> bool:
    """Whether an operation's own method is tried, besides a visit of its path."""
    return visits_only(context, operation) and why_not(context, operation, "falsified") is None


def app_decides(context: RunContext, operation: Operation) -> bool:
    """Whether the app checks callers itself, so that no other method tells of an operation."""
    by_app = context.settings.anonymous.enforced_by == "app"
    return by_app or not signs_in_by_entra(context, operation)


def visits_only(context: RunContext, operation: Operation) -> bool:
    """Whether the plain probes of an operation visit its path with another method than its own."""
    return operation.changes_state and not context.is_freed(operation)


def _unseen_door(context: RunContext, operation: Operation) -> _Part:
    """The operation's own method, falsified, where the app checks tokens and no visit tells.

    Nothing has shown that this door is shut, so it goes out with `--writes all` only.
    """
    if context.settings.writes != "all" or not is_written(context, operation):
        return []
    request = harmless_request(context, operation, example_values(context, operation))
    facts = {"client": "api", BASIS: "falsified"}
    probe = _probe(operation, _as_api_client(request), "own", "own", **facts)
    return (yield from _followed(context, [probe]))


def has_sibling(context: RunContext, operation: Operation) -> bool:
    """Whether another operation answers GET on the path."""
    return any(
        other.path == operation.path and other.method == "GET"
        for other in context.connector.operations
    )


def _other_visit(context: RunContext, operation: Operation) -> Probe:
    """Where a GET is another operation's, which is open: OPTIONS tells whether the path is."""
    request = replace(_as_api_client(door_request(context, operation)), method="OPTIONS")
    return _probe(operation, request, "plain", "options", client="api", by_path=True)


def _writes(context: RunContext, operation: Operation, *, asked: bool) -> Plan:
    """The operation's own method without a token, then with each trick, until one is let in."""
    known = example_values(context, operation)
    request = _as_api_client(harmless_request(context, operation, known))
    facts = {"client": "api", BASIS: "falsified"}
    if not asked:
        own = yield from _followed(context, [_probe(operation, request, "own", "own", **facts)])
        if not _all_refused(context, own):
            return
    if context.quick:
        return
    tricks = [
        replace(trick, name=f"{trick.name}-{operation.method.lower()}")
        for trick in tricks_for(context, operation, request)
    ]
    yield from _one_by_one(context, operation, tricks)


def _other_methods(context: RunContext, operation: Operation) -> Plan:
    """Methods that change state and that no operation of the path declares."""
    tricks = [
        trick
        for trick in writing_tricks(context, operation)
        if why_not(context, operation, "falsified", method=trick.request.method) is None
    ]
    yield from _one_by_one(context, operation, tricks)


def app_plan(context: RunContext) -> Plan:
    """Probes about the app as a whole: plain http, `/admin`, the SCM site, `/.auth/me`, CORS."""
    target = _some_target(context)
    probes = [
        _app_probe("admin-status", "GET", "/admin/host/status"),
        _app_probe("admin-functions", "GET", "/admin/functions"),
        _app_probe("admin-keys", "GET", "/admin/host/keys"),
        _app_probe("auth-me", "GET", auth_path(context, "me")),
        _app_probe("door", "GET", target),
        _app_probe("cors-preflight", "OPTIONS", target, headers=_PREFLIGHT),
        _app_probe("cors-request", "GET", target, headers=_PREFLIGHT[:1]),
    ]
    plain_http = _http_origin(context.origin)
    if plain_http:
        probes.append(_app_probe("http", "GET", target, origin=plain_http))
    scm = scm_origin(context.origin)
    if scm:
        probes.append(_app_probe("scm", "GET", "/", origin=scm))
        probes.append(_app_probe("scm-settings", "GET", "/api/settings", origin=scm))
    yield probes


def scm_origin(origin: str) -> str | None:
    """The deployment site beside an app: `app.scm.azurewebsites.net`, or None off App Service."""
    parts = split_url(origin)
    name, _, rest = (parts.hostname or "").partition(".")
    suffixes = ("azurewebsites.net", "azurewebsites.us", "chinacloudsites.cn")
    if not rest.endswith(suffixes) or rest.startswith("scm."):
        return None
    return f"https://{name}.scm.{rest}"


_PREFLIGHT = (
    ("Origin", "https://harness-probe.example"),
    ("Access-Control-Request-Method", "GET"),
    ("Access-Control-Request-Headers", "authorization"),
)


def _plain_probes(context: RunContext, operation: Operation) -> list[Probe]:
    request = door_request(context, operation)
    by_path = visits_only(context, operation)
    facts: dict[str, Any] = {"by_path": True} if by_path else {}
    api = _probe(operation, _as_api_client(request), "plain", "api", client="api", **facts)
    if operation.id in context.settings.anonymous.public:
        return [api]
    # Where the app checks tokens itself, a GET on a POST's path meets no check at all.
    if operation.method == "GET" or not app_decides(context, operation):
        visit = _browser_request(context, operation, request)
        return [api, _probe(operation, visit, "plain", "browser", client="browser", **facts)]
    return [api]


def _browser_request(context: RunContext, operation: Operation, plain: Request) -> Request:
    """What a private window sends: a GET on the operation's path, with the query if it reads.

    Headers that a policy or a constant of the definition gives go along: a gateway in front may
    ask for one of them.
    """
    target = plain.target
    if operation.method != "GET":
        known = like_known(context, operation)
        target = build_request(context, operation, known).target.partition("?")[0]
    own = ("user-agent", "accept", "content-type")
    kept = tuple(pair for pair in plain.headers if pair[0].lower() not in own)
    headers = (("User-Agent", BROWSER), ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"))
    return Request("GET", target, (*headers, *kept))


def _tricks(context: RunContext, operation: Operation, tricks: list[Trick], part: str) -> _Part:
    """Play tricks all at once; then what the front end says to the doubtful ones alone."""
    probes = [_trick_probe(operation, trick, trick.request, part) for trick in tricks]
    exchanges = yield from _followed(context, probes)
    doubtful = [trick for trick in tricks if _is_doubtful(context, trick, exchanges)]
    if doubtful:
        controls = [on_nonsense(context, operation, trick) for trick in doubtful]
        yield [
            _trick_probe(operation, trick, request, "nonsense")
            for trick, request in zip(doubtful, controls, strict=True)
        ]
    return exchanges


def _one_by_one(context: RunContext, operation: Operation, tricks: list[Trick]) -> Plan:
    """Play tricks that may change state one at a time, and none after one that is let in."""
    for trick in tricks:
        exchanges = yield from _tricks(context, operation, [trick], "trick")
        if not _all_refused(context, exchanges):
            return


def _is_doubtful(context: RunContext, trick: Trick, exchanges: Sequence[Exchange]) -> bool:
    """Whether a trick ended in an error that may be the app's, or the front end's own."""
    own = [e for e in exchanges if e.probe.meta.get("trick") == trick.name]
    return bool(own) and judge_exchange(context, own[-1]).outcome == "reached"


def _followed(context: RunContext, probes: list[Probe]) -> _Part:
    """Send probes, then whatever their redirects within the same host lead to."""
    done: list[Exchange] = []
    for _ in range(MOST_HOPS + 1):
        if not probes:
            break
        exchanges = yield probes
        done.extend(exchanges)
        found = (_next_hop(context, exchange) for exchange in exchanges)
        probes = [probe for probe in found if probe is not None]
    return done


def _next_hop(context: RunContext, exchange: Exchange) -> Probe | None:
    """The probe that follows a redirect to the same host; a GET, and never off the host."""
    verdict = judge_exchange(context, exchange)
    url = url_of(context, exchange.probe.request)
    hop = int(exchange.probe.meta.get("hop", 0)) + 1
    if verdict.outcome != "elsewhere" or not verdict.location or hop > MOST_HOPS:
        return None
    if not same_place(url, verdict.location) or verdict.location == url:
        return None
    parts = split_url(verdict.location)
    origin = f"{parts.scheme}://{parts.netloc}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    before = exchange.probe
    request = replace(before.request, method="GET", target=target, body=None, origin=origin)
    if origin.lower() == context.origin.lower():
        request = replace(request, origin=None)
    meta = {**before.meta, "hop": hop, "follows": before.key}
    return replace(before, key=f"{before.key}/hop-{hop}", request=request, meta=meta)


def _all_refused(context: RunContext, exchanges: Sequence[Exchange]) -> bool:
    return all(v.refused for v in _last_verdicts(context, exchanges))


def _reached(context: RunContext, exchanges: Sequence[Exchange]) -> bool:
    return any(v.outcome == "reached" for v in _last_verdicts(context, exchanges))


def _last_verdicts(context: RunContext, exchanges: Sequence[Exchange]) -> list[Verdict]:
    """The verdict at the end of each leg, after its redirects within the host."""
    last = {str(e.probe.meta.get("leg")): e for e in exchanges}
    return [judge_exchange(context, exchange) for exchange in last.values()]


def _probe(operation: Operation, request: Request, part: str, leg: str, **meta: Any) -> Probe:
    key = f"anonymous/{part}/{leg}"
    details = {"part": part, "leg": leg, **meta}
    repeatable = is_repeatable(operation, request)
    return Probe(key, operation.id, ANONYMOUS, request, f"anonymous/{part}", details, repeatable)


def _trick_probe(operation: Operation, trick: Trick, request: Request, part: str) -> Probe:
    facts: dict[str, Any] = {"client": "api", "trick": trick.name, "family": trick.family}
    if not is_quiet(request):
        facts[BASIS] = "falsified"
    probe = _probe(operation, request, part, trick.name, **facts)
    return replace(probe, purpose=f"anonymous/{part}-{trick.name}")


def _app_probe(
    check: str,
    method: str,
    target: str,
    *,
    headers: tuple[tuple[str, str], ...] = (),
    origin: str | None = None,
) -> Probe:
    request = Request(method, target, (("User-Agent", API_CLIENT), *headers), None, origin)
    meta = {"part": "app", "check": check}
    # A port or site that does not answer is as it should be: no waiting for it again and again.
    repeatable = origin is None
    return Probe(f"app/{check}", None, ANONYMOUS, request, f"anonymous/{check}", meta, repeatable)


def _as_api_client(request: Request) -> Request:
    """The request under a User-Agent that no server takes for a browser's."""
    headers = tuple(pair for pair in request.headers if pair[0].lower() != "user-agent")
    return replace(request, headers=(*headers, ("User-Agent", API_CLIENT)))


def _some_target(context: RunContext) -> str:
    """The path of an operation that must be refused; the root where there is none."""
    public = context.settings.anonymous.public
    operations = [o for o in context.connector.operations if o.id not in public]
    operations.sort(key=lambda operation: operation.method != "GET")
    if not operations:
        return "/"
    known = like_known(context, operations[0])
    return build_request(context, operations[0], known).target.partition("?")[0]


def _http_origin(origin: str) -> str | None:
    parts = split_url(origin)
    return f"http://{parts.netloc}" if parts.scheme == "https" else None
