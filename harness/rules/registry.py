"""Every rule that the harness knows, by id."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache

from harness.rules.model import Rule

__all__ = ["MODULES", "all_rules"]

MODULES = (
    "definition",
    "easy_auth_settings",
    "target",
    "sign_in",
    "anonymous",
    "token",
    "delegated",
    "contract",
    "contract_inventory",
    "compat",
)


@cache
def all_rules() -> Mapping[str, Rule]:
    """Rule id → rule, family by family."""
    found: dict[str, Rule] = {}
    for name in MODULES:
        module = importlib.import_module(f"harness.rules.{name}")
        for rule in getattr(module, "RULES", ()):
            found.setdefault(rule.id, rule)
    return found
