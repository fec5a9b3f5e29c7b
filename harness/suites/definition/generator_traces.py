"""Judging what generators of definitions leave behind: lost uploads, odd names, mixed-up forms.

Seen in the output of the Functions OpenAPI extension, Swashbuckle, NSwag and AutoRest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from harness.connector.model import Connector, Operation
from harness.connector.pointers import escape
from harness.connector.schema.walk import Shape
from harness.findings.examples import Copied, Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import CREATE_DOCUMENT, NEW_DOCUMENT
from harness.suites.definition.inputs import MULTIPART, URLENCODED

__all__ = ["judge_generator_traces"]

SWAGGER = "OpenAPI Specification, version 2.0"
FORM_EMPTY = Rule(
    id="definition.form-empty",
    severity="warning",
    title="A form has no fields",
    meaning="An operation consumes only forms, and declares neither a form field nor a body.",
    why="Nothing can be sent: generators of version 2 documents lose the field of an upload.",
    remedy="Declare the field: in: formData, type: file for an upload.",
    reference="Azure/azure-functions-openapi-extension issue 365",
    shown_by=(
        Edit(
            {
                f"{CREATE_DOCUMENT}/parameters": [],
                f"{CREATE_DOCUMENT}/consumes": ["multipart/form-data"],
            }
        ),
    ),
)
BODY_AS_FORM = Rule(
    id="definition.body-as-form",
    severity="warning",
    title="A body is sent where a form is expected",
    meaning="An operation has in: body, and consumes only forms.",
    why="The platform sends JSON, and an app that expects a form finds no field in it.",
    remedy="Declare the fields as in: formData, or consume application/json.",
    reference=SWAGGER,
    shown_by=(Edit({f"{CREATE_DOCUMENT}/consumes": ["application/x-www-form-urlencoded"]}),),
)
DEFINITION_NAME = Rule(
    id="definition.definition-name",
    severity="warning",
    title="A definition has a name that references cannot carry",
    meaning="The name of a definition has a backtick, brackets or another character that a URI "
    "fragment must escape, as generic types give it (Page`1, List[Pet]).",
    why="References to it are no URIs: some readers find the definition, others lose its fields.",
    remedy="Give it a name of letters, digits, dots, hyphens and underscores: PageOfPet.",
    reference="RFC 3986 section 3.5",
    shown_by=(Edit({"/definitions/List`1": Copied(NEW_DOCUMENT)}),),
)
PROPERTY_NAME = Rule(
    id="definition.property-name",
    severity="warning",
    title="A property is named by a URL",
    meaning="The name of a property holds ://, as claims and linked data have it.",
    why="Flows take slashes for steps into an object: the field cannot be filled in or read.",
    remedy="Answer it under a plain name, or read it with an expression from the whole body.",
    reference="Microsoft, 'Reference guide to workflow expression functions': paths into objects",
    shown_by=(Edit({f"{NEW_DOCUMENT}/properties/http:~1~1contoso.com~1tag": {"type": "string"}}),),
)

PLAIN = re.compile(r"[\w.~$-]+", re.ASCII)


def judge_generator_traces(connector: Connector, shapes: Sequence[Shape]) -> Iterator[Finding]:
    """Everything that a person would hardly write."""
    for operation in connector.operations:
        yield from _forms(connector, operation)
    yield from _definitions(connector)
    for shape in shapes:
        if shape.kind == "schema":
            yield from _properties(connector, shape)


def _forms(connector: Connector, operation: Operation) -> Iterator[Finding]:
    listed = operation.raw.get("consumes", connector.raw.get("consumes"))
    if not isinstance(listed, list) or not listed or not operation.changes_state:
        return
    types = {str(t).split(";")[0].strip().lower() for t in listed}
    if types - {MULTIPART, URLENCODED}:
        return
    place = f"{operation.pointer}/consumes" if "consumes" in operation.raw else "/consumes"
    shown = " and ".join(sorted(types))
    if operation.body is not None:
        message = f"{operation.id} has a body, but consumes {shown}"
        yield BODY_AS_FORM.at(connector, message, place, operation=operation, observed=shown)
    elif not operation.parameters_in("formData") and "consumes" in operation.raw:
        message = f"{operation.id} consumes {shown}, but declares no field"
        yield FORM_EMPTY.at(connector, message, place, operation=operation, observed=shown)


def _definitions(connector: Connector) -> Iterator[Finding]:
    named = connector.raw.get("definitions")
    odd = (
        [str(n) for n in named if not PLAIN.fullmatch(str(n))] if isinstance(named, Mapping) else []
    )
    if odd:
        others = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        yield DEFINITION_NAME.at(
            connector,
            f"the definition {odd[0]!r}{others} has a name that references cannot carry",
            f"/definitions/{escape(odd[0])}",
            observed=", ".join(odd[:3]),
            data={"names": odd},
        )


def _properties(connector: Connector, shape: Shape) -> Iterator[Finding]:
    properties = shape.node.get("properties")
    for name in properties if isinstance(properties, Mapping) else ():
        if "://" in str(name):
            place = f"{shape.pointer}/properties/{escape(str(name))}"
            message = f"a property is called {str(name)[:60]!r}, which flows take for a path"
            yield PROPERTY_NAME.at(connector, message, place)
