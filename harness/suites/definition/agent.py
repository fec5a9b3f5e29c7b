"""Judging a connector as a set of tools for agents (Copilot Studio): can a model choose and use it?

Off unless `[definition] agent = true` or `lint --agent`. A model sees an operation's name, summary
and description, its inputs with their descriptions, and the schema of the answer; triggers,
internal and deprecated operations are no tools.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.connector.model import Connector, Operation
from harness.connector.schema.walk import SchemaNode, parts_of
from harness.findings.examples import REMOVED, Copied, Edit
from harness.findings.model import Finding, Rule
from harness.findings.sample import CREATE_DOCUMENT, GET_DOCUMENT, LIST_DOCUMENTS, query

__all__ = ["judge_for_agents"]

TOOLS = "Microsoft Copilot Studio, 'Add tools to custom agents'"
ORCHESTRATION = "Microsoft Copilot Studio, 'Apply generative orchestration capabilities'"
ON = {"agent": True}

ALIKE = Rule(
    id="agent.alike",
    severity="warning",
    title="Agents cannot tell two operations apart",
    meaning="Two operations have the same description, or nearly the same.",
    why="A model chooses a tool by its description: it then takes the wrong one.",
    remedy="Say in each what only this one does, and when to use it instead of the other.",
    reference=ORCHESTRATION,
    shown_by=(
        Edit({f"{LIST_DOCUMENTS}/description": Copied(f"{GET_DOCUMENT}/description")}, facts=ON),
    ),
)
SUMMARY_REPEATS = Rule(
    id="agent.summary-repeats",
    severity="note",
    title="The texts of an operation only repeat its name",
    meaning="The description says no more than the summary or the operationId.",
    why="A model learns nothing from it about what comes back, or when to use it.",
    remedy="Write a sentence: what it does, for whom, and what it answers.",
    reference=ORCHESTRATION,
    shown_by=(
        Edit(
            {
                f"{GET_DOCUMENT}/summary": "Get document",
                f"{GET_DOCUMENT}/description": "Get document.",
            },
            facts=ON,
        ),
    ),
)
INPUT_UNDESCRIBED = Rule(
    id="agent.input-undescribed",
    severity="warning",
    title="Inputs have no description",
    meaning="An input that is visible has no description, or one that only repeats its name; one "
    "finding an operation.",
    why="A model fills inputs by their descriptions; without one it guesses or asks.",
    remedy="Say what to put in, in which form, with an example.",
    reference=TOOLS,
    shown_by=(Edit({f"{LIST_DOCUMENTS}/parameters/0/description": REMOVED}, facts=ON),),
)
ENUM_UNEXPLAINED = Rule(
    id="agent.enum-unexplained",
    severity="note",
    title="The values of a list are not explained",
    meaning="An input has a list of values that its description does not mention, which are codes "
    "(numbers, or letters of no meaning) without x-ms-enum-values.",
    why="A model cannot know what a code stands for.",
    remedy="Add x-ms-enum-values with displayName, or explain the values in the description.",
    reference=TOOLS,
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/-": query(
                    "kind", enum=["A1", "B2"], description="The kind of documents to list."
                )
            },
            facts=ON,
        ),
    ),
)
SIDE_EFFECT = Rule(
    id="agent.side-effect",
    severity="warning",
    title="A description does not say that something is changed",
    meaning="An operation with POST, PUT, PATCH or DELETE names no change in its summary and "
    "description (create, send, update, delete ...), nor that it only reads.",
    why="An agent may call it to look something up.",
    remedy="Name the effect: 'Creates ...', 'Sends ...'; for a search by POST say that it reads.",
    reference=ORCHESTRATION,
    shown_by=(
        Edit(
            {
                f"{CREATE_DOCUMENT}/operationId": "DocumentIn",
                f"{CREATE_DOCUMENT}/summary": "Document in",
                f"{CREATE_DOCUMENT}/description": "A document with its title.",
            },
            facts=ON,
        ),
    ),
)
ANSWER_UNDESCRIBED = Rule(
    id="agent.answer-undescribed",
    severity="note",
    title="An agent does not know what comes back",
    meaning="The success answer has no schema, or an object without properties.",
    why="A model cannot plan with fields that it does not know.",
    remedy="Document the schema of the answer, with descriptions.",
    reference=TOOLS,
    shown_by=(
        Edit(
            {f"{GET_DOCUMENT}/responses/200/schema": {"type": "object"}},
            facts=ON,
        ),
    ),
)
TOO_MANY = Rule(
    id="agent.too-many",
    severity="note",
    title="There are too many operations for one agent",
    meaning="More than 30 operations are tools; more than 128, an agent's limit, are a warning.",
    why="The more tools there are, the more often a model takes the wrong one.",
    remedy="Add only the operations that the agent needs, or split the connector.",
    reference=ORCHESTRATION,
    shown_by=(
        Edit(
            {
                f"/paths/~1extra{number}": {
                    "get": {
                        "operationId": f"ReadExtra{number}",
                        "summary": f"Read {number}",
                        "description": f"{chr(65 + number % 26) * 9} {number} {number * 7919}",
                        "responses": {"200": {"description": "OK", "schema": {"type": "string"}}},
                    }
                }
                for number in range(31)
            },
            facts=ON,
        ),
    ),
)
TOO_LARGE = Rule(
    id="agent.too-large",
    severity="note",
    title="An operation has too many inputs for an agent",
    meaning="More than 30 inputs of an operation are visible, fields of the body included.",
    why="Each input is a place where a model may guess; the list also fills its context.",
    remedy="Make rare inputs internal with a default, or offer a smaller operation.",
    reference=TOOLS,
    shown_by=(
        Edit(
            {
                f"/definitions/NewDocument/properties/extra{number}": {
                    "type": "string",
                    "description": f"The text of the extra field {number}.",
                }
                for number in range(31)
            },
            facts=ON,
        ),
    ),
)
TECHNICAL_INPUT = Rule(
    id="agent.technical-input",
    severity="warning",
    title="A technical input is visible",
    meaning="An input such as api-version, code, Accept or X-Request-Id is visible.",
    why="A model fills it in, with something that it made up.",
    remedy="Make it internal: x-ms-visibility: internal, required, with a default.",
    reference="Microsoft, 'OpenAPI extensions for custom connectors'",
    shown_by=(
        Edit(
            {
                f"{LIST_DOCUMENTS}/parameters/-": query(
                    "api-version", description="The version of the interface."
                )
            },
            facts=ON,
        ),
    ),
)

NEAR = 0.93
MANY, MOST = 30, 128
TECHNICAL = re.compile(
    r"api-?version|x-functions-key|ocp-apim-.*|accept|accept-(language|charset|encoding)|"
    r"content-(type|length)|user-agent|x-request-id|x-correlation-id|\$format|odata-version",
    re.IGNORECASE,
)
CHANGES = re.compile(
    r"\b(add|append|apply|approv|archiv|assign|attach|block|book|buy|cancel|chang|charg|check in|"
    r"clear|clos|complet|configur|confirm|connect|convert|copy|copies|creat|deactivat|delet|"
    r"deploy|detach|disabl|dispatch|duplicat|edit|enabl|enqueue|execut|fill|generat|grant|import|"
    r"insert|install|invit|invok|issu|join|launch|leav|link|load|lock|mark|merg|modif|mov|notif|"
    r"open|order|patch|paus|perform|plac|post|publish|push|put|queue|register|reject|releas|remov|"
    r"renam|reopen|replac|repl|report|request|reset|resend|restart|restor|resum|revok|run|sav|"
    r"schedul|send|sent|set|share|sign|start|stop|stor|submit|subscrib|suspend|sync|terminat|"
    r"acquir|authenticat|popul|prefill|prompt|re-?analy|refresh|void|trigger|unblock|unlock|unsubscrib|updat|upload|upsert|write|writes)",
    re.IGNORECASE,
)
READS = re.compile(
    r"\b(analy[sz]|calculat|classif|compar|count|detect|download|extract|evaluat|fetch|find|get|"
    r"list|look|match|pars|predict|quer|read|retriev|return|search|score|translat|validat|verif|"
    r"check|show|summari[sz]|pings?|greet|says?|recogni[sz]|split|render|preview)",
    re.IGNORECASE,
)
CODE = re.compile(r"-?\d+|[A-Z]{1,2}\d*|[a-z]\d+|[A-Z]\d+")


def judge_for_agents(connector: Connector) -> Iterator[Finding]:
    """Everything that makes a model choose or fill in wrongly."""
    tools = [o for o in connector.operations if _is_tool(o)]
    yield from _alike(connector, tools)
    yield from _number(connector, tools)
    for operation in tools:
        for judge in (_texts, _inputs, _effect, _answer):
            yield from judge(connector, operation)


def _is_tool(operation: Operation) -> bool:
    hidden = operation.raw.get("x-ms-visibility") == "internal"
    return not (hidden or operation.is_trigger or operation.raw.get("deprecated") is True)


def _description(operation: Operation) -> str:
    value = operation.raw.get("description")
    return value.strip() if isinstance(value, str) else ""


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def _alike(connector: Connector, tools: Sequence[Operation]) -> Iterator[Finding]:
    """One finding for each operation that is like an earlier one."""
    seen: list[tuple[Operation, str]] = []
    for operation in tools:
        text = " ".join(_description(operation).lower().split())
        if not text:
            continue
        twin = next((other for other, held in seen if _is_near(text, held)), None)
        if twin is not None:
            yield ALIKE.at(
                connector,
                f"{operation.id} and {twin.id} are described alike",
                f"{operation.pointer}/description",
                operation=operation,
                observed=_description(operation)[:120],
            )
        seen.append((operation, text))


def _is_near(one: str, other: str) -> bool:
    if one == other:
        return True
    longer = max(len(one), len(other))
    if longer < 30 or abs(len(one) - len(other)) > longer * (1 - NEAR):
        return False
    return _differing(one, other) == 0 and (
        difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= NEAR
    )


def _differing(one: str, other: str) -> int:
    """How many words are in one of two texts alone: one such word can be all the difference."""
    return len(set(re.findall(r"\w+", one)) ^ set(re.findall(r"\w+", other)))


def _number(connector: Connector, tools: Sequence[Operation]) -> Iterator[Finding]:
    if len(tools) > MANY:
        message = f"{len(tools)} operations are tools for an agent"
        severity = "warning" if len(tools) > MOST else None
        yield TOO_MANY.at(
            connector,
            message,
            "/paths",
            severity=severity,  # type: ignore[arg-type]
        )


def _texts(connector: Connector, operation: Operation) -> Iterator[Finding]:
    description = _plain(_description(operation))
    if description and description in (_plain(operation.summary), _plain(operation.id)):
        message = f"the description of {operation.id} only repeats its name"
        yield SUMMARY_REPEATS.at(
            connector,
            message,
            f"{operation.pointer}/description",
            operation=operation,
            observed=_description(operation),
        )


def _fields(connector: Connector, operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The inputs that are visible: parameters, and the named fields of the body."""
    for parameter in operation.parameters:
        if parameter.location != "body" and parameter.visibility != "internal":
            yield parameter.name, parameter.raw
    body = operation.body
    if body is None:
        return
    for part in parts_of(connector, body.schema, f"{body.pointer}/schema"):
        if _is_field(part):
            yield part.name, part.node


