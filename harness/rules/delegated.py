"""Judging whether calls ran as the signed-in user: identity, access table, separation, bleed."""

from __future__ import annotations

from harness.rules.delegated_bleed import judge_bleed
from harness.rules.delegated_identity import judge_access, judge_identity
from harness.rules.delegated_rules import RULES
from harness.rules.delegated_separation import judge_separation

__all__ = ["RULES", "judge_access", "judge_bleed", "judge_identity", "judge_separation"]
