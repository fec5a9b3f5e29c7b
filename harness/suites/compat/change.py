"""One change between two versions of a connector, and what the rules about changes have in common.

The sentences are those that certification reviewers paste into pull requests; sources: Microsoft,
"Operational versioning for custom connectors" and "Fix Swagger Validator errors".
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.findings.model import Rule

__all__ = ["BREAKS", "HARMLESS", "MAY_BREAK", "VERSIONING", "Change"]

VERSIONING = "Microsoft, 'Operational versioning for custom connectors'"
BREAKS = "Flows and apps that already use the connector stop working."
MAY_BREAK = "Flows and apps that already use the connector may behave differently."
HARMLESS = "Flows and apps that already use the connector continue to work as before."


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its rule, the field (`/items/0/id`), what was and what is.

    `sentence` replaces the rule's own where it can say more.
    """

    rule: Rule
    field: str
    was: str = ""
    now: str = ""
    sentence: str = ""
