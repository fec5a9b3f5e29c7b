"""Options of other plugins under which no live run is possible: said at the start, in one line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

from harness.errors import SettingsError

__all__ = ["check_other_plugins"]


def check_other_plugins(config: Any, *, is_replay: bool) -> None:
    """Refuse options that forbid connections, or that end or split our process.

    Raises:
        SettingsError: names the option, its plugin and what to do.
    """
    found = [*_of_processes(config)]
    if not is_replay:
        found += _of_connections(config)
    for problem in found:
        raise SettingsError(problem)


def _of_connections(config: Any) -> Iterator[str]:
    """pytest-recording's and pytest-socket's bans, unless they name hosts that stay allowed."""
    bans = (
        ("block_network", "allowed_hosts", "pytest-recording", "recording", "--allowed-hosts"),
        ("disable_socket", "allow_hosts", "pytest-socket", "socket", "--allow-hosts"),
    )
    for name, allowing, package, plugin, option in bans:
        lifted = _given(config, "force_enable_socket") and name == "disable_socket"
        if _given(config, name) and not _given(config, allowing) and not lifted:
            yield (
                f"--{name.replace('_', '-')} ({package}) forbids the connections that a live run "
                f"makes: leave it out, allow the hosts with {option}, switch the plugin off with "
                f"-p no:{plugin}, or replay recordings (--cassettes replay)"
            )


def _of_processes(config: Any) -> Iterator[str]:
    if _given(config, "forked"):
        yield (
            "--forked (pytest-forked) runs each check in a copy of the process, which has no "
            "connections and tells nothing back: leave it out; -n 4 distributes the checks"
        )
    if str(_given(config, "parallel_threads") or 1) not in ("0", "1"):
        yield (
            "--parallel-threads (pytest-run-parallel) runs one check in several threads at a "
            "time: leave it out; --connector-concurrency says how many requests are in flight"
        )
    if _timeout(config) and _timeout_method(config) == "thread":
        yield (
            "--timeout with the method thread (pytest-timeout) ends the whole process, and the "
            "report with it: leave it out (--timeout 0), or use --timeout-method signal"
        )


def _timeout(config: Any) -> float:
    """The seconds that pytest-timeout gives a test; 0 for none."""
    for value in (_given(config, "timeout"), _ini(config, "timeout")):
        try:
            if value is not None and value != "":
                return float(value)
        except (TypeError, ValueError):
            continue
    return 0.0


def _timeout_method(config: Any) -> str:
    """pytest-timeout's method: as given, else signals, where the system has them."""
    method = _given(config, "timeout_method") or _ini(config, "timeout_method")
    return str(method or ("signal" if hasattr(signal, "SIGALRM") else "thread"))


def _given(config: Any, name: str) -> Any:
    return config.getoption(name, None)


def _ini(config: Any, name: str) -> Any:
    try:
        return config.getini(name)
    except (KeyError, ValueError):
        return None
