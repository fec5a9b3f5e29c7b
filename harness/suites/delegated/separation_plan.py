"""Separation of users: the same call as each, as somebody who pretends, and for others' records."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from harness.bounds.parsing import parse_json
from harness.connector.model import Operation
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import Exchange, Probe, Request, user
from harness.inputs.learning import Listing, listing_of
from harness.inputs.related_operations import names_objects, path_parameters
from harness.inputs.values import GIVEN, example_values
from harness.suites.delegated.changes_plan import changing_plan
from harness.suites.delegated.own_objects_plan import own_objects_plan
from harness.suites.delegated.requests import is_readable, request_of, user_like

__all__ = ["separation_plan"]

ASKED_IDS = 3
MOST_FOUND = 6
USER_PARAMETERS = ("user", "userId", "upn", "email", "username", "owner")


def separation_plan(context: RunContext, operation: Operation) -> Plan:
    """The same call as every user, as somebody who pretends, and for the other user's records."""
    settings = context.settings
    if len(settings.users) < 2 or operation.id in settings.anonymous.public:
        return
    if is_readable(context, operation):
        yield from _reading(context, operation)
    elif settings.writes == "all" and names_objects(operation):
        yield from changing_plan(context, operation)


def _reading(context: RunContext, operation: Operation) -> Plan:
    names = list(context.settings.users)
    values = example_values(context, operation)
    if not values.made_up(tuple(p.name for p in operation.path_inputs)):
        request = request_of(context, operation)
        probes = [
            Probe(f"same/{name}", operation.id, user(name), request, "delegated/same")
            for name in names
        ]
        yield probes + _pretences(context, operation, request, names)
    tried = yield from own_objects_plan(context, operation)
    if tried or not names_objects(operation):
        return
    owned = yield from _owned(context, operation, names)
    asked = [
        Probe(
            f"foreign/{found.owner}/{index}/{name}",
            operation.id,
            user(name),
            request_of(context, operation, **found.values),
            "delegated/own" if name == found.owner else "delegated/foreign",
            {"owner": found.owner, "id": found.text, "listed_by": found.listed_by},
        )
        for index, found in enumerate(owned)
        for name in names
    ]
    if asked:
        yield asked


@dataclass(frozen=True, slots=True)
class _Found:
    """Values of the path parameters so far; `owner` is the one user who was shown the last of them.

    None: claims_by_user was.
    """

    values: Mapping[str, Any]
    owner: str | None = None
    listed_by: str = ""

    @property
    def text(self) -> str:
        return "/".join(map(str, self.values.values()))

    def below(self, name: str, value: Any, owner: str | None, listed_by: str) -> _Found:
        return _Found({**self.values, name: value}, owner, listed_by)


def _owned(
    context: RunContext,
    operation: Operation,
    names: list[str],
) -> Generator[list[Probe], list[Exchange], list[_Found]]:
    """Objects whose ids only one user's lists show, level by level where ids are nested."""
    given = example_values(context, operation)
    found = [_Found({})]
    for parameter in path_parameters(operation):
        if given.sources.get(parameter.name) in GIVEN:
            value = given.parameters[parameter.name]
            found = [f.below(parameter.name, value, f.owner, f.listed_by) for f in found]
            continue
        deeper: list[_Found] = []
        for index, base in enumerate(found):
            listing = listing_of(context, operation, parameter, base.values)
            if listing is not None:
                callers = names if base.owner is None else [base.owner]
                learnt = yield _learning(listing, callers, index)
                deeper += _below(base, listing, learnt)
        found = deeper[:MOST_FOUND]
    own = [each for each in found if each.owner is not None]
    return [each for name in names for each in own if each.owner == name][:MOST_FOUND]


def _learning(listing: Listing, callers: list[str], index: int) -> list[Probe]:
    return [
        Probe(
            f"list/{listing.parameter.name}/{index}/{name}",
            listing.operation.id,
            user(name),
            listing.request,
            "delegated/list",
        )
        for name in callers
    ]


def _below(base: _Found, listing: Listing, learnt: list[Exchange]) -> list[_Found]:
    """What one user alone is shown, and one thing that claims_by_user is, to look below it."""
    if any(exchange.status not in (200, 403, 404) for exchange in learnt):
        return []  # who sees what cannot be told from half of the lists
    lists = {e.probe.caller.name: listing.values_in(e) if e.status == 200 else [] for e in learnt}
    name, by = listing.parameter.name, listing.operation.id
    found = []
    for who, values in lists.items():
        others = [other for them, other in lists.items() if them != who]
        alone = [v for v in values if base.owner or not any(v in other for other in others)]
        found += [base.below(name, value, who, by) for value in alone[:ASKED_IDS]]
    if base.owner is None:
        common = [v for v in next(iter(lists.values()), []) if all(v in o for o in lists.values())]
        found += [base.below(name, value, None, by) for value in common[:1]]
    return found


def _pretences(
    context: RunContext, operation: Operation, request: Request, names: list[str]
) -> list[Probe]:
    """The second user's own token, with the first user's name in every place that might count."""
    victim, actor = names[0], names[1]
    settings = context.settings.users[victim]
    name = settings.username or victim
    principal = base64.b64encode(
        json.dumps(
            {
                "auth_typ": "aad",
                "claims": [
                    {"typ": "name", "val": name},
                    {"typ": "preferred_username", "val": name},
                ],
                "name_typ": "name",
                "role_typ": "roles",
            }
        ).encode("utf-8")
    ).decode("ascii")
    forged = (
        ("X-MS-CLIENT-PRINCIPAL-NAME", name),
        ("X-MS-CLIENT-PRINCIPAL-ID", name),
        ("X-MS-CLIENT-PRINCIPAL-IDP", "aad"),
        ("X-MS-CLIENT-PRINCIPAL", principal),
        ("X-User", name),
        ("X-User-Id", name),
    )
    undeclared = [n for n in USER_PARAMETERS if n not in {p.name for p in operation.parameters}]
    query = "&".join(f"{n}={quote(name, safe='')}" for n in undeclared)
    joint = "&" if "?" in request.target else "?"
    meta = {"victim": victim, "name": name}
    probes = [
        Probe(
            f"spoof/headers/{actor}",
            operation.id,
            user(actor),
            replace(request, headers=(*request.headers, *forged)),
            "delegated/spoof",
            {**meta, "how": "X-MS-CLIENT-PRINCIPAL headers"},
        ),
        Probe(
            f"spoof/query/{actor}",
            operation.id,
            user(actor),
            replace(request, target=f"{request.target}{joint}{query}"),
            "delegated/spoof",
            {**meta, "how": "a query parameter"},
        ),
    ]
    declared = {
        p.name: name
        for p in operation.parameters
        if p.location == "query" and user_like(p.name) and p.schema.get("type") == "string"
    }
    body = _named_body(request, name)
    if declared or body is not None:
        sent = request_of(context, operation, **declared)
        probes.append(
            Probe(
                f"spoof/declared/{actor}",
                operation.id,
                user(actor),
                sent if body is None else replace(sent, body=body),
                "delegated/spoof",
                {**meta, "how": "a declared input or body field"},
            )
        )
    return probes


def _named_body(request: Request, name: str) -> bytes | None:
    """The JSON body with the victim's name in every field that looks like a user id, or None."""
    if request.body is None:
        return None
    try:
        document = parse_json(request.body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    fields = {key: name for key in (*document, *USER_PARAMETERS) if user_like(key)}
    return json.dumps({**document, **fields}).encode("utf-8")
