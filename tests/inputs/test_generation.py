"""Generation repeats itself, listens to nobody else, and survives every published definition."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.errors import DefinitionError
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Probe, Response
from harness.inputs.generation import Generated, generate
from harness.inputs.generation_cache import cases_of
from harness.inputs.generation_document import generation_document
from harness.inputs.library_versions import library_versions
from harness.settings.values import Deferred, Settings, UserSettings
from harness.suites.contract.plan import contract_exclusions, contract_plan, planned_writes

REPOSITORY = Path(__file__).parents[2]
OPERATION = {
    "operationId": "Search",
    "x-ms-safe-operation": True,
    "parameters": [
        {"name": "top", "in": "query", "type": "integer", "minimum": 1, "required": True},
        {"name": "$filter", "in": "query", "type": "string", "minLength": 3},
        {
            "name": "api-version",
            "in": "query",
            "type": "string",
            "default": "1",
            "x-ms-visibility": "internal",
            "required": True,
        },
        {"name": "Content-Type", "in": "header", "type": "string", "required": True},
        {"name": "code", "in": "query", "type": "string", "required": True},
        {
            "name": "body",
            "in": "body",
            "required": True,
            "schema": {
                "type": "object",
                "required": ["name", "mode"],
                "properties": {
                    "name": {"type": "string", "maxLength": 20},
                    "id": {"type": "string", "readOnly": True},
                    "mode": {"type": "string", "default": "fast", "x-ms-visibility": "internal"},
                },
            },
        },
    ],
    "responses": {"200": {"description": "found"}},
}


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    return connector_of(tmp_path, {"/search": {"post": OPERATION}})


def connector_of(folder: Path, paths: dict[str, Any]) -> Connector:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "a.invalid",
        "securityDefinitions": {"key": {"type": "apiKey", "in": "query", "name": "code"}},
        "paths": paths,
    }
    path = folder / "apiDefinition.swagger.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return load_connector(path)


def context(connector: Connector, **settings: Any) -> RunContext:
    known = {
        "root": Path.cwd(),
        "target_name": "a",
        "target_url": "https://a.invalid",
        "writes": "all",
        "users": {"alice": UserSettings("alice", connection={"key": Deferred("k")})},
    }
    return RunContext(connector, Settings(**{**known, **settings}))


def generated(connector: Connector, seed: int = 0, count: int = 10) -> Generated:
    source = generation_document(connector, connector.operations[0])
    return generate(source, seed=seed, count=count)


def sent(here: RunContext, answer: Response, cache_dir: Path | None = None) -> list[Probe]:
    probes: list[Probe] = []
    for operation in here.connector.operations:
        plan = contract_plan(here, operation, cache_dir=cache_dir)
        try:
            batch = next(plan)
            while True:
                probes += batch
                batch = plan.send([Exchange(probe, answer) for probe in batch])
        except StopIteration:
            continue
    return probes


def without_key(target: str) -> str:
    return target.removesuffix("code={connection:key}").rstrip("?&")


FINE = Response(200, (("Content-Type", "application/json"),), b'[{"id": "7"}]', 0.01)


def test_upgrade_has_not_moved_what_is_used() -> None:
    from hypothesis import configuration
    from hypothesis.internal.conjecture import providers

    assert callable(providers._get_local_constants)
    assert hasattr(providers, "CONSTANTS_CACHE")
    assert "__hypothesis_home_directory" in vars(configuration)
    assert library_versions().startswith("schemathesis 4.32.")


def test_both_modes_and_both_origins_are_generated(connector: Connector) -> None:
    found = generated(connector)

    assert found.failures == ()
    assert {(case.mode, case.origin) for case in found.cases} == {
        ("positive", "coverage"),
        ("negative", "coverage"),
        ("positive", "generated"),
        ("negative", "generated"),
    }


def test_same_seed_gives_the_same_cases(connector: Connector) -> None:
    assert generated(connector, seed=3) == generated(connector, seed=3)


def test_another_seed_gives_other_cases(connector: Connector) -> None:
    assert generated(connector, seed=3) != generated(connector, seed=4)


SECRET = "hunter2"


@pytest.fixture
def mined_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis, as it is when it has found one literal in the modules of the project."""
    from hypothesis.internal.cache import LRUCache
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    mined = Constants(strings={SECRET})
    monkeypatch.setattr(providers, "_get_local_constants", lambda: mined)
    monkeypatch.setattr(providers, "CONSTANTS_CACHE", LRUCache(1024))


