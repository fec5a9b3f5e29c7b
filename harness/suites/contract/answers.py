"""Judging what came back: status, media type, body, headers, time and size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector, Operation, ResponseSpec
from harness.connector.schema.problems import Problem
from harness.connector.schema.validation import SchemaJudge
from harness.exchanges.bodies import parsed_json
from harness.exchanges.model import Exchange, Response
from harness.findings.examples import AppAnswer, Fault
from harness.findings.model import Rule, Severity
from harness.suites.contract.causes import Observation
from harness.suites.contract.files import is_file, wrong_with_file
from harness.suites.contract.names import misnamed

__all__ = ["answer_sightings", "front_end", "header_sightings", "success_spec"]

SLOW = Rule(
    id="contract.slow",
    severity="error",
    title="An answer takes longer than a connector waits",
    meaning="Over 120 seconds is an error, over 30 seconds a warning.",
    why="The platform gives up after about 120 seconds.",
    remedy="Answer faster, or work asynchronously (202 with a location to poll).",
    reference='Microsoft Learn, "Limits of custom connectors"',
    shown_by=(
        AppAnswer(
            "contract/example", 200, operation="Health", body='{"status": "ok"}', seconds=130.0
        ),
    ),
)
LARGE = Rule(
    id="contract.large",
    severity="error",
    title="An answer is larger than a connector may take",
    meaning="Over 8 MB is an error, over 4 MB a warning.",
    why="The platform refuses larger answers.",
    remedy="Page the answer, or return a link to the content.",
    reference='Microsoft Learn, "Limits of custom connectors"',
    shown_by=(Fault("huge:WhoAmI", "WhoAmI", along=("contract.body",)),),
)
SERVER_ERROR = Rule(
    id="contract.server-error",
    severity="error",
    title="The app fails on documented or generated input",
    meaning="A 500 (or another server error of the app's own) came back; 502, 503 and 504 are the"
    " platform's front end and are not judged.",
    why="A server error is a defect whatever was sent; flows retry it and then fail.",
    remedy="Fix the app; the request shows how to repeat it. Invalid input deserves a 400.",
    reference="RFC 9110 section 15.6",
    shown_by=(Fault("server-error:WhoAmI", "WhoAmI"),),
)
STATUS = Rule(
    id="contract.status",
    severity="error",
    title="The app answers with a status that the definition does not name",
    meaning="A success (or a redirect) that is not documented is an error; an undocumented "
    "refusal is a warning where the definition documents other refusals, and nothing "
    "where it documents none.",
    why="The platform takes the schema of an answer from its status: the outputs of the "
    "action vanish.",
    remedy="Document the status with its schema, or let the app answer as documented.",
    reference='OpenAPI Specification 2.0, "Operation Object" and "Response Object"',
    shown_by=(Fault("status-changed:WhoAmI", "WhoAmI"),),
)
CONTENT_TYPE = Rule(
    id="contract.content-type",
    severity="error",
    title="The answer's media type is not the documented one",
    meaning="The media type, without its parameters, is none of `produces`.",
    why="The platform reads the body as what the definition says and finds something else.",
    remedy="Correct `produces`, or the content type that the function sets.",
    reference="RFC 9110 section 8.3",
    shown_by=(Fault("content-type-changed:WhoAmI", "WhoAmI"),),
)
BODY = Rule(
    id="contract.body",
    severity="error",
    title="The answer's body breaks its schema",
    meaning="At a JSON pointer the value is missing, of another type, outside its enum or format,"
    " or not allowed at all.",
    why="Outputs of the action are empty or of another type than the flow was built with.",
    remedy="Correct the schema in the definition, or what the function returns.",
    reference='OpenAPI Specification 2.0, "Schema Object"',
    shown_by=(Fault("missing-property:WhoAmI", "WhoAmI"),),
)
NULL = Rule(
    id="contract.null",
    severity="error",
    title="The answer holds null where the definition promises a value",
    meaning="Swagger 2.0 has no null; only `x-nullable: true` allows one.",
    why='Flows stop with "expected String, got Null".',
    remedy='Add `"x-nullable": true` to the property, or leave it out of the answer when it is '
    "empty.",
    reference='Microsoft Learn, "OpenAPI extensions for custom connectors"',
    shown_by=(Fault("null-value:WhoAmI", "WhoAmI"),),
)
HEADERS = Rule(
    id="contract.headers",
    severity="error",
    title="A documented response header is missing or of another type",
    meaning="No success answer carried the header, or its value does not fit.",
    why="Flows and apps are built against the definition: what differs fails there, not in "
    "the app.",
    remedy="Send the header, or remove it from the definition.",
    reference='OpenAPI Specification 2.0, "Header Object"',
    shown_by=(Fault("header-dropped:ListDocuments", "ListDocuments"),),
)

FRONT_END = frozenset({502, 503, 504})
_WITHOUT_CONTENT = frozenset({204, 205, 304})
_PLATFORMS_OWN = frozenset({401, 403, 404, 405, 429})
_FRAMEWORKS_OWN = frozenset({404, 405, 411, 413, 414, 415, 431})
_INPUT_REFUSALS = frozenset({400, 406, 411, 413, 414, 415, 422, 431})
_ERROR_S, _WARNING_S = 120.0, 30.0
_ERROR_BYTES, _WARNING_BYTES = 8 * 1024 * 1024, 4 * 1024 * 1024
_WORDS = {
    "required": "lacks a required property",
    "type": "has another type",
    "enum": "is none of the documented values",
    "format": "breaks its format",
    "extra": "is a property that the schema forbids",
    "bounds": "is out of bounds",
    "pattern": "breaks its pattern",
    "unique": "holds an item twice",
    "discriminator": "names an unknown kind",
    "null": "is null although the schema does not allow it",
}


BODILESS = frozenset({204, 205})
"""Successes without a body: what another one documents cannot be asked of them."""


def front_end(status: int | None) -> bool:
    """Whether a status is the platform's front end speaking, not the app."""
    return status in FRONT_END


