"""No connections during a replay: sockets of the whole process refuse, and name who tried.

Only what an event loop needs inside its own process stays allowed: `socket.socketpair`, which on
Windows is made of a loopback connection.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from harness.errors import OfflineError

__all__ = ["no_network"]

METHODS = ("connect", "connect_ex", "sendto", "sendmsg")
LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
REMEDY = "this run replays recordings and opens no connection; use --cassettes off for a live run"


@contextlib.contextmanager
def no_network() -> Iterator[None]:
    """Refuse connects, datagrams and name look-ups until the block ends.

    Raises (in whoever tries):
        OfflineError: names the file and line of the code that tried.
    """
    kept: list[tuple[Any, str, Any]] = []

    def guard(owner: Any, name: str) -> None:
        original = getattr(owner, name, None)
        if original is not None:
            kept.append((owner, name, original))
            setattr(owner, name, _refusing(original, name))

    for name in METHODS:
        guard(socket.socket, name)
    for name in LOOK_UPS:
        guard(socket, name)
    try:
        yield
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)


def _refusing(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    def refuse(*arguments: Any, **more: Any) -> Any:
        if _inside_socketpair() or _is_local_pipe(arguments):
            return original(*arguments, **more)
        raise OfflineError(f"{who_tried()} tried {name} to {_goal(arguments)}; {REMEDY}")

    return refuse


def _inside_socketpair() -> bool:
    frame: Any = sys._getframe(2)
    for _ in range(4):
        if frame is None:
            return False
        if frame.f_code.co_name in ("socketpair", "_fallback_socketpair"):
            return True
        frame = frame.f_back
    return False


def _is_local_pipe(arguments: tuple[Any, ...]) -> bool:
    """A Unix domain socket does not leave the machine."""
    first = arguments[0] if arguments else None
    family = getattr(socket, "AF_UNIX", None)
    return family is not None and isinstance(first, socket.socket) and first.family == family


def _goal(arguments: tuple[Any, ...]) -> str:
    goals = [a for a in arguments if not isinstance(a, socket.socket | bytes | memoryview)]
    return repr(goals[0]) if goals else "somewhere"


def who_tried() -> str:
    """File and line of the nearest code that is neither ours nor the standard library's."""
    stack = traceback.extract_stack()[:-2]
    for frame in reversed(stack):
        path = frame.filename.replace("\\", "/")
        if "/lib/python" not in path and not path.endswith("harness/traffic/offline.py"):
            return f"{frame.filename}:{frame.lineno}"
    last = stack[-1]
    return f"{last.filename}:{last.lineno}"
