"""A rule's page: what it means, why it matters, how to fix it, and what shows it.

`docs/rules/`, `connector-harness explain` and SARIF's help all come from here. Steps that are
longer than a remedy (portal, Bicep, az) are Markdown files in `pages/`, named after the rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from harness.bounds.parsing import parse_json
from harness.connector.pointers import find
from harness.findings.examples import (
    REMOVED,
    AppAnswer,
    Copied,
    Edit,
    Example,
    Fault,
    Moved,
    TenantAnswer,
    Versions,
)
from harness.findings.model import Rule

__all__ = ["rule_page", "rule_steps"]

MOST_CHANGES = 4
"""Changes of one example that are shown; the rest are counted."""
VALUE_LIMIT = 300
DEMO = "pytest --function-app demo"


def rule_page(rule: Rule, *, heading: str = "##") -> str:
    """The rule's page as Markdown, without a line break at the end."""
    lines = [
        f"{heading} {rule.id}",
        "",
        f"**{rule.title}** ({rule.severity}). {rule.meaning.removeprefix(f'{rule.title}. ')}",
        "",
        f"- Why it matters: {rule.why}",
        f"- How to fix it: {rule.remedy}",
        f"- Source: {rule.reference}",
    ]
    if rule.microsoft:
        lines.append(f"- Microsoft's validator: {', '.join(rule.microsoft)}")
    if rule.formerly:
        lines.append(f"- Until version 0.1 part of: `{rule.formerly}`")
    steps = rule_steps(rule)
    if steps:
        lines += ["", steps]
    for index, example in enumerate(rule.shown_by):
        lines += ["", *_example(example, "Example" if index == 0 else "Another example")]
    return "\n".join(lines)


@cache
def rule_steps(rule: Rule) -> str:
    """Where to change it, step by step, as Markdown; empty where the remedy says it all."""
    file = resources.files("harness.findings") / "pages" / f"{rule.id}.md"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""


def _example(example: Example, title: str) -> Iterator[str]:
    if isinstance(example, Edit):
        yield f"{title}{_facts(example)}:"
        yield from _edit(example, {})
    elif isinstance(example, Versions):
        yield f"{title}, from the deployed version to the new one:"
        yield from _edit(example.new, example.old.definition)
    elif isinstance(example, Fault):
        yield from _fault(example, title)
    elif isinstance(example, TenantAnswer):
        yield f"{title}: {_sign_in(example)}"
    else:
        yield f"{title}: {_answer(example)}"


def _facts(example: Edit) -> str:
    told = []
    if example.facts.get("certification"):
        told.append("with `[definition] certification = true`")
    if example.facts.get("target_url"):
        told.append(f"tested against `{example.facts['target_url']}`")
    return f" ({', '.join(told)})" if told else ""


def _edit(edit: Edit, before: Mapping[str, Any]) -> Iterator[str]:
    files = (
        ("apiDefinition.swagger.json", edit.definition),
        ("apiProperties.json", edit.properties),
        ("authsettingsV2", edit.auth),
    )
    for name, changes in files:
        if changes:
            yield from ("", "```diff", f"  {name}", *_changes(name, changes, before), "```")
    if edit.text is not None:
        old, new = edit.text
        yield from ("", "```diff", "  apiDefinition.swagger.json", f"- {old}", f"+ {new}", "```")
    for name, text in edit.files.items():
        yield from ("", "```diff", f"  {name}", f"+ {text}", "```")
    if not (any(changes for _, changes in files) or edit.text or edit.files):
        yield from ("", "The sample as it is.")


def _changes(name: str, changes: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    document = _sample(name)
    for index, (pointer, value) in enumerate(changes.items()):
        if index == MOST_CHANGES:
            yield f"  and {len(changes) - MOST_CHANGES} more"
            return
        old = before.get(pointer, find(document, pointer))
        yield f"  {pointer}"
        if old is not None and old is not REMOVED:
            yield f"- {_shown(old)}"
        if value is REMOVED:
            continue
        if isinstance(value, Moved):
            yield f"+ what was at {value.pointer}"
        elif isinstance(value, Copied):
            yield f"+ a copy of {value.pointer}"
        else:
            yield f"+ {_shown(value)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_LIMIT else f"{text[:VALUE_LIMIT]} …"


@cache
def _sample(name: str) -> Any:
    """A file of the sample connector, which ships in the package."""
    folder = resources.files("harness") / "emulator" / "samples" / "documents"
    file = folder / name
    return parse_json(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _fault(fault: Fault, title: str) -> Iterator[str]:
    words = [DEMO]
    if fault.name:
        words.append(f"--connector-demo-fault {fault.name}")
    if fault.operation:
        words.append(f"--connector-operation {fault.operation}")
    rows = [f"`{key} = {_shown(value)}`" for key, value in fault.settings.items()]
    needs = f" with {', '.join(rows)} in the settings" if rows else ""
    options = [f"`{key}` = {_shown(value)}" for key, value in fault.options.items()]
    needs += f" with the app's {', '.join(options)}" if options else ""
    if fault.definition or fault.properties:
        yield f"{title}{needs}, after this change:"
        yield from _edit(Edit(fault.definition, fault.properties), {})
    else:
        yield f"See it: `{' '.join(words)}`{needs}"


def _sign_in(answer: TenantAnswer) -> str:
    if answer.error:
        where = f", asked for the {answer.about} of the connector" if answer.about else ""
        return f'the tenant answers `{answer.error}`, "{answer.description}"{where}.'
    claims = ", ".join(f"`{name}` is `{value}`" for name, value in answer.claims.items())
    return "; ".join(part for part in (claims, answer.situation) if part) + "."


def _answer(answer: AppAnswer) -> str:
    if answer.tls:
        return "the app's TLS: " + ", ".join(f"{k} is {v}" for k, v in answer.tls.items()) + "."
    where = f" for {answer.operation}" if answer.operation else ""
    return f"the app answers {answer.status}{where} after {answer.seconds:g} seconds."
