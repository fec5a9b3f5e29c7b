"""What can be made to go wrong, by name: for tests of each rule and for demonstrations."""

from __future__ import annotations

from harness.emulator.faults import door, drift
from harness.emulator.faults.registry import FAULTS
from harness.emulator.faults.switches import Faults, UnknownFault

__all__ = ["FAULTS", "Faults", "UnknownFault", "door", "drift"]
