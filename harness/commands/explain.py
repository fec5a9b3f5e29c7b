"""`connector-harness explain THING`: what a rule, an error, an answer or a token means.

Each kind of thing has a reader that takes the text and gives an `Explanation`, or None where the
text is nothing of its kind; the first that answers wins.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from harness.commands.explain_answer import explain_answer
from harness.commands.explain_claims import explain_claims
from harness.commands.explain_context import text_of
from harness.commands.explain_settings import explain_settings
from harness.commands.explain_sign_in import explain_sign_in
from harness.commands.explanation import Explanation
from harness.commands.output import json_text
from harness.errors import HarnessError
from harness.findings.model import Rule
from harness.findings.page import rule_page
from harness.suites.registry import all_rules, former_ids

__all__ = ["Explanation", "explain", "explain_rule"]

MOST_BYTES = 4 * 1024 * 1024
RULE_ID = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9-]+", re.IGNORECASE)


Reader = Callable[[str, argparse.Namespace], Explanation | None]


def explain_rule(text: str, _options: argparse.Namespace) -> Explanation | None:
    """A rule by its id, or by an id of older versions."""
    wanted = text.strip().lower()
    if not RULE_ID.fullmatch(wanted):
        return None
    known = all_rules()
    rules = [known[i] for i in ([wanted] if wanted in known else former_ids().get(wanted, ()))]
    if not rules:
        return None
    rule = rules[0]
    return Explanation(
        "rule",
        rule.id,
        rule.meaning,
        rule.title,
        rule.remedy,
        page="\n\n".join(rule_page(each, heading="#") for each in rules),
        more=_more(rule),
    )


def _more(rule: Rule) -> dict[str, Any]:
    return {"severity": rule.severity, "why": rule.why, "reference": rule.reference}


def explain(options: argparse.Namespace) -> int:
    """Explain a thing on standard output.

    Raises:
        HarnessError: it is nothing that can be explained, or cannot be read.
    """

    readers: Sequence[Reader] = (
        explain_rule,
        explain_claims,
        explain_settings,
        explain_answer,
        explain_sign_in,
    )
    text = _read(options.thing)
    for reader in readers:
        explanation = reader(text, options)
        if explanation is not None:
            _print(explanation, options.format)
            return 0
    shown = options.thing if len(options.thing) < 80 and "\n" not in options.thing else "this text"
    raise HarnessError(f"{shown}: {_unknown(text)}")


def _read(thing: str) -> str:
    """The text to explain: standard input for `-`, a file's content, or the thing itself."""
    if thing == "-":
        return sys.stdin.buffer.read(MOST_BYTES).decode("utf-8-sig", "replace")
    return text_of(thing)


def _print(explanation: Explanation, form: str) -> None:
    if form == "json":
        print(json_text(explanation.to_plain()))
    else:
        print(explanation.page or f"{explanation.message}\n\n{explanation.remedy}")


def _unknown(text: str) -> str:
    wanted = text.strip().lower()[:80]
    near = difflib.get_close_matches(wanted, list(all_rules()), n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; see connector-harness rules"
    return (
        "nothing that can be explained: give a rule's id, a sign-in error or its number, an HTTP "
        f"answer as curl -i prints it, a token's claims, or authentication settings{hint}"
    )
