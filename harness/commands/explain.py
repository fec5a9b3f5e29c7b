"""`connector-harness explain THING`: what a rule means, why it matters, and how to fix it.

Each kind of thing has a reader that takes the text and gives an `Explanation`, or None where the
text is nothing of its kind; the first that answers wins.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.commands.output import json_text
from harness.errors import HarnessError
from harness.findings.model import Rule
from harness.findings.page import rule_page
from harness.suites.registry import all_rules, former_ids

__all__ = ["Explanation", "explain", "explain_rule"]

RULE_ID = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is said about a thing: its kind (rule, sign-in, answer, claims) and the words.

    `because` quotes the words of an answer that the explanation rests on; `page` is the long form
    for people, Markdown.
    """

    kind: str
    rule: str | None
    cause: str
    message: str
    remedy: str
    because: tuple[str, ...] = ()
    page: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """The explanation as `--format json` prints it."""
        return {
            "kind": self.kind,
            "rule": self.rule,
            "cause": self.cause,
            "message": self.message,
            "remedy": self.remedy,
            "because": list(self.because),
            **self.more,
        }


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


READERS: Sequence[Reader] = (explain_rule,)


def explain(options: argparse.Namespace) -> int:
    """Explain a thing on standard output."""
    for reader in READERS:
        explanation = reader(options.thing, options)
        if explanation is not None:
            _print(explanation, options.format)
            return 0
    raise HarnessError(f"{options.thing}: {_unknown(options.thing)}")


def _print(explanation: Explanation, form: str) -> None:
    if form == "json":
        print(json_text(explanation.to_plain()))
    else:
        print(explanation.page or f"{explanation.message}\n\n{explanation.remedy}")


def _unknown(text: str) -> str:
    near = difflib.get_close_matches(text.strip().lower(), list(all_rules()), n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; see connector-harness rules"
    return f"nothing that can be explained, and no rule of that id{hint}"
