"""Judging the connector's files without a single call: host, security, metadata, operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from harness.bounds.files import is_file
from harness.connector.model import Connector, Place
from harness.connector.properties import expected_scope, is_placeholder
from harness.connector.schema.walk import shapes_of
from harness.findings.model import Finding
from harness.suites.definition.certification import CERTIFICATION_ONLY, judge_certification
from harness.suites.definition.context import DefinitionFacts, found
from harness.suites.definition.document import judge_document, judge_security, requirements_of
from harness.suites.definition.dynamics import judge_dynamics
from harness.suites.definition.inputs import judge_inputs
from harness.suites.definition.operations import judge_operations
from harness.suites.definition.references import judge_references
from harness.suites.definition.revisions import judge_revisions
from harness.suites.definition.rules import RULES
from harness.suites.definition.schema_words import judge_words
from harness.suites.definition.schemas import judge_everywhere
from harness.suites.definition.webhooks import judge_webhooks

__all__ = ["RULES", "DefinitionFacts", "check_definition"]

SIZE_LIMIT = 1024 * 1024
RAISED = frozenset(
    f"definition.{name}"
    for name in ("summary", "description", "title", "metadata", "info-description", "categories")
)
"""What certification really refuses: warnings with `[definition] certification`."""
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


def check_definition(connector: Connector, facts: DefinitionFacts) -> list[Finding]:
    """Every finding of the files, errors first; findings inside an operation carry its id."""
    shapes = list(shapes_of(connector.raw))
    judges: tuple[Callable[[Connector, DefinitionFacts], Iterator[Finding]], ...] = (
        _size,
        _loading,
        _address,
        _security,
        _properties,
        _paconn,
        lambda c, _: judge_operations(c),
        lambda c, _: judge_everywhere(c),
        lambda c, _: judge_dynamics(c),
        lambda c, _: judge_revisions(c),
        lambda c, _: judge_document(c, shapes),
        lambda c, _: judge_words(c, shapes),
        lambda c, _: judge_inputs(c, shapes),
        lambda c, _: judge_references(c, shapes),
        lambda c, _: judge_webhooks(c, shapes),
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
    level = facts.levels.get(finding.rule) or facts.levels.get(finding.rule.split(".")[0])
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
        yield found(connector, "too-large", f"the file has {size:,} bytes", "")


NOTED = {"duplicate-parameter": "parameter-duplicate", "duplicate-key": "duplicate-key"}


def _loading(connector: Connector, _facts: DefinitionFacts) -> Iterator[Finding]:
    """What loading had to put right."""
    for note in connector.notes:
        if note.kind in NOTED:
            yield found(connector, NOTED[note.kind], note.message, "", place=note.place)


# ---------------------------------------------------------------------- host and scheme


def _address(connector: Connector, facts: DefinitionFacts) -> Iterator[Finding]:
    postman = connector.kind == "postman"
    host = connector.host
    rewritten = any(
        str(policy.get("templateId", "")).lower() == "dynamichosturl"
        for policy in (connector.properties.policies if connector.properties else ())
    )
    left_over = _is_left_over(host)
    if left_over and not rewritten:
        yield found(
            connector,
            "target.host-left-over",
            f"host is {host or 'missing'}",
            "/host" if host else "",
            expected="the function app's host name",
            observed=host,
            severity="note" if postman else "error",
        )
    elif not rewritten and not left_over:
        yield from _other_host(connector, facts, host)
    if connector.schemes and "https" not in connector.schemes:
        yield found(
            connector,
            "no-https",
            f"schemes is {', '.join(connector.schemes)}",
            "/schemes",
            severity="note" if postman else None,
        )
    yield from _scheme_names(connector)
    base = connector.raw.get("basePath")
    if isinstance(base, str) and (not base.startswith("/") or " " in base or "{" in base):
        yield found(connector, "base-path", f"basePath is {base!r}", "/basePath")


def _scheme_names(connector: Connector) -> Iterator[Finding]:
    listed = connector.raw.get("schemes")
    if not isinstance(listed, list):
        return
    odd = [s for s in listed if str(s).lower() not in ("http", "https")]
    if not listed:
        message = "schemes is empty: https is taken"
        yield found(connector, "no-https", message, "/schemes", severity="note")
    elif odd:
        message = f"schemes has {', '.join(map(str, odd))}, which connectors cannot speak"
        yield found(connector, "no-https", message, "/schemes")


def _is_left_over(host: str) -> bool:
    name = host.split(":")[0].strip("[]").lower()
    return not name or name in LOCAL_HOSTS or any(mark in host for mark in "{}<>[] ")


def _other_host(connector: Connector, facts: DefinitionFacts, host: str) -> Iterator[Finding]:
    if facts.target_url is None:
        return
    known = {urlsplit(url).netloc.lower() for url in (facts.target_url, *facts.other_targets)}
    if host.lower() not in known:
        yield found(
            connector,
            "target.host-other",
            f"host is {host}, the target is {urlsplit(facts.target_url).netloc}",
            "/host",
            expected=" or ".join(sorted(known)),
            observed=host,
        )


# ---------------------------------------------------------------------- security


def _security(connector: Connector, _facts: DefinitionFacts) -> Iterator[Finding]:
    schemes = connector.raw.get("securityDefinitions")
    defined = set(schemes) if isinstance(schemes, Mapping) else set()
    yield from judge_security(connector)
    properties = connector.properties
    provider = (properties.identity_provider or "").lower() if properties else ""
    if provider not in ("aad", "aadcertificate") or connector.kind == "postman":
        return
    has_oauth = any(
        isinstance(scheme, Mapping) and scheme.get("type") == "oauth2"
        for scheme in (schemes.values() if isinstance(schemes, Mapping) else ())
    )
    applied = any(requirement for _, requirement in requirements_of(connector))
    if not (has_oauth and applied):
        yield found(
            connector,
            "security-missing",
            "users sign in by AAD, but the definition does not say so",
            "/securityDefinitions" if defined else "",
            severity="note" if has_oauth else None,
        )


# ---------------------------------------------------------------------- properties


def _properties(connector: Connector, facts: DefinitionFacts) -> Iterator[Finding]:
    properties = connector.properties
    if properties is None or (properties.identity_provider or "").lower() != "aad":
        return
    place = Place(properties.path.as_posix(), "/properties/connectionParameters")
    for name, value in (
        ("clientId", properties.client_id),
        ("resourceUri", properties.resource_uri),
    ):
        if value and is_placeholder(value):
            message = f"{name} is a placeholder"
            yield found(connector, "aad-placeholder", message, "", place=place)
    if not properties.resource_uri:
        message = "resourceUri is missing"
        yield found(connector, "aad-incomplete", message, "", place=place)
        return
    scope = expected_scope(properties)
    if facts.scope and scope and not is_placeholder(properties.resource_uri):
        mine, theirs = facts.scope.rpartition("/")[0], scope.rpartition("/")[0]
        if mine != theirs:
            slash = mine.rstrip("/") == theirs.rstrip("/")
            why = "they differ in the trailing slash alone: audiences are compared exactly"
            yield found(
                connector,
                "aad-resource",
                f"resourceUri asks for {theirs}, [entra] scope for {mine}"
                + (f"; {why}" if slash else ""),
                "",
                expected=mine,
                observed=theirs,
                place=place,
            )


def _paconn(connector: Connector, _facts: DefinitionFacts) -> Iterator[Finding]:
    path, settings = connector.settings_path, connector.settings_raw
    if path is None or settings is None:
        return
    for name in ("apiDefinition", "apiProperties", "icon", "script"):
        value = settings.get(name)
        if isinstance(value, str) and value and not is_file(path.parent / value):
            yield found(
                connector,
                "settings-path",
                f"settings.json names {name} {value!r}, which is not there",
                "",
                place=Place(path.as_posix(), f"/{name}"),
            )
