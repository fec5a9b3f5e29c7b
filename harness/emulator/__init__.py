"""An Azure to practise on: Entra ID, App Service Authentication and a Functions host.

It imports nothing of the rest of the harness, and the rest imports nothing of it: the demo starts
it as a process (`python -m harness.emulator`), tests use the context manager.
"""

from __future__ import annotations

from harness.emulator.machine import Emulator, EmulatorOptions

__all__ = ["Emulator", "EmulatorOptions"]
