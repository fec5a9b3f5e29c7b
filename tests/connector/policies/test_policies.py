from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from harness.connector.policies.applying import FlowCall, apply_to_answer, apply_to_call
from harness.connector.policies.expressions import CannotEvaluate, Scope, evaluate
from harness.connector.policies.model import Policy

JSON_TYPE = ("Content-Type", "application/json")


def policy(template: str, section: str = "request", **parameters: Any) -> Policy:
    lowered = {name.lower(): value for name, value in parameters.items()}
    return Policy(template, section, template, lowered)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("https://@header('test').abc.xyz:@header('port')", "https://foo.abc.xyz:1234"),
        ("https://@connectionParameters('cat').abc.xyz", "https://bar.abc.xyz"),
        ("https://test.abc.xyz", "https://test.abc.xyz"),
        (
            "https://@headers('test').abc.@queryParameters('domain')/@connectionParameters('sub')",
            "https://foo.abc.pqr/path",
        ),
        ("https://@header('other', 'default').abc.xyz", "https://default.abc.xyz"),
        ("@connectionParameters('none','')", ""),
        ("moo@headers('test')", "moofoo"),
        ("@Request.OriginalHTTPMethod", "PATCH"),
        ("{@body().first} {@body().last}", "John Smith"),
        ("@body()['@odata.etag']", 'W/"1"'),
        ("alice@contoso.com", "alice@contoso.com"),
    ],
)
def test_expressions_of_microsofts_pages_are_evaluated(template: str, expected: str) -> None:
    scope = Scope(
        "PATCH",
        headers=[("Test", "foo"), ("port", "1234")],
        query=[("domain", "pqr")],
        connection={"cat": "bar", "sub": "path"},
        body={"first": "John", "last": "Smith", "@odata.etag": 'W/"1"'},
    )

    assert evaluate(template, scope) == expected


@pytest.mark.parametrize(
    ("template", "quoted"),
    [
        ("https://@connectionParameters('region')/api", "@connectionParameters('region')"),
        ("@queryParameters('x')", "@queryParameters('x')"),
        ("@body().a.b", "@body().a.b"),
        ("@toLower(headers('x'))", "@toLower(headers('x'))"),
        ("@{triggerBody().value}", "@{triggerBody().value}"),
    ],
)
def test_an_expression_without_value_is_quoted(template: str, quoted: str) -> None:
    with pytest.raises(CannotEvaluate) as caught:
        evaluate(template, Scope(body={}))

    assert caught.value.expression == quoted


def test_a_missing_connection_value_is_named() -> None:
    with pytest.raises(CannotEvaluate) as caught:
        evaluate("@connectionParameters('region')", Scope())

    assert caught.value.needs == "region"


