"""connector-harness: proves that a Power Platform custom connector and its function app fit.

The names that users import to annotate their own tests; everything else may change between
releases. They are imported on first use, because every pytest run loads this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.callers.token import Token
    from harness.connector.model import Connector, Operation
    from harness.exchanges.context import FunctionApp

__version__ = "0.1.0"

__all__ = ["Connector", "FunctionApp", "Operation", "Token", "__version__"]

_HOMES = {
    "Connector": "harness.connector.model",
    "FunctionApp": "harness.exchanges.context",
    "Operation": "harness.connector.model",
    "Token": "harness.callers.token",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
