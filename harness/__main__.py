"""`python -m harness`: the console command, where `connector-harness` is not on the path."""

from __future__ import annotations

import sys

from harness.cli import main

if __name__ == "__main__":
    sys.exit(main())
