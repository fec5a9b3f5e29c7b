"""Judging the policies of apiProperties.json: what they name, what they say, what they undo.

Templates and their parameters: Microsoft, 'Policy templates', and the JSON Schema of
apiProperties.json in PowerPlatformConnectors. `moveproperties`, `dynamicsubdomain` and
`setconnectionstatustounauthenticated` are in neither, but in published connectors.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.connector.model import Connector, Properties
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule

__all__ = ["judge_policies", "operations_of"]

TEMPLATES_PAGE = "Microsoft, 'Policy templates for custom connectors'"
LISTED = "/properties/policyTemplateInstances"
PARAMETER = "x-ms-apimTemplateParameter."
OPERATIONS = "x-ms-apimTemplate-operationName"
SECTION = "x-ms-apimTemplate-policySection"


def _example(**parameters: Any) -> dict[str, Any]:
    """A policy that sets a header, with whatever makes it special."""
    given = {
        f"{PARAMETER}name": "x-app",
        f"{PARAMETER}value": "flows",
        f"{PARAMETER}existsAction": "override",
        SECTION: "Request",
        **parameters,
    }
    return {"templateId": "setheader", "title": "app", "parameters": given}


POLICY_OPERATION = Rule(
    id="definition.policy-operation",
    severity="warning",
    title="A policy or scriptOperations names an operation that is not there",
    meaning="x-ms-apimTemplate-operationName or scriptOperations has an operationId that the "
    "definition does not have; ids are compared exactly, capitals included.",
    why="The policy is not applied to the operation that is meant: its calls go to another host or "
    "path, or without a header.",
    remedy="Write the operationId as the definition does; leave the list empty for all operations.",
    reference=TEMPLATES_PAGE,
    shown_by=(
        Edit(properties={LISTED: [_example(**{OPERATIONS: ["ListDocument"]})]}),
        Edit(properties={"/properties/scriptOperations": ["listDocuments"]}),
    ),
)
POLICY_PARAMETER = Rule(
    id="definition.policy-parameter",
    severity="warning",
    title="A policy has a parameter of another template, or lacks one of its own",
    meaning="Each template has its own parameters; one is foreign to it or missing from it.",
    why="The platform refuses apiProperties.json, or the policy does nothing.",
    remedy="Use the parameters of the template.",
    reference=TEMPLATES_PAGE,
    shown_by=(Edit(properties={LISTED: [_example(**{f"{PARAMETER}newPath": "/x"})]}),),
)
POLICY_TEMPLATE = Rule(
    id="definition.policy-template",
    severity="warning",
    title="A policy has an unknown template",
    meaning="templateId is none of the platform's templates (capitals do not count).",
    why="The platform refuses apiProperties.json, or the policy does nothing.",
    remedy="Use one of the templates.",
    reference=TEMPLATES_PAGE,
    shown_by=(Edit(properties={LISTED: [{"templateId": "setheaders", "parameters": {}}]}),),
)
POLICY_TWICE = Rule(
    id="definition.policy-twice",
    severity="warning",
    title="Two policies set the same thing for the same operations",
    meaning="Two policies of one template have the same target (header, query parameter, host, "
    "path) for operations that overlap.",
    why="The later one undoes the earlier one.",
    remedy="Keep one of them, or name different operations.",
    reference=TEMPLATES_PAGE,
    shown_by=(Edit(properties={LISTED: [_example(), _example(**{f"{PARAMETER}value": "apps"})]}),),
)


@dataclass(frozen=True, slots=True)
class Template:
    """What a template takes: parameters that it needs, others that it knows, whether a section."""

    needed: tuple[str, ...]
    known: tuple[str, ...] = ()
    section: bool = False


_PATHS = ("propertyParentPath",)
TEMPLATES: dict[str, Template] = {
    "dynamichosturl": Template(("urlTemplate",), section=True),
    "routerequesttoendpoint": Template(("newPath",), ("httpMethod",)),
    "setheader": Template(("name", "value"), ("existsAction",), section=True),
    "setqueryparameter": Template(("name", "value"), ("existsAction",), section=True),
    "setproperty": Template(
        (
            "newPropertyParentPathTemplate",
            "newPropertySubPathTemplate",
            "propertyValuePathTemplate",
        ),
        section=True,
    ),
    "pollingtrigger": Template(("triggerConfig", "triggerDataPath")),
    "updatenextlink": Template(("nextLinkPropertyName",), ("nextLinkParentPropertyPath",)),
    "setvaluefromurl": Template(
        ("parameterTemplate", "parameterValueUrl", "parameterValuePathTemplate"),
        ("httpMethod",),
        section=True,
    ),
    "convertarraytoobject": Template(
        (*_PATHS, "keyWithinCollectionPath"),
        ("propertySubPath", "newPropertyPath", "retainKey"),
        section=True,
    ),
    "convertobjecttoarray": Template(
        _PATHS, ("propertySubPath", "newPropertyPath", "keyName", "valueName"), section=True
    ),
    "stringtoarray": Template(
        (*_PATHS, "delimiterList", "childPropertyName"),
        ("propertySubPath", "newPropertyPath"),
        section=True,
    ),
    "stringreplace": Template(
        (*_PATHS, "sourceString", "replacementString"),
        ("propertySubPath", "newPropertyPath"),
        section=True,
    ),
    "encodepropertyvalue": Template(_PATHS, ("propertySubPath", "newPropertyPath"), section=True),
}
OTHER_TEMPLATES = ("moveproperties", "dynamicsubdomain", "setconnectionstatustounauthenticated")
TARGETS: dict[str, str | None] = {
    "setheader": "name",
    "setqueryparameter": "name",
    "dynamichosturl": None,
    "routerequesttoendpoint": None,
}
"""Templates that set one thing, and the parameter that says which (None: there is but one)."""


def judge_policies(connector: Connector) -> Iterator[Finding]:
    """Every policy, and the operations of the script."""
    properties = connector.properties
    if properties is None:
        return
    known = {str(o.raw.get("operationId")) for o in connector.operations}
    for index, policy in enumerate(properties.policies):
        pointer = f"{LISTED}/{index}"
        names = operations_of(policy)
        place = f"{pointer}/parameters/{OPERATIONS}"
        what = f"the policy {_called(policy)}"
        yield from _operations(connector, properties, known, names, place, what)
        yield from _parameters(connector, properties, policy, pointer)
    script = "/properties/scriptOperations"
    yield from _operations(
        connector, properties, known, properties.script_operations, script, "scriptOperations"
    )
    yield from _twice(connector, properties)


def operations_of(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """The operations that a policy names; none of them: it is applied to all."""
    parameters = policy.get("parameters")
    listed = parameters.get(OPERATIONS) if isinstance(parameters, Mapping) else None
    return tuple(n for n in listed if isinstance(n, str)) if isinstance(listed, list) else ()


def _called(policy: Mapping[str, Any]) -> str:
    title = policy.get("title")
    name = str(policy.get("templateId", "without a template"))
    return f"{name} ({title})" if isinstance(title, str) and title else name


def _operations(
    connector: Connector,
    properties: Properties,
    known: set[str],
    names: tuple[str, ...],
    pointer: str,
    what: str,
) -> Iterator[Finding]:
    lowered = {name.lower(): name for name in known}
    for name in names:
        if name in known or name == "all":
            continue
        same = lowered.get(name.lower())
        near = difflib.get_close_matches(name, known, n=1)
        message = f"{what} names {name!r}, which is not an operation of this connector"
        if same is not None:
            message = f"{what} names {name!r}; the operation is {same!r}: only the capitals differ"
        expected = same or (near[0] if near else "")
        yield POLICY_OPERATION.at(
            connector,
            message,
            "",
            expected=expected,
            observed=name,
            place=properties.place(pointer),
        )


def _parameters(
    connector: Connector, properties: Properties, policy: Mapping[str, Any], pointer: str
) -> Iterator[Finding]:
    name = str(policy.get("templateId", "")).lower()
    template = TEMPLATES.get(name)
    if template is None:
        if name not in OTHER_TEMPLATES:
            near = difflib.get_close_matches(name, TEMPLATES, n=1)
            yield POLICY_TEMPLATE.at(
                connector,
                f"templateId is {policy.get('templateId')!r}, which is no policy template",
                "",
                expected=near[0] if near else "",
                place=properties.place(f"{pointer}/templateId"),
            )
        return
    given = policy.get("parameters")
    keys = [str(key) for key in given] if isinstance(given, Mapping) else []
    own = {PARAMETER + key for key in (*template.needed, *template.known)} | {OPERATIONS}
    own |= {SECTION} if template.section else set()
    foreign = [key for key in keys if key not in own]
    missing = [key for key in template.needed if PARAMETER + key not in keys]
    problems = []
    if foreign:
        problems.append(f"has {_short(foreign)}, which this template does not know")
    if missing:
        held = _short([key for key in keys if key.startswith(PARAMETER)])
        problems.append(f"lacks {', '.join(missing)}" + (f" (it has only {held})" if held else ""))
    for problem in problems:
        yield POLICY_PARAMETER.at(
            connector,
            f"the policy {_called(policy)} {problem}",
            "",
            expected=", ".join(template.needed),
            place=properties.place(f"{pointer}/parameters"),
        )


def _short(keys: list[str]) -> str:
    return ", ".join(key.removeprefix(PARAMETER) for key in keys)


def _twice(connector: Connector, properties: Properties) -> Iterator[Finding]:
    earlier: dict[tuple[str, ...], list[tuple[int, frozenset[str]]]] = {}
    for index, policy in enumerate(properties.policies):
        key = _target(policy)
        if key is None:
            continue
        names = frozenset(operations_of(policy))
        for before, held in earlier.get(key, []):
            same = json.dumps(policy, sort_keys=True, default=str) == json.dumps(
                properties.policies[before], sort_keys=True, default=str
            )
            shared = sorted(names & held)
            if not same and not shared and (names or held):
                continue  # one for all operations and one for some: the latter is an exception
            where = f" for {', '.join(shared[:3])}" if shared else ""
            yield POLICY_TWICE.at(
                connector,
                f"the policy {_called(policy)} "
                + ("is there twice" if same else f"undoes {_called(properties.policies[before])}")
                + where,
                "",
                place=properties.place(f"{LISTED}/{index}"),
            )
            break
        earlier.setdefault(key, []).append((index, names))


def _target(policy: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What a policy sets, as something to compare; None where two of them may live together."""
    name = str(policy.get("templateId", "")).lower()
    parameters = policy.get("parameters")
    if name not in TARGETS or not isinstance(parameters, Mapping):
        return None
    if str(parameters.get(f"{PARAMETER}existsAction", "")).lower() in ("skip", "append"):
        return None
    key = TARGETS[name]
    what = str(parameters.get(PARAMETER + key, "")).lower() if key else ""
    section = str(parameters.get(SECTION, "Request")).lower()
    return name, what, section