GET = FlowCall("GET", "/items/{id}", None, ("top=5",), (("Accept", "*/*"),))
REQUESTS: dict[str, tuple[Policy, Mapping[str, str], FlowCall]] = {
    "host and base path": (
        policy("dynamichosturl", urlTemplate="https://@connectionParameters('site').x.com/api/v2/"),
        {"site": "a"},
        FlowCall("GET", "/items/{id}", "/api/v2", GET.query, GET.headers),
    ),
    "host alone": (
        policy("dynamichosturl", urlTemplate="https://x.com"),
        {},
        FlowCall("GET", "/items/{id}", "", GET.query, GET.headers),
    ),
    "host without a scheme": (
        policy("dynamichosturl", urlTemplate="@connectionParameters('site')/api"),
        {"site": "x.com"},
        FlowCall("GET", "/items/{id}", "/api", GET.query, GET.headers),
    ),
    "route": (
        policy("routerequesttoendpoint", newPath="v3/items/{id}", httpMethod="POST"),
        {},
        FlowCall("POST", "/v3/items/{id}", None, GET.query, GET.headers),
    ),
    "route keeps the method": (
        policy(
            "routerequesttoendpoint",
            newPath="/v3/items/{id}",
            httpMethod="@Request.OriginalHTTPMethod",
        ),
        {},
        FlowCall("GET", "/v3/items/{id}", None, GET.query, GET.headers),
    ),
    "header set": (
        policy("setheader", name="X-Key", value="k @connectionParameters('key')"),
        {"key": "1"},
        FlowCall("GET", GET.path, None, GET.query, (*GET.headers, ("X-Key", "k 1"))),
    ),
    "header overridden": (
        policy("setheader", name="accept", value="application/json", existsAction="override"),
        {},
        FlowCall("GET", GET.path, None, GET.query, (("accept", "application/json"),)),
    ),
    "header skipped": (
        policy("setheader", name="accept", value="application/json", existsAction="skip"),
        {},
        GET,
    ),
    "header appended": (
        policy("setheader", name="Accept", value="text/csv", existsAction="append"),
        {},
        FlowCall("GET", GET.path, None, GET.query, (("Accept", "*/*,text/csv"),)),
    ),
    "query set": (
        policy("setqueryparameter", name="$filter", value="a eq 'b c'"),
        {},
        FlowCall("GET", GET.path, None, ("top=5", "$filter=a%20eq%20%27b%20c%27"), GET.headers),
    ),
    "query overridden": (
        policy("setqueryparameter", name="top", value="1", existsAction="override"),
        {},
        FlowCall("GET", GET.path, None, ("top=1",), GET.headers),
    ),
    "query skipped": (
        policy("setqueryparameter", name="top", value="1", existsAction="skip"),
        {},
        GET,
    ),
    "query appended": (
        policy("setqueryparameter", name="top", value="1", existsAction="append"),
        {},
        FlowCall("GET", GET.path, None, ("top=5", "top=1"), GET.headers),
    ),
    "polling trigger leaves the first call": (
        policy("pollingtrigger", triggerConfig={"since": "@{triggerBody().x}"}),
        {},
        GET,
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_request_policies_change_the_call_as_documented(name: str) -> None:
    applied, connection, expected = REQUESTS[name]

    assert apply_to_call([applied], GET, connection) == expected


BODIES: dict[str, tuple[Policy, Any, Any]] = {
    "property of an object": (
        policy(
            "setproperty",
            newPropertyParentPathTemplate="@body().people",
            newPropertySubPathTemplate="location",
            propertyValuePathTemplate="USA",
        ),
        {"people": {"x": {"age": "30"}}},
        {"people": {"x": {"age": "30"}, "location": "USA"}},
    ),
    "property of each item": (
        policy(
            "setproperty",
            newPropertyParentPathTemplate="@body().people",
            newPropertySubPathTemplate="['@odata.type']",
            propertyValuePathTemplate="person",
        ),
        {"people": [{"name": "a"}, {"name": "b"}]},
        {
            "people": [
                {"name": "a", "@odata.type": "person"},
                {"name": "b", "@odata.type": "person"},
            ]
        },
    ),
    "property made of two": (
        policy(
            "setproperty",
            newPropertyParentPathTemplate="@body()",
            newPropertySubPathTemplate="name",
            propertyValuePathTemplate="{@body().first} {@body().last}",
        ),
        {"first": "John", "last": "Smith"},
        {"first": "John", "last": "Smith", "name": "John Smith"},
    ),
    "property copied with its type": (
        policy(
            "setproperty",
            newPropertyParentPathTemplate="@body()",
            newPropertySubPathTemplate="copy",
            propertyValuePathTemplate="@body().n",
        ),
        {"n": 3},
        {"n": 3, "copy": 3},
    ),
    "array to object": (
        policy(
            "convertarraytoobject",
            propertyParentPath="@body()",
            propertySubPath="refs",
            keyWithinCollectionPath="link",
            newPropertyPath="@body().refs",
            retainKey="false",
        ),
        {"refs": [{"link": "a", "n": 1}, {"link": "b", "n": 2}]},
        {"refs": {"a": {"n": 1}, "b": {"n": 2}}},
    ),
    "array to object keeps its key": (
        policy(
            "convertarraytoobject",
            propertyParentPath="@body()",
            propertySubPath="refs",
            keyWithinCollectionPath="link",
            newPropertyPath="@body().map",
        ),
        {"refs": [{"link": "a"}]},
        {"refs": [{"link": "a"}], "map": {"a": {"link": "a"}}},
    ),
    "object to array": (
        policy(
            "convertobjecttoarray",
            propertyParentPath="@body()",
            propertySubPath="people",
            newPropertyPath="@body().list",
            keyName="name",
            valueName="info",
        ),
        {"people": {"x": {"age": 3}}},
        {"people": {"x": {"age": 3}}, "list": [{"name": "x", "info": {"age": 3}}]},
    ),
    "object to array in each item": (
        policy(
            "convertobjecttoarray",
            propertyParentPath="@body().value",
            propertySubPath="people",
            newPropertyPath="@item().people",
            keyName="name",
            valueName="info",
        ),
        {"value": [{"people": {"x": 1}}, {}]},
        {"value": [{"people": [{"name": "x", "info": 1}]}, {}]},
    ),
    "string to array": (
        policy(
            "stringtoarray",
            propertyParentPath="@body()",
            propertySubPath="users",
            delimiterList=";",
            childPropertyName="id",
            newPropertyPath="@body().users",
        ),
        {"users": "a; b"},
        {"users": [{"id": "a"}, {"id": "b"}]},
    ),
    "string replaced in each item": (
        policy(
            "stringreplace",
            propertyParentPath="@body().refs",
            propertySubPath="link",
            sourceString=":",
            replacementString="%3A",
            newPropertyPath="@item().link",
        ),
        {"refs": [{"link": "https://x"}]},
        {"refs": [{"link": "https%3A//x"}]},
    ),
    "value encoded": (
        policy(
            "encodepropertyvalue",
            propertyParentPath="@body()",
            propertySubPath="id",
            newPropertyPath="@body().id",
        ),
        {"id": "a b/c"},
        {"id": "a%20b%2Fc"},
    ),
    "nothing there, nothing done": (
        policy(
            "convertarraytoobject",
            propertyParentPath="@body()",
            propertySubPath="refs",
            keyWithinCollectionPath="link",
            newPropertyPath="@body().refs",
        ),
        {"other": 1},
        {"other": 1},
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_body_policies_reshape_a_request(name: str) -> None:
    applied, body, expected = BODIES[name]
    call = FlowCall("POST", "/x", headers=(JSON_TYPE,), body=json.dumps(body).encode())

    sent = apply_to_call([applied], call, {})

    assert json.loads(sent.body or b"") == expected


@pytest.mark.parametrize("name", BODIES)
def test_body_policies_reshape_an_answer_and_leave_the_original(name: str) -> None:
    applied, body, expected = BODIES[name]
    on_answer = Policy(applied.template, "response", "", applied.parameters)
    before = json.dumps(body)

    _, got = apply_to_answer([applied, on_answer], 200, (JSON_TYPE,), body, {})

    assert got == expected
    assert json.dumps(body) == before


def test_failure_section_is_for_failing_answers_alone() -> None:
    failing = policy("setheader", "failure", name="X-Failed", value="yes")

    good, _ = apply_to_answer([failing], 200, (), None, {})
    bad, _ = apply_to_answer([failing], 500, (), None, {})

    assert (good, bad) == ((), (("X-Failed", "yes"),))


def test_an_unknown_template_makes_the_call_impossible() -> None:
    with pytest.raises(CannotEvaluate, match="moveproperties"):
        apply_to_call([policy("moveproperties")], GET, {})
