"""What each user is shown of an object that this run made a minute ago, as the first user.

Works for test users who own nothing yet, and for lists, searches, counts and tables whose records
carry no address. Every object is removed again; where none may be made, nothing is asked here.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

from harness.connector.model import Operation
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Probe, user
from harness.inputs.making import creation
from harness.inputs.permission import creation_basis, usable_creator, why_not
from harness.inputs.related_operations import (
    creator_of,
    deleter_of,
    lister_of,
    names_objects,
    path_parameters,
)
from harness.inputs.values import example_values
from harness.suites.delegated.changes_plan import clean_up
from harness.suites.delegated.requests import is_readable, needs_ids, request_of

Asking = Generator[list[Probe], list[Exchange], bool]

__all__ = ["label_of", "maker_for", "own_objects_plan"]


def label_of(operation: Operation, owner: str) -> str:
    """The words by which an object that was made for an operation is known again."""
    return f"{operation.id} of {owner}"


def maker_for(context: RunContext, operation: Operation) -> Operation | None:
    """The operation by which this run may make what another one shows, or None."""
    if names_objects(operation):
        return usable_creator(context, operation)
    related = [each for each in _removable(context) if _is_related(operation, each)]
    return related[0] if related else None


def own_objects_plan(context: RunContext, operation: Operation) -> Asking:
    """Make an object as the first user; ask the operation, and those that tell of it, as both.

    Whether there was one to ask about.
    """
    creator = maker_for(context, operation) if context.settings.writes == "all" else None
    if creator is None:
        return False
    owner, viewer = list(context.settings.users)[:2]
    own = yield from creation(
        context,
        operation,
        creator,
        user(owner),
        suite="delegated",
        label=label_of(operation, owner),
        key=f"create/{owner}",
    )
    if own is None:
        return False
    asked = [
        *_asked(context, operation, operation, own, "shown", (owner, viewer, viewer)),
        *(
            probe
            for kind, witness in _witnesses(context, operation, creator)
            for probe in _asked(context, operation, witness, own, kind, (owner, viewer))
        ),
    ]
    answers = yield asked
    yield from clean_up(context, operation, creator, own, owner)
    status = answers[0].status if answers else None
    return status is not None and 200 <= status < 300


def _asked(
    context: RunContext,
    about: Operation,
    called: Operation,
    own: Any,
    kind: str,
    callers: tuple[str, ...],
) -> Iterator[Probe]:
    """The calls of one operation, with the object's id where its path needs one."""
    parameters = path_parameters(called)
    fixed = {parameters[-1].name: own} if parameters else {}
    try:
        request = request_of(context, called, **fixed)
    except SettingsError:
        return
    for number, caller in enumerate(callers):
        meta = {"of": called.id, "id": str(own), "owner": callers[0]}
        key = f"{kind}/{called.id}/{caller}-{number}"
        yield Probe(key, about.id, user(caller), request, f"delegated/{kind}", meta)


def _witnesses(
    context: RunContext, operation: Operation, creator: Operation
) -> Iterator[tuple[str, Operation]]:
    """Other operations that tell whether the app shows a user this object: its list, its GET."""
    remover = deleter_of(context.connector, creator)
    if remover is None:
        return
    lister = lister_of(context.connector, remover, path_parameters(remover)[-1].name)
    if lister is not None and lister.id != operation.id and is_readable(context, lister):
        known = not needs_ids(example_values(context, lister), lister)
        yield from [("listed", lister)] if known else []
    for each in context.connector.operations:
        own = (
            each.method == "GET"
            and each.path.rstrip("/").lower() == remover.path.rstrip("/").lower()
        )
        if own and each.id != operation.id and is_readable(context, each):
            yield "opened", each


def _removable(context: RunContext) -> Iterator[Operation]:
    """Operations that make objects which this run may make and can remove again."""
    for each in context.connector.operations:
        if each.method != "POST" or names_objects(each) or context.is_freed(each):
            continue
        if deleter_of(context.connector, each) is None:
            continue
        if why_not(context, each, creation_basis(context, each)) is None:
            remover = deleter_of(context.connector, each)
            if remover is not None and creator_of(context.connector, remover) is each:
                yield each


def _is_related(operation: Operation, creator: Operation) -> bool:
    """Whether an operation tells of what another one makes, by path or by the word for it."""
    collection = creator.path.rstrip("/").lower()
    if operation.path.lower().startswith(collection):
        return True
    noun = _singular(re.sub(r"[^a-z]", "", collection.rpartition("/")[2]))
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", operation.id)]
    words += re.findall(r"[a-z]+", operation.path.lower())
    return len(noun) > 2 and noun in {_singular(word) for word in words}


def _singular(word: str) -> str:
    return re.sub(r"ies$", "y", word).removesuffix("s")
