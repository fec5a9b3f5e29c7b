"""A connector and an app in memory, to perform plans of the delegated suite against."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext, perform
from harness.exchanges.model import Exchange, Probe, Request, Response
from harness.findings.model import Judgement
from harness.settings.values import DelegatedSettings, Settings, UserSettings
from harness.suites.delegated.judgement import judge_bleed, judge_identity, judge_separation
from harness.suites.delegated.plan import bleed_plan, identity_plan, separation_plan

CLAIMS: Mapping[str, Mapping[str, Any]] = {
    "alice": {"upn": "alice@example.com", "name": "Alice Example", "oid": "0a" * 16},
    "bob": {"upn": "bob@example.com", "name": "Bob Example", "oid": "0b" * 16},
}
Answer = tuple[int, Any]
App = Callable[[Request, str], Answer]


def operation(name: str, *parameters: Any, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "parameters": parameters, "responses": {"200": {}}, **more}


def context_of(
    folder: Path,
    paths: Mapping[str, Any],
    *,
    sees: Mapping[str, tuple[str, ...]] | None = None,
    delegated: DelegatedSettings | None = None,
    writes: Any = "all",
    **more: Any,
) -> RunContext:
    document = {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    path = folder / "apiDefinition.swagger.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    users = {
        name: UserSettings(name, claims["upn"], sees=(sees or {}).get(name, ()))
        for name, claims in CLAIMS.items()
    }
    settings = Settings(
        folder,
        "a",
        "https://a.invalid",
        writes=writes,
        users=users,
        delegated=delegated or DelegatedSettings(),
        **more,
    )
    return RunContext(load_connector(path), settings)


def sender(app: App) -> Callable[[list[Probe]], list[Exchange]]:
    """Ways to send probes to the app: JSON, or a text with its media type."""

    def answer(probe: Probe) -> Response:
        status, body = app(probe.request, probe.caller.name)
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
        if isinstance(body, tuple):
            media_type, text = body
            return Response(status, (("Content-Type", media_type),), text.encode(), 0.01)
        content = b"" if body is None else json.dumps(body).encode()
        return Response(status, headers, content, 0.01)

    return lambda probes: [Exchange(probe, answer(probe), id=probe.key) for probe in probes]


def separated(context: RunContext, app: App, name: str) -> Judgement:
    asked = context.connector.operation(name)
    exchanges = perform(separation_plan(context, asked), sender(app))
    return judge_separation(context, asked, exchanges, CLAIMS)[0]


def interleaved(context: RunContext, app: App, name: str) -> Judgement:
    asked = context.connector.operation(name)
    exchanges = perform(bleed_plan(context, asked), sender(app))
    return judge_bleed(context, asked, exchanges, CLAIMS)


def identified(context: RunContext, app: App) -> Judgement:
    exchanges = perform(identity_plan(context), sender(app))
    return judge_identity(context, exchanges, CLAIMS)[0]


def found(judgement: Judgement) -> list[tuple[str, str, str | None]]:
    return [(f.rule, f.severity, f.caller) for f in judgement.findings]