@pytest.mark.usefixtures("mined_secret")
def test_local_files_do_not_feed_generation(tmp_path: Path) -> None:
    text = {"name": "text", "in": "query", "type": "string", "required": True, "minLength": 1}
    search = {"operationId": "Search", "parameters": [text], "responses": {}}
    connector = connector_of(tmp_path, {"/search": {"get": search}})
    drawn: list[str] = []

    @hypothesis.seed(0)
    @hypothesis.settings(max_examples=60, database=None)
    @hypothesis.given(hypothesis.strategies.text(min_size=1))
    def collect(text: str) -> None:
        drawn.append(text)

    ours = generated(connector, count=400)
    collect()

    assert SECRET in drawn  # the trap is there: Hypothesis by itself falls into it
    assert SECRET not in repr(ours)


def test_hypothesis_is_left_as_it_was(connector: Connector) -> None:
    from hypothesis import configuration
    from hypothesis.internal.conjecture import providers

    before = (
        providers._get_local_constants,
        providers.CONSTANTS_CACHE,
        configuration.storage_directory().path,
    )
    generated(connector)

    assert before == (
        providers._get_local_constants,
        providers.CONSTANTS_CACHE,
        configuration.storage_directory().path,
    )


def test_hash_seed_of_python_changes_nothing(connector: Connector, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from harness.connector.loading import load_connector;"
        "from harness.inputs.generation import generate;"
        "from harness.inputs.generation_document import generation_document as document;"
        "c = load_connector(Path(sys.argv[1]));"
        "print(ascii(generate(document(c, c.operations[0]), seed=0, count=20)))"
    )

    def output(hash_seed: str) -> str:
        command = [sys.executable, "-c", script, str(connector.definition_path)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert output("1") == output("2")


def test_nothing_is_written_to_the_working_directory(
    connector: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "working"
    folder.mkdir()
    monkeypatch.chdir(folder)

    generated(connector)

    assert list(folder.iterdir()) == []


def test_cache_serves_the_same_cases(connector: Connector, tmp_path: Path) -> None:
    operation, cache = connector.operations[0], tmp_path / "cache"

    def cases(cache_dir: Path | None) -> Generated:
        return cases_of(
            connector, operation, pinned=frozenset(), seed=1, count=10, cache_dir=cache_dir
        )

    fresh, first, again = cases(None), cases(cache), cases(cache)

    assert fresh == first == again
    assert len(list((cache / "generation").glob("*.json"))) == 1


def test_broken_cache_file_is_made_again(connector: Connector, tmp_path: Path) -> None:
    here = context(connector)
    first = sent(here, FINE, tmp_path)
    for file in (tmp_path / "generation").glob("*.json"):
        file.write_text('{"cases": [', encoding="utf-8")

    assert sent(here, FINE, tmp_path) == first


def test_constants_security_and_content_type_stay_as_they_are(connector: Connector) -> None:
    probes = sent(context(connector), FINE)

    assert len(probes) > 15
    for probe in probes:
        assert "api-version=1" in probe.request.target
        assert probe.request.target.endswith("code={connection:key}")
        assert probe.request.target.count("code=") == 1
        assert probe.request.header("content-type") in ("application/json", None)
    bodies = [json.loads(p.request.body or b"0") for p in probes if _is_json(p.request.body)]
    objects = [body for body in bodies if isinstance(body, dict)]
    assert objects
    assert all(body.get("mode") == "fast" and "id" not in body for body in objects)


def _is_json(body: bytes | None) -> bool:
    try:
        json.loads(body or b"x")
    except ValueError:
        return False
    return True


def test_no_token_is_in_any_request(connector: Connector) -> None:
    probes = sent(context(connector), FINE)

    assert all(probe.request.header("authorization") is None for probe in probes)
    assert {probe.caller.name for probe in probes} == {"alice"}


def test_keys_are_unique_within_an_operation(connector: Connector) -> None:
    keys = [probe.key for probe in sent(context(connector), FINE)]

    assert len(keys) == len(set(keys))


def test_quick_run_draws_nothing(connector: Connector) -> None:
    quick = RunContext(connector, context(connector).settings, quick=True)

    purposes = {probe.purpose for probe in sent(quick, FINE)}

    assert "contract/generated" not in purposes
    assert "contract/coverage" in purposes


def test_no_generic_test_keeps_generated_cases_away(tmp_path: Path) -> None:
    marked = {**OPERATION, "x-ms-no-generic-test": True}
    connector = connector_of(tmp_path, {"/search": {"post": marked}})

    purposes = {probe.purpose for probe in sent(context(connector), FINE)}

    assert purposes == {"contract/example", "contract/negative"}
    assert [e.kind for e in contract_exclusions(context(connector), connector.operations[0])] == [
        "no-generic-test"
    ]


CALLBACK = {
    "operationId": "Subscribe",
    "responses": {},
    "parameters": [
        {
            "name": "b",
            "in": "body",
            "schema": {
                "type": "object",
                "properties": {"url": {"type": "string", "x-ms-notification-url": True}},
            },
        }
    ],
}
UPLOAD = {
    "operationId": "Upload",
    "responses": {},
    "parameters": [{"name": "f", "in": "formData", "type": "file", "required": True}],
}


@pytest.mark.parametrize(
    ("operation", "writes", "kind"),
    [
        (CALLBACK, "all", "webhook"),
        (UPLOAD, "all", "file"),
        ({"operationId": "Act", "responses": {}}, "examples", "writes"),
        ({"operationId": "Act", "responses": {}}, "none", "writes"),
    ],
    ids=["webhook", "file", "no example", "none"],
)
def test_what_is_not_sent_has_a_reason(
    tmp_path: Path, operation: dict[str, Any], writes: str, kind: str
) -> None:
    connector = connector_of(tmp_path, {"/x": {"post": operation}})
    here = context(connector, writes=writes)

    (exclusion,) = contract_exclusions(here, connector.operations[0])

    assert (exclusion.kind, exclusion.whole) == (kind, True)
    assert sent(here, FINE) == []
    assert planned_writes(here, connector.operations) == []


def test_delete_is_sent_with_all_only(tmp_path: Path) -> None:
    remove = {
        "operationId": "Remove",
        "responses": {},
        "parameters": [{"name": "id", "in": "path", "type": "string", "required": True}],
    }
    create = {"operationId": "Create", "responses": {}, "parameters": []}
    paths = {"/x": {"post": create}, "/x/{id}": {"delete": remove}}
    connector = connector_of(tmp_path, paths)

    assert sent(context(connector, writes="examples"), FINE) == []
    assert planned_writes(context(connector), connector.operations) == [
        "POST /x (Create): examples and generated inputs; what it creates is removed by Remove",
        "DELETE /x/{id} (Remove): examples and generated inputs, on an object that this run "
        "creates and removes",
    ]


def test_dynamic_values_feed_the_parameter(tmp_path: Path) -> None:
    dynamic = {"operationId": "Kinds", "value-path": "key", "value-collection": "all/kinds"}
    listing = {
        "operationId": "List",
        "responses": {},
        "parameters": [
            {
                "name": "kind",
                "in": "query",
                "type": "string",
                "required": True,
                "x-ms-dynamic-values": dynamic,
            }
        ],
    }
    kinds = {"operationId": "Kinds", "responses": {}}
    connector = connector_of(tmp_path, {"/list": {"get": listing}, "/kinds": {"get": kinds}})
    answer = Response(200, (), b'{"all": {"kinds": [{"key": "blue"}]}}', 0.01)

    targets = [without_key(p.request.target) for p in sent(context(connector), answer)]

    assert "/kinds" in targets
    assert "/list?kind=blue" in targets


def test_nested_ids_are_learnt_from_left_to_right(tmp_path: Path) -> None:
    def path(*names: str) -> list[dict[str, Any]]:
        return [{"name": n, "in": "path", "type": "string", "required": True} for n in names]

    paths = {
        "/boxes": {"get": {"operationId": "Boxes", "responses": {}}},
        "/boxes/{box}/cards": {
            "get": {"operationId": "Cards", "responses": {}, "parameters": path("box")}
        },
        "/boxes/{box}/cards/{card}": {
            "get": {"operationId": "Card", "responses": {}, "parameters": path("box", "card")}
        },
    }
    connector = connector_of(tmp_path, paths)

    targets = [without_key(p.request.target) for p in sent(context(connector), FINE)]

    assert "/boxes/7/cards" in targets
    assert "/boxes/7/cards/7" in targets


def published(shared: Path) -> list[Path]:
    return sorted(p for p in (shared / "connectors").iterdir() if "__" in p.name)


def test_every_published_operation_has_probes_or_a_reason(shared: Path) -> None:
    without = []
    for folder in published(shared):
        try:
            connector = load_connector(folder)
        except DefinitionError:
            continue
        here = RunContext(connector, context(connector, examples=0).settings, quick=True)
        for operation in connector.operations[:25]:
            excluded = any(e.whole for e in contract_exclusions(here, operation))
            plan = contract_plan(here, operation)
            if next(plan, None) is None and not excluded:
                without.append(f"{folder.name}: {operation.id}")
    assert without == []


def policy(template: str, *operations: str) -> dict[str, object]:
    scope = {"x-ms-apimTemplate-operationName": list(operations)} if operations else {}
    values = {
        "x-ms-apimTemplateParameter.newPath": "/@connectionParameters('tenant')/x",
        "x-ms-apimTemplateParameter.urlTemplate": "https://b.invalid",
    }
    return {"templateId": template, "title": "A policy", "parameters": scope | values}


@pytest.mark.parametrize(
    ("properties", "excluded"),
    [
        ({"policyTemplateInstances": [policy("RouteRequestToEndpoint", "One")]}, {"One": "policy"}),
        (
            {"policyTemplateInstances": [policy("routerequesttoendpoint")]},
            {"One": "policy", "Two": "policy"},
        ),
        ({"policyTemplateInstances": [policy("dynamichosturl")]}, {}),
        ({}, {}),
    ],
    ids=["one operation", "all operations", "another host", "none"],
)
def test_operations_whose_policy_cannot_be_applied_are_left_out(
    tmp_path: Path, properties: dict[str, Any], excluded: dict[str, str]
) -> None:
    document = {"properties": {"connectionParameters": {}, **properties}}
    (tmp_path / "apiProperties.json").write_text(json.dumps(document), encoding="utf-8")
    paths = {f"/{name}": {"get": {"operationId": name, "responses": {}}} for name in ("One", "Two")}
    connector = connector_of(tmp_path, paths)

    found = {
        operation.id: exclusion.kind
        for operation in connector.operations
        for exclusion in contract_exclusions(context(connector), operation)
        if exclusion.whole
    }

    assert found == excluded
    assert {p.operation for p in sent(context(connector), FINE)} == {"One", "Two"} - set(excluded)


def test_operations_of_a_script_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "script.csx").write_text("// C#", encoding="utf-8")
    document = {"properties": {"connectionParameters": {}, "scriptOperations": ["One"]}}
    (tmp_path / "apiProperties.json").write_text(json.dumps(document), encoding="utf-8")
    paths = {f"/{name}": {"get": {"operationId": name, "responses": {}}} for name in ("One", "Two")}
    connector = connector_of(tmp_path, paths)

    assert {p.operation for p in sent(context(connector), FINE)} == {"Two"}
