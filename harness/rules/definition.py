"""Judging the connector's files without a single call: host, security, metadata, operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from harness.connector.model import Connector, Place
from harness.connector.properties import expected_scope, is_placeholder
from harness.rules.definition_context import DefinitionFacts, found
from harness.rules.definition_operations import judge_operations
from harness.rules.definition_rules import RULES
from harness.rules.definition_schemas import judge_everywhere
from harness.rules.model import Finding

__all__ = ["RULES", "DefinitionFacts", "check_definition"]

SIZE_LIMIT = 1024 * 1024
TITLE_LIMIT = 30
RESTRICTED_WORDS = ("api", "connector", "power apps", "power automate", "logic apps")
CERTIFICATION = frozenset({"definition.title", "definition.metadata", "definition.summary"})
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


def check_definition(connector: Connector, facts: DefinitionFacts) -> list[Finding]:
    """Every finding of the files, errors first; findings inside an operation carry its id."""
    judges: tuple[Callable[[Connector, DefinitionFacts], Iterator[Finding]], ...] = (
        _size,
        _loading,
        _address,
        _security,
        _properties,
        _paconn,
        _metadata,
        lambda c, _: judge_operations(c),
        lambda c, _: judge_everywhere(c),
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
    if facts.certification and finding.rule in CERTIFICATION:
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
    base = connector.raw.get("basePath")
    if isinstance(base, str) and (not base.startswith("/") or " " in base or "{" in base):
        yield found(connector, "base-path", f"basePath is {base!r}", "/basePath")


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
    for pointer, requirement in _requirements(connector):
        for name in requirement:
            if name not in defined:
                message = f"security names {name!r}, which securityDefinitions does not define"
                yield found(connector, "security-undefined", message, pointer)
    properties = connector.properties
    provider = (properties.identity_provider or "").lower() if properties else ""
    if provider not in ("aad", "aadcertificate") or connector.kind == "postman":
        return
    has_oauth = any(
        isinstance(scheme, Mapping) and scheme.get("type") == "oauth2"
        for scheme in (schemes.values() if isinstance(schemes, Mapping) else ())
    )
    applied = any(requirement for _, requirement in _requirements(connector))
    if not (has_oauth and applied):
        yield found(
            connector,
            "security-missing",
            "users sign in by AAD, but the definition does not say so",
            "/securityDefinitions" if defined else "",
            severity="note" if has_oauth else None,
        )


def _requirements(connector: Connector) -> Iterator[tuple[str, Mapping[str, Any]]]:
    places = [("/security", connector.raw.get("security"))]
    places += [(f"{o.pointer}/security", o.raw.get("security")) for o in connector.operations]
    for pointer, value in places:
        for index, row in enumerate(value if isinstance(value, list) else ()):
            if isinstance(row, Mapping):
                yield f"{pointer}/{index}", row


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
        if isinstance(value, str) and value and not (path.parent / value).is_file():
            yield found(
                connector,
                "settings-path",
                f"settings.json names {name} {value!r}, which is not there",
                "",
                place=Place(path.as_posix(), f"/{name}"),
            )


def _metadata(connector: Connector, _facts: DefinitionFacts) -> Iterator[Finding]:
    if connector.kind == "postman":
        return
    info = connector.raw.get("info")
    info = info if isinstance(info, Mapping) else {}
    title = info.get("title")
    words = [w for w in RESTRICTED_WORDS if isinstance(title, str) and w in title.lower().split()]
    if not isinstance(title, str) or not title or len(title) > TITLE_LIMIT or words:
        observed = "missing" if not title else f"{title!r}"
        yield found(connector, "title", f"info.title is {observed}", "/info", observed=observed)
    missing = [
        name
        for name, there in (
            ("x-ms-connector-metadata", "x-ms-connector-metadata" in connector.raw),
            ("info.contact", "contact" in info),
        )
        if not there
    ]
    if missing:
        yield found(connector, "metadata", f"{' and '.join(missing)} missing", "/info")
