"""Comparing the connector with the app's own list of routes, in both directions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.connector.model import Connector, Operation
from harness.findings.examples import REMOVED, Copied, Fault
from harness.findings.model import Finding, Judgement, Rule
from harness.suites.contract.inventory import Inventory, Route

__all__ = ["judge_inventory"]

UNDOCUMENTED_OPERATION = Rule(
    id="contract.undocumented-operation",
    severity="warning",
    title="The app has a route that the connector does not describe",
    meaning="The inventory of the app names a method and path that no operation has.",
    why="Makers cannot use it; and nobody checks who may call it.",
    remedy="Describe the route in the definition, or remove it from the app.",
    reference="OWASP API Security Top 10 2023, API9 Improper Inventory Management",
    shown_by=(Fault(definition={"/paths/~1me": REMOVED}),),
)
NOT_IN_INVENTORY = Rule(
    id="contract.not-in-inventory",
    severity="warning",
    title="The connector describes an operation that the app's own inventory does not have",
    meaning="No route of the inventory has its method and path.",
    why="The operation is gone, or the inventory is older than the app.",
    remedy="Deploy the function, or remove the operation from the definition.",
    reference="OWASP API Security Top 10 2023, API9 Improper Inventory Management",
    shown_by=(
        Fault(
            definition={
                "/paths/~1people": Copied("/paths/~1me"),
                "/paths/~1people/get/operationId": "ListPeople",
            }
        ),
    ),
)

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
# Routes that the OpenAPI extension and Durable Functions bring along.
_TOOLING = re.compile(
    r"^/(swagger(\.\w+)?|openapi(/.*)?|swagger/ui|oauth2-redirect\.html|runtime/.*)$", re.I
)


def judge_inventory(connector: Connector, inventory: Inventory) -> Judgement:
    """Routes that no operation describes, and operations that no route serves (both warnings)."""
    findings = (*_undescribed(connector, inventory), *_unserved(connector, inventory))
    return Judgement(findings)


def _undescribed(connector: Connector, inventory: Inventory) -> Iterator[Finding]:
    known = {_key(o.method, path) for o in connector.operations for path in _paths(connector, o)}
    paths = {shape for _, shape in known}
    by_path: dict[str, list[Route]] = {}
    for route in inventory.routes:
        key = _key(route.method, route.path)
        # A function without `methods` takes all of them; one described method speaks for it.
        if key in known or _TOOLING.match(route.path) or route.method in ("OPTIONS", "HEAD"):
            continue
        by_path.setdefault(route.path, []).append(route)
    for path, routes in by_path.items():
        methods = ", ".join(dict.fromkeys(route.method for route in routes))
        described = _key("", path)[1] in paths
        words = f"{methods} of a path that is described for other methods" if described else methods
        yield UNDOCUMENTED_OPERATION.finding(
            f"The app has {path} ({words}), which the connector does not describe",
            severity="note" if described else None,
            expected="an operation for every route",
            observed=f"{methods} {path} ({routes[0].name}) in {inventory.source}",
            data={"methods": methods, "path": path, "function": routes[0].name},
        )


def _unserved(connector: Connector, inventory: Inventory) -> Iterator[Finding]:
    served = {_key(route.method, route.path) for route in inventory.routes}
    for operation in connector.operations:
        keys = {_key(operation.method, path) for path in _paths(connector, operation)}
        if not keys & served:
            yield NOT_IN_INVENTORY.finding(
                f"{inventory.source} has no route for {operation.method} {operation.path}",
                operation=operation.id,
                expected=f"{operation.method} {operation.path}",
                observed="no such route",
                place=connector.place(operation.pointer),
            )


def _paths(connector: Connector, operation: Operation) -> set[str]:
    """The operation's path below the route prefix, which may stand in basePath or in the path."""
    base = connector.base_path.rstrip("/")
    whole = f"{base}{operation.path}"
    found = {operation.path, whole}
    found |= {path[4:] for path in (operation.path, whole) if path.lower().startswith("/api/")}
    return found


def _key(method: str, path: str) -> tuple[str, str]:
    return method, _PLACEHOLDER.sub("{}", path).rstrip("/").lower()
