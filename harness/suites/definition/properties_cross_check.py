"""Cross-checking apiProperties.json: connection parameters and their uses, and its own words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Properties
from harness.connector.pointers import escape
from harness.findings.examples import REMOVED, Edit
from harness.findings.model import Finding, Rule

__all__ = ["judge_properties"]

SCHEMA = "Microsoft, PowerPlatformConnectors, 'paconn-apiProperties.schema.json'"
PARAMETERS = "/properties/connectionParameters"
_HEADER = {
    "templateId": "setheader",
    "title": "region",
    "parameters": {
        "x-ms-apimTemplateParameter.name": "x-region",
        "x-ms-apimTemplateParameter.value": "@connectionParameters('region')",
    },
}

CONNECTION_PARAMETER_MISSING = Rule(
    id="definition.connection-parameter-missing",
    severity="warning",
    title="A policy uses a connection parameter that is not defined",
    meaning="An expression says connectionParameters('x'), and neither connectionParameters nor a "
    "connection parameter set has an x.",
    why="The expression cannot be evaluated: each such call answers 500.",
    remedy="Add the connection parameter, or correct its name in the policy.",
    reference="Microsoft, 'Connection parameters for custom connectors'",
    shown_by=(Edit(properties={"/properties/policyTemplateInstances": [_HEADER]}),),
)
CONNECTION_PARAMETER_UNUSED = Rule(
    id="definition.connection-parameter-unused",
    severity="warning",
    title="A connection parameter is not used",
    meaning="A connection parameter is in no policy, and no security scheme takes it.",
    why="People are asked for something that goes nowhere.",
    remedy="Use it in a policy (@connectionParameters('name')), or take it out.",
    reference="Microsoft, 'Connection parameters for custom connectors'",
    shown_by=(Edit(properties={f"{PARAMETERS}/region": {"type": "string"}}),),
)
CAPABILITIES = Rule(
    id="definition.capabilities",
    severity="warning",
    title="capabilities is not a list of known words",
    meaning="capabilities is not a list, or has something other than actions, triggers, gateway, "
    "cloud and tabular.",
    why="The platform refuses the file or ignores the word; a gateway is then not offered.",
    remedy='Write a list: [], or ["gateway"] for the on-premises data gateway.',
    reference=SCHEMA,
    shown_by=(
        Edit(properties={"/properties/capabilities": "actions"}),
        Edit(properties={"/properties/capabilities": ["gatway"]}),
    ),
)
ICON_COLOR = Rule(
    id="definition.icon-color",
    severity="warning",
    title="iconBrandColor is missing or no colour",
    meaning="iconBrandColor is not of the form #rrggbb; with `[definition] certification` also "
    "where it is #ffffff or #007ee5, which certification refuses.",
    why="paconn and the wizard want it, and show the icon on it.",
    remedy='Write "iconBrandColor": "#3366cc", or another colour.',
    reference=SCHEMA,
    shown_by=(
        Edit(properties={"/properties/iconBrandColor": REMOVED}),
        Edit(properties={"/properties/iconBrandColor": "blue"}),
    ),
)
PROPERTIES_KEY = Rule(
    id="definition.properties-key",
    severity="warning",
    title="apiProperties.json has an unknown key",
    meaning="A key of properties is none that the platform knows, or publisher or stackOwner is no "
    "text.",
    why="What it says is ignored.",
    remedy="Correct its spelling, move it to its place, or take it out.",
    reference=SCHEMA,
    shown_by=(Edit(properties={"/properties/stackowner": "Contoso"}),),
)

KNOWN_KEYS = (
    "capabilities",
    "connectionParameterSets",
    "connectionParameters",
    "iconBrandColor",
    "policyTemplateInstances",
    "publisher",
    "scriptOperations",
    "stackOwner",
)
RETURNED = frozenset({"displayName", "description", "iconUri", "environment", "tier", "$schema"})
"""Keys that downloads of other tools keep."""
CAPABILITY_WORDS = ("actions", "triggers", "gateway", "cloud", "tabular", "blob")
COLOR = re.compile(r"#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}")
REFUSED_COLORS = ("#ffffff", "#007ee5")
USE = re.compile(r"""connectionParameters\(\s*(?:'([^']+)'|"([^"]+)")""")


def judge_properties(connector: Connector, *, certification: bool) -> Iterator[Finding]:
    """What apiProperties.json says, held against itself and the definition."""
    properties = connector.properties
    if properties is None:
        return
    body = properties.raw.get("properties")
    if not isinstance(body, Mapping):
        return
    yield from _keys(connector, properties, body)
    yield from _capabilities(connector, properties, body)
    yield from _color(connector, properties, body, certification=certification)
    yield from _missing(connector, properties, body)
    yield from _unused(connector, properties, body)


def _keys(
    connector: Connector, properties: Properties, body: Mapping[str, Any]
) -> Iterator[Finding]:
    for key in body:
        name = str(key)
        if name in KNOWN_KEYS or name in RETURNED or name.startswith(("x-", "$")):
            continue
        lowered = {known.lower(): known for known in KNOWN_KEYS}
        near = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.8)
        expected = lowered[near[0]] if near else ""
        message = f"properties has {name!r}, which is ignored"
        if expected:
            message = f"properties has {name!r}; the key is {expected!r}"
        elif name.startswith("token:"):
            message = f"properties has {name!r}, which belongs into connectionParameters"
        place = properties.place(f"/properties/{escape(name)}")
        yield PROPERTIES_KEY.at(
            connector, message, "", expected=expected, observed=name, place=place
        )
    for name in ("publisher", "stackOwner"):
        if name in body and body[name] is not None and not isinstance(body[name], str):
            place = properties.place(f"/properties/{name}")
            yield PROPERTIES_KEY.at(connector, f"{name} is no text", "", place=place)


