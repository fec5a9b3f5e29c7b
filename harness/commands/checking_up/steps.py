"""The steps of `doctor`, each a line: ok, wrong, or could not look.

The judgements are those of the suites; nothing is changed, and nobody is asked for anything unless
a way to sign in is named.
"""

from __future__ import annotations

import platform
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness import __version__
from harness.bounds.parsing import parse_json
from harness.bounds.typed import as_typed
from harness.bounds.urls import is_unique_host_of, split_url
from harness.callers.http import AuthorityError
from harness.connector.model import Operation
from harness.errors import HarnessError, SignInError
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, API_CLIENT, Exchange, Probe, Request, user
from harness.exchanges.refusal import judge_exchange
from harness.inputs.connection import missing_connection, signs_in_by_entra
from harness.inputs.permission import is_quiet
from harness.inputs.requests import example_request
from harness.session.coordinator import Coordinator, trust, with_address
from harness.session.inputs import Loaded
from harness.suites.anonymous.sign_in_redirect import faults_of_refusal, signposts_of
from harness.suites.definition.judgement import DefinitionFacts, check_definition
from harness.suites.tokens.refused import reasons_for_refusal
from harness.suites.tokens.sign_in import judge_user_tokens
from harness.traffic.live import LiveSender
from harness.traffic.tls import fetch_tls_facts

__all__ = ["Step", "steps_of"]

State = Literal["ok", "wrong", "could not look"]
OLD_DAYS = 30
_SECONDS_A_DAY = 86400


@dataclass(frozen=True, slots=True)
class Step:
    """What one step found; `remedy` is something to type or to click."""

    name: str
    state: State
    says: str
    remedy: str = ""


@dataclass(slots=True)
class _Visit:
    """What the steps of one visit share."""

    loaded: Loaded
    coordinator: Coordinator
    sender: LiveSender | None = None
    reached: bool = False
    claims: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def context(self) -> RunContext:
        settings = with_address(self.loaded.settings, self.coordinator.address())
        return RunContext(self.loaded.connector, settings)


def steps_of(loaded: Loaded, coordinator: Coordinator) -> Iterator[Step]:
    """Every step, one after the other; a step that breaks stops none of the others."""
    visit = _Visit(loaded, coordinator)
    every: tuple[Callable[[_Visit], Iterator[Step]], ...] = (
        _program,
        _files,
        _host,
        _app,
        _door,
        _tenant,
        _client,
        _users,
        _calls,
        _recordings,
        _keyring,
    )
    try:
        for step in every:
            try:
                yield from step(visit)
            except (HarnessError, OSError) as error:
                first, _, rest = str(error).partition("\n")
                yield Step(step.__name__.strip("_"), "could not look", first, rest)
    finally:
        if visit.sender is not None:
            visit.sender.close()


def _program(_visit: _Visit) -> Iterator[Step]:
    yield Step(
        "program", "ok", f"connector-harness {__version__}, Python {platform.python_version()}"
    )


def _files(visit: _Visit) -> Iterator[Step]:
    loaded = visit.loaded
    file = loaded.settings.config_file
    named = file.name if file is not None else "none: defaults and environment only"
    yield Step("settings", "ok", named, "" if file else "connector-harness init writes them")
    facts = DefinitionFacts(target_url=loaded.settings.target_url)
    errors = [f for f in check_definition(loaded.connector, facts) if f.severity == "error"]
    told = f"{loaded.connector.title}: {len(loaded.connector.operations)} operations"
    if errors:
        first = errors[0]
        lint = as_typed(["connector-harness", "lint", loaded.connector.definition_path.name])
        yield Step("connector", "wrong", f"{told}; {first.rule}: {first.message}", lint)
    else:
        yield Step("connector", "ok", told)


def _host(visit: _Visit) -> Iterator[Step]:
    url = visit.context.settings.target_url
    host = split_url(url).hostname or ""
    try:
        socket.getaddrinfo(host, split_url(url).port or 443)
    except OSError:
        yield Step(
            "host name",
            "wrong",
            f"{host} does not resolve",
            _right_host(visit.context.connector.host, host),
        )
        return
    visit.reached = True
    yield Step("host name", "ok", host)
    tls = fetch_tls_facts(url, ca_bundle=visit.context.settings.entra.ca_bundle)
    if tls is None:
        yield Step("TLS", "ok", "plain http, on this computer")
    elif tls.reason is not None:
        remedy = "behind a company's proxy: set [entra] ca-bundle to its certificate (PEM)"
        yield Step("TLS", "wrong", tls.reason, remedy)
    else:
        yield Step("TLS", "ok", f"{tls.version}, certificate of {tls.issuer}")


