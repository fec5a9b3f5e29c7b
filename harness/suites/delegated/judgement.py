"""Judging whether calls ran as the signed-in user: identity, access table, separation, bleed."""

from __future__ import annotations

from harness.suites.delegated.bleed import judge_bleed
from harness.suites.delegated.identity import judge_access, judge_identity
from harness.suites.delegated.separation import judge_separation

__all__ = ["judge_access", "judge_bleed", "judge_identity", "judge_separation"]