def _capabilities(
    connector: Connector, properties: Properties, body: Mapping[str, Any]
) -> Iterator[Finding]:
    value = body.get("capabilities")
    if value is None:
        return
    place = properties.place("/properties/capabilities")
    if not isinstance(value, list):
        message = f"capabilities is {value!r}, not a list"
        yield CAPABILITIES.at(connector, message, "", place=place, expected="a list")
        return
    for word in value:
        if isinstance(word, str) and word.lower() in CAPABILITY_WORDS:
            continue
        near = difflib.get_close_matches(str(word).lower(), CAPABILITY_WORDS, n=1)
        yield CAPABILITIES.at(
            connector,
            f"capabilities has {word!r}, which the platform does not know",
            "",
            place=place,
            expected=near[0] if near else ", ".join(CAPABILITY_WORDS[:3]),
        )


def _color(
    connector: Connector,
    properties: Properties,
    body: Mapping[str, Any],
    *,
    certification: bool,
) -> Iterator[Finding]:
    value = body.get("iconBrandColor")
    place = properties.place("/properties/iconBrandColor" if value is not None else "/properties")
    if not isinstance(value, str) or not COLOR.fullmatch(value):
        shown = "missing" if value is None else repr(value)
        yield ICON_COLOR.at(connector, f"iconBrandColor is {shown}", "", place=place)
    elif certification and value.lower() in REFUSED_COLORS:
        message = f"iconBrandColor is {value}, which certification refuses"
        yield ICON_COLOR.at(connector, message, "", place=place)


# ---------------------------------------------------------------------- connection parameters


def _defined(body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Every connection parameter: name in lower case → (name, its type)."""
    groups = [body.get("connectionParameters")]
    sets = body.get("connectionParameterSets")
    values = sets.get("values") if isinstance(sets, Mapping) else None
    for entry in values if isinstance(values, list) else ():
        groups.append(entry.get("parameters") if isinstance(entry, Mapping) else None)
    found: dict[str, tuple[str, str]] = {}
    for group in groups:
        for name, entry in group.items() if isinstance(group, Mapping) else ():
            kind = entry.get("type") if isinstance(entry, Mapping) else ""
            found.setdefault(str(name).lower(), (str(name), str(kind).lower()))
    return found


def _uses(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Every `connectionParameters('x')` of a document, with its place."""
    if isinstance(node, str):
        for match in USE.finditer(node):
            yield match.group(1) or match.group(2), pointer
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _uses(value, f"{pointer}/{escape(str(key))}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _uses(value, f"{pointer}/{index}")


def _missing(
    connector: Connector, properties: Properties, body: Mapping[str, Any]
) -> Iterator[Finding]:
    known = _defined(body)
    told: set[str] = set()
    policies = body.get("policyTemplateInstances")
    for name, pointer in _uses(policies, "/properties/policyTemplateInstances"):
        if name.lower() in known or name in told:
            continue
        told.add(name)
        names = [held for held, _ in known.values()]
        near = difflib.get_close_matches(name, names, n=1)
        yield CONNECTION_PARAMETER_MISSING.at(
            connector,
            f"a policy uses connectionParameters('{name}'), and no connection parameter is "
            f"called {name}",
            "",
            expected=near[0] if near else "",
            observed=name,
            place=properties.place(pointer),
        )


def _unused(
    connector: Connector, properties: Properties, body: Mapping[str, Any]
) -> Iterator[Finding]:
    """Parameters that are asked for in vain.

    A key or password goes into the security scheme whatever it is called, so that with a scheme of
    keys or passwords only plain ones can be known as unused; a script or an OAuth template
    (`{token:region}`) may read any of them.
    """
    listed = body.get("connectionParameters")
    if properties.has_script or not isinstance(listed, Mapping):
        return
    used = {name.lower() for name, _ in _uses(properties.raw, "")}
    used |= {name.lower() for name, _ in _uses(connector.raw, "")}
    kinds = _scheme_kinds(connector)
    basic = "basic" in kinds
    plain = {"string", "int", "bool"} | (set() if kinds & {"basic", "apiKey"} else {"securestring"})
    for name, entry in listed.items():
        kind = str(entry.get("type", "")).lower() if isinstance(entry, Mapping) else ""
        if kind not in plain or ":" in str(name) or str(name).lower() in used:
            continue
        if basic and "user" in str(name).lower():
            continue
        yield CONNECTION_PARAMETER_UNUSED.at(
            connector,
            f"the connection parameter {name} is used by no policy and no security scheme",
            "",
            observed=str(name),
            place=properties.place(f"{PARAMETERS}/{escape(str(name))}"),
        )


def _scheme_kinds(connector: Connector) -> set[str]:
    schemes = connector.raw.get("securityDefinitions")
    values = schemes.values() if isinstance(schemes, Mapping) else ()
    return {str(scheme.get("type")) for scheme in values if isinstance(scheme, Mapping)}
