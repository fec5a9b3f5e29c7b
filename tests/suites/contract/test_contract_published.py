"""Published connectors against a server that answers each operation from its own definition."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.connector.loading import load_connector
from harness.connector.model import Connector, Operation
from harness.errors import DefinitionError
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Probe, Response
from harness.inputs.values import sensible_value
from harness.settings.values import Settings, UserSettings
from harness.suites.contract.judgement import judge_contract
from harness.suites.contract.plan import contract_plan

# What a reader of the definition would agree with: an example of its own that breaks its schema.
AGREED = frozenset({("Celonis", "getRecordDataResult", "contract.body")})
MOST_OPERATIONS = 15


def answer(connector: Connector, operation: Operation, probe: Probe) -> Response:
    if probe.meta.get("mode") == "negative":
        return Response(400, (), b"", 0.01)
    (spec, *_) = operation.success_responses() or (None,)
    status = int(spec.status) if spec is not None and spec.status.isdigit() else 200
    headers = [(str(name), header_text(schema)) for name, schema in headers_of(spec)]
    schema = None if spec is None else connector.resolve(spec.schema)
    if not isinstance(schema, Mapping) or status == 204:
        return Response(status, tuple(headers), b"", 0.01)
    listed = [p.split(";")[0].strip() for p in operation.produces if "/" in p]
    media_type = "application/json" if not listed else listed[0]
    for candidate in listed:
        if candidate == "application/json":
            media_type = candidate
    value = sensible_value(connector, spec.schema if spec else {}, with_optional=True)
    if isinstance(value, bytes) or (isinstance(value, str) and "json" not in media_type):
        content = value if isinstance(value, bytes) else value.encode()
    else:
        content = json.dumps(value).encode()
    return Response(status, (("Content-Type", media_type), *headers), content, 0.01)


def headers_of(spec: Any) -> list[tuple[str, Any]]:
    return [] if spec is None else list(spec.headers.items())


def header_text(schema: Any) -> str:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    return {"integer": "1", "number": "1", "boolean": "true"}.get(str(kind), "text")


def exchanges_of(here: RunContext, operation: Operation) -> list[Exchange]:
    by_id = {o.id: o for o in here.connector.operations}
    found: list[Exchange] = []
    plan = contract_plan(here, operation)
    try:
        batch = next(plan)
        while True:
            answers = [
                Exchange(p, answer(here.connector, by_id[str(p.meta.get("of", p.operation))], p))
                for p in batch
            ]
            found += answers
            batch = plan.send(answers)
    except StopIteration:
        return found


def connectors(shared: Path) -> Iterator[Connector]:
    for folder in sorted((shared / "connectors").iterdir()):
        if "__" in folder.name:
            try:
                yield load_connector(folder)
            except DefinitionError:
                continue


def test_definitions_own_answers_raise_no_alarm(shared: Path) -> None:
    alarms = []
    for connector in connectors(shared):
        settings = Settings(
            root=Path.cwd(),
            target_name="a",
            target_url="https://a.invalid",
            writes="all",
            examples=0,
            users={"alice": UserSettings("alice")},
        )
        here = RunContext(connector, settings, quick=True)
        for operation in connector.operations[:MOST_OPERATIONS]:
            judgement = judge_contract(here, operation, exchanges_of(here, operation))
            for finding in judgement.findings:
                place = (connector.title, operation.id, finding.rule)
                # Every page is the same example here, so its link leads to itself.
                expected = place in AGREED or finding.rule == "contract.pages"
                if finding.severity != "note" and not expected:
                    alarms.append((*place, finding.message, finding.expected, finding.observed))
    assert alarms == []