def _right_host(defined: str, host: str) -> str:
    """What to test instead of a host name that does not resolve."""
    if is_unique_host_of(defined, host):
        return (
            f"the definition names {defined}, the app's unique default host name: test "
            f"https://{defined}, and leave the definition as it is"
        )
    return (
        "check the app's name and region in the portal (Overview, Default domain): newer apps "
        "are called name-hash.region-01.azurewebsites.net"
    )


def _send(visit: _Visit, probe: Probe) -> Exchange:
    if visit.sender is None:
        context = visit.context
        bundle = context.settings.entra.ca_bundle
        always = context.settings.gateway.headers.items()
        visit.sender = LiveSender(
            context.origin,
            visit.coordinator,
            tls=trust(None if bundle is None else str(bundle)),
            always=tuple((name, value.resolve()) for name, value in always),
        )
    return visit.sender.send([probe])[0]


def _app(visit: _Visit) -> Iterator[Step]:
    if not visit.reached:
        yield Step("app", "could not look", "the host name does not resolve")
        return
    started = time.monotonic()
    root = Request("GET", "/", (("User-Agent", API_CLIENT),))
    exchange = _send(visit, Probe("doctor/app", None, ANONYMOUS, root, "doctor/app"))
    if exchange.response is None:
        visit.reached = False
        yield Step("app", "wrong", str(exchange.reason), "start the app, or check its address")
        return
    waited = time.monotonic() - started
    yield Step("app", "ok", f"answers with {exchange.status} after {waited:.1f} s")


def _reading(context: RunContext) -> Operation | None:
    public = context.settings.anonymous.public
    rows = [o for o in context.connector.operations if not o.changes_state and o.id not in public]
    rows.sort(key=lambda operation: len(operation.parameters_in("path")))
    return rows[0] if rows else None


def _door(visit: _Visit) -> Iterator[Step]:
    context = visit.context
    operation = _reading(context)
    if not visit.reached or operation is None:
        reason = "the app does not answer" if operation else "no operation only reads"
        yield Step("door", "could not look", reason)
        return
    request = example_request(context, operation)
    exchange = _send(visit, Probe("doctor/door", operation.id, ANONYMOUS, request, "doctor/door"))
    verdict = judge_exchange(context, exchange)
    told = f"{operation.id} without sign-in: {verdict.observed}"
    if verdict.outcome == "open":
        remedy = "portal: Authentication, Edit, Require authentication, HTTP 401"
        yield Step("door", "wrong", f"{told}: anybody is let in", remedy)
    elif verdict.outcome != "refused":
        yield Step("door", "could not look", told)
    else:
        faults = []
        if exchange.response is not None and signs_in_by_entra(context):
            faults = [*faults_of_refusal(verdict, exchange.response, signposts_of(context))]
        if faults:
            compared = f"expected {faults[0].expected}, the app says {faults[0].observed}"
            remedy = "the settings and the app disagree: correct [entra], or the app's provider"
            yield Step("door", "wrong", f"{told}; {faults[0].message} ({compared})", remedy)
        else:
            yield Step("door", "ok", told)


def _tenant(visit: _Visit) -> Iterator[Step]:
    context = visit.context
    if not signs_in_by_entra(context):
        return
    entra = context.settings.entra
    tenant = entra.tenant_id or "common"
    url = f"{entra.authority}/{tenant}/v2.0/.well-known/openid-configuration"
    try:
        answer = visit.coordinator.sign_ins.connections.http.get(url)
        document = parse_json(answer.text)
    except (AuthorityError, ValueError) as error:
        remedy = "check [entra] authority, the network and the company's proxy"
        yield Step("tenant", "could not look", str(error), remedy)
        return
    if not isinstance(document, dict) or "token_endpoint" not in document:
        remedy = "check [entra] tenant-id: portal, Microsoft Entra ID, Overview"
        yield Step("tenant", "wrong", f"the authority knows no tenant {tenant}", remedy)
        return
    yield Step("tenant", "ok", str(document.get("issuer", tenant)))


