"""Every rule that the harness knows, by id: the `Rule` constants of the suites' modules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

import harness.suites
from harness.findings.model import Rule

__all__ = ["all_rules", "former_ids", "rules_of"]

FAMILIES = (
    "definition",
    "agent",
    "target",
    "sign-in",
    "anonymous",
    "token",
    "delegated",
    "contract",
    "compat",
)


@cache
def all_rules() -> Mapping[str, Rule]:
    """Rule id → rule, family by family, in the order of their ids."""
    found = {rule.id: rule for rule in _constants()}
    order = {family: index for index, family in enumerate(FAMILIES)}
    ids = sorted(found, key=lambda i: (order.get(found[i].family, len(order)), i))
    return {rule_id: found[rule_id] for rule_id in ids}


def rules_of(family: str) -> tuple[Rule, ...]:
    """The rules of one family."""
    return tuple(rule for rule in all_rules().values() if rule.family == family)


@cache
def former_ids() -> Mapping[str, tuple[str, ...]]:
    """An id of older versions → the rules that were split from it or renamed."""
    found: dict[str, tuple[str, ...]] = {}
    for rule in all_rules().values():
        if rule.formerly:
            found[rule.formerly] = (*found.get(rule.formerly, ()), rule.id)
    return found


def _constants() -> Iterator[Rule]:
    for module in pkgutil.walk_packages(harness.suites.__path__, "harness.suites."):
        name = module.name.rpartition(".")[2]
        if module.ispkg or name.startswith("test_") or name == "registry":
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Rule):
                yield value