def success_spec(operation: Operation, status: int) -> ResponseSpec | None:
    """The documented answer for a status; `default` stands in only where nothing else fits.

    An undocumented success is held against the only documented one, so that a status that drifted
    does not hide what drifted besides.
    """
    exact = operation.responses.get(str(status))
    if exact is not None:
        return exact
    explicit = [code for code in operation.responses if code.startswith("2")]
    if status < 300 and explicit:
        # `default` beside an explicit success describes errors.
        named = "default" in operation.responses
        alone = len(explicit) == 1 and not named and status not in BODILESS
        return operation.responses[explicit[0]] if alone else None
    if status >= 400 and not explicit:
        return None  # `default` alone describes the success
    return operation.responses.get("default")


def answer_sightings(
    connector: Connector, judge: SchemaJudge, operation: Operation, exchange: Exchange
) -> Iterator[Observation]:
    """Everything that one answer shows by itself."""
    response = exchange.response
    if response is None:
        yield from _missing(exchange)
        return
    yield from _limits(exchange, response)
    if front_end(response.status):
        return
    yield from _status(operation, exchange, response)
    if 200 <= response.status < 300 or 400 <= response.status < 500:
        spec = success_spec(operation, response.status)
        drifted = spec is not None and spec.status not in (str(response.status), "default")
        if drifted and not response.body:
            return  # the status says it all
        if spec is not None and not _is_hosts_own(response):
            yield from _content_type(connector, operation, exchange, response, spec)
            yield from _body(connector, judge, exchange, response, spec)


DOORS_ANSWERS = frozenset({401, 403})
"""The platform gives these in the app's place; the anonymous and token suites judge them."""


