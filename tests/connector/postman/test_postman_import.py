"""Postman collections of every format, as the wizard would import them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector, Operation
from harness.connector.postman.importing import import_postman
from harness.errors import DefinitionError

JSON_HEADER = [{"key": "Content-Type", "value": "application/json"}]


def collection(*items: Any, **more: Any) -> dict[str, Any]:
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    return {"info": {"name": "C", "schema": schema}, "item": list(items), **more}


def item(
    name: str, url: Any, method: str = "GET", responses: Any = (), **request: Any
) -> dict[str, Any]:
    sent = {"method": method, "url": url, **request}
    return {"name": name, "request": sent, "response": list(responses)}


def raw_body(text: str, language: str = "json") -> dict[str, Any]:
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": language}}}


def answer(code: int, body: str, media_type: str = "application/json") -> dict[str, Any]:
    header = [{"key": "Content-Type", "value": media_type}]
    return {"name": f"saved {code}", "code": code, "header": header, "body": body}


def load(folder: Path, document: Mapping[str, Any]) -> Connector:
    file = folder / "collection.json"
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return load_connector(file)


def only(folder: Path, *items: Any, **more: Any) -> Operation:
    (operation,) = load(folder, collection(*items, **more)).operations
    return operation


def noted(connector: Connector, kind: str) -> list[str]:
    return [note.message for note in connector.notes if note.kind == kind]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Hello", "Hello"),
        ("get all things", "GetAllThings"),
        ("GET Request ", "GETRequest"),
        ("Create user's café (v2)", "CreateUsersCafeV2"),
        ("", "GetAB"),
        ("名前", "GetAB"),
    ],
)
def test_the_operation_id_is_the_requests_name_in_pascal_case(
    tmp_path: Path, name: str, expected: str
) -> None:
    assert only(tmp_path, item(name, "https://x.invalid/a/b")).id == expected


def test_equal_names_get_numbers(tmp_path: Path) -> None:
    items = [item("Get it", f"https://x.invalid/{n}") for n in "abc"]
    connector = load(tmp_path, collection(*items))
    assert [operation.id for operation in connector.operations] == ["GetIt", "GetIt2", "GetIt3"]


@pytest.mark.parametrize(
    ("url", "path", "values"),
    [
        ("https://x.invalid/u/:id", "/u/{id}", {"id": "7"}),
        ("https://x.invalid/u/:id.json", "/u/{id}.json", {"id": "7"}),
        ("https://x.invalid/u/{{user-id}}/a", "/u/{user-id}/a", None),
        ("https://x.invalid/u/{{known}}", "/u/{known}", {"known": "k1"}),
        ("https://x.invalid/{{several}}/z", "/team/v2/z", {}),
        ("https://x.invalid/v{{a.b}}/{id}", "/v{a_b}/{id}", None),
        ("https://x.invalid/:id/x/:id", "/{id}/x/{id2}", {"id": "7", "id2": "7"}),
        ("https://x.invalid", "/", {}),
        ("https://me:pw@x.invalid:8443/a?b=c#d", "/a", {"b": "c"}),
    ],
)
def test_addresses_become_templates_with_sample_values(
    tmp_path: Path, url: str, path: str, values: dict[str, str] | None
) -> None:
    variables = [{"key": "known", "value": "k1"}, {"key": "several", "value": "team/v2"}]
    address = {"raw": url, "variable": [{"key": "id", "value": "7"}]}
    operation = only(tmp_path, item("Get", address), variable=variables)
    assert operation.path == path
    assert [dict(sample.parameters) for sample in operation.samples] == (
        [] if values is None else [values]
    )
    assert all(parameter.required for parameter in operation.parameters_in("path"))


@pytest.mark.parametrize(
    ("url", "schemes", "host", "path"),
    [
        ("http://localhost:7071/x", ("http",), "localhost:7071", "/x"),
        ("example.invalid/x", ("https",), "example.invalid", "/x"),
        ("//example.invalid/x", ("https",), "example.invalid", "/x"),
        ("{{base}}/x", ("https",), "base.invalid", "/v1/x"),
        ("{{protocol}}://{{unknown}}/x", ("https",), "{{unknown}}", "/x"),
    ],
)
def test_host_and_scheme_are_those_of_the_address(
    tmp_path: Path, url: str, schemes: tuple[str, ...], host: str, path: str
) -> None:
    variables = [{"key": "base", "value": "http://base.invalid/v1/"}]
    connector = load(tmp_path, collection(item("Get", url), variable=variables))
    assert (connector.schemes, connector.host) == (schemes, host)
    assert [operation.path for operation in connector.operations] == [path]
    assert bool(noted(connector, "postman-variable")) == ("{{" in host)


@pytest.mark.parametrize(
    ("paths", "base_path", "expected"),
    [
        (["/api/a", "/api/b"], "/api", ["/a", "/b"]),
        (["/api/a", "/b"], "/", ["/api/a", "/b"]),
        (["/apis/a"], "/", ["/apis/a"]),
    ],
    ids=["all", "some", "other word"],
)
def test_base_path_is_api_where_every_path_begins_with_it(
    tmp_path: Path, paths: list[str], base_path: str, expected: list[str]
) -> None:
    items = [item(f"Get {n}", f"https://x.invalid{path}") for n, path in enumerate(paths)]
    connector = load(tmp_path, collection(*items))
    assert connector.base_path == base_path
    assert [operation.path for operation in connector.operations] == expected


def test_requests_to_another_host_are_left_out_and_noted(tmp_path: Path) -> None:
    hosts = ("one.invalid", "two.invalid", "two.invalid")
    items = [item(f"Get {n}", f"https://{host}/{n}") for n, host in enumerate(hosts)]
    connector = load(tmp_path, collection(*items))
    assert connector.host == "two.invalid"
    assert [operation.id for operation in connector.operations] == ["Get1", "Get2"]
    assert noted(connector, "postman-host") == [
        "Get 0 goes to one.invalid, not to two.invalid; left out"
    ]


@pytest.mark.parametrize(
    "others",
    [
        ["https://login.microsoftonline.com/t/oauth2/v2.0/token"] * 2,
        ["https://graph.microsoft.com/v1.0/me", "https://graph.microsoft.com/v1.0/users"],
        ["https://GRAPH.Microsoft.com:443/v1.0/me"],
        ["{{authUrl}}/token", "{{authUrl}}/me", "{{authUrl}}/x"],
        ["https://contoso.b2clogin.com/a/b", "https://contoso.ciamlogin.com/a"],
        ["https://weather.invalid/now"],
    ],
    ids=["sign-in", "graph", "capitals and port", "variable", "customers", "foreign"],
)
def test_another_host_never_becomes_the_apps(tmp_path: Path, others: list[str]) -> None:
    urls = ["https://app.azurewebsites.net/api/a", *others]
    connector = load(tmp_path, collection(*(item(f"R{n}", url) for n, url in enumerate(urls))))
    assert connector.host == "app.azurewebsites.net"
    assert [operation.path for operation in connector.operations] == ["/a"]
    assert len(noted(connector, "postman-host")) == len(others)


@pytest.mark.parametrize(
    "url", ["http://localhost:7071/api/b", "{{baseUrl}}/api/b", "{{function_app_host}}/api/b"]
)
def test_the_app_on_ones_own_machine_or_behind_a_variable_is_the_app(
    tmp_path: Path, url: str
) -> None:
    connector = load(
        tmp_path,
        collection(item("A", "https://app.azurewebsites.net/api/a"), item("B", url)),
    )
    assert [operation.path for operation in connector.operations] == ["/a", "/b"]
    assert "is taken for app.azurewebsites.net" in noted(connector, "postman-host")[0]


@pytest.mark.parametrize(
    ("url", "path", "values"),
    [
        ("https://x.invalid/Orders(7)", "/Orders({key})", {"key": "7"}),
        ("https://x.invalid/Users('ada')/Name", "/Users('{key}')/Name", {"key": "ada"}),
        (
            "https://x.invalid/Lines(Order=7,No=2)",
            "/Lines(Order={Order},No={No})",
            {"Order": "7", "No": "2"},
        ),
        ("https://x.invalid/Users('{{id}}')", "/Users('{id}')", None),
        ("https://x.invalid/Orders(:id)", "/Orders({id})", None),
        ("https://x.invalid/Orders()", "/Orders()", {}),
        ("https://x.invalid/report(final)", "/report(final)", {}),
        ("https://x.invalid/a/%7Bid%7D", "/a/{id}", None),
        ("https://x.invalid/a/%7B%7Bid%7D%7D/b", "/a/{id}/b", None),
        ("https://x.invalid/a/{{folder/name}}/c", "/a/{folder_name}/c", None),
    ],
)
def test_odd_paths_become_templates(
    tmp_path: Path, url: str, path: str, values: dict[str, str] | None
) -> None:
    operation = only(tmp_path, item("Get", url))
    assert operation.path == path
    assert [dict(s.parameters) for s in operation.samples] == ([] if values is None else [values])


def test_secret_with_a_slash_stays_out_of_the_path(tmp_path: Path) -> None:
    variables = [{"key": "accessToken", "value": "c2VjcmV0/MTIz=="}]
    operation = only(
        tmp_path, item("Get", "https://x.invalid/a/{{accessToken}}"), variable=variables
    )
    assert operation.path == "/a/{accessToken}"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, /* euro */ "b": [1, 2,],}',
        '// first\n{"a": 1, "b": [1, 2]} // last',
        '{"a": 1, "b": [1, 2], "u": "https://x/*no*/,}"}',
    ],
)
def test_json_is_read_as_postman_sends_it(tmp_path: Path, text: str) -> None:
    operation = only(tmp_path, item("P", "https://x.invalid/a", "POST", body=raw_body(text)))
    assert operation.body is not None
    assert operation.body.schema["properties"]["b"]["type"] == "array"
    assert operation.samples[0].body["a"] == 1
    assert operation.samples[0].body.get("u", "https://x/*no*/,}") == "https://x/*no*/,}"


def test_everything_that_is_lost_is_noted(tmp_path: Path) -> None:
    off = [{"key": "q", "value": "1", "disabled": True}, {"key": "{{who}}", "value": "{{what}}"}]
    url = {"raw": "https://x.invalid/a", "query": off}
    event = [{"listen": "test", "script": {"exec": ["pm.test()"]}}]
    document = collection(
        {**item("Get", url, body=raw_body("{}")), "event": event},
        item("Bad", "https://x.invalid/b", "POST", body=raw_body("{bad")),
        {"name": "Odd"},
    )
    said = [note.message for note in load(tmp_path, document).notes]
    assert said == [
        "Odd is neither a folder nor a request; left out",
        "the collection does not define {{who}}, {{what}}: values and names made of them are left "
        "out; save them as collection variables",
        "Get: disabled entries are left out: q",
        "Get: the body is left out: Postman sends none with GET",
        "Get: its scripts are left out: no connector runs them",
        "Bad: the sample of the body is not JSON; its schema is left open",
    ]


def test_v1_says_what_it_loses_too(tmp_path: Path) -> None:
    request = {
        "id": "1",
        "name": "Get",
        "method": "GET",
        "url": "https://x.invalid/a",
        "dataMode": "raw",
        "rawModeData": "{}",
        "tests": "tests['x'] = true;",
        "headerData": [{"key": "X-Off", "value": "1", "enabled": False}],
    }
    connector = load(tmp_path, {"name": "C", "order": ["1"], "requests": [request]})
    assert noted(connector, "postman-left-out") == [
        "Get: disabled entries are left out: X-Off",
        "Get: the body is left out: Postman sends none with GET",
        "Get: its scripts are left out: no connector runs them",
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"name": "Dev", "values": [], "_postman_variable_scope": "environment"}, "an environment"),
        ({"name": "Globals", "values": [], "_postman_variable_scope": "globals"}, "globals"),
        ({"collection": {"info": {}, "item": []}, "run": {"executions": []}}, "a test run"),
        ({"name": "C", "collection_id": "1", "results": [], "totalPass": 3}, "a test run"),
        ({"version": 1, "collections": [], "environments": []}, "a whole Postman workspace"),
        ({"log": {"entries": []}}, "a HAR file"),
        ({"info": {"name": "C"}, "item": []}, "no request"),
        ({"info": {"name": "C"}, "item": [{"name": "F", "item": []}]}, "no request"),
        ({"name": "C", "order": [], "requests": []}, "no request"),
        (collection(item("P", "https://x.invalid/a", "PURGE")), "no method PURGE"),
    ],
)
def test_what_holds_no_request_is_told_as_what_it_is(
    tmp_path: Path, document: dict[str, Any], said: str
) -> None:
    with pytest.raises(DefinitionError, match=said):
        load(tmp_path, document)
    with pytest.raises(DefinitionError, match=said):
        import_postman(tmp_path / "collection.json")


def test_query_and_headers_become_optional_parameters_without_what_the_client_sets(
    tmp_path: Path,
) -> None:
    headers = [
        {"key": name, "value": "1"}
        for name in ("X-One", "Authorization", "accept", "Content-Type", "Cookie", "not a token")
    ]
    headers.append({"key": "X-Off", "value": "1", "disabled": True})
    query = [
        {"key": "q", "value": "a%20b+c", "description": "What to find"},
        {"key": "off", "value": "1", "disabled": True},
        {"key": "open", "value": "{{unknown}}"},
    ]
    url = {"raw": "https://x.invalid/a?q=a%20b+c&open={{unknown}}", "query": query}
    operation = only(tmp_path, item("Get", url, header=headers))
    assert [(p.name, p.location, p.required, p.schema) for p in operation.parameters] == [
        ("q", "query", False, {"type": "string"}),
        ("open", "query", False, {"type": "string"}),
        ("X-One", "header", False, {"type": "string"}),
    ]
    assert operation.parameters[0].raw["description"] == "What to find"
    assert dict(operation.samples[0].parameters) == {"q": "a b c", "X-One": "1"}


def test_a_json_sample_becomes_a_schema_without_requirements(tmp_path: Path) -> None:
    text = (
        '{"s": "x", "i": 1, "l": 9999999999, "f": 1.5, "b": true, "n": null, "o": {"k": "v"},'
        ' "a": [{"x": 1}, {"x": 2.5, "y": null}], "e": []}'
    )
    operation = only(tmp_path, item("Post", "https://x.invalid/a", "POST", body=raw_body(text)))
    assert operation.body is not None
    assert operation.body.required
    assert operation.body.schema == {
        "type": "object",
        "properties": {
            "s": {"type": "string"},
            "i": {"type": "integer", "format": "int32"},
            "l": {"type": "integer", "format": "int64"},
            "f": {"type": "number", "format": "double"},
            "b": {"type": "boolean"},
            "n": {},
            "o": {"type": "object", "properties": {"k": {"type": "string"}}},
            "a": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"x": {"type": "number", "format": "double"}, "y": {}},
                },
            },
            "e": {"type": "array", "items": {}},
        },
    }
    assert operation.samples[0].body == json.loads(text)


def test_a_body_that_waits_for_variables_has_a_schema_and_no_sample(tmp_path: Path) -> None:
    text = '{"id": {{id}}, "name": "{{who}}", "known": "{{known}}"}'
    variables = [{"key": "known", "value": "yes"}]
    request = item("Post", "https://x.invalid/a", "POST", body=raw_body(text))
    operation = only(tmp_path, request, variable=variables)
    assert operation.body is not None
    assert operation.body.schema["properties"] == {
        "id": {},
        "name": {"type": "string"},
        "known": {"type": "string"},
    }
    assert operation.samples == ()


FIELDS = [
    {"key": "a", "value": "1", "type": "text"},
    {"key": "off", "value": "1", "disabled": True},
]


@pytest.mark.parametrize(
    ("body", "consumes", "parameters", "sample"),
    [
        pytest.param(
            {"mode": "urlencoded", "urlencoded": FIELDS},
            "application/x-www-form-urlencoded",
            [("a", "formData", "string")],
            ({"a": "1"}, False),
            id="urlencoded",
        ),
        pytest.param(
            {"mode": "formdata", "formdata": [*FIELDS, {"key": "f", "type": "file", "src": "x"}]},
            "multipart/form-data",
            [("a", "formData", "string"), ("f", "formData", "file")],
            None,
            id="form with a file",
        ),
        pytest.param(
            {"mode": "file", "file": {"src": "x.bin"}},
            "application/octet-stream",
            [("body", "body", "string")],
            None,
            id="file",
        ),
        pytest.param(
            raw_body("hello", "text"),
            "text/plain",
            [("body", "body", "string")],
            ({}, True),
            id="text",
        ),
        pytest.param(
            {"mode": "graphql", "graphql": {"query": "{ me }", "variables": '{"a": 1}'}},
            "application/json",
            [("body", "body", "object")],
            ({}, True),
            id="graphql",
        ),
        pytest.param({"mode": "raw", "raw": " "}, "application/json", [], ({}, False), id="blank"),
    ],
)
def test_bodies_of_other_kinds(
    tmp_path: Path, body: Any, consumes: str, parameters: Any, sample: Any
) -> None:
    operation = only(tmp_path, item("Post", "https://x.invalid/a", "POST", body=body))
    assert operation.consumes == (consumes,)
    assert [(p.name, p.location, p.schema.get("type")) for p in operation.parameters] == parameters
    assert [(dict(s.parameters), s.has_body) for s in operation.samples] == (
        [] if sample is None else [sample]
    )


def test_a_get_sends_no_body_unless_postman_was_told_to(tmp_path: Path) -> None:
    request = item("Get", "https://x.invalid/a", body=raw_body('{"a": 1}'))
    assert only(tmp_path, request).body is None
    request["protocolProfileBehavior"] = {"disableBodyPruning": True}
    assert only(tmp_path, request).body is not None


def test_saved_answers_become_responses_by_status(tmp_path: Path) -> None:
    saved = [
        answer(200, '{"id": 1}', "application/json; charset=utf-8"),
        answer(200, '{"id": null, "more": "x"}'),
        answer(404, "gone", "text/plain"),
        answer(204, "", ""),
        answer(202, "GIF8", "image/gif"),
    ]
    operation = only(tmp_path, item("Get", "https://x.invalid/a", responses=saved))
    assert operation.produces == ("application/json", "text/plain", "image/gif")
    assert {status: spec.schema for status, spec in operation.responses.items()} == {
        "200": {
            "type": "object",
            "properties": {
                "id": {"type": "integer", "format": "int32", "x-nullable": True},
                "more": {"type": "string"},
            },
        },
        "404": {"type": "string"},
        "204": None,
        "202": {"type": "string", "format": "binary"},
    }


@pytest.mark.parametrize(
    ("saved", "statuses"), [([], ["default"]), ([answer(401, "{}")], ["401", "default"])]
)
def test_without_a_saved_success_default_stands_for_it(
    tmp_path: Path, saved: list[Any], statuses: list[str]
) -> None:
    operation = only(tmp_path, item("Get", "https://x.invalid/a", responses=saved))
    assert list(operation.responses) == statuses


def test_a_sample_keeps_the_answer_its_own_request_drew(tmp_path: Path) -> None:
    good = {
        **answer(200, '"seven"'),
        "originalRequest": {"method": "GET", "url": "https://x.invalid/u/7?full=1"},
    }
    elsewhere = {
        **answer(200, '"other"'),
        "originalRequest": {"method": "GET", "url": "https://x.invalid/other"},
    }
    address = {
        "raw": "https://x.invalid/u/:id?full=0",
        "variable": [{"key": "id", "value": "1"}],
    }
    operation = only(tmp_path, item("Get", address, responses=[elsewhere, good]))
    assert [(dict(s.parameters), s.status, s.response_text) for s in operation.samples] == [
        ({"id": "7", "full": "1"}, 200, '"seven"'),
        ({"id": "1", "full": "0"}, None, None),
    ]


def test_requests_of_one_method_and_path_become_one_operation(tmp_path: Path) -> None:
    connector = load(
        tmp_path,
        collection(
            item("First", "https://x.invalid/a/:id?x=1", "POST", body=raw_body('{"a": 1}')),
            item("Second", "https://x.invalid/a/{{other}}?y=1", "POST", body=raw_body('{"b": ""}')),
            item(
                "Third",
                "https://x.invalid/a/:id",
                "POST",
                body={"mode": "urlencoded", "urlencoded": FIELDS},
            ),
        ),
    )
    (operation,) = connector.operations
    assert (operation.id, operation.path) == ("First", "/a/{id}")
    assert [p.name for p in operation.parameters] == ["id", "x", "y", "body"]
    assert operation.body is not None
    assert not operation.body.required
    assert operation.body.schema["properties"].keys() == {"a", "b"}
    assert [message.split()[0] for message in noted(connector, "postman-merged")] == [
        "Second",
        "Third",
    ]
    assert [message.split()[0] for message in noted(connector, "postman-body")] == ["Third"]


def test_paths_that_differ_in_parameter_names_only_are_one_path(tmp_path: Path) -> None:
    swagger = load(
        tmp_path,
        collection(
            item("Get", "https://x.invalid/a/:id"), item("Put", "https://x.invalid/a/{{x}}", "PUT")
        ),
    ).raw
    assert {path: list(entry) for path, entry in swagger["paths"].items()} == {
        "/a/{id}": ["get", "put"]
    }


def test_methods_that_swagger_lacks_are_left_out_and_noted(tmp_path: Path) -> None:
    connector = load(
        tmp_path,
        collection(
            item("Copy", "https://x.invalid/a", "COPY"),
            item("Empty", ""),
            item("Get", "https://x.invalid/a"),
        ),
    )
    assert [operation.id for operation in connector.operations] == ["Get"]
    assert noted(connector, "postman-method") == ["Copy: Swagger 2.0 has no method COPY; left out"]
    assert len(noted(connector, "postman-address")) == 1


def test_the_collections_own_sign_in_is_noted_and_not_taken_over(tmp_path: Path) -> None:
    folder = {"name": "F", "auth": {"type": "basic"}, "item": [item("Get", "https://x.invalid/a")]}
    connector = load(tmp_path, collection(folder, auth={"type": "noauth"}))
    (message,) = noted(connector, "postman-auth")
    assert "signs in by basic" in message
    assert connector.raw["securityDefinitions"] == {}


def test_places_point_into_the_collections_file(tmp_path: Path) -> None:
    folder = {"name": "F", "item": [item("Get", "https://x.invalid/a"), item("Odd", "", "GET")]}
    connector = load(tmp_path, collection(folder))
    lines = (tmp_path / "collection.json").read_text(encoding="utf-8").splitlines()
    (operation,) = connector.operations
    place = connector.place(f"{operation.pointer}/responses/default")
    assert place.line is not None
    assert lines[place.line].strip() == '"name": "Get",'
    (note,) = (n for n in connector.notes if n.kind == "postman-address")
    assert note.place.pointer == "/item/0/item/1"


def test_fixed_values_stand_for_postmans_dynamic_variables(tmp_path: Path) -> None:
    request = item("Post", "https://x.invalid/a", "POST", body=raw_body('{"id": "{{$guid}}"}'))
    bodies = [only(tmp_path, request).samples[0].body for _ in range(2)]
    assert bodies[0] == bodies[1]
    assert len(bodies[0]["id"]) == 36


def test_a_collection_wrapped_by_postmans_api_is_unwrapped(tmp_path: Path) -> None:
    connector = load(tmp_path, {"collection": collection(item("Get", "https://x.invalid/a"))})
    assert connector.kind == "postman"
    assert connector.operations[0].id == "Get"


def v1(requests: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"id": "c", "name": "C", "order": [], "requests": requests, **more}


def test_v1_folders_come_first_then_ordered_then_forgotten_requests(tmp_path: Path) -> None:
    requests = [
        {"id": identifier, "name": identifier, "url": f"https://x.invalid/{identifier}"}
        for identifier in ("forgotten", "loose", "inner", "outer")
    ]
    folders = [
        {"id": "f1", "name": "F", "order": ["outer"], "folders_order": ["f2"]},
        {"id": "f2", "name": "G", "order": ["inner"], "folder": "f1"},
    ]
    connector = load(tmp_path, v1(requests, order=["loose"], folders=folders))
    assert [o.id for o in connector.operations] == ["Inner", "Outer", "Loose", "Forgotten"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param({"headers": "A: 1\n//B: 2\nodd"}, ["A"], id="lines"),
        pytest.param({"headers": None}, [], id="null"),
        pytest.param(
            {
                "headers": "Old: 1",
                "headerData": [{"key": "A", "value": "1"}, {"key": "B", "enabled": False}],
            },
            ["A"],
            id="list",
        ),
        pytest.param(
            {
                "dataMode": "params",
                "data": [{"key": "f", "value": "1"}, {"key": "g", "enabled": False}],
            },
            ["f"],
            id="form",
        ),
        pytest.param({"dataMode": "raw", "data": ["one", "two"]}, ["body"], id="raw in a list"),
        pytest.param({"dataMode": "binary"}, ["body"], id="binary"),
        pytest.param({"dataMode": "raw", "data": None}, [], id="no data"),
    ],
)
def test_v1_headers_and_bodies(
    tmp_path: Path, request_: dict[str, Any], expected: list[str]
) -> None:
    request = {"id": "r", "name": "R", "method": "POST", "url": "https://x.invalid/a", **request_}
    (operation,) = load(tmp_path, v1([request])).operations
    assert [parameter.name for parameter in operation.parameters] == expected


def test_import_gives_a_definition_that_loads_as_the_collection_does(tmp_path: Path) -> None:
    document = collection(
        item("Post", "https://x.invalid/api/a/:id", "POST", body=raw_body('{"a": 1}'))
    )
    connector = load(tmp_path, document)
    written = tmp_path / "apiDefinition.swagger.json"
    swagger, _ = import_postman(tmp_path / "collection.json")
    written.write_text(json.dumps(swagger), encoding="utf-8")
    again = load_connector(written)
    assert again.raw == connector.raw
    assert again.notes == ()
    assert (again.base_path, again.operations[0].path) == ("/api", "/a/{id}")


def test_importing_what_is_no_collection_says_so(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"swagger": "2.0", "paths": {}}', encoding="utf-8")
    with pytest.raises(DefinitionError, match="needs no import"):
        import_postman(file)
