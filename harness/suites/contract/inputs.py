"""Judging how the app takes what it is sent: what it refuses, and what it lets pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector, Operation
from harness.exchanges.model import Exchange
from harness.findings.examples import Fault
from harness.findings.model import Rule
from harness.suites.contract.causes import Observation
from harness.suites.contract.culprits import never_accepted
from harness.suites.contract.demands import named_inputs

__all__ = ["input_sightings", "is_refusal", "is_success"]

UNDOCUMENTED_REQUIRED = Rule(
    id="contract.undocumented-required",
    severity="error",
    title="The app demands an input that the definition does not require",
    meaning="Calls with the documented required inputs are refused until another input is given.",
    why="The action fails for everybody who fills in only the required fields.",
    remedy="Mark the input as required (and document it), or give it a default in the app.",
    reference='OpenAPI Specification 2.0, "Operation Object" and "Response Object"',
    shown_by=(Fault("undocumented-required:ListDocuments", "ListDocuments"),),
)
VALID_REFUSED = Rule(
    id="contract.valid-refused",
    severity="error",
    title="The app refuses input that the definition allows",
    meaning="An example, or a value that the definition names (enum, bounds, default), is "
    "refused; a refused generated text is a note, since the definition allows it only by "
    "silence.",
    why="Makers get a 400 for what the designer offered them.",
    remedy="Say the limit in the definition (enum, pattern, length), or accept the value.",
    reference='OpenAPI Specification 2.0, "Operation Object" and "Response Object"',
    shown_by=(Fault("valid-refused:SearchDocuments", "SearchDocuments"),),
)
REQUIRED_IGNORED = Rule(
    id="contract.required-ignored",
    severity="error",
    title="A required input may be left out",
    meaning="The app answered with success although a required input was missing.",
    why="Makers must fill in what the app never looks at; or the app falls back to a default "
    "that nobody chose.",
    remedy="Drop `required`, or let the app refuse the call with 400.",
    reference='OpenAPI Specification 2.0, "Operation Object" and "Response Object"',
    shown_by=(Fault("required-ignored:SearchDocuments", "SearchDocuments"),),
)
INVALID_ACCEPTED = Rule(
    id="contract.invalid-accepted",
    severity="warning",
    title="The app accepts input that the definition forbids",
    meaning="A value of a wrong type, or outside enum, format or bounds, was answered with "
    "success.",
    why="Mistakes of the maker go unnoticed until the data is wrong.",
    remedy="Validate the input in the app and answer 400, or widen the definition.",
    reference='OpenAPI Specification 2.0, "Operation Object" and "Response Object"',
    shown_by=(
        Fault("invalid-accepted:ListDocuments", "ListDocuments", along=("contract.not-as-asked",)),
    ),
)

_REFUSALS = frozenset({400, 406, 415, 422})


def is_success(exchange: Exchange) -> bool:
    """Whether the app did what was asked."""
    return exchange.status is not None and 200 <= exchange.status < 300


def is_refusal(exchange: Exchange) -> bool:
    """Whether the app found fault with the input."""
    return exchange.status in _REFUSALS


def input_sightings(
    connector: Connector, operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[Observation]:
    """Valid input refused, invalid input accepted, and what is required without saying so."""
    valid = [e for e in exchanges if e.probe.meta.get("mode") == "positive"]
    accepted = [e for e in valid if is_success(e)]
    refused = [e for e in valid if is_refusal(e)]
    if refused:
        documented = _documented(connector, operation)
        demanded = _demanded(documented, accepted, refused)
        culprit = never_accepted(connector, operation, accepted, refused)
        if culprit is not None:
            yield from _culprit(culprit, refused)
        elif demanded:
            yield from _undocumented(documented, refused, demanded)
        else:
            yield from _refusals(refused, accepted)
    if accepted:
        wrong = [e for e in exchanges if e.probe.meta.get("mode") == "negative" and is_success(e)]
        yield from _ignored([e for e in wrong if e.probe.meta.get("omitted")])
        yield from _let_pass([e for e in wrong if not e.probe.meta.get("omitted")])


def _demanded(documented: set[str], accepted: list[Exchange], refused: list[Exchange]) -> list[str]:
    """Optional inputs without which the app refuses: by comparison, else by its own words."""
    promised = [e for e in refused if e.probe.meta.get("promise")]
    if accepted and promised:
        everywhere = set.intersection(*(_inputs(e) for e in accepted))
        nowhere = set.union(*(_inputs(e) for e in promised))
        by_comparison = sorted(everywhere - nowhere)
        if by_comparison:
            return by_comparison
    if accepted:
        return []
    for exchange in refused:
        for named in named_inputs(exchange.response, documented):
            sent = {name.lower() for name in _inputs(exchange)}
            # A documented name that was sent is found wanting; that is another matter.
            if named.demanded and named.name.lower() not in sent:
                return [named.name]
    return []


def _inputs(exchange: Exchange) -> set[str]:
    names = exchange.probe.meta.get("inputs")
    return set(names) if isinstance(names, (list, tuple)) else set()


def _documented(connector: Connector, operation: Operation) -> set[str]:
    """Every name that the definition gives to an input, in lower case."""
    names = {p.name.lower() for p in operation.parameters}
    pending: list[Any] = [p.schema for p in operation.parameters if p.location == "body"]
    seen: set[int] = set()
    while pending:
        schema = connector.resolve(pending.pop())
        if not isinstance(schema, Mapping) or id(schema) in seen:
            continue
        seen.add(id(schema))
        properties = schema.get("properties")
        for name, inner in properties.items() if isinstance(properties, Mapping) else ():
            names.add(str(name).lower())
            pending.append(inner)
        parts = schema.get("allOf")
        pending += [*(parts if isinstance(parts, list) else []), schema.get("items")]
    return names


def _undocumented(
    documented: set[str], refused: list[Exchange], demanded: list[str]
) -> Iterator[Observation]:
    names = ", ".join(demanded)
    known = all(name.lower() in documented for name in demanded)
    promise = "is optional (so it was not sent)" if known else "does not exist"
    for exchange in refused:
        message = f"The app demands {names}, which by the definition {promise}"
        yield Observation(
            UNDOCUMENTED_REQUIRED,
            names,
            message,
            "the documented required inputs are enough",
            _answer(exchange),
            exchange,
            data={"inputs": demanded},
        )


def _culprit(name: str, refused: list[Exchange]) -> Iterator[Observation]:
    """One optional input that is refused whatever its value."""
    for exchange in refused:
        if name in _inputs(exchange):
            yield Observation(
                VALID_REFUSED,
                f"input {name}",
                f"The app refuses every call that gives {name}, which the definition offers",
                f"success with {name}, as without it",
                _answer(exchange),
                exchange,
                data={"inputs": [name]},
            )


def _refusals(refused: list[Exchange], accepted: list[Exchange]) -> Iterator[Observation]:
    # Coverage cases differ from the examples in one input: theirs must be good for that to tell.
    good = any(e.probe.purpose.endswith("example") for e in accepted)
    for exchange in refused:
        meta = exchange.probe.meta
        example = exchange.probe.purpose.endswith("example")
        promise = bool(meta.get("promise")) and (good or example)
        what = str(meta.get("what") or "")
        if not accepted:
            promise = any(_is_promised_example(e) for e in refused)
            cause, subject = "everything", "every documented call"
        elif not promise:
            cause, subject = "generated", "generated input that the definition allows"
        elif exchange.probe.purpose.endswith("coverage"):
            varied = str(meta.get("name") or what or "input")
            cause, subject = f"coverage {varied}", f"a documented value ({varied}: {what})"
        else:
            cause, subject = "example", "a documented example"
        yield Observation(
            VALID_REFUSED,
            cause,
            f"The app refuses {subject}",
            "success",
            _answer(exchange),
            exchange,
            None if promise else "note",
            data={"what": what},
        )


def _is_promised_example(exchange: Exchange) -> bool:
    probe = exchange.probe
    return bool(probe.meta.get("promise")) and probe.purpose.endswith("example")


def _ignored(wrong: list[Exchange]) -> Iterator[Observation]:
    names = sorted({str(e.probe.meta.get("name")) for e in wrong})
    # With a default in the definition the designer fills it in: nobody is misled.
    harmless = all(e.probe.meta.get("default") for e in wrong)
    for exchange in wrong:
        message = f"The app does not need what the definition requires: {', '.join(names)}"
        yield Observation(
            REQUIRED_IGNORED,
            "left out",
            message,
            "a refusal (400)",
            str(exchange.status),
            exchange,
            "warning" if harmless else None,
            data={"inputs": names},
        )


def _let_pass(wrong: list[Exchange]) -> Iterator[Observation]:
    named = [e for e in wrong if _subject(e)]
    for exchange in named or wrong:
        subject = _subject(exchange) or str(exchange.probe.meta.get("location") or "the input")
        what = str(exchange.probe.meta.get("what") or "a value that the definition forbids")
        yield Observation(
            INVALID_ACCEPTED,
            subject,
            f"The app accepts an invalid {subject} ({what[:120]})",
            "a refusal (400)",
            str(exchange.status),
            exchange,
            data={"what": what},
        )


def _subject(exchange: Exchange) -> str:
    """The input that was falsified: a parameter's name, or a property of the body."""
    meta = exchange.probe.meta
    if meta.get("name"):
        return str(meta["name"])
    parts = str(meta.get("pointer") or "").split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "properties" else ""


def _answer(exchange: Exchange) -> str:
    response = exchange.response
    if response is None:
        return exchange.reason or "nothing"
    text = " ".join(response.text.split())[:160]
    return f"{response.status} {text}".rstrip()