def header_sightings(
    judge: SchemaJudge, operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[Observation]:
    """Documented headers of success answers: absent from all of them, or of another type."""
    for spec in operation.success_responses():
        answers = [
            (exchange, exchange.response)
            for exchange in exchanges
            if exchange.response is not None
            and 200 <= exchange.response.status < 300
            and success_spec(operation, exchange.response.status) is spec
        ]
        for name, schema in spec.headers.items():
            yield from _header(judge, spec, str(name), schema, answers)


def _missing(exchange: Exchange) -> Iterator[Observation]:
    if exchange.reason and "within the time limit" in exchange.reason:
        message = "No answer came within the time that a connector waits"
        yield Observation(
            SLOW, "time", message, "an answer within 120 s", exchange.reason, exchange
        )


def _limits(exchange: Exchange, response: Response) -> Iterator[Observation]:
    if response.seconds > _WARNING_S:
        severity: Severity = "error" if response.seconds > _ERROR_S else "warning"
        message = "The answer took longer than a connector should wait"
        observed = f"{response.seconds:.0f} s"
        yield Observation(SLOW, "time", message, "within 120 s", observed, exchange, severity)
    size = len(response.body)
    if response.truncated or size > _WARNING_BYTES:
        severity = "error" if response.truncated or size > _ERROR_BYTES else "warning"
        message = "The answer is larger than a connector may take"
        more = "more than " if response.truncated else ""
        observed = f"{more}{size / 1024 / 1024:.1f} MB"
        yield Observation(LARGE, "size", message, "up to 8 MB", observed, exchange, severity)


def _status(operation: Operation, exchange: Exchange, response: Response) -> Iterator[Observation]:
    status = response.status
    documented = ", ".join(operation.responses) or "none"
    if status >= 500:
        message = f"The app answers {status} on {_input_words(exchange)}"
        expected = "no server error"
        yield Observation(SERVER_ERROR, str(status), message, expected, str(status), exchange)
        return
    named = str(status) in operation.responses or "default" in operation.responses
    if named or not operation.responses or status == 304:
        return
    severity: Severity | None = None
    if status >= 400:
        bodiless = exchange.probe.request.body is None and status in (411, 415)
        if bodiless or not _is_refusal_drift(operation, status):
            return
        severity = "warning"
    where = response.header("location")
    observed = (
        f"{status} to {where.split('?')[0]}" if where and 300 <= status < 400 else str(status)
    )
    message = f"The app answers {status}, which the definition does not name"
    yield Observation(
        STATUS,
        str(status),
        message,
        f"one of {documented}",
        observed,
        exchange,
        severity,
        f"{operation.pointer}/responses",
    )


def _is_refusal_drift(operation: Operation, status: int) -> bool:
    """Whether an undocumented 4xx is worth a word: others of its kind are documented.

    Most definitions document no refusal, or only some: a 400 for bad input is then just correct.
    """
    if status in _PLATFORMS_OWN:
        return False
    if status in _INPUT_REFUSALS:
        return any(int(code) in _INPUT_REFUSALS for code in operation.responses if code.isdigit())
    return any(code[:1] == "4" for code in operation.responses)


def _input_words(exchange: Exchange) -> str:
    meta = exchange.probe.meta
    if meta.get("mode") == "odd":
        return f"{meta.get('what')} ({meta.get('name')})"
    if meta.get("mode") == "negative":
        name = meta.get("name") or str(meta.get("pointer") or "").removeprefix("/properties/")
        told = f" ({name}: {str(meta.get('what'))[:80]})" if name else ""
        return f"input that the definition forbids{told}"
    example = exchange.probe.purpose.endswith("example")
    return "a documented example" if example else "generated valid input"


def _is_hosts_own(response: Response) -> bool:
    """A refusal that no definition describes, since the host or a framework gives it.

    One with an empty body, or a page in HTML for a path, method or media type that no function
    takes (404, 405, 411, 413, 414, 415, 431) and for an address that cannot be read (400).
    """
    if response.status in DOORS_ANSWERS or (response.status >= 400 and not response.body):
        return True
    page = response.media_type == "text/html"
    unreadable = response.status == 400 and "invalid url" in response.text[:2000].lower()
    return page and (response.status in _FRAMEWORKS_OWN or unreadable)


def _content_type(
    connector: Connector,
    operation: Operation,
    exchange: Exchange,
    response: Response,
    spec: ResponseSpec,
) -> Iterator[Observation]:
    if response.status in _WITHOUT_CONTENT or not response.body:
        return
    produces = [p for p in (_bare(text) for text in operation.produces) if "/" in p]
    schema = connector.resolve(spec.schema)
    if is_file(schema) and response.status < 300:
        for message, expected, observed in wrong_with_file(operation, schema, response):
            yield Observation(CONTENT_TYPE, message, message, expected, observed, exchange)
    if not produces or is_file(schema):
        return
    found = response.media_type
    failed = response.status >= 400
    if any(_same(found, listed) for listed in produces):
        return
    if failed and (_is_json(found) or spec.status == "default" or schema is None):
        return
    message = "The media type is not the documented one"
    if failed:
        message = f"The media type of the {response.status} answer is not the documented one"
    cause = "refusal" if failed else "success"
    yield Observation(
        CONTENT_TYPE,
        cause,
        message,
        " or ".join(produces),
        found or "no Content-Type",
        exchange,
        "warning" if failed else None,
    )


def _body(
    connector: Connector,
    judge: SchemaJudge,
    exchange: Exchange,
    response: Response,
    spec: ResponseSpec,
) -> Iterator[Observation]:
    schema = connector.resolve(spec.schema)
    without = response.status in _WITHOUT_CONTENT or exchange.probe.request.method == "HEAD"
    if without or response.truncated or not isinstance(schema, Mapping) or is_file(schema):
        return
    kind = schema.get("type")
    wanted = str(kind or "content")
    severity: Severity | None = "warning" if response.status >= 400 else None
    if not response.body:
        # An empty text is a text.
        if schema and kind != "string":
            yield _body_sighting(exchange, spec, "empty", "The body is empty", wanted, "nothing")
        return
    value, text = _value(response, kind)
    if text is not None:
        if kind not in (None, "string") and not severity:
            message = f"The body is not JSON although the schema describes an {wanted}"
            observed = f"text {text[:60]!r}"
            yield _body_sighting(exchange, spec, "text", message, wanted, observed)
        return
    for problem in judge.problems(spec.schema, value):
        yield _problem_sighting(exchange, spec, problem, severity)
    if response.status < 300:
        yield from _names(connector, exchange, spec, value)


def _names(
    connector: Connector, exchange: Exchange, spec: ResponseSpec, value: Any
) -> Iterator[Observation]:
    for found in misnamed(connector, spec.schema, value):
        place = found.pointer or "the body"
        message = f"In the answer, names of {place} differ in capitals: flows read nothing there"
        if not found.only_case:
            message = f"In the answer, {place} has none of the properties that the schema names"
        yield Observation(
            BODY,
            f"{spec.status[:1]} names {found.pointer}",
            message,
            found.declared,
            found.came,
            exchange,
            None if found.only_case else "warning",
            f"{spec.pointer}/schema",
            {"pointer": found.pointer, "kind": "names"},
        )


def _value(response: Response, kind: Any) -> tuple[Any, str | None]:
    """The body as JSON, or as text where it is none."""
    text = response.text
    if kind == "string" and not _is_json(response.media_type):
        return text, None
    try:
        return parsed_json(response.body), None
    except ValueError:
        return None, text


def _problem_sighting(
    exchange: Exchange, spec: ResponseSpec, problem: Problem, severity: Severity | None
) -> Observation:
    null = problem.kind == "null"
    words = _WORDS.get(problem.kind, "breaks its schema")
    place = problem.cause or "the body"
    if problem.kind == "required":
        message = f"The answer lacks {place}, which the schema requires"
    else:
        message = f"In the answer, {place} {words}"
    return Observation(
        NULL if null else BODY,
        f"{spec.status[:1]} {problem.kind} {problem.cause}",
        message,
        problem.expected,
        problem.observed,
        exchange,
        severity,
        f"{spec.pointer}/schema",
        {"pointer": problem.cause, "kind": problem.kind, "at": problem.pointer},
    )


def _body_sighting(
    exchange: Exchange, spec: ResponseSpec, kind: str, message: str, expected: str, observed: str
) -> Observation:
    data = {"pointer": "", "kind": kind}
    cause, pointer = f"{spec.status[:1]} {kind}", f"{spec.pointer}/schema"
    return Observation(
        BODY, cause, message, expected, observed, exchange, pointer=pointer, data=data
    )


def _header(
    judge: SchemaJudge,
    spec: ResponseSpec,
    name: str,
    schema: Any,
    answers: Iterable[tuple[Exchange, Response]],
) -> Iterator[Observation]:
    seen = [(e, r.header(name)) for e, r in answers]
    pointer = f"{spec.pointer}/headers/{name.replace('~', '~0').replace('/', '~1')}"
    if seen and all(value is None for _, value in seen):
        message = f"The documented response header {name} is missing"
        yield Observation(
            HEADERS, name, message, name, "no such header", seen[0][0], pointer=pointer
        )
    for exchange, value in seen:
        problems = [] if value is None else judge.problems(schema, _header_value(schema, value))
        for problem in problems[:1]:
            message = f"The response header {name} does not fit its documented type"
            yield Observation(
                HEADERS,
                f"{name} {problem.kind}",
                message,
                problem.expected,
                problem.observed,
                exchange,
                pointer=pointer,
            )


def _header_value(schema: Any, text: str) -> Any:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind in ("integer", "number", "boolean"):
        try:
            return parsed_json(text)
        except ValueError:
            return text
    return [part.strip() for part in text.split(",")] if kind == "array" else text


def _bare(media_type: str) -> str:
    return media_type.split(";")[0].strip().lower()


def _is_json(media_type: str) -> bool:
    return media_type.endswith(("/json", "+json"))


def _same(found: str, listed: str) -> bool:
    if found == listed or listed == "*/*" or (_is_json(found) and _is_json(listed)):
        return True
    return listed.endswith("/*") and found.startswith(listed[:-1])