def _client(visit: _Visit) -> Iterator[Step]:
    context = visit.context
    if not signs_in_by_entra(context):
        return
    checked = visit.coordinator.registration()
    for part in checked["parts"]:
        state: State = {"ok": "ok", "wrong": "wrong"}.get(part["state"], "could not look")  # type: ignore[assignment]
        yield Step(f"client: {part['name']}", state, part["says"], part.get("remedy") or "")


def _users(visit: _Visit) -> Iterator[Step]:
    context = visit.context
    if not context.settings.users:
        yield Step("users", "wrong", "no user is configured", "add [users.alice] to the settings")
        return
    for name in context.settings.users:
        if not signs_in_by_entra(context):
            yield _connection(visit, name)
            continue
        try:
            visit.claims[name] = dict(visit.coordinator.token(name)["claims"])
        except SignInError as error:
            first, _, rest = str(error).partition("\n")
            yield Step(
                f"user {name}",
                "could not look",
                first,
                rest or as_typed(["connector-harness", "login", name]),
            )
            continue
        misfits = judge_user_tokens(context, {name: visit.claims[name]}).findings
        unfit = [f for f in misfits if f.severity == "error"]
        if unfit:
            yield Step(f"user {name}", "wrong", unfit[0].message, unfit[0].remedy)
        else:
            yield Step(f"user {name}", "ok", "signed in; the token fits")


def _connection(visit: _Visit, name: str) -> Step:
    context = visit.context
    for operation in context.connector.operations:
        lacking = missing_connection(context, operation)
        if lacking is not None:
            return Step(f"user {name}", "wrong", "the connection lacks a value", f"add {lacking}")
    visit.coordinator.connection(name)
    visit.claims[name] = {}
    return Step(f"user {name}", "ok", "the connection has what the connector needs")


def _calls(visit: _Visit) -> Iterator[Step]:
    context = visit.context
    operation = _reading(context)
    if operation is None:
        yield Step("calls", "could not look", "no operation only reads")
        return
    request = example_request(context, operation)
    if not is_quiet(request):
        yield Step("calls", "could not look", f"{operation.id} may change state")
        return
    for name in context.settings.users:
        if name not in visit.claims or not visit.reached:
            yield Step(f"call as {name}", "could not look", "not signed in, or the app is silent")
            continue
        claims = visit.claims[name]
        meta = {"audience": claims.get("aud"), "issuer": claims.get("iss")}
        probe = Probe(f"doctor/{name}", operation.id, user(name), request, "doctor/call", meta)
        exchange = _send(visit, probe)
        if exchange.status is None:
            yield Step(f"call as {name}", "could not look", str(exchange.reason))
        elif exchange.status in (401, 403):
            reason = reasons_for_refusal(context, exchange)[0]
            told = f"{operation.id}: {exchange.status}; {reason.says}"
            yield Step(f"call as {name}", "wrong", told, reason.remedy)
        else:
            yield Step(f"call as {name}", "ok", f"{operation.id}: {exchange.status}")


def _recordings(visit: _Visit) -> Iterator[Step]:
    settings = visit.loaded.settings
    folder = settings.cassette_dir / settings.recorded_as
    ages = [path.stat().st_mtime for path in _recorded(folder)]
    if not ages:
        yield Step("recordings", "ok", "none (record them with --cassettes record)")
        return
    days = (time.time() - min(ages)) / _SECONDS_A_DAY
    limit = settings.cassettes.max_age_days
    words = ["connector-harness", "verify", settings.target_name, "--cassettes", "record"]
    command = as_typed(words)
    state: State = "wrong" if days > limit else "ok"
    yield Step("recordings", state, f"{len(ages)}, the oldest {days:.0f} days old", command)


def _recorded(folder: Path) -> list[Path]:
    return [*folder.rglob("*.yaml"), *folder.rglob("*.json")] if folder.is_dir() else []


def _keyring(visit: _Visit) -> Iterator[Step]:
    if not signs_in_by_entra(visit.context) or visit.loaded.settings.is_demo:
        return
    notes = visit.coordinator.sign_ins.connections.cache.notes
    yield Step(
        "keyring", "ok" if not notes else "could not look", "; ".join(notes) or "sign-ins are kept"
    )
