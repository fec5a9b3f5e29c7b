"""Single hand-made answers: what is a drift, and what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Caller, Exchange, Probe, Request, Response, user
from harness.findings.model import Judgement
from harness.settings.values import ContractSettings, Settings, UserSettings
from harness.suites.contract.judgement import judge_contract
from harness.suites.contract.strictness import strength

JSON = (("Content-Type", "application/json"),)
PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
}
OK: dict[str, Any] = {"200": {"description": "ok", "schema": PERSON}}
FINE = b'{"name": "Ann"}'
REFUSAL = {"description": "no", "schema": {"type": "object", "required": ["error"]}}


def context(folder: Path, operation: dict[str, Any], **contract: Any) -> RunContext:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "a.invalid",
        "produces": ["application/json"],
        "paths": {"/people": {"get": {"operationId": "People", **operation}}},
    }
    path = folder / "apiDefinition.swagger.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    settings = Settings(
        root=folder,
        target_name="a",
        target_url="https://a.invalid",
        users={"ann": UserSettings("ann")},
        contract=ContractSettings(**contract),
    )
    return RunContext(load_connector(path), settings)


def exchange(
    response: Response | None,
    *,
    kind: str = "example",
    caller: Caller | None = None,
    reason: str | None = None,
    **meta: Any,
) -> Exchange:
    facts = {"mode": "positive", "promise": True, "ids": "none", **meta}
    request = Request("GET", "/people")
    probe = Probe("p", "People", caller or user("ann"), request, f"contract/{kind}", facts)
    return Exchange(probe, response, reason)


def judged(folder: Path, operation: dict[str, Any], *answers: Exchange, **more: Any) -> Judgement:
    here = context(folder, operation, **more)
    return judge_contract(here, here.connector.operations[0], answers)


def named(judgement: Judgement) -> list[tuple[str, str]]:
    return [(f.rule, f.severity) for f in judgement.findings if f.severity != "note"]


def answer(status: int, body: bytes = FINE, headers: Any = JSON, seconds: float = 0.1) -> Response:
    return Response(status, headers, body, seconds)


def of_type(media_type: str) -> tuple[tuple[str, str], ...]:
    return (("content-type", media_type),)


@pytest.mark.parametrize(
    ("operation", "response"),
    [
        ({"responses": OK}, answer(200)),
        ({"responses": OK}, answer(200, headers=of_type("application/json; charset=UTF-8"))),
        ({"responses": OK}, answer(200, headers=of_type("text/json"))),
        ({"responses": {**OK, "default": {"description": "x"}}}, answer(202)),
        ({"responses": {"default": {"description": "x", "schema": PERSON}}}, answer(200)),
        ({"responses": {"204": {"description": "x", "schema": PERSON}}}, answer(204, b"", ())),
        ({"responses": {}}, answer(201)),
        ({"responses": {"200": {"description": "ok"}}}, answer(200, b"anything", JSON)),
        (
            {"responses": {"200": {"description": "ok", "schema": {"type": "file"}}}},
            answer(200, b"%PDF-1.7", of_type("application/pdf")),
        ),
        (
            {
                "produces": ["text/plain"],
                "responses": {"200": {"description": "ok", "schema": {"type": "string"}}},
            },
            answer(200, b"plain words", of_type("text/plain; charset=utf-8")),
        ),
        ({"produces": [], "responses": OK}, answer(200, headers=of_type("text/plain"))),
        ({"responses": OK}, answer(200, seconds=29)),
    ],
)
def test_correct_answer_is_silent(
    tmp_path: Path, operation: dict[str, Any], response: Response
) -> None:
    judgement = judged(tmp_path, operation, exchange(response))

    assert (named(judgement), judgement.unverified) == ([], None)


@pytest.mark.parametrize(
    ("operation", "response", "rule", "severity"),
    [
        ({"responses": OK}, answer(202), "status", "error"),
        ({"responses": OK}, answer(302, b"", (("Location", "/x"),)), "status", "error"),
        ({"responses": OK}, answer(500, b""), "server-error", "error"),
        ({"responses": {**OK, "500": {"description": "x"}}}, answer(500), "server-error", "error"),
        ({"responses": OK}, answer(200, headers=of_type("text/plain")), "content-type", "error"),
        ({"responses": OK}, answer(200, headers=()), "content-type", "error"),
        ({"responses": OK}, answer(200, b"{}"), "body", "error"),
        ({"responses": OK}, answer(200, b""), "body", "error"),
        ({"responses": OK}, answer(200, b"not json"), "body", "error"),
        ({"responses": OK}, answer(200, b'{"name": null}'), "null", "error"),
        ({"responses": OK}, answer(200, b'{"name": "a", "age": "7"}'), "body", "error"),
        ({"responses": OK}, answer(400, b"no"), "valid-refused", "error"),
        ({"responses": OK}, answer(200, seconds=31), "slow", "warning"),
        ({"responses": OK}, answer(200, seconds=121), "slow", "error"),
        ({"responses": {**OK, "404": REFUSAL}}, answer(409, b"{}"), "status", "warning"),
    ],
)
def test_drift_is_named(
    tmp_path: Path, operation: dict[str, Any], response: Response, rule: str, severity: str
) -> None:
    judgement = judged(tmp_path, operation, exchange(response), exchange(answer(200)))

    assert named(judgement) == [(f"contract.{rule}", severity)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429])
def test_undocumented_refusal_is_none_where_no_error_is_documented(
    tmp_path: Path, status: int
) -> None:
    refused = exchange(answer(status, b"no", ()), kind="negative", mode="negative")

    assert named(judged(tmp_path, {"responses": OK}, exchange(answer(200)), refused)) == []


def test_refusal_that_breaks_its_own_schema_is_a_warning(tmp_path: Path) -> None:
    refused = exchange(answer(400, b"{}"), kind="negative", mode="negative")
    operation = {"responses": {**OK, "400": REFUSAL}}

    judgement = judged(tmp_path, operation, exchange(answer(200)), refused)

    assert named(judgement) == [("contract.body", "warning")]


def test_strict_responses_demand_what_is_declared_and_no_more(tmp_path: Path) -> None:
    response = answer(200, b'{"name": "a", "more": 1}')

    judgement = judged(tmp_path, {"responses": OK}, exchange(response), strict_responses=True)

    kinds = [(f.data["kind"], f.data["pointer"]) for f in judgement.findings if f.is_error]
    assert kinds == [("required", "/age"), ("extra", "/more")]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([exchange(answer(503, b""))], "front end answered 503"),
        ([exchange(answer(401, b""))], "token was refused"),
        ([exchange(answer(401, b""), caller=ANONYMOUS)], "nobody is signed in"),
        ([exchange(None, reason="connection refused")], "connection refused"),
        (
            [exchange(answer(302, b"", (("Location", "https://login.windows.net/x"),)))],
            "token was refused",
        ),
        ([], "nothing was sent"),
    ],
    ids=["503", "401", "nobody", "no connection", "sign-in page", "nothing"],
)
def test_missing_success_is_unverified_with_its_reason(
    tmp_path: Path, answers: list[Exchange], words: str
) -> None:
    judgement = judged(tmp_path, {"responses": OK}, *answers)

    assert named(judgement) == []
    assert words in (judgement.unverified or "")


def test_time_limit_is_a_slow_answer(tmp_path: Path) -> None:
    late = exchange(None, reason="no answer within the time limit")

    assert named(judged(tmp_path, {"responses": OK}, late)) == [("contract.slow", "error")]


@pytest.mark.parametrize(
    ("responses", "level", "weak"),
    [
        ({"200": {"description": "x"}}, "none", True),
        ({"200": {"description": "x", "schema": {}}}, "empty", True),
        ({"200": {"description": "x", "schema": {"type": "object"}}}, "empty", True),
        (
            {"200": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}},
            "types",
            True,
        ),
        ({"200": {"schema": {"type": "array", "items": PERSON}}}, "required", False),
        ({"200": {"schema": PERSON}}, "required", False),
        ({"200": {"schema": {**PERSON, "additionalProperties": False}}}, "closed", False),
        ({"200": {"schema": {"type": "file"}}}, "file", False),
        ({"200": {"schema": {"x-ms-dynamic-schema": {}}}}, "dynamic", False),
        ({"204": {"description": "x"}}, "no-content", False),
    ],
)
def test_strength_says_what_is_constrained(
    tmp_path: Path, responses: dict[str, Any], level: str, weak: bool
) -> None:
    here = context(tmp_path, {"responses": responses})

    measured = strength(here.connector, here.connector.operations[0])

    assert (measured.level, measured.is_weak) == (level, weak)


def test_weak_contract_is_a_note(tmp_path: Path) -> None:
    responses = {"200": {"description": "x", "schema": {"type": "object"}}}

    judgement = judged(tmp_path, {"responses": responses}, exchange(answer(200, b"{}")))

    assert [(f.rule, f.severity) for f in judgement.findings] == [("contract.strength", "note")]


PROPERTIES = {
    "properties": {
        "connectionParameters": {},
        "policyTemplateInstances": [
            {
                "templateId": "setproperty",
                "title": "Reshape",
                "parameters": {"x-ms-apimTemplate-policySection": "Response"},
            }
        ],
    }
}


def test_policy_that_reshapes_the_answer_is_named_and_its_body_not_judged(tmp_path: Path) -> None:
    (tmp_path / "apiProperties.json").write_text(json.dumps(PROPERTIES), encoding="utf-8")

    judgement = judged(tmp_path, {"responses": OK}, exchange(answer(200, b"{}")))

    assert [f.rule for f in judgement.findings] == ["contract.policy"]
    assert judgement.unverified is None


@pytest.mark.parametrize(
    "response",
    [
        answer(200, b"[" * 5000 + b"]" * 5000),
        answer(200, b'"\\ud800"'),
        answer(200, b'{"name": NaN, "age": 1e999}'),
        answer(200, b"\xff\xfe\x00", of_type("application/json; charset=bogus")),
        answer(302, b"", (("Location", "//[bad"),)),
        answer(99, b"", ()),
        answer(599, b"x", of_type("text/html;;;")),
        Response(200, JSON, b'{"name": "a', 0.1, truncated=True),
    ],
    ids=["deep", "surrogate", "nan", "charset", "location", "99", "599", "cut"],
)
def test_hostile_answer_is_judged_and_does_not_raise(tmp_path: Path, response: Response) -> None:
    judgement = judged(tmp_path, {"responses": OK}, exchange(response))

    json.dumps([finding.to_plain() for finding in judgement.findings])
    assert judgement.findings or judgement.unverified
