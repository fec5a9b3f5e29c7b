"""Judging the connector's files without a single call: host, security, metadata, operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from harness.bounds.files import is_file
from harness.bounds.urls import is_unique_host_of, split_url
from harness.connector.model import Connector, Place
from harness.connector.schema.walk import shapes_of
from harness.findings.examples import Edit
from harness.findings.levels import level_of
from harness.findings.model import Finding, Rule, Severity
from harness.suites.definition.aad import is_aad, judge_aad
from harness.suites.definition.agent import judge_for_agents
from harness.suites.definition.certification import CERTIFICATION_ONLY, judge_certification
from harness.suites.definition.context import DefinitionFacts
from harness.suites.definition.document import (
    DUPLICATE_KEY,
    judge_document,
    judge_security,
)
from harness.suites.definition.dynamics import judge_dynamics
from harness.suites.definition.examples import judge_examples
from harness.suites.definition.generator_traces import judge_generator_traces
from harness.suites.definition.inputs import PARAMETER_DUPLICATE, judge_inputs
from harness.suites.definition.official_schema import judge_official_schema
from harness.suites.definition.operations import judge_operations
from harness.suites.definition.paging import judge_paging
from harness.suites.definition.policies import judge_policies
from harness.suites.definition.properties_cross_check import judge_properties
from harness.suites.definition.references import judge_references
from harness.suites.definition.revisions import judge_revisions
from harness.suites.definition.schema_words import judge_words
from harness.suites.definition.schemas import judge_everywhere
from harness.suites.definition.webhooks import judge_webhooks

__all__ = ["DefinitionFacts", "check_definition"]

VALIDATOR = "Microsoft, 'Fix Swagger Validator errors'"
SWAGGER = "OpenAPI Specification, version 2.0"

TOO_LARGE = Rule(
    id="definition.too-large",
    severity="error",
    title="The definition is larger than 1 MB",
    meaning="The file has more than 1,048,576 bytes.",
    why="The wizard and paconn refuse it.",
    remedy="Remove unused definitions and long examples, or split the connector.",
    reference="Microsoft, 'Create a custom connector from an OpenAPI definition'",
    shown_by=(Edit({"/x-padding": "x" * 1_100_000}),),
)
NO_HTTPS = Rule(
    id="definition.no-https",
    severity="warning",
    title="The connector does not ask for https",
    meaning="schemes does not list https.",
    why="Tokens would be sent unencrypted, and App Service redirects such calls.",
    remedy='Set "schemes": ["https"].',
    reference=VALIDATOR,
    shown_by=(Edit({"/schemes": ["http"]}),),
    microsoft=("SchemeNotSupported",),
)
SCHEMES = Rule(
    id="definition.schemes",
    severity="warning",
    title="schemes is empty or has a scheme that connectors cannot use",
    meaning="schemes is empty (a note), or lists something other than http and https.",
    why="The platform calls by https alone; what else is listed is never used.",
    remedy='Set "schemes": ["https"].',
    reference=VALIDATOR,
    shown_by=(Edit({"/schemes": []}), Edit({"/schemes": ["https", "wss"]})),
    microsoft=("SchemesArrayEmpty", "SchemeNotValid"),
    formerly="definition.no-https",
)
BASE_PATH = Rule(
    id="definition.base-path",
    severity="error",
    title="basePath is not valid",
    meaning="basePath does not begin with a slash, or holds a placeholder or spaces; a note where "
    "the policy dynamichosturl gives the whole address.",
    why="The platform refuses the file.",
    remedy="Begin it with a slash: /api.",
    reference=VALIDATOR,
    shown_by=(Edit({"/basePath": "api v1"}),),
    microsoft=("BasePathNotValid",),
)
SETTINGS_PATH = Rule(
    id="definition.settings-path",
    severity="error",
    title="paconn's settings.json names a file that is not there",
    meaning="apiDefinition, apiProperties, icon or script does not exist.",
    why="paconn fails.",
    remedy="Correct the path, or add the file.",
    reference="paconn README",
    shown_by=(
        Edit(
            files={
                "settings.json": '{"apiDefinition": "apiDefinition.swagger.json", '
                '"apiProperties": "apiProperties.json", "icon": "logo.png"}'
            }
        ),
    ),
)
SETTINGS_DEFAULT = Rule(
    id="definition.settings-default",
    severity="note",
    title="paconn's settings.json does not name the connector's files",
    meaning="apiDefinition or apiProperties is not in settings.json; the files next to it with "
    "their default names are read.",
    why="paconn itself takes no defaults: it asks for the files, or fails where nobody can answer.",
    remedy='Add "apiDefinition": "apiDefinition.swagger.json" and "apiProperties": '
    '"apiProperties.json".',
    reference="microsoft/PowerPlatformConnectors issue 147",
    shown_by=(Edit(files={"settings.json": '{"connectorId": "shared_x", "environment": "e"}'}),),
)
HOST_LEFT_OVER = Rule(
    id="target.host-left-over",
    severity="error",
    title="The host is a left-over",
    meaning="host is localhost, has no name at all, or is a placeholder; a note where "
    "capabilities has gateway, since the gateway's own machine is meant then; a warning where no "
    "apiProperties.json says whether there is one (localhost:7071 is an error all the same).",
    why="The platform cannot reach it.",
    remedy="Set host to the function app's host name.",
    reference=VALIDATOR,
    shown_by=(Edit({"/host": "localhost:7071"}),),
    microsoft=("HostNameNotValid",),
)
HOST_OTHER = Rule(
    id="target.host-other",
    severity="warning",
    title="The definition names another host than the target",
    meaning="host is neither the target's nor one of [targets].",
    why="What is tested here is not what the connector will call.",
    remedy="Set host, or name the other app under [targets].",
    reference=SWAGGER,
    shown_by=(Edit(facts={"target_url": "https://other.azurewebsites.net"}),),
)

SIZE_LIMIT = 1024 * 1024
RAISED = frozenset(
    f"definition.{name}"
    for name in ("summary", "description", "title", "metadata", "info-description", "categories")
)
"""What certification really refuses: warnings with `[definition] certification`."""
FUNCTIONS_PORT = ":7071"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


def check_definition(connector: Connector, facts: DefinitionFacts) -> list[Finding]:
    """Every finding of the files, errors first; findings inside an operation carry its id."""
    shapes = list(shapes_of(connector.raw))
    judges: tuple[Callable[[Connector, DefinitionFacts], Iterator[Finding]], ...] = (
        _size,
        _loading,
        _address,
        lambda c, _: judge_security(c),
        judge_aad,
        _paconn,
        lambda c, _: judge_policies(c),
        lambda c, f: judge_properties(c, certification=f.certification),
        lambda c, _: judge_operations(c),
        lambda c, _: judge_everywhere(c),
        lambda c, _: judge_paging(c),
        lambda c, _: judge_generator_traces(c, shapes),
        lambda c, _: judge_examples(c, shapes),
        lambda c, _: judge_dynamics(c),
        lambda c, _: judge_revisions(c),
        lambda c, _: judge_document(c, shapes),
        lambda c, _: judge_official_schema(c, shapes),
        lambda c, _: judge_words(c, shapes),
        lambda c, _: judge_inputs(c, shapes),
        lambda c, _: judge_references(c, shapes),
        lambda c, _: judge_webhooks(c, shapes),
        lambda c, f: judge_for_agents(c) if f.agent else iter(()),
        lambda c, f: judge_certification(c, shapes) if f.certification else iter(()),
    )
    findings = [_placed(connector, f) for judge in judges for f in judge(connector, facts)]
    order = {"error": 0, "warning": 1, "note": 2}
    kept = [k for f in findings if (k := _levelled(f, facts)) is not None]
    unique = {(f.rule, f.message, f.place.pointer if f.place else ""): f for f in kept}
    return sorted(unique.values(), key=lambda f: order[f.severity])


def _placed(connector: Connector, finding: Finding) -> Finding:
    """The finding with the operation inside of which it stands."""
    if finding.operation is not None or finding.place is None:
        return finding
    pointer = finding.place.pointer
    for operation in connector.operations:
        if pointer == operation.pointer or pointer.startswith(f"{operation.pointer}/"):
            return replace(finding, operation=operation.id)
    return finding


def _levelled(finding: Finding, facts: DefinitionFacts) -> Finding | None:
    level = level_of(finding, facts.levels)
    if level == "off":
        return None
    if level is not None:
        return replace(finding, severity=level)  # type: ignore[arg-type]
    if finding.rule in CERTIFICATION_ONLY and not facts.certification:
        return None
    if facts.certification and finding.rule in RAISED:
        return replace(finding, severity="warning")
    return finding


def _size(connector: Connector, _facts: DefinitionFacts) -> Iterator[Finding]:
    try:
        size = connector.definition_path.stat().st_size
    except OSError:
        return
    if size > SIZE_LIMIT:
        yield TOO_LARGE.at(connector, f"the file has {size:,} bytes", "")


COLLECTION = {
    "info": {"name": "Sample", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/"},
    "item": [
        {
            "name": "Hello",
            "request": {"url": "https://demo.invalid/api/hello", "description": "Says hello."},
        },
        {"name": "Who am I", "request": "https://graph.microsoft.com/v1.0/me"},
    ],
}
POSTMAN = Rule(
    id="definition.postman",
    severity="note",
    title="Part of the Postman collection does not become part of the connector",
    meaning="A request, body, variable, script or sign-in of the collection is left out, merged "
    "with another one, or taken for something else.",
    why="The connector does less than the collection, and nothing in the wizard says so.",
    remedy="Change the collection and export it again, or add what is missing to the definition.",
    reference="Microsoft, 'Create a custom connector from a Postman collection'",
    shown_by=(Edit({"": COLLECTION}),),
)
NOTED = {"duplicate-parameter": PARAMETER_DUPLICATE, "duplicate-key": DUPLICATE_KEY}


def _loading(connector: Connector, _facts: DefinitionFacts) -> Iterator[Finding]:
    """What loading had to put right."""
    for note in connector.notes:
        if note.kind in NOTED:
            yield NOTED[note.kind].at(connector, note.message, "", place=note.place)
        elif note.kind.startswith("postman-"):
            yield POSTMAN.at(connector, note.message, "", place=note.place)


# ---------------------------------------------------------------------- host and scheme


def _address(connector: Connector, facts: DefinitionFacts) -> Iterator[Finding]:
    postman = connector.kind == "postman"
    host = connector.host
    rewritten = any(
        str(policy.get("templateId", "")).lower() == "dynamichosturl"
        for policy in (connector.properties.policies if connector.properties else ())
    )
    left_over = _is_left_over(host)
    if _is_target(facts, host):
        pass  # the host that is tested is the right one, whatever it is
    elif left_over and not rewritten:
        yield HOST_LEFT_OVER.at(
            connector,
            f"host is {host or 'missing'}",
            "/host" if host else "",
            expected="the function app's host name",
            observed=host,
            severity=_left_over_severity(connector, host),
        )
    elif not rewritten and not left_over:
        yield from _other_host(connector, facts, host)
    if connector.schemes and "https" not in connector.schemes:
        yield NO_HTTPS.at(
            connector,
            f"schemes is {', '.join(connector.schemes)}",
            "/schemes",
            severity="note" if postman else ("error" if is_aad(connector) else None),
        )
    yield from _scheme_names(connector)
    yield from _base_path(connector, rewritten=rewritten)


def _base_path(connector: Connector, *, rewritten: bool) -> Iterator[Finding]:
    """basePath as it is written; where a policy gives the whole address it is not used."""
    base = connector.raw.get("basePath")
    if not isinstance(base, str):
        return
    placeholder = any(mark in base for mark in "{}<>[]")
    if base.startswith("/") and " " not in base and not placeholder:
        return
    yield BASE_PATH.at(
        connector,
        f"basePath is {base!r}" + (", a placeholder" if placeholder else ""),
        "/basePath",
        remedy="Replace the placeholder by the path: /api." if placeholder else "",
        severity="note" if rewritten else None,
    )


def _left_over_severity(connector: Connector, host: str) -> Severity:
    """How bad a left-over host is.

    A gateway resolves the host itself; without apiProperties.json nobody can tell whether there
    is one, or a policy that gives the address. A placeholder in braces is refused at any rate, and
    the port of a Functions host on a developer's machine speaks for itself.
    """
    if connector.kind == "postman" or (host and _has_gateway(connector)):
        return "note"
    placeholder = any(mark in host for mark in "{}<>[] ")
    certain = connector.properties is not None or placeholder or host.endswith(FUNCTIONS_PORT)
    return "error" if certain else "warning"


def _has_gateway(connector: Connector) -> bool:
    """Whether calls go through an on-premises data gateway, which resolves the host itself."""
    body = connector.properties.raw.get("properties") if connector.properties else None
    listed = body.get("capabilities") if isinstance(body, Mapping) else None
    words = listed if isinstance(listed, list) else [listed]
    return "gateway" in {str(word).lower() for word in words}


def _scheme_names(connector: Connector) -> Iterator[Finding]:
    listed = connector.raw.get("schemes")
    if not isinstance(listed, list):
        return
    odd = [s for s in listed if str(s).lower() not in ("http", "https")]
    if not listed:
        message = "schemes is empty: https is taken"
        yield SCHEMES.at(connector, message, "/schemes", severity="note")
    elif odd:
        message = f"schemes has {', '.join(map(str, odd))}, which connectors cannot use"
        yield SCHEMES.at(connector, message, "/schemes")


def _is_left_over(host: str) -> bool:
    name = host.split(":")[0].strip("[]").lower()
    return not name or name in LOCAL_HOSTS or any(mark in host for mark in "{}<>[] ")


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _targets(facts: DefinitionFacts) -> set[str]:
    urls = (facts.target_url, *facts.other_targets)
    return {split_url(url).netloc.lower() for url in urls if url is not None}


def _is_target(facts: DefinitionFacts, host: str) -> bool:
    return bool(host) and host.lower() in _targets(facts)


def _other_host(connector: Connector, facts: DefinitionFacts, host: str) -> Iterator[Finding]:
    if facts.target_url is None:
        return
    known = _targets(facts)
    if (split_url(facts.target_url).hostname or "") in LOOPBACK:
        return  # a local app stands in for the deployed one
    target = split_url(facts.target_url)
    if is_unique_host_of(host, target.hostname or ""):
        yield HOST_OTHER.at(
            connector,
            f"host is {host}, the unique default host name of an app that the target calls "
            f"{target.netloc}: that name is most likely not the app's",
            "/host",
            expected=f"the target https://{host}",
            observed=facts.target_url,
            remedy=f"Test https://{host} (--function-app or [targets]); leave the definition.",
        )
    elif host.lower() not in known:
        yield HOST_OTHER.at(
            connector,
            f"host is {host}, the target is {target.netloc}",
            "/host",
            expected=" or ".join(sorted(known)),
            observed=host,
        )


def _paconn(connector: Connector, _facts: DefinitionFacts) -> Iterator[Finding]:
    path, settings = connector.settings_path, connector.settings_raw
    if path is None or settings is None:
        return
    unnamed = [n for n in ("apiDefinition", "apiProperties") if not settings.get(n)]
    if unnamed:
        message = f"settings.json names no {' and no '.join(unnamed)}; the default names are read"
        yield SETTINGS_DEFAULT.at(connector, message, "", place=Place(path.as_posix(), ""))
    for name in ("apiDefinition", "apiProperties", "icon", "script"):
        value = settings.get(name)
        if isinstance(value, str) and value and not is_file(path.parent / value):
            yield SETTINGS_PATH.at(
                connector,
                f"settings.json names {name} {value!r}, which is not there",
                "",
                place=Place(path.as_posix(), f"/{name}"),
            )