def _is_field(part: SchemaNode) -> bool:
    return bool(part.name) and not part.internal and part.node.get("type") != "object"


def _inputs(connector: Connector, operation: Operation) -> Iterator[Finding]:
    fields = list(_fields(connector, operation))
    bare = [name for name, node in fields if not _says_more(name, node.get("description"))]
    if bare:
        listed = ", ".join(bare[:5]) + (" ..." if len(bare) > 5 else "")
        message = f"{len(bare)} of {len(fields)} inputs of {operation.id} say nothing: {listed}"
        yield INPUT_UNDESCRIBED.at(connector, message, operation.pointer, operation=operation)
    for name, node in fields:
        codes = _codes(node)
        if codes:
            message = (
                f"{name} of {operation.id} takes {', '.join(codes[:4])}, which nothing explains"
            )
            yield ENUM_UNEXPLAINED.at(connector, message, operation.pointer, operation=operation)
    if len(fields) > MANY:
        message = f"{operation.id} has {len(fields)} visible inputs"
        yield TOO_LARGE.at(connector, message, operation.pointer, operation=operation)
    for parameter in operation.parameters:
        visible = parameter.visibility != "internal" and parameter.location != "body"
        if visible and TECHNICAL.fullmatch(parameter.name):
            message = f"{parameter.name} of {operation.id} is visible"
            yield TECHNICAL_INPUT.at(connector, message, parameter.pointer, operation=operation)


