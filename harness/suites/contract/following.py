"""Following what an answer points at: the next page, and an object after it was deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from harness.connector.model import Operation
from harness.errors import SettingsError
from harness.exchanges.bodies import parsed_json
from harness.exchanges.context import RunContext
from harness.exchanges.model import Caller, Exchange, Probe, Request
from harness.exchanges.refusal import same_place
from harness.findings.examples import Fault
from harness.findings.model import Rule
from harness.inputs.related_operations import path_parameters
from harness.inputs.requests import build_request
from harness.inputs.values import example_values
from harness.suites.contract.causes import Observation

__all__ = ["after_deletion", "following_sightings", "next_pages"]

PAGES = Rule(
    id="contract.pages",
    severity="error",
    title="The link to the next page leads nowhere",
    meaning="The link that x-ms-pageable names is answered with an error, leads to the same page "
    "again, or to another host.",
    why="Flows read one page of many, or never end.",
    remedy="Answer with the whole address of the next page, and with none on the last page.",
    reference='Microsoft Learn, "OpenAPI extensions for custom connectors": x-ms-pageable',
    shown_by=(
        Fault(
            "page-dead:ListDocuments",
            "ListDocuments",
            definition={
                "/paths/~1documents/get/x-ms-pageable": {"nextLinkName": "nextLink"},
                "/definitions/DocumentList/properties/nextLink": {"type": "string"},
            },
        ),
    ),
)
STILL_THERE = Rule(
    id="contract.still-there",
    severity="warning",
    title="A deleted object still answers",
    meaning="After a deletion with success, the object's own GET answers with success as before.",
    why="What people deleted is still handed out.",
    remedy="Answer 404 or 410 once the object is deleted.",
    reference="RFC 9110 section 9.3.5",
    shown_by=(Fault("still-there:DeleteDocument", "DeleteDocument"),),
)


def next_pages(
    context: RunContext, operation: Operation, answers: Sequence[Exchange]
) -> list[Probe]:
    """A probe of the next page that the first page-like answer names; none to another host."""
    if operation.changes_state:
        return []
    for exchange in answers:
        link = _link(operation, exchange)
        if link is None:
            continue
        asked = context.origin + exchange.probe.request.target
        address = urljoin(asked, link)
        if not same_place(asked, address):
            continue
        target = address.split("://", 1)[-1].partition("/")[2]
        meta = {"page": True, "of": operation.id, "follows": exchange.probe.key}
        request = Request("GET", f"/{target}", exchange.probe.request.headers)
        caller = exchange.probe.caller
        return [Probe("page-2", operation.id, caller, request, "contract/page", meta)]
    return []


def after_deletion(
    context: RunContext, operation: Operation, caller: Caller, own: Any
) -> list[Probe]:
    """The deleted object's own GET, where there is one."""
    for each in context.connector.operations:
        same = each.path.rstrip("/").lower() == operation.path.rstrip("/").lower()
        if each.method != "GET" or not same or len(path_parameters(each)) != 1:
            continue
        known = example_values(context, each).parameters
        try:
            request = build_request(context, each, {**known, path_parameters(each)[-1].name: own})
        except SettingsError:
            return []
        meta = {"of": each.id, "id": str(own)}
        return [Probe("deleted-1", operation.id, caller, request, "contract/deleted", meta)]
    return []


def following_sightings(
    context: RunContext, operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[Observation]:
    """What was found behind links, and behind the address of a deleted object."""
    own = [e for e in exchanges if e.probe.operation == operation.id]
    for exchange in own:
        if exchange.probe.purpose == "contract/deleted" and _ok(exchange):
            message = "An object that was deleted still answers"
            yield Observation(
                STILL_THERE, "deleted", message, "404 or 410", str(exchange.status), exchange
            )
        if exchange.probe.purpose == "contract/page":
            yield from _page(operation, exchange, own)
    for exchange in own:
        link = _link(operation, exchange)
        asked = context.origin + exchange.probe.request.target
        if link is not None and not same_place(asked, urljoin(asked, link)):
            message = "The link to the next page leads to another host"
            yield Observation(PAGES, "host", message, "the app's own host", link[:120], exchange)
            return


def _page(operation: Operation, page: Exchange, own: Sequence[Exchange]) -> Iterator[Observation]:
    if page.status is None or page.status in (401, 403, 429) or page.status >= 500:
        return
    if not _ok(page):
        message = "The link to the next page is answered with an error"
        yield Observation(PAGES, "dead", message, "the next page", str(page.status), page)
        return
    followed = str(page.probe.meta.get("follows"))
    before = next((e for e in own if e.probe.key == followed), None)
    link = _link(operation, page)
    if before is not None and link is not None and link == _link(operation, before):
        message = "The link to the next page leads to the same page again"
        yield Observation(PAGES, "loop", message, "the next page", link[:120], page)


def _link(operation: Operation, exchange: Exchange) -> str | None:
    pageable = operation.raw.get("x-ms-pageable")
    name = pageable.get("nextLinkName") if isinstance(pageable, Mapping) else None
    if not isinstance(name, str) or not _ok(exchange) or exchange.response is None:
        return None
    if exchange.probe.purpose.endswith(("learn", "create", "clean-up", "neighbour")):
        return None
    try:
        document = parsed_json(exchange.response.body)
    except ValueError:
        return None
    value = document.get(name) if isinstance(document, Mapping) else None
    return value if isinstance(value, str) and value else None


def _ok(exchange: Exchange) -> bool:
    return exchange.status is not None and 200 <= exchange.status < 300
