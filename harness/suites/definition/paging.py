"""Judging pages: which link to the next one flows follow, and through which host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.connector.model import Connector, Operation
from harness.findings.examples import Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import LIST_DOCUMENTS
from harness.suites.definition.policies import operations_of

__all__ = ["judge_paging"]

EXTENSIONS = "Microsoft, 'OpenAPI extensions for custom connectors'"
PAGE_LINK = Rule(
    id="definition.page-link",
    severity="warning",
    title="Pages have an unknown link",
    meaning="nextLinkName of x-ms-pageable is neither nextLink nor @odata.nextLink.",
    why="Flows get the first page alone.",
    remedy="Rename the field of the answer, or use the policy updatenextlink.",
    reference=EXTENSIONS,
    shown_by=(Edit({f"{LIST_DOCUMENTS}/x-ms-pageable": {"nextLinkName": "next"}}),),
    microsoft=("InvalidNextLinkNameValue",),
)
PAGE_POLICY = Rule(
    id="definition.page-policy",
    severity="note",
    title="No policy leads the next page back through the connector",
    meaning="An operation has x-ms-pageable, and no policy updatenextlink is applied to it.",
    why="Flows call the next link as it is: without the connection unless it leads to the "
    "connector itself.",
    remedy="Add the policy updatenextlink for the operation, or answer links to the connector.",
    reference="Microsoft, PowerPlatformConnectors issue 2959",
    shown_by=(Edit({f"{LIST_DOCUMENTS}/x-ms-pageable": {"nextLinkName": "nextLink"}}),),
)

NEXT_LINKS = ("nextLink", "@odata.nextLink")
NAME = "x-ms-apimTemplateParameter.nextLinkPropertyName"


def judge_paging(connector: Connector) -> Iterator[Finding]:
    """Every operation with pages."""
    for operation in connector.operations:
        pageable = operation.raw.get("x-ms-pageable")
        if isinstance(pageable, Mapping):
            yield from _pages(connector, operation, pageable.get("nextLinkName"))


def _pages(connector: Connector, operation: Operation, name: Any) -> Iterator[Finding]:
    policies = connector.properties.policies if connector.properties is not None else ()
    links = [_link(policy) for policy in policies if _is_for(policy, operation)]
    links = [link for link in links if link is not None]
    if name is not None and name not in NEXT_LINKS and name not in links:
        yield PAGE_LINK.at(
            connector,
            f"nextLinkName of {operation.id} is {name!r}",
            f"{operation.pointer}/x-ms-pageable/nextLinkName",
            operation=operation,
            expected=" or ".join(NEXT_LINKS),
            observed=repr(name),
        )
    elif not links and connector.properties is not None:
        yield PAGE_POLICY.at(
            connector,
            f"{operation.id} has pages, and no policy updatenextlink is applied to it",
            f"{operation.pointer}/x-ms-pageable",
            operation=operation,
        )


def _link(policy: Mapping[str, Any]) -> str | None:
    """The property that a policy updatenextlink rewrites; None for other policies."""
    if str(policy.get("templateId", "")).lower() != "updatenextlink":
        return None
    parameters = policy.get("parameters")
    value = parameters.get(NAME) if isinstance(parameters, Mapping) else None
    return value if isinstance(value, str) else ""


def _is_for(policy: Mapping[str, Any], operation: Operation) -> bool:
    names = operations_of(policy)
    return not names or operation.id in names