def _says_more(name: str, description: Any) -> bool:
    return isinstance(description, str) and _plain(description) not in ("", _plain(name))


def _codes(node: Mapping[str, Any]) -> list[str]:
    """Values that mean nothing by themselves, where neither names nor the description explain."""
    enum = node.get("enum")
    if not isinstance(enum, list) or len(enum) < 2 or "x-ms-enum-values" in node:
        return []
    texts = [str(value) for value in enum if value is not None and not isinstance(value, bool)]
    told = str(node.get("description", ""))
    if not texts or not all(CODE.fullmatch(text) for text in texts):
        return []
    return [] if any(re.search(rf"\b{re.escape(text)}\b", told) for text in texts) else texts


def _effect(connector: Connector, operation: Operation) -> Iterator[Finding]:
    if not operation.changes_state or operation.declared_safe:
        return
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]", " ", operation.id)
    told = f"{operation.summary} {_description(operation)}"
    if not told.strip() or CHANGES.search(told) or READS.search(told):
        return
    hint = " though its id does" if CHANGES.search(name) else ""
    message = f"{operation.method} {operation.id} does not say what it changes{hint}"
    yield SIDE_EFFECT.at(
        connector, message, operation.pointer, operation=operation, observed=told.strip()[:120]
    )


def _answer(connector: Connector, operation: Operation) -> Iterator[Finding]:
    answers = operation.success_responses()
    if operation.method == "DELETE" or not answers:
        return
    if any(_is_described(connector, r.schema, r.raw) or r.status == "204" for r in answers):
        return
    message = f"the answer of {operation.id} has no fields"
    yield ANSWER_UNDESCRIBED.at(connector, message, answers[0].pointer, operation=operation)


def _is_described(connector: Connector, schema: Any, raw: Mapping[str, Any]) -> bool:
    if any(str(key).startswith("x-ms-dynamic") for key in raw):
        return True
    held = connector.resolve(schema) if schema is not None else {}
    if not isinstance(held, Mapping) or not held:
        return False
    if any(str(key).startswith("x-ms-dynamic") for key in held) or "allOf" in held:
        return True
    kind = held.get("type", "object")
    return kind != "object" or bool(held.get("properties")) or "additionalProperties" in held
