"""connector-harness: proves that a Power Platform custom connector and its function app fit.

The names users import for their own tests; everything else may change between releases.
"""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]
