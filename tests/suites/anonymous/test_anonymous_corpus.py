"""Every published connector can be asked at its door: plans never stumble over odd definitions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.connector.loading import load_connector
from harness.errors import HarnessError
from harness.exchanges.context import RunContext, perform
from harness.exchanges.model import Exchange, Probe, Response
from harness.settings.secret import Secret
from harness.settings.values import Settings
from harness.suites.anonymous.judgement import judge_anonymous
from harness.suites.anonymous.plan import anonymous_plan, app_plan
from harness.suites.tokens.judgement import judge_tokens
from harness.suites.tokens.plan import GenuineTokens, token_plan

SENDABLE = re.compile(r"^[\x21-\x7e]+$")
INGREDIENTS = GenuineTokens("alice", Secret(""), {}, {}, is_replay=True)


def fair(probes: list[Probe]) -> list[Exchange]:
    return [
        Exchange(p, Response(200 if p.meta.get("kind") == "good" else 401, (), b"", 0.0))
        for p in probes
    ]


def test_every_published_connector_can_be_asked(shared: Path, tmp_path: Path) -> None:
    asked = 0
    for folder in sorted((shared / "connectors").iterdir()):
        try:
            connector = load_connector(folder)
        except HarnessError:
            continue
        context = RunContext(connector, Settings(tmp_path, "a", "https://a.example", writes="all"))
        perform(app_plan(context), fair)
        for operation in connector.operations:
            anonymous = perform(anonymous_plan(context, operation), fair)
            tokens = perform(token_plan(context, operation, INGREDIENTS), fair)
            assert judge_anonymous(context, operation, anonymous).findings == ()
            assert judge_tokens(context, operation, tokens, {}).findings == ()
            asked_by_key = (e for e in (*anonymous, *tokens) if e.probe.purpose != "tokens/learn")
            keys = [e.probe.key for e in asked_by_key]
            assert len(set(keys)) == len(keys)
            targets = [e.probe.request.target for e in (*anonymous, *tokens)]
            assert [t for t in targets if not SENDABLE.match(t) or not t.startswith("/")] == []
            asked += 1
    if asked == 0:
        pytest.fail("no connector was asked")
