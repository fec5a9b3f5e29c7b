"""The last net: a fault of the harness itself is one line, and what was found is told all the same.

pytest prints its own traceback of an internal error; where the error is ours, one line stands for
it, and `--full-trace` shows the rest.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest

from harness.errors import internal_error

__all__ = ["LastNet"]

PACKAGE = Path(__file__).parents[1]
EXIT_INTERNAL = 3


class LastNet:
    """Tells pytest's internal errors that the harness caused."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """Say our own error in one line; True keeps pytest from printing its traceback."""
        if self._config.getoption("full_trace", False) or not is_ours(
            excinfo.value, self._config.rootpath
        ):
            return None
        sys.stderr.write(f"\nconnector-harness: {internal_error(excinfo.value)}\n")
        return True


def is_ours(error: BaseException, root: Path) -> bool:
    """Whether an error came from the harness, and not from the user's own tests or plugins."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(PACKAGE):
            return True
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return False
    return False
