"""Every rule that the harness knows, by id."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache

from harness.findings.model import Rule

__all__ = ["MODULES", "all_rules"]

MODULES = (
    "definition.judgement",
    "definition.easy_auth",
    "anonymous.target",
    "tokens.sign_in",
    "anonymous.judgement",
    "tokens.judgement",
    "delegated.judgement",
    "contract.judgement",
    "contract.inventory_judgement",
    "compat.judgement",
)


@cache
def all_rules() -> Mapping[str, Rule]:
    """Rule id → rule, family by family."""
    found: dict[str, Rule] = {}
    for name in MODULES:
        module = importlib.import_module(f"harness.suites.{name}")
        for rule in getattr(module, "RULES", ()):
            found.setdefault(rule.id, rule)
    return found
