"""What the policies of published connectors make of a call, worked out by hand from their files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.connector.policies.applying import FlowCall, apply_to_answer, apply_to_call
from harness.connector.policies.expressions import CannotEvaluate
from harness.connector.policies.model import policies_for

JSON_TYPE = ("Content-Type", "application/json")


@dataclass(frozen=True)
class Row:
    """An operation of a published connector, what a flow gives, and the request that leaves."""

    connector: str
    operation: str
    expected: dict[str, Any]
    connection: dict[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[str, ...] = ()
    body: Any = None


ROWS = [
    Row("COSMO_Bot", "*", {"base_path": "/api/v1"}, {"botInstanceUrl": "https://b.example"}),
    Row("COSMO_Bot", "*", {"base_path": "/x/api/v1"}, {"botInstanceUrl": "b.example/x"}),
    Row("Celonis", "*", {"base_path": "/intelligence"}, {"team": "t", "cluster": "eu-1"}),
    Row(
        "CognitiveServicesQuestionAnswering",
        "GenerateAnswer",
        {"base_path": "", "headers": {"Ocp-Apim-Subscription-Key": "k"}},
        {"apiKey": "k"},
    ),
    Row(
        "CognitiveServicesQuestionAnswering",
        "GetProjectDetails",
        {"base_path": "/q", "headers": {"Ocp-Apim-Subscription-Key": ""}},
        {"siteUrl": "https://own.example/q"},
    ),
    Row(
        "DeskDirector_Tech",
        "*",
        {"base_path": "", "headers": {"Authorization": "Basic abc"}},
        {"siteHost": "desk.example", "api_key": "abc"},
        headers=(("Authorization", "other"),),
    ),
    Row("Jupyrest", "*", {"base_path": "/api"}, {"jupyrestinstance": "https://j.example"}),
    Row("MicrosoftGraphSecurity", "OnAllNewAlerts", {"base_path": None}),
    Row("App_Power_Forms", "TriggerGetCardResponse", {"base_path": None}),
    Row(
        "Planner",
        "ListGroups",
        {
            "method": "GET",
            "path": "/v1.0/me/memberOf/$/microsoft.graph.group",
            "query": (
                "$filter=groupTypes%2Fany%28c%3Ac%20eq%20%27Unified%27%29",
                "$select=id%2CdisplayName",
            ),
        },
    ),
    Row("Planner", "ListMyTasks_V2", {"method": "GET", "path": "/v1.0/me/planner/tasks"}),
    Row("Planner", "ListTasks_V3", {"path": "/v1.0/planner/plans/{id}/tasks"}),
    Row("Planner", "ListBuckets_V3", {"path": "/v1.0/planner/plans/{id}/buckets"}),
    Row("Planner", "CreateBucket_V2", {"method": "POST", "path": "/v1.0/planner/buckets"}),
    Row("Planner", "GetTask_V2", {"method": "GET", "path": "/v1.0/planner/tasks/{id}"}),
    Row(
        "Planner",
        "CreateTask_V4",
        {
            "path": "/beta/planner/tasks",
            "body": {
                "title": "t",
                "assignments": {
                    "a%2Eb": {
                        "orderHint": " !",
                        "@odata.type": "microsoft.graph.plannerAssignment",
                    }
                },
            },
        },
        headers=(JSON_TYPE,),
        body={"title": "t", "assignments": "a.b"},
    ),
    Row(
        "Rainbird",
        "Start",
        {"base_path": ""},
        query=("environment=api.rainbird.example",),
    ),
    Row(
        "RescoCloud",
        "Schema-Questionnaire",
        {"base_path": "/odata/questionnaires/v4/org", "path": "/$schema/{questionnaire}"},
        {"server": "https://r.example", "organization": "org"},
    ),
    Row(
        "RescoCloud",
        "Record-Get-Questionnaire",
        {"base_path": "/odata/questionnaires/v4/org", "path": "/{questionnaire}({id})"},
        {"server": "https://r.example", "organization": "org"},
    ),
    Row(
        "RescoCloud",
        "Record-Get",
        {"base_path": "/odata/v4/org"},
        {"server": "https://r.example", "organization": "org"},
    ),
    Row("ReversingLabs_A1000", "*", {"base_path": ""}),
    Row("ReversingLabs_A1000", "*", {"base_path": "/lab"}, {"siteUrl": "https://own.example/lab/"}),
    Row("SoloSign", "*", {"query": ("queryParameterName=queryParameterValue",)}),
    Row("Varuna", "*", {"headers": {"tenant_id": "t"}}, {"tenantId": "t"}),
    Row(
        "Varuna",
        "*",
        {"headers": {"tenant_id": "own,t"}},
        {"tenantId": "t"},
        headers=(("tenant_id", "own"),),
    ),
    Row(
        "inQuba_Journey",
        "AcquireAccessToken",
        {"base_path": ""},
        headers=(("HostURL", "h.example"),),
    ),
    Row(
        "inQuba_Journey",
        "PublishEvent",
        {"base_path": "", "headers": {"Authorization": "Bearer x"}},
        headers=(("TenantName", "t"), ("AuthorizationToken", "Bearer x")),
    ),
    Row("Instagram_Professional", "*", {"headers": {"Accept": "application/json"}}),
    Row(
        "Open_Data_Network",
        "CountByDomain",
        {"base_path": "/api", "headers": {"$$version": "2.1"}},
        {"environment": "odn.example"},
    ),
    Row("Open_Data_Network", "GetSearchData", {"base_path": None, "headers": {"$$version": "2.1"}}),
]


def name_of(row: Row) -> str:
    return f"{row.connector}-{row.operation}-{ROWS.index(row)}"


def loaded(shared: Path, name: str) -> Connector:
    [folder] = (shared / "connectors").glob(f"*__{name}")
    return load_connector(folder)


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_request_leaves_as_the_platform_sends_it(shared: Path, row: Row) -> None:
    connector = loaded(shared, row.connector)
    chosen = connector.operations[0] if row.operation == "*" else connector.operation(row.operation)
    content = None if row.body is None else json.dumps(row.body).encode("utf-8")
    call = FlowCall(chosen.method, chosen.path, query=row.query, headers=row.headers, body=content)

    sent = apply_to_call(policies_for(connector, chosen), call, row.connection)

    seen = {
        "method": sent.method,
        "path": sent.path,
        "base_path": sent.base_path,
        "query": sent.query,
        "headers": {name: dict(sent.headers).get(name) for name in row.expected.get("headers", {})},
        "body": None if sent.body is None else json.loads(sent.body),
    }
    assert {name: seen[name] for name in row.expected} == row.expected


@pytest.mark.parametrize(
    ("name", "operation", "quoted"),
    [
        ("Celonis", "*", "@connectionParameters('team')"),
        ("Rainbird", "Start", "@queryParameters('environment')"),
        ("inQuba_Journey", "PublishEvent", "@headers('TenantName')"),
        ("Planner", "DeleteTask", "setvaluefromurl"),
    ],
)
def test_policy_without_a_value_is_quoted(
    shared: Path, name: str, operation: str, quoted: str
) -> None:
    connector = loaded(shared, name)
    chosen = connector.operations[0] if operation == "*" else connector.operation(operation)

    with pytest.raises(CannotEvaluate) as caught:
        apply_to_call(policies_for(connector, chosen), FlowCall(chosen.method, chosen.path), {})

    assert quoted in caught.value.expression


def test_answer_reaches_the_flow_as_the_platform_reshapes_it(shared: Path) -> None:
    connector = loaded(shared, "Planner")
    answer = {"id": "1", "assignments": {"u1": {"orderHint": "!"}}}

    _, body = apply_to_answer(
        policies_for(connector, connector.operation("GetTask_V2")), 200, (), answer, {}
    )

    assert body["_assignments"] == [{"userId": "u1", "value": {"orderHint": "!"}}]
