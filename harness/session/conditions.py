"""What a run's options ask of it: faults that the demo knows, and a process without connections."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from harness.demo import check_faults
from harness.errors import SettingsError
from harness.settings.values import Settings

__all__ = ["check_demo_faults", "offline"]


def check_demo_faults(faults: Sequence[str], of_parts: Sequence[Settings]) -> None:
    """Faults are the demo's alone, and must be known to it.

    Raises:
        SettingsError: they are not.
    """
    if faults and not any(settings.is_demo for settings in of_parts):
        raise SettingsError("--connector-demo-fault: only the demo has faults to switch on")
    if faults:
        check_faults(tuple(faults))


def offline(config: Any) -> AbstractContextManager[None]:
    """Forbid connections for the whole process; remote workers cannot be held to that.

    Raises:
        SettingsError: the run has remote workers.
    """
    from harness.traffic.offline import no_network

    remote = [spec for spec in config.getoption("tx", None) or () if "popen" not in spec]
    if remote:
        raise SettingsError(
            f"--cassettes replay with remote workers (--tx {remote[0]}): a replay opens no "
            "connection; use -n"
        )
    return no_network()
