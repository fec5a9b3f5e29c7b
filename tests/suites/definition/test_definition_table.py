"""Each rule of the files: one case that fires, and the sample, which is silent."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.connector.loading import load_connector
from harness.errors import DefinitionError
from harness.suites.definition.judgement import DefinitionFacts, check_definition
from harness.suites.definition.rules import BY_ID

SAMPLE = Path(__file__).parents[3] / "harness" / "emulator" / "samples" / "documents"
SOUND = json.loads((SAMPLE / "apiDefinition.swagger.json").read_text(encoding="utf-8"))
PROPERTIES = json.loads((SAMPLE / "apiProperties.json").read_text(encoding="utf-8"))
GET = ("paths", "/documents/{id}", "get")
LIST = ("paths", "/documents", "get")
CREATE = ("paths", "/documents", "post")
TITLE = ("definitions", "NewDocument", "properties", "title")
AAD = ("properties", "connectionParameters", "token", "oAuthSettings")
Edit = Callable[[dict[str, Any]], object]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def put(path: tuple[Any, ...], **values: Any) -> Edit:
    return lambda document: at(document, path).update(values)


def drop(path: tuple[Any, ...], key: Any) -> Edit:
    return lambda document: at(document, path).pop(key)


def add_parameter(path: tuple[Any, ...], **parameter: Any) -> Edit:
    return lambda document: at(document, path)["parameters"].append(parameter)


def move_path(old: str, new: str) -> Edit:
    return lambda document: document["paths"].update({new: document["paths"].pop(old)})


def copy_path(old: str, new: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        item = copy.deepcopy(document["paths"][old])
        for operation in item.values():
            operation["operationId"] += "Again"
        document["paths"][new] = item

    return edit


def split_path(old: str, new: str, method: str) -> Edit:
    """One method of a path moved to a path of its own."""
    return lambda document: document["paths"].update(
        {new: {method: document["paths"][old].pop(method)}}
    )


def chain(*edits: Edit) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        for each in edits:
            each(document)

    return edit


def dynamic(key: str, **values: Any) -> Edit:
    """A dynamic extension at an input of GetDocument."""
    return put((*GET, "parameters", 0), **{key: values})


def body_field(**schema: Any) -> Edit:
    return put(("definitions", "NewDocument", "properties"), link=schema)


def need_link(document: dict[str, Any]) -> None:
    document["definitions"]["NewDocument"]["required"].append("link")


def webhook(**schema: Any) -> Edit:
    """CreateDocument as a webhook trigger whose URL is written as given."""
    content = {"schema": {"type": "object"}}
    return chain(
        put(CREATE, **{"x-ms-trigger": "single"}),
        put(("paths", "/documents"), **{"x-ms-notification-content": content}),
        body_field(**schema),
    )


def annotate(path: tuple[Any, ...], **annotation: Any) -> Edit:
    return put(path, **{"x-ms-api-annotation": annotation})


def add_field(name: str = "f", **values: Any) -> Edit:
    """CreateDocument with a form field instead of its body."""
    field = {"in": "formData", "type": "string", "x-ms-summary": "X", "name": name, **values}
    return put(CREATE, parameters=[field])


def list_needs(value: Any, **schema: Any) -> Edit:
    """ListCategories requires a parameter, and ListDocuments fills it dynamically."""
    needed = {"name": "n", "in": "query", "required": True, "type": "string", **schema}
    call = {"operationId": "ListCategories", "parameters": {"n": value}, "value-path": "id"}
    return chain(
        put(("paths", "/categories", "get"), parameters=[needed]),
        put((*LIST, "parameters", 1), **{"x-ms-dynamic-values": call}),
    )


QUERY = {"in": "query", "type": "string", "x-ms-summary": "X"}
STRING = {"type": "string"}
NAMED = {"value": "a", "displayName": "A"}
INTERNAL = {"x-ms-visibility": "internal"}
HIDDEN = {**STRING, **INTERNAL}
URL = {"x-ms-notification-url": True}
LINK = {**HIDDEN, **URL}
FAMILY = {"family": "d", "revision": 1}
SHARED = {"name": "s", "in": "query", "type": "string", "x-ms-summary": "S"}
SCHEME = ("securityDefinitions", "oauth2_auth")
KEY = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7=="
CASES: list[tuple[str, Edit]] = [
    ("operation-id-missing", drop(GET, "operationId")),
    ("operation-id-duplicate", put(GET, operationId="ListDocuments")),
    ("operation-id-form", put(GET, operationId="Get a document")),
    ("no-https", put((), schemes=["http"])),
    ("base-path", put((), basePath="api v1")),
    ("summary", put(GET, summary="Get/put")),
    ("description", drop(GET, "description")),
    ("parameter-summary", drop((*LIST, "parameters", 0), "x-ms-summary")),
    ("path-form", move_path("/me", "/me?x=1")),
    ("path-duplicate", copy_path("/documents/{id}", "/documents/{other}")),
    ("path-parameter-missing", move_path("/me", "/me/{name}")),
    ("path-parameter-extra", add_parameter(LIST, name="x", **{**QUERY, "in": "path"})),
    ("path-parameter-optional", put((*GET, "parameters", 0), required=False)),
    ("parameter-duplicate", add_parameter(LIST, name="top", **QUERY)),
    ("several-bodies", add_parameter(CREATE, name="b", **{"in": "body"}, schema={})),
    ("body-on-get", add_parameter(LIST, name="b", **{"in": "body"}, schema={})),
    (
        "reserved-header",
        add_parameter(LIST, name="Authorization", **{**QUERY, "in": "header"}),
    ),
    ("reference-missing", put(TITLE, **{"$ref": "#/definitions/Nope"})),
    ("reference-external", put(TITLE, **{"$ref": "other.json#/definitions/X"})),
    ("no-response", put(GET, responses={})),
    ("no-success-response", put(GET, responses={"404": {"description": "no"}})),
    ("response-schema", drop((*GET, "responses", "200"), "schema")),
    ("extension-misspelt", put(GET, **{"x-ms-visibilty": "important"})),
    ("visibility-value", put(GET, **{"x-ms-visibility": "Advanced"})),
    (
        "internal-without-default",
        add_parameter(LIST, name="v", required=True, **{**QUERY, "x-ms-visibility": "internal"}),
    ),
    (
        "dynamic-operation",
        put((*GET, "parameters", 0), **{"x-ms-dynamic-values": {"operationId": "Nope"}}),
    ),
    (
        "dynamic-parameter",
        put(
            (*GET, "parameters", 0),
            **{
                "x-ms-dynamic-values": {
                    "operationId": "ListDocuments",
                    "parameters": {"nope": 1},
                    "value-path": "id",
                }
            },
        ),
    ),
    ("default-mismatch", put((*LIST, "parameters", 2), default="ten")),
    ("bounds", put(TITLE, minLength=300)),
    ("pattern", put(TITLE, pattern="[a-")),
    ("enum-empty", put(TITLE, enum=[])),
    ("array-items", put(TITLE, type="array")),
    ("required-unknown", put(("definitions", "NewDocument"), required=["title", "colour"])),
    ("keyword", put(TITLE, nullable=True)),
    ("file-parameter", add_parameter(LIST, name="f", **{**QUERY, "type": "file"})),
    ("security-undefined", put((), security=[{"other": []}])),
    ("security-missing", put((), security=[], securityDefinitions={})),
    ("secret", add_parameter(LIST, name="code", default=KEY, **QUERY)),
    ("target.host-left-over", put((), host="localhost:7071")),
    ("no-https", put((), schemes=[])),
    ("no-https", put((), schemes=["https", "wss"])),
    ("path-form", move_path("/me", "/me/*")),
    ("path-form", move_path("/documents/{id}", "/documents/{id=7}")),
    ("path-duplicate", copy_path("/documents/{id}", "/Documents/{id}")),
    ("bounds", put(TITLE, multipleOf=0)),
    ("bounds", put(TITLE, maxProperties=-1)),
    ("enum-empty", put(TITLE, enum=["a", 1])),
    ("required-unknown", put(("definitions", "NewDocument"), required=[])),
    ("required-unknown", put(TITLE, required=["x"])),
    ("file-parameter", put(TITLE, type="file")),
    ("duplicate-key", put((*GET, "responses", "200"), headers={"ETag": STRING, "etag": STRING})),
    ("webhook", webhook(type="string")),
    ("swagger-version", put((), swagger=2.0)),
    ("host-form", put((), host="https://documents-sample.azurewebsites.net/api")),
    ("property-missing", drop(("info",), "description")),
    ("property-missing", drop((*GET, "responses", "200"), "description")),
    ("property-missing", drop((*LIST, "parameters", 0), "type")),
    ("url-form", put(("info", "contact"), url="contoso.example")),
    ("media-type-form", put(CREATE, consumes=["Content-Type:application/json"])),
    ("status-code", put((*GET, "responses"), **{"2XX": {"description": "fine"}})),
    ("tag-duplicate", put((), tags=[{"name": "a"}, {"name": "a"}])),
    ("security-scheme", drop(SCHEME, "tokenUrl")),
    ("security-scheme", put(SCHEME, type="apiKey", name="code")),
    ("security-scheme", put(SCHEME, type="openid")),
    ("security-value", put((), security=[{"oauth2_auth": ["user_impersonation"]}])),
    ("security-value", put((), security=[{"oauth2_auth": None}])),
    (
        "security-value",
        chain(
            put(("securityDefinitions",), key={"type": "apiKey", "name": "k", "in": "query"}),
            put((), security=[{"key": ["read"]}]),
        ),
    ),
    ("unknown-key", put(GET, tag="documents")),
    ("unknown-key", put(("paths", "/me"), securityDefinitions={})),
    ("unknown-key", put(TITLE, minlength=3)),
    ("parameter-duplicate", put(("paths", "/me"), parameters=[SHARED, SHARED])),
    ("reference-missing", put(TITLE, **{"$ref": "#definitions/Person"})),
    ("value-type", put((*LIST, "parameters", 0), required="true")),
    ("value-type", put(TITLE, maxLength="10")),
    ("value-type", put(TITLE, required=True)),
    ("value-unknown", put(TITLE, type="text")),
    ("value-unknown", put(TITLE, type=["string", "null"])),
    ("value-unknown", put(GET, **{"x-ms-trigger": "once"})),
    ("repeated-value", put(GET, tags=["a", "a"])),
    ("format-unknown", put(TITLE, format="text")),
    ("collection-format", add_parameter(LIST, name="c", collectionFormat="spaces", **QUERY)),
    (
        "collection-format",
        add_parameter(LIST, name="c", collectionFormat="multi", **{**QUERY, "in": "header"}),
    ),
    ("enum-values", put(TITLE, **{"x-ms-enum-values": [{"value": "a"}]})),
    ("enum-values", put(TITLE, **{"x-ms-enum-values": [NAMED, NAMED]})),
    ("enum-values", put(TITLE, enum=["b"], **{"x-ms-enum-values": [NAMED]})),
    ("reference-siblings", put(TITLE, **{"$ref": "#/definitions/Person"})),
    (
        "reference-place",
        put(("paths",), **{"/people": {"$ref": "#/paths/~1Hello"}}),
    ),
    (
        "reference-place",
        put((*GET, "responses", "200", "schema"), **{"$ref": "#/paths/~1me/get/responses/200"}),
    ),
    (
        "required-loop",
        chain(need_link, body_field(**{"$ref": "#/definitions/NewDocument"})),
    ),
    ("schema-count", put((*TITLE[:-1],), **{f"p{n}": STRING for n in range(520)})),
    ("editor", put(TITLE, **{"x-ms-editor": "dictionary"})),
    ("discriminator", put(("definitions", "NewDocument"), discriminator="status")),
    ("filter-functions", put(TITLE, **{"x-ms-capabilities": {"filterFunctions": []}})),
    ("filter-functions", put(TITLE, **{"x-ms-capabilities": {"filterFunctions": ["eq", "eq"]}})),
    ("parameter-shape", drop((*CREATE, "parameters", 0), "schema")),
    ("parameter-shape", put((*CREATE, "parameters", 0), type="object")),
    ("parameter-shape", add_parameter(LIST, name="s", schema=STRING, **QUERY)),
    (
        "parameter-shape",
        add_parameter(LIST, name="s", allowEmptyValue=True, **{**QUERY, "in": "header"}),
    ),
    ("connection-id", add_parameter(LIST, name="connectionId", **QUERY)),
    ("form-media-type", chain(put(CREATE, consumes=["application/json"]), add_field())),
    ("form-media-type", chain(put(CREATE, consumes=[]), add_field())),
    (
        "form-media-type",
        chain(put(CREATE, consumes=["application/x-www-form-urlencoded"]), add_field(type="file")),
    ),
    ("form-name", add_field(name="größe")),
    ("internal-optional", body_field(default="a", **HIDDEN)),
    ("internal-optional", add_parameter(LIST, name="v", default="1", **QUERY, **INTERNAL)),
    ("read-only-required", put(TITLE, readOnly=True)),
    ("binary-place", put(TITLE, format="binary")),
    ("example-media-type", put((*GET, "responses", "200"), examples={"text/html": "<p>"})),
    ("page-link", put(LIST, **{"x-ms-pageable": {"nextLinkName": "next"}})),
    ("dynamic-incomplete", dynamic("x-ms-dynamic-values", **{"value-path": "id"})),
    (
        "dynamic-place",
        put((*CREATE, "parameters", 0), **{"x-ms-dynamic-schema": {"operationId": "WhoAmI"}}),
    ),
    ("dynamic-required", dynamic("x-ms-dynamic-schema", operationId="GetDocument")),
    ("dynamic-optional", list_needs({"parameter": "status"})),
    ("dynamic-type", list_needs("ten", type="integer")),
    ("dynamic-type", list_needs({"parameter": "status"}, type="integer")),
    (
        "dynamic-internal",
        chain(list_needs({"parameter": "status"}), put((*LIST, "parameters", 0), **INTERNAL)),
    ),
    (
        "dynamic-output",
        dynamic(
            "x-ms-dynamic-values",
            **{"operationId": "ListCategories", "value-collection": "rows", "value-path": "id"},
        ),
    ),
    (
        "dynamic-output",
        dynamic("x-ms-dynamic-list", operationId="ListCategories", itemsPath="value/id"),
    ),
    (
        "dynamic-output",
        dynamic("x-ms-dynamic-properties", operationId="WhoAmI", itemValuePath="schema"),
    ),
    ("dynamic-ambiguous", list_needs({"parameter": "body/title"})),
    (
        "dynamic-pair",
        dynamic("x-ms-dynamic-schema", **{"operationId": "Health", "value-path": "a/properties"}),
    ),
    ("dynamic-pair", dynamic("x-ms-dynamic-values", capability="file-picker")),
    (
        "dynamic-pair",
        chain(
            dynamic("x-ms-dynamic-schema", **{"operationId": "Health", "value-path": "schema"}),
            dynamic("x-ms-dynamic-properties", operationId="Health", itemValuePath="other"),
        ),
    ),
    (
        "dynamic-tree",
        dynamic("x-ms-dynamic-tree", open={"operationId": "Health", "selectedItemValuePath": "id"}),
    ),
    ("notification", put(GET, **{"x-ms-notification": {"operationId": "ListDocuments"}})),
    (
        "notification",
        chain(
            webhook(**LINK),
            put(CREATE, **{"x-ms-notification": {"operationId": "CreateDocument"}}),
        ),
    ),
    ("notification-url", webhook(**{**LINK, "type": "integer"})),
    ("notification-url", webhook(**{**LINK, "x-ms-visibility": "advanced"})),
    ("notification-url", add_parameter(LIST, name="u", **QUERY, **URL)),
    ("replacement", annotate(GET, replacement={"operationId": "ListDocuments"})),
    ("replacement", annotate(GET, replacement={"api": "documents", "operationId": "Health"})),
    ("revision", chain(annotate(GET, family="d", revision=1), annotate(LIST, **FAMILY))),
    ("revision", chain(annotate(GET, family="d"), annotate(LIST, family="d"))),
    ("revision", chain(annotate(GET, family="d"), annotate(LIST, **FAMILY))),
]
CERTIFICATION_CASES: list[tuple[str, Edit]] = [
    ("title", put(("info",), title="My very long API connector for documents of all kinds")),
    ("title", put(("info",), title="Documents!")),
    ("title", put(("info",), title="Übersicht")),
    ("metadata", drop((), "x-ms-connector-metadata")),
    ("metadata", put(("info", "contact"), email="nobody")),
    ("metadata", put((), **{"x-ms-connector-metadata": []})),
    ("info-description", put(("info",), description="Short.")),
    ("info-description", put(("info",), description="For Power Apps and whoever uses them today.")),
    ("categories", put(("x-ms-connector-metadata", 2), propertyValue="Fun;Data")),
    ("path-encoding", drop((*GET, "parameters", 0), "x-ms-url-encoding")),
    ("description", drop((*LIST, "parameters", 0), "description")),
    ("query-encoding", put((*LIST, "parameters", 0), **{"x-ms-url-encoding": "single"})),
    ("media-type-supported", put((), produces=["application/pdf"])),
    ("empty-value", put(TITLE, description="")),
    ("several-schemas", put(GET, description="Gets a document.")),
    ("path-similar", put(GET, description="Gets a document.")),
    ("revision-name", annotate(GET, family="d", revision=2)),
    (
        "status-ahead",
        chain(annotate(("info",), status="Preview"), annotate(GET, status="Production")),
    ),
]
PROPERTY_CASES: list[tuple[str, Edit]] = [
    ("aad-incomplete", put((*AAD, "customParameters"), resourceUri={"value": ""})),
    ("aad-placeholder", put(AAD, clientId="<<client id>>")),
    ("aad-resource", put((*AAD, "customParameters"), resourceUri={"value": "api://other"})),
]
FACTS = DefinitionFacts(scope="api://0a1b2c3d-4e5f-4678-9abc-def012345678/user_impersonation")


CERTIFICATION = replace(FACTS, certification=True)


def findings(
    folder: Path, document: Any, properties: Any = PROPERTIES, facts: DefinitionFacts = FACTS
) -> set[str]:
    (folder / "apiDefinition.swagger.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "apiProperties.json").write_text(json.dumps(properties), encoding="utf-8")
    return {f.rule for f in check_definition(load_connector(folder), facts)}


def full(rule: str) -> str:
    return rule if "." in rule else f"definition.{rule}"


@pytest.mark.parametrize(("rule", "edit"), CASES, ids=[rule for rule, _ in CASES])
def test_rule_fires_on_its_defect(tmp_path: Path, rule: str, edit: Edit) -> None:
    document = copy.deepcopy(SOUND)
    edit(document)

    assert full(rule) in findings(tmp_path, document)


@pytest.mark.parametrize(
    ("rule", "edit"), CERTIFICATION_CASES, ids=[rule for rule, _ in CERTIFICATION_CASES]
)
def test_rule_of_certification_fires_when_asked_for(tmp_path: Path, rule: str, edit: Edit) -> None:
    document = copy.deepcopy(SOUND)
    edit(document)

    assert full(rule) in findings(tmp_path, document, facts=CERTIFICATION)
    assert full(rule) not in findings(tmp_path, document)


@pytest.mark.parametrize(("rule", "edit"), PROPERTY_CASES, ids=[rule for rule, _ in PROPERTY_CASES])
def test_rule_fires_on_the_properties_defect(tmp_path: Path, rule: str, edit: Edit) -> None:
    properties = copy.deepcopy(PROPERTIES)
    edit(properties)

    assert full(rule) in findings(tmp_path, SOUND, properties)


def test_sound_connector_is_silent(tmp_path: Path) -> None:
    assert findings(tmp_path, SOUND) == set()


def test_sound_connector_has_what_certification_alone_dislikes(tmp_path: Path) -> None:
    wanted = {"definition.several-schemas", "definition.path-similar"}

    assert findings(tmp_path, SOUND, facts=CERTIFICATION) == wanted


def test_sound_webhook_is_silent(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    chain(webhook(**LINK), need_link)(document)

    assert findings(tmp_path, document) == set()


def test_scheme_that_many_operations_miss_is_one_finding(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    for path in (GET, LIST, CREATE):
        put(path, security=[{"other": []}])(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    (one,) = [f for f in found if f.rule == "definition.security-undefined"]
    assert "3 times" in one.message
    assert len(one.data["pointers"]) == 3


def test_path_that_an_answer_lacks_is_one_finding(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    call = {"operationId": "ListCategories", "value-collection": "rows", "value-path": "id"}
    for index in range(3):
        put((*LIST, "parameters", index), **{"x-ms-dynamic-values": call})(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    (one,) = [f for f in found if f.rule == "definition.dynamic-output"]
    assert "3 extensions" in one.message


@pytest.mark.parametrize(
    ("edit", "severity"),
    [
        (copy_path("/documents/{id}", "/Documents/{id}"), "error"),
        (copy_path("/documents/{id}", "/documents/{other}"), "warning"),
        (copy_path("/documents/{id}", "/documents/{id}/"), "note"),
        (split_path("/documents/{id}", "/documents/{other}", "delete"), "note"),
    ],
    ids=["capitals", "placeholders", "slash at the end", "another method"],
)
def test_twin_paths_are_as_bad_as_the_platform_takes_them(
    tmp_path: Path, edit: Edit, severity: str
) -> None:
    document = copy.deepcopy(SOUND)
    edit(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    assert [f.severity for f in found if f.rule == "definition.path-duplicate"] == [severity]


ODD = (None, [], {}, "x", 1, True, [None], [[1]], {"a": None}, {"$ref": 1}, {"type": ["a"]})
KEYS = (
    "x-ms-enum-values x-ms-api-annotation x-ms-dynamic-values x-ms-dynamic-list x-ms-dynamic-tree "
    "x-ms-dynamic-schema x-ms-notification x-ms-notification-content x-ms-pageable required enum "
    "discriminator type format items properties allOf default x-ms-capabilities tags security "
    "securityDefinitions examples headers schema collectionFormat consumes in name parameters"
)


def nodes_of(node: Any) -> list[Any]:
    inner = list(node.values()) if isinstance(node, dict) else node
    below = [n for part in inner for n in nodes_of(part)] if isinstance(inner, list) else []
    return [node, *below] if isinstance(node, dict) else below


@pytest.mark.parametrize("seed", range(3))
def test_definition_that_makes_no_sense_is_judged_all_the_same(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = tmp_path / "a.json"
    judged = 0
    for _ in range(60):
        document = copy.deepcopy(SOUND)
        for _ in range(3):
            node = draw.choice(nodes_of(document))
            key = draw.choice([*node, draw.choice(KEYS.split())])
            node[key] = copy.deepcopy(draw.choice(ODD))
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            connector = load_connector(path)
        except DefinitionError:
            continue
        check_definition(connector, CERTIFICATION)
        judged += 1

    assert judged > 30


def test_definitions_that_name_each_other_are_judged_in_a_moment(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    names = [f"D{n}" for n in range(40)]
    refs = {name: {"$ref": f"#/definitions/{name}"} for name in names}
    for name in names:
        document["definitions"][name] = {"type": "object", "properties": refs, "required": names}
    document["definitions"]["NewDocument"] = refs["D0"]

    assert "definition.required-loop" in findings(tmp_path, document)


def test_left_over_that_no_operation_refers_to_calls_nothing(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    left = {"type": "string", "x-ms-dynamic-values": {"operationId": "Gone", "value-path": "id"}}
    document["definitions"]["Unused"] = left

    silent = findings(tmp_path, document)
    document["definitions"]["NewDocument"]["properties"]["kind"] = {"$ref": "#/definitions/Unused"}
    heard = findings(tmp_path, document)

    assert "definition.dynamic-operation" not in silent
    assert "definition.dynamic-operation" in heard


def test_another_host_than_the_target_is_a_warning() -> None:
    facts = DefinitionFacts(target_url="https://other.azurewebsites.net")

    found = check_definition(load_connector(SAMPLE), facts)

    assert [(f.rule, f.severity) for f in found] == [("target.host-other", "warning")]


def test_left_over_host_of_a_collection_is_a_note() -> None:
    collection = SAMPLE.parent / "hello" / "Hello.postman_collection.json"

    found = check_definition(load_connector(collection), DefinitionFacts())

    hosts = [f.severity for f in found if f.rule == "target.host-left-over"]
    assert hosts == ["note"]
    assert all(f.severity != "error" for f in found)


def test_webhook_without_content_is_found(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    operation = at(document, CREATE)
    operation["x-ms-trigger"] = "single"
    at(document, TITLE)["x-ms-notification-url"] = True

    assert "definition.webhook" in findings(tmp_path, document)


def test_missing_file_of_paconn_settings_is_found(tmp_path: Path) -> None:
    for name in ("apiDefinition.swagger.json", "apiProperties.json"):
        (tmp_path / name).write_text((SAMPLE / name).read_text(encoding="utf-8"), encoding="utf-8")
    settings = {"apiDefinition": "apiDefinition.swagger.json", "icon": "icon.png"}
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "settings.json"), DefinitionFacts())

    assert "definition.settings-path" in {f.rule for f in found}


def test_secret_is_not_shown(tmp_path: Path) -> None:
    document = copy.deepcopy(SOUND)
    add_parameter(LIST, name="code", default=KEY, **QUERY)(document)
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    assert not any(KEY in json.dumps(f.to_plain()) for f in found)


def test_key_that_stands_twice_is_found(tmp_path: Path) -> None:
    text = json.dumps(SOUND).replace('"basePath"', '"basePath": "/old", "basePath"', 1)
    (tmp_path / "a.json").write_text(text, encoding="utf-8")

    found = check_definition(load_connector(tmp_path / "a.json"), DefinitionFacts())

    assert "definition.duplicate-key" in {f.rule for f in found}


def test_levels_switch_rules_off_and_down() -> None:
    facts = DefinitionFacts(
        target_url="https://other.azurewebsites.net", levels={"target.host-other": "off"}
    )

    assert check_definition(load_connector(SAMPLE), facts) == []


def test_every_rule_has_a_case() -> None:
    elsewhere = {"definition.too-large", "definition.webhook", "definition.settings-path"}
    elsewhere |= {"target.host-other", "definition.duplicate-key"}
    tried = {full(rule) for rule, _ in (*CASES, *CERTIFICATION_CASES, *PROPERTY_CASES)}

    assert tried | elsewhere >= set(BY_ID)


EXPECTED_ERRORS = {
    ("certified__AtBot_Admin", "definition.aad-incomplete"),
    ("certified__DBF2XML", "definition.secret"),
}


def test_errors_on_published_connectors_are_real_defects(shared: Path) -> None:
    errors = set()
    for folder in sorted((shared / "connectors").iterdir()):
        if not folder.is_dir() or folder.name in ("history", "schemas"):
            continue
        try:
            connector = load_connector(folder)
        except DefinitionError:
            continue
        for finding in check_definition(connector, DefinitionFacts()):
            if finding.severity == "error":
                errors.add((folder.name, finding.rule))

    assert errors == EXPECTED_ERRORS
