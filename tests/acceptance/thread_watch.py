"""A plugin for runs under test: what other threads than the main one import or compile."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

SEEN: list[str] = []


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event not in ("import", "compile") or threading.current_thread() is threading.main_thread():
        return
    what = str(arguments[0] if event == "import" else arguments[1])
    if event == "compile" or what not in sys.modules:
        SEEN.append(f"{event} {what} in {threading.current_thread().name}")


sys.addaudithook(watch)


def pytest_unconfigure(config: pytest.Config) -> None:
    file = Path(os.environ["CONNECTOR_THREAD_WATCH"]) / f"{os.getpid()}.txt"
    file.write_text("\n".join(SEEN), encoding="utf-8")
