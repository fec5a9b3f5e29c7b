"""Separation of users: the same call as each, as somebody who pretends, and for others' records."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from harness.connector.model import Operation
from harness.probes.delegated_requests import is_readable, request_of, user_like
from harness.probes.example_values import example_values
from harness.probes.records import creating_operation, listing_operation, record_ids
from harness.situation import Plan, Situation
from harness.traffic.exchange import Exchange, Probe, Request, user

__all__ = ["separation_plan"]

ASKED_IDS = 3
USER_PARAMETERS = ("user", "userId", "upn", "email", "username", "owner")


def separation_plan(situation: Situation, operation: Operation) -> Plan:
    """The same call as every user, as somebody who pretends, and for the other user's records."""
    settings = situation.settings
    if len(settings.users) < 2 or operation.id in settings.anonymous.public:
        return
    if is_readable(situation, operation):
        yield from _reading(situation, operation)
    elif settings.writes == "all" and operation.method in ("PUT", "PATCH", "DELETE"):
        yield from _changing(situation, operation)


def _reading(situation: Situation, operation: Operation) -> Plan:
    names = list(situation.settings.users)
    values = example_values(situation, operation)
    unknown = values.made_up(tuple(p.name for p in operation.parameters_in("path")))
    if not unknown:
        request = request_of(situation, operation)
        probes = [
            Probe(f"same/{name}", operation.id, user(name), request, "delegated/same")
            for name in names
        ]
        yield probes + _pretences(situation, operation, request, names)
    wanted = operation.parameters_in("path")
    if len(wanted) != 1:
        return
    parameter = wanted[0]
    listing = listing_operation(situation.connector, operation, parameter)
    if listing is None:
        return
    learnt = yield _learning(situation, listing, names)
    owned = owned_ids(learnt, parameter.name)
    asked = [
        Probe(
            f"foreign/{owner}/{index}/{name}",
            operation.id,
            user(name),
            request_of(situation, operation, **{parameter.name: value}),
            "delegated/own" if name == owner else "delegated/foreign",
            {"owner": owner, "id": value, "listed_by": listing.id},
        )
        for owner, values_of_owner in owned.items()
        for index, value in enumerate(values_of_owner[:ASKED_IDS])
        for name in names
    ]
    if asked:
        yield asked


def _learning(situation: Situation, listing: Operation, names: list[str]) -> list[Probe]:
    request = request_of(situation, listing)
    return [
        Probe(f"list/{name}", listing.id, user(name), request, "delegated/list") for name in names
    ]


def owned_ids(learnt: list[Exchange], parameter: str) -> dict[str, list[str]]:
    """Per user the ids that only this user's list shows."""
    lists = {
        exchange.probe.caller.name: record_ids(exchange.response, parameter)
        for exchange in learnt
        if exchange.status == 200
    }
    return {
        name: [
            value
            for value in ids
            if not any(value in other for who, other in lists.items() if who != name)
        ]
        for name, ids in lists.items()
    }


def _pretences(
    situation: Situation, operation: Operation, request: Request, names: list[str]
) -> list[Probe]:
    """The second user's own token, with the first user's name in every place that might count."""
    victim, actor = names[0], names[1]
    settings = situation.settings.users[victim]
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
        sent = request_of(situation, operation, **declared)
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
        document = json.loads(request.body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    fields = {key: name for key in (*document, *USER_PARAMETERS) if user_like(key)}
    return json.dumps({**document, **fields}).encode("utf-8")


def _changing(situation: Situation, operation: Operation) -> Plan:
    """An object made by the first user for this purpose, changed or deleted by the second."""
    creating = creating_operation(situation.connector, operation)
    reading = _reader(situation, operation)
    parameters = operation.parameters_in("path")
    if creating is None or len(parameters) != 1:
        return
    owner, intruder = list(situation.settings.users)[:2]
    made = yield [
        Probe(
            f"create/{owner}",
            creating.id,
            user(owner),
            request_of(situation, creating),
            "delegated/create",
            repeatable=False,
        )
    ]
    ids = record_ids(made[0].response, parameters[0].name)
    if not ids or made[0].status not in (200, 201):
        return
    value = {parameters[0].name: ids[0]}
    before = _read(situation, reading, value, owner, "before")
    attack = Probe(
        f"intrude/{intruder}",
        operation.id,
        user(intruder),
        _altered(situation, operation, request_of(situation, operation, **value)),
        "delegated/intrude",
        {"owner": owner, "id": ids[0]},
        repeatable=False,
    )
    if before:
        yield before
    yield [attack]
    after = _read(situation, reading, value, owner, "after")
    if after:
        yield after
    remover = _remover(situation, operation)
    if remover is not None:
        request = request_of(situation, remover, **value)
        yield [
            Probe(
                f"cleanup/{owner}",
                remover.id,
                user(owner),
                request,
                "delegated/cleanup",
                repeatable=False,
            )
        ]


def _altered(situation: Situation, operation: Operation, request: Request) -> Request:
    """The request with a free text in its body changed, so that a change can be seen."""
    body = operation.body
    if body is None or request.body is None:
        return request
    schema = situation.connector.resolve(body.schema)
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    try:
        document = json.loads(request.body)
    except ValueError:
        return request
    if not isinstance(document, dict):
        return request
    for name, value in document.items():
        rule = situation.connector.resolve(properties.get(name, {}))
        closed = any(key in rule for key in ("enum", "format", "pattern"))
        if isinstance(value, str) and not closed and len(value) + 2 <= rule.get("maxLength", 99):
            return replace(request, body=json.dumps({**document, name: value + " 2"}).encode())
    return request


def _read(
    situation: Situation, reading: Operation | None, value: Mapping[str, Any], name: str, when: str
) -> list[Probe]:
    if reading is None:
        return []
    request = request_of(situation, reading, **value)
    return [Probe(f"{when}/{name}", reading.id, user(name), request, f"delegated/{when}")]


def _reader(situation: Situation, operation: Operation) -> Operation | None:
    return _sibling(situation, operation, "GET")


def _remover(situation: Situation, operation: Operation) -> Operation | None:
    return _sibling(situation, operation, "DELETE")


def _sibling(situation: Situation, operation: Operation, method: str) -> Operation | None:
    return next(
        (
            o
            for o in situation.connector.operations
            if o.method == method and o.path.lower() == operation.path.lower()
        ),
        None,
    )
