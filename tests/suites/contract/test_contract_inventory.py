from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.connector.loading import load_connector
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.settings.values import ContractSettings, Settings, UserSettings
from harness.suites.contract.inventory import (
    inventory_from_text,
    inventory_probe,
    read_inventory,
)
from harness.suites.contract.inventory_judgement import judge_inventory

FUNCTION_APP = """
import azure.functions as func
app = func.FunctionApp()
@app.function_name("Listing")
@app.route(route="documents", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def list_documents(req): ...
@app.route("documents/{id:int}", methods=(func.HttpMethod.DELETE,))
async def remove(req): ...
@app.route()
def Hello(req): ...
@app.timer_trigger(schedule="0 * * * * *")
def nightly(timer): ...
"""
FUNCTION_JSON = {
    "bindings": [
        {
            "type": "httpTrigger",
            "methods": ["get"],
            "route": "files/{*rest}",
            "authLevel": "function",
        }
    ]
}
OPENAPI = {"openapi": "3.0.1", "servers": [{"url": "https://a.invalid/api"}], "paths": {
    "/documents": {"get": {"operationId": "ListDocuments"}}}}  # fmt: skip
FUNCTION_LIST = [
    {
        "name": "myapp/Hello",
        "config": {"bindings": [{"type": "httpTrigger", "methods": ["post"]}]},
    },
    {"name": "myapp/Queue", "config": {"bindings": [{"type": "queueTrigger"}]}},
]


def pairs(inventory: object) -> set[tuple[str, str]]:
    return set(inventory.pairs())  # type: ignore[attr-defined]


def test_source_tree_gives_the_routes_of_both_models(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text(FUNCTION_APP, encoding="utf-8")
    (tmp_path / "Files").mkdir()
    (tmp_path / "Files" / "function.json").write_text(json.dumps(FUNCTION_JSON), encoding="utf-8")

    found = read_inventory(tmp_path)

    assert pairs(found) == {
        ("GET", "/documents"),
        ("DELETE", "/documents/{id}"),
        ("GET", "/Hello"),
        ("POST", "/Hello"),
        ("GET", "/files/{rest}"),
    }
    assert next(r for r in found.routes if r.path == "/documents").name == "Listing"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (OPENAPI, {("GET", "/documents")}),
        ({"swagger": "2.0", "basePath": "/api", "paths": {"/a": {"post": {}}}}, {("POST", "/a")}),
        (FUNCTION_LIST, {("POST", "/Hello")}),
        ({"value": FUNCTION_LIST}, {("POST", "/Hello")}),
    ],
    ids=["openapi 3", "swagger 2", "az list", "rest list"],
)
def test_documents_give_routes(document: object, expected: set[tuple[str, str]]) -> None:
    assert pairs(inventory_from_text(json.dumps(document), "doc")) == expected


@pytest.mark.parametrize("text", ["{}", "just words", "3"])
def test_other_documents_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="inventory"):
        inventory_from_text(text, "inventory")


def connector_situation(tmp_path: Path, inventory: str) -> RunContext:
    definition = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "a.invalid",
        "basePath": "/api",
        "paths": {
            "/documents": {"get": {"operationId": "ListDocuments", "responses": {}}},
            "/gone": {"get": {"operationId": "Gone", "responses": {}}},
        },
    }
    path = tmp_path / "apiDefinition.swagger.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    settings = Settings(
        root=tmp_path,
        target_name="a",
        target_url="https://a.invalid",
        users={"alice": UserSettings("alice")},
        contract=ContractSettings(inventory=inventory),
    )
    return RunContext(load_connector(path), settings)


def test_both_directions_are_reported(tmp_path: Path) -> None:
    connector = connector_situation(tmp_path, "x").connector
    routes = [*FUNCTION_LIST, {"name": "ListDocuments", "config": {"bindings": [
        {"type": "httpTrigger", "methods": ["get", "post"], "route": "documents"}]}}]  # fmt: skip

    findings = judge_inventory(connector, inventory_from_text(json.dumps(routes), "list")).findings

    assert [(f.rule, f.severity, f.operation) for f in findings] == [
        ("contract.undocumented-operation", "warning", None),
        ("contract.undocumented-operation", "note", None),
        ("contract.not-in-inventory", "warning", "Gone"),
    ]


@pytest.mark.parametrize(
    ("setting", "caller"),
    [
        ("https://a.invalid/api/swagger.json", "alice"),
        ("https://elsewhere.invalid/swagger.json?x=1", "anonymous"),
    ],
    ids=["own app", "another host"],
)
def test_token_goes_to_the_own_app_only(tmp_path: Path, setting: str, caller: str) -> None:
    probe = inventory_probe(connector_situation(tmp_path, setting))

    assert probe is not None
    assert probe.caller.name == caller
    assert (probe.request.origin or "") + probe.request.target == setting


def test_file_needs_no_probe(tmp_path: Path) -> None:
    assert inventory_probe(connector_situation(tmp_path, "routes.json")) is None
