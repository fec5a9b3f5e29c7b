"""Options of other plugins: what makes a run impossible is said at its start."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import SettingsError
from harness.session.other_plugins import check_other_plugins


class Options:
    """pytest's configuration, as far as options of other plugins are asked for."""

    def __init__(self, ini: dict[str, Any] | None = None, **given: Any) -> None:
        self.given = given
        self.ini = ini or {}

    def getoption(self, name: str, default: Any) -> Any:
        return self.given.get(name, default)

    def getini(self, name: str) -> Any:
        return self.ini[name]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (Options(block_network=True), "--block-network"),
        (Options(disable_socket=True), "--disable-socket"),
        (Options(forked=True), "--forked"),
        (Options(parallel_threads="4"), "--parallel-threads"),
        (Options(timeout=60.0, timeout_method="thread"), "--timeout"),
        (Options({"timeout": "60", "timeout_method": "thread"}), "--timeout"),
    ],
    ids=["recording", "socket", "forked", "threads", "timeout", "timeout in the ini file"],
)
def test_impossible_option_is_named_with_the_way_out(options: Options, named: str) -> None:
    with pytest.raises(SettingsError, match=f"^{named} .*leave it out"):
        check_other_plugins(options, is_replay=False)


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(block_network=True, allowed_hosts="127.0.0.1"),
        Options(disable_socket=True, allow_hosts="127.0.0.1"),
        Options(disable_socket=True, force_enable_socket=True),
        Options(parallel_threads=1),
        Options(timeout=60.0, timeout_method="signal"),
        Options({"timeout": "", "timeout_method": "thread"}),
    ],
    ids=["none", "recording", "socket", "forced", "one thread", "signal", "no timeout"],
)
def test_possible_options_are_left_alone(options: Options) -> None:
    check_other_plugins(options, is_replay=False)


def test_replay_needs_no_connection() -> None:
    check_other_plugins(Options(block_network=True, disable_socket=True), is_replay=True)
