"""A read that a policy routes to a writing method counts as writing wherever it is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Caller, Probe, user
from harness.inputs.permission import refusal
from harness.settings.values import OperationSettings, Settings
from harness.suites.delegated.requests import request_of

PREFIX = "x-ms-apimTemplateParameter."


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    answers = {"responses": {"200": {"description": "ok"}}}
    definition = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "host": "app.example",
        "basePath": "/api",
        "paths": {
            "/search": {"get": {"operationId": "Search", **answers}},
            "/list": {"get": {"operationId": "List", **answers}},
        },
    }
    policy = {
        "templateId": "routerequesttoendpoint",
        "title": "search by post",
        "parameters": {
            f"{PREFIX}newPath": "/search/run",
            f"{PREFIX}httpMethod": "POST",
            "x-ms-apimTemplate-operationName": ["Search"],
        },
    }
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    properties = {"properties": {"policyTemplateInstances": [policy]}}
    (tmp_path / "apiProperties.json").write_text(json.dumps(properties), encoding="utf-8")
    return RunContext(load_connector(path), Settings(tmp_path, "app", "https://app.example"))


def refused(context: RunContext, operation: str, caller: Caller) -> str | None:
    request = request_of(context, context.connector.operation(operation))
    return refusal(context, Probe("k", operation, caller, request, "delegated/access"))


@pytest.mark.parametrize("caller", [ANONYMOUS, user("alice")], ids=["anonymous", "user"])
@pytest.mark.parametrize("writes", ["none", "examples", "all"])
def test_read_that_a_policy_makes_a_write_is_held_back(
    context: RunContext, writes: str, caller: Caller
) -> None:
    allowed = replace(context, settings=replace(context.settings, writes=writes))  # type: ignore[arg-type]

    assert "a policy makes POST of it" in str(refused(allowed, "Search", caller))
    assert refused(allowed, "List", caller) is None


def test_declared_safe_it_goes_out(context: RunContext) -> None:
    safe = {"Search": OperationSettings(safe=True)}
    freed = replace(context, settings=replace(context.settings, operations=safe))

    assert refused(freed, "Search", user("alice")) is None
